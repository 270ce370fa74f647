"""The main figure within groups of the form, and which groups are too small to be judged."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from xattn.data.clinical import Schema
from xattn.data.fields import Choice, Field, Number
from xattn.training.cases import Cases
from xattn.training.metrics import Estimate

FEWEST = 50
"""A group of fewer cases gets no figure: its interval would say that nothing is known."""

Parts = Iterator[tuple[str, np.ndarray]]
"""Names of groups and which cases (N,) bool are in each."""


class Grouping(Protocol):
    """A way to divide cases by what their form says."""

    def __call__(self, schema: Schema, cases: Cases) -> Parts:
        """The groups in the order they are shown."""


@dataclass(frozen=True, slots=True)
class ByOption:
    """A group for each answer of a choice of one answer, and one for the unknown."""

    field: str

    def __call__(self, schema: Schema, cases: Cases) -> Parts:
        """The groups in the order of the options."""
        field, known, slots = _column(schema, cases, self.field)
        assert isinstance(field, Choice)
        for option, chosen in zip(field.options, slots.T > 0.5, strict=True):
            yield f"{field.label}: {option.label}", known & chosen
        yield f"{field.label}: unknown", ~known


@dataclass(frozen=True, slots=True)
class ByBand:
    """A group for each band of a number, cut at and below `cuts`, and one for the unknown."""

    field: str
    cuts: tuple[float, ...]

    def __call__(self, schema: Schema, cases: Cases) -> Parts:
        """The groups from low to high."""
        field, known, slots = _column(schema, cases, self.field)
        assert isinstance(field, Number)
        # Slots are float32: rounded, so that a number on a cut lies above it.
        numbers = np.round(slots[:, 0].astype(np.float64) * field.spread + field.centre, 3)
        band = np.digitize(numbers, self.cuts)
        for place, name in enumerate(self._names(field.unit)):
            yield f"{field.label}: {name}", known & (band == place)
        yield f"{field.label}: unknown", ~known

    def _names(self, unit: str) -> Iterator[str]:
        yield f"below {self.cuts[0]:g} {unit}"
        for low, high in itertools.pairwise(self.cuts):
            yield f"{low:g} to below {high:g} {unit}"
        yield f"{self.cuts[-1]:g} {unit} or above"


@dataclass(frozen=True, slots=True)
class ByDescriptors:
    """A group for each combination of kinds of descriptor that are known, such as a mass's.

    A schema's variant (the type of a lesion) is no input, so that cases hold only this trace of it.
    """

    title: str
    kinds: tuple[tuple[str, tuple[str, ...]], ...]
    """Names of the kinds and the fields of which one is known in a case of the kind."""

    def __call__(self, schema: Schema, cases: Cases) -> Parts:
        """The combinations, all kinds first; last those of none, which are unknown."""
        known = cases.known.numpy()
        given = [
            known[:, [schema.names.index(field) for field in fields]].any(axis=1)
            for _, fields in self.kinds
        ]
        for chosen in itertools.product((True, False), repeat=len(given)):
            names = [name for (name, _), is_in in zip(self.kinds, chosen, strict=True) if is_in]
            matches = [has == is_in for has, is_in in zip(given, chosen, strict=True)]
            yield f"{self.title}: {' and '.join(names) or 'unknown'}", np.all(matches, axis=0)


@dataclass(frozen=True, slots=True)
class Subgroup:
    """One group: its cases, its figure, and what is to be said of it."""

    name: str
    cases: int
    estimate: Estimate | None
    """None where the group is too small to be judged."""
    remark: str = ""

    def __str__(self) -> str:
        figure = "" if self.estimate is None else str(self.estimate)
        return f"| {self.name} | {self.cases} | {' '.join(filter(None, (figure, self.remark)))} |"


Figure = Callable[[np.ndarray, np.ndarray], Estimate]
"""The main figure of labels (N, K) and what a model says of them."""


def subgroups(
    groupings: Sequence[Grouping],
    schema: Schema,
    cases: Cases,
    said: np.ndarray,
    *,
    figure: Figure,
) -> tuple[Subgroup, ...]:
    """The main figure within each group that holds a case; none of groups of below `FEWEST`."""
    labels = cases.labels.double().numpy()
    return tuple(
        _judged(name, labels[rows], said[rows], figure)
        for grouping in groupings
        for name, rows in grouping(schema, cases)
        if rows.any()
    )


def _judged(name: str, labels: np.ndarray, said: np.ndarray, figure: Figure) -> Subgroup:
    count = len(labels)
    if count < FEWEST:
        return Subgroup(name, count, None, f"too few to be judged (below {FEWEST})")
    varied = sum(len(np.unique(column[~np.isnan(column)])) > 1 for column in labels.T)
    if not varied:
        return Subgroup(name, count, None, "not judged: one label only")
    remark = "" if varied == labels.shape[1] else f"({varied} of {labels.shape[1]} labels)"
    return Subgroup(name, count, figure(labels, said), remark)


def _column(schema: Schema, cases: Cases, name: str) -> tuple[Field, np.ndarray, np.ndarray]:
    """A field, in which cases (N,) it is known, and its slots (N, size)."""
    place = schema.names.index(name)
    start = sum(schema.sizes[:place])
    slots = cases.values[:, start : start + schema.sizes[place]].numpy()
    return schema[name], cases.known[:, place].numpy(), slots
