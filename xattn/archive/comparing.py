"""Kept results against the same computed again: equal to the bit, close, or different."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from sqlalchemy import select

from xattn.archive import packing
from xattn.archive.packing import Result
from xattn.archive.store import Archive, require
from xattn.archive.tables import cases, results
from xattn.records import Prediction

TOLERANCE = 1e-4
"""Largest difference of any number between machines; on one machine numbers are equal."""

Sameness = Literal["equal to the bit", "within 1e-4", "different"]


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A result as it is kept: its method's key, model, the digest of its case, and itself."""

    method: str
    model: str
    digest: str
    result: Result


def kept(archive: Archive, number: int) -> Iterator[Kept]:
    """The kept results of a case, oldest first, to compare with; `reading.revealed` shows them.

    Raises:
        ArchiveError: if there is no such case, or a stored result is damaged.
    """
    columns = (results.c.method, results.c.model, results.c.digest, results.c.content)
    wanted = select(*columns).where(results.c.case == number).order_by(results.c.id)
    with archive.transaction() as connection:
        require(connection, cases, number)
        rows = connection.execute(wanted).all()
    for method, model, digest, content in rows:
        yield Kept(method, model, digest, packing.unpack(archive.blobs.get(content)))


def compare(stored: Result, fresh: Result) -> tuple[Sameness, float]:
    """How like two results are, and the largest difference of their numbers; inf without one.

    Provenance is left out: the same numbers may come from another machine.
    """
    if packing.pack(stored) == packing.pack(replace(fresh, provenance=stored.provenance)):
        return "equal to the bit", 0.0
    one, other = _numbers(stored), _numbers(fresh)
    shapes, others = ({name: array.shape for name, array in each.items()} for each in (one, other))
    if _words(stored) != _words(fresh) or shapes != others:
        return "different", float("inf")
    gaps = [np.abs(one[name] - other[name]).max(initial=0.0) for name in one]
    largest = float(np.max(gaps, initial=0.0))
    return ("within 1e-4" if largest <= TOLERANCE else "different"), largest


def _words(result: Result) -> tuple[object, ...]:
    """What a number of the result is about: where it differs, there is nothing to subtract."""
    if isinstance(result, Prediction):
        return "prediction", result.target
    return result.method, result.target, result.kind, result.unit, result.placement


def _numbers(result: Result) -> dict[str, np.ndarray]:
    """Every number of a result as float64, by a name that says what it is."""
    if isinstance(result, Prediction):
        single: tuple[str, ...] = (
            "value",
            "probability",
            "prevalence",
            "reference",
            "image_only",
            "form_only",
        )
        pairs = result.every
        arrays = {"jitter": np.array(result.jitter)}
    else:
        single = ("value", "reference", "gap", "passes")
        pairs = (*result.players, *((f"figure {name}", value) for name, value in result.figures))
        arrays = {f"map {entry.name}": entry.values for entry in result.maps}
        if result.regions is not None:
            arrays["regions"] = result.regions
    named = {name: getattr(result, name) for name in single} | {f"part {n}": v for n, v in pairs}
    arrays |= {name: np.array(value) for name, value in named.items() if value is not None}
    return {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}
