"""An exported explanation read back as the records that it was written from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from xattn.data.placement import Box, Placement
from xattn.errors import ReportError
from xattn.records import Attribution, Map, Prediction, Provenance, Target


@dataclass(frozen=True, slots=True, eq=False)
class StoredExplanation:
    """What an `explanation.json` holds, with the arrays beside it; the film is not among them.

    `entries` are the form, ready for `Schema.check`; `pixels` the film's `pixel_sha256`.
    """

    system: str
    entries: Mapping[str, object]
    box: Box | None
    pixels: str
    prediction: Prediction
    attributions: tuple[tuple[str, Attribution], ...]


def read_explanation(path: Path) -> StoredExplanation:
    """The explanation of a file that `write_explanation` wrote, its arrays in the same folder.

    Raises:
        ReportError: if it is not one, or an array is missing or damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        case, film = content["case"], content["case"]["films"][0]
        return StoredExplanation(
            system=case["system"],
            entries=case["form"]["entries"],
            box=Box(**film["box"]) if film["box"] else None,
            pixels=film["pixel_sha256"],
            prediction=_prediction(content["prediction"]),
            attributions=tuple(
                (entry["key"], _attribution(entry, path.parent))
                for entry in content["attributions"]
            ),
        )
    except (OSError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ReportError(
            "An explanation.json as written by this version was expected, with its arrays beside "
            "it, however: it cannot be read; explain the case again."
        ) from error


def _prediction(plain: dict[str, Any]) -> Prediction:
    for name in ("interaction", "flips"):  # follow from the rest
        plain.pop(name)
    records: dict[str, Any] = {
        "target": Target(**plain.pop("target")),
        "provenance": _provenance(plain.pop("provenance")),
        "jitter": tuple(plain.pop("jitter")),
        "every": tuple((name, value) for name, value in plain.pop("every")),
    }
    return Prediction(**plain, **records)


def _attribution(plain: dict[str, Any], folder: Path) -> Attribution:
    simple = ("method", "kind", "unit", "reference", "value", "gap", "passes")
    regions = plain["regions"]
    return Attribution(
        **{name: plain[name] for name in simple},
        target=Target(**plain["target"]),
        placement=Placement(**plain["placement"]),
        provenance=_provenance(plain["provenance"]),
        maps=tuple(_map(entry, folder) for entry in plain["maps"]),
        players=tuple(plain["players"].items()),
        figures=tuple(plain["figures"].items()),
        regions=None if regions is None else _array(folder, regions).astype(np.int64),
    )


def _map(entry: dict[str, Any], folder: Path) -> Map:
    if entry["values"] is None:
        return Map(entry["name"], _array(folder, entry["file"]))
    return Map(entry["name"], np.array(entry["values"], dtype=np.float32))


def _array(folder: Path, name: str) -> np.ndarray:
    """An array of the folder; a name that leads out of it is none."""
    return np.asarray(np.load(folder / Path(name).name, allow_pickle=False))


def _provenance(plain: dict[str, Any]) -> Provenance:
    facts: dict[str, Any] = {
        name: tuple((label, text) for label, text in plain.pop(name))
        for name in ("settings", "versions")
    }
    return Provenance(**plain, **facts)
