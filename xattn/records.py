"""The nouns that travel between the layers: frozen, serialisable, without identities."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from xattn.data.clinical import Form
from xattn.data.placement import Box, Placement
from xattn.data.radiograph import Radiograph

Kind = Literal["contribution", "relative", "attention"]
"""How a map may be read: in the unit of the score, without unit, or as rows that sum to 1."""

Facts = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """One radiograph of a case, the lesion's box if the reader drew one, and what the model reads.

    Without a box the model reads the whole film. `pixels` (S, S) float32 in 0 to 1 is what it reads
    at `placement`; `jittered` (J, S, S) the same for the box moved and resized, J = 0 without one.
    """

    radiograph: Radiograph
    placement: Placement
    pixels: np.ndarray
    jittered: np.ndarray
    box: Box | None = None
    role: str = "view"

    @property
    def digest(self) -> str:
        """SHA-256 over role, canonical pixels and box."""
        box = self.box
        corner = [box.x, box.y, box.width, box.height] if box else None
        return _digest([self.role, self.radiograph.pixel_sha256, corner])


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What one prediction is made from: films and a checked form. Holds no identity."""

    system: str
    films: tuple[Film, ...]
    form: Form

    @property
    def film(self) -> Film:
        """The first film; today's systems read one."""
        return self.films[0]

    @property
    def digest(self) -> str:
        """SHA-256 over pixels, boxes and form: equal for equal inputs, whoever the patient is."""
        return _digest([self.system, [film.digest for film in self.films], self.form.plain])

    def with_form(self, form: Form) -> "Case":
        """The same films with another form."""
        return replace(self, form=form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The number that is explained: one output, or the difference of two, in a stated unit.

    value = sign · (scale · (score[output] − score[minus]) + offset), so that a temperature or a
    standardisation is part of it and attributions are in calibrated units.
    """

    name: str
    unit: str
    output: int = 0
    minus: int | None = None
    sign: Literal[1, -1] = 1
    scale: float = 1.0
    offset: float = 0.0

    def of(self, scores: Any) -> Any:
        """The value (B,) of a tensor or array of scores (B, K)."""
        score = scores[:, self.output]
        if self.minus is not None:
            score = score - scores[:, self.minus]
        return self.sign * (self.scale * score + self.offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """All that is needed to get the same numbers again; the same inputs give the same record."""

    system: str
    model_id: str
    model_version: str
    preset: str
    training_data: str
    case_digest: str
    file_sha256: str
    method: str
    settings: Facts
    device: str
    threads: int
    versions: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What the model says of a case, in the target's unit.

    `reference` is v(nothing known), `image_only` and `form_only` the value with the other side
    absent. `jitter` holds the values over moved and resized boxes; empty when the reader drew none.
    """

    target: Target
    value: float
    probability: float | None
    prevalence: float | None
    reference: float
    image_only: float
    form_only: float
    jitter: tuple[float, ...]
    every: tuple[tuple[str, float], ...]
    """The value of every target of the model, by name; `value` is one of them."""
    provenance: Provenance

    @property
    def interaction(self) -> float:
        """What image and form do together beyond their parts; four terms sum to `value`."""
        return self.value - self.image_only - self.form_only + self.reference

    @property
    def flips(self) -> bool:
        """Whether some moved box puts the value on the other side of even odds."""
        return any((value > 0) != (self.value > 0) for value in self.jitter)

    @property
    def plain(self) -> dict[str, object]:
        """Every number and its provenance, ready for JSON."""
        return {**asdict(self), "interaction": self.interaction, "flips": self.flips}


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """A named picture of an attribution: `values` float32 (h, w) over what the model read."""

    name: str
    values: np.ndarray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Attribution:
    """What one method says of one prediction: raw, in its own unit, in model space.

    `players` are named contributions (the image, each field); `gap` is what they or the maps leave
    of v(x) − v(reference). `figures` are the method's own numbers, such as R² or a spread.
    `regions` (S, S) int labels are the image players, if the method has them.
    """

    method: str
    kind: Kind
    unit: str
    target: Target
    placement: Placement
    provenance: Provenance
    maps: tuple[Map, ...] = ()
    players: tuple[tuple[str, float], ...] = ()
    reference: float | None = None
    value: float | None = None
    gap: float | None = None
    figures: tuple[tuple[str, float], ...] = ()
    regions: np.ndarray | None = None
    passes: int = 0

    def map(self, name: str) -> Map:
        """The map of this name."""
        return next(entry for entry in self.maps if entry.name == name)


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """A prediction and every attribution that was asked for, by the explainer's key."""

    case: Case
    prediction: Prediction
    attributions: tuple[tuple[str, Attribution], ...]

    def __getitem__(self, key: str) -> Attribution:
        return dict(self.attributions)[key]


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, allow_nan=False).encode()).hexdigest()
