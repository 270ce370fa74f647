"""Predictions and attributions as bytes and back: the same record gives the same bytes."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from xattn.data.placement import Placement
from xattn.errors import ArchiveError, IntakeError
from xattn.records import Attribution, Map, Prediction, Provenance, Target

Result = Prediction | Attribution


def pack(result: Result) -> bytes:
    """The record as bytes: its arrays as they are, all else as JSON beside them."""
    if isinstance(result, Prediction):
        return _joined({"prediction": asdict(result)}, {})
    plain = {name: getattr(result, name) for name in _SIMPLE}
    plain |= {name: asdict(getattr(result, name)) for name in _RECORDS}
    plain["names"] = [entry.name for entry in result.maps]
    arrays = {f"map {place}": entry.values for place, entry in enumerate(result.maps)}
    if result.regions is not None:
        arrays["regions"] = result.regions
    return _joined({"attribution": plain}, arrays)


def unpack(content: bytes) -> Result:
    """The record that `pack` wrote.

    Raises:
        ArchiveError: if the bytes are not one.
    """
    try:
        arrays = load(content)
        header = json.loads(arrays.pop("header").tobytes())
        if "prediction" in header:
            return _prediction(header["prediction"])
        return _attribution(header["attribution"], arrays)
    except (SafetensorError, IntakeError, AttributeError, KeyError, ValueError, TypeError):
        raise ArchiveError("A stored result cannot be read; it can be computed again.") from None


_SIMPLE = ("method", "kind", "unit", "players", "reference", "value", "gap", "figures", "passes")
_RECORDS = ("target", "placement", "provenance")


def _prediction(plain: dict[str, Any]) -> Prediction:
    records: dict[str, Any] = {
        "target": Target(**plain.pop("target")),
        "provenance": _provenance(plain.pop("provenance")),
        "jitter": tuple(plain.pop("jitter")),
        "every": _pairs(plain.pop("every")),
    }
    return Prediction(**plain, **records)


def _attribution(plain: dict[str, Any], arrays: dict[str, np.ndarray]) -> Attribution:
    names = plain.pop("names")
    records: dict[str, Any] = {
        "target": Target(**plain.pop("target")),
        "placement": Placement(**plain.pop("placement")),
        "provenance": _provenance(plain.pop("provenance")),
        "players": _pairs(plain.pop("players")),
        "figures": _pairs(plain.pop("figures")),
        "maps": tuple(Map(name, arrays[f"map {place}"]) for place, name in enumerate(names)),
        "regions": arrays.get("regions"),
    }
    return Attribution(**plain, **records)


def _provenance(plain: dict[str, Any]) -> Provenance:
    facts: dict[str, Any] = {name: _pairs(plain.pop(name)) for name in ("settings", "versions")}
    return Provenance(**plain, **facts)


def _pairs(listed: list[list[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((name, value) for name, value in listed)


def _joined(header: dict[str, object], arrays: dict[str, np.ndarray]) -> bytes:
    text = json.dumps(header, sort_keys=True, allow_nan=False)
    parts = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    return save({**parts, "header": np.frombuffer(text.encode(), dtype=np.uint8)})
