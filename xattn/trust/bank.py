"""Maps of other cases, kept beside a checkpoint, and laid upon the case at hand.

A bank keeps shapes, not sizes: every map is scaled to its own largest value and stored in a byte a
cell, 784 bytes a map. It is made with a method's own settings; for other settings it is no bank.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from xattn.errors import CheckpointError
from xattn.models.attention import CLINICAL_TO_IMAGE
from xattn.records import Attribution, Facts
from xattn.trust.nulls import CELLS, body_mask, coarse

FILE = "evidence.safetensors"
"""Beside the weights in a checkpoint's folder."""
FEWEST = 199
"""Fewer maps cannot make p small enough."""
STEPS = 127
BODIES, ROUNDING = "bodies", "pool precision"
DIRECTION = f"{CLINICAL_TO_IMAGE}/"
"""The attention that is judged as one map: what the fields look at, averaged over the fields."""


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Maps (N, C, C) int8 of N cases by `key`, with each case's body (N, C, C) bool."""

    model_id: str
    bodies: np.ndarray
    maps: Mapping[str, np.ndarray] = field(default_factory=dict)

    def of(self, attribution: Attribution, body: np.ndarray) -> "Others | None":
        """The same method's maps of other cases, laid upon a body; None where there are too few."""
        rows = self.maps.get(key(attribution))
        if rows is None or len(rows) < FEWEST:
            return None
        if attribution.provenance.model_id != self.model_id:
            return None
        maps = registered(rows, self.bodies, body)
        return Others(maps, np.stack([maps.mean(axis=0), rows.mean(axis=0)]))


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """Maps (N, C, C) of other cases, and their means (2, C, C): laid upon the body, and as kept."""

    maps: np.ndarray
    common: np.ndarray


def key(attribution: Attribution) -> str:
    """Method, settings and target: what a map must share with those it is compared to.

    In which precision masked films were encoded changes no shape that a byte a cell could hold.
    """
    settings: Facts = tuple(fact for fact in attribution.provenance.settings if fact[0] != ROUNDING)
    target = "" if attribution.kind == "attention" else attribution.target.name
    return json.dumps([attribution.method, target, settings])


def shown(attribution: Attribution) -> np.ndarray | None:
    """The map (h, w) that is judged: the first, or the fields' attention averaged; None if none."""
    if not attribution.maps:
        return None
    looks = [
        entry.values
        for entry in attribution.maps
        if entry.name.startswith(DIRECTION) and entry.name.count("/") == 1
    ]
    return np.asarray(np.mean(looks, axis=0)) if looks else attribution.maps[0].values


def bank_rows(attributions: Sequence[Attribution]) -> np.ndarray:
    """One method's maps of N cases as they are kept: (N, C, C) int8, each by its largest value."""
    maps = np.array([coarse(values) for a in attributions if (values := shown(a)) is not None])
    largest = np.abs(maps).max(axis=(1, 2), keepdims=True)
    return np.rint(STEPS * maps / np.where(largest > 0, largest, 1.0)).astype(np.int8)


def bank_bodies(films: Sequence[np.ndarray]) -> np.ndarray:
    """The bodies (N, C, C) bool on N films (S, S)."""
    return np.array([body_mask(film) for film in films])


def registered(maps: np.ndarray, bodies: np.ndarray, body: np.ndarray) -> np.ndarray:
    """Maps (N, C, C) of cases with `bodies`, moved so that the box of each body lies on `body`'s.

    Mirrored where the bodies then overlap better: a left breast is laid upon a right one.
    """
    boxes = np.array([_box(other) for other in bodies])
    top, bottom, left, right = _box(body)
    rows, columns = np.arange(len(body)) - top, (np.arange(len(body)) - left) / (right - left)
    down = boxes[:, :1] + rows * (boxes[:, 1:2] - boxes[:, :1]) / (bottom - top)
    near, far = boxes[:, 2:3], boxes[:, 3:]
    straight, mirrored = (near + across * (far - near) for across in (columns, 1.0 - columns))
    is_mirrored = _overlap(bodies, down, mirrored, body) > _overlap(bodies, down, straight, body)
    return _sampled(maps, down, np.where(is_mirrored[:, None], mirrored, straight))


def save(folder: Path, bank: Bank) -> None:
    """Write a bank beside the checkpoint it belongs to."""
    names = {str(place): name for place, name in enumerate(bank.maps)}
    tensors = {place: bank.maps[name] for place, name in names.items()}
    tensors[BODIES] = bank.bodies.astype(np.uint8)
    temporary = folder / f"{FILE}.part"
    save_file(tensors, temporary, {"model_id": bank.model_id, "names": json.dumps(names)})
    temporary.replace(folder / FILE)


def load(folder: Path) -> Bank | None:
    """The bank of a checkpoint's folder, or None where there is none.

    Raises:
        CheckpointError: if the file is not as `save` writes it.
    """
    if not (folder / FILE).exists():
        return None
    try:
        with safe_open(folder / FILE, framework="numpy") as tensors:
            facts = tensors.metadata()
            names = json.loads(facts["names"])
            bodies = tensors.get_tensor(BODIES).astype(bool)
            maps = {name: tensors.get_tensor(place) for place, name in names.items()}
            bank = Bank(facts["model_id"], bodies, maps)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"The checkpoint's {FILE} is not as written by xattn; make it again."
        ) from error
    if any(rows.shape[1:] != (CELLS, CELLS) for rows in (bodies, *maps.values())):
        raise CheckpointError(f"The maps of {FILE} should be {CELLS} cells wide; make it again.")
    return bank


def _overlap(
    bodies: np.ndarray, rows: np.ndarray, columns: np.ndarray, body: np.ndarray
) -> np.ndarray:
    """The share of cells (N,) on which the moved bodies say the same as this one."""
    return np.asarray(((_sampled(bodies, rows, columns) > 0.5) == body).mean(axis=(1, 2)))


def _sampled(maps: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Maps (N, C, C) interpolated linearly at rows (N, C) and columns (N, C) of their own."""
    return np.asarray(_between(rows) @ maps.astype(np.float64) @ _between(columns).swapaxes(1, 2))


def _between(places: np.ndarray) -> np.ndarray:
    """Weights (N, C, C) of the cells by which values at places (N, C) are interpolated."""
    cells = np.arange(places.shape[1])
    inside = np.clip(places, 0, cells[-1])
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(inside[..., None] - cells)))


def _box(body: np.ndarray) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(body)
    return rows.min() - 0.5, rows.max() + 0.5, columns.min() - 0.5, columns.max() + 0.5
