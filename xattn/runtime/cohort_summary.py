"""What a cohort comes to: importances, interactions, mean maps, subgroups, the largest misses."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from xattn.data.clinical import Absent, Schema
from xattn.data.fields import Choice, Field, Flag, Number
from xattn.explain.grouping import IMAGE, Share, grouped
from xattn.runtime.cohort import CohortCase
from xattn.runtime.cohort_members import counted
from xattn.runtime.cohort_statistics import FEWEST, Figure, Judged, performance, resampled

WHOLE = "all cases"


@dataclass(frozen=True, slots=True)
class Dot:
    """One case's contribution of one player: which case, how much, and the entry behind it.

    `place` is where a number lies between the cohort's least and largest, 0 to 1; None for what is
    no number. `answer` is the place of a choice's answer among its options, None for several.
    """

    case: int
    share: float
    entry: str
    place: float | None = None
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class _Fields:
    """The form, and the least and largest number of each of its fields in the cohort."""

    schema: Schema
    spans: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Importance:
    """One player, or fields that cannot be told apart: mean |contribution| and every case's."""

    label: str
    mean: Figure
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Cases of like entries: their number, and what the model is worth on them."""

    field: str
    name: str
    cases: int
    figures: tuple[Figure, ...]

    @property
    def is_judged(self) -> bool:
        """Whether any figure can be given."""
        return any(figure.estimate for figure in self.figures)


@dataclass(frozen=True, slots=True, eq=False)
class MeanMap:
    """The mean of the cases' maps on one frame (SIDE, SIDE), in the target's unit per pixel.

    `dice` is the mean and the 10th percentile of how well outlines fit; None where boxes were laid.
    """

    frame: str
    values: np.ndarray
    cases: int
    dice: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Interactions:
    """Mean contribution by row (the film, then each field's interaction with it) and area."""

    areas: tuple[str, ...]
    rows: tuple[tuple[str, int, tuple[float, ...]], ...]
    """Label, how many cases know the field, and the means."""


def judged(cases: Sequence[CohortCase]) -> Judged:
    """What was said of the cases and what is true."""
    first = cases[0].prediction
    return Judged(
        said=np.array([case.said for case in cases]),
        truth=np.array([case.member.truth for case in cases]),
        clusters=tuple(case.member.cluster for case in cases),
        is_probability=first.probability is not None,
        unit=first.target.unit,
    )


def importances(
    cases: Sequence[CohortCase], schema: Schema, *, draws: int = 1000
) -> tuple[Importance, ...]:
    """The film and every field that some case knows, by mean |contribution|, largest first.

    The mean is over the cases that know the field, so a field that is seldom known is not small
    for that.
    """
    dots: dict[str, list[Dot]] = {}
    fields = _Fields(schema, {field.name: _span(cases, field) for field in schema})
    for number, case in enumerate(cases):
        for share in grouped(case.shares.players, schema):
            dot = _dot(number, share, case, fields=fields)
            dots.setdefault(share.label, []).append(dot)
    unit = cases[0].shares.unit
    found = [
        Importance(label, _mean_size(listed, cases, unit, draws), tuple(listed))
        for label, listed in dots.items()
    ]
    return tuple(sorted(found, key=lambda each: -_size(each)))


def subgroups(
    cases: Sequence[CohortCase], schema: Schema, *, draws: int = 1000
) -> tuple[Group, ...]:
    """All cases, then groups by entry of the form and by the gate's level, with their figures."""
    whole = judged(cases)
    groups = [Group("", WHOLE, len(cases), performance(whole, draws=draws))]
    for field, name, mask in _parts(cases, schema):
        if mask.any() and not mask.all():
            part = performance(whole.take(mask), draws=draws)
            groups.append(Group(field, name, int(mask.sum()), part))
    return tuple(groups)


def misses(cases: Sequence[CohortCase], count: int = 12) -> tuple[tuple[int, float], ...]:
    """The places of the cases with the largest |said − found|, and said − found, largest first.

    Only cases whose reference standard may be shown one by one.
    """
    known = [
        (place, case.said - case.member.truth)
        for place, case in enumerate(cases)
        if case.member.shows_truth and not np.isnan(case.member.truth)
    ]
    return tuple(sorted(known, key=lambda each: -abs(each[1]))[:count])


def mean_maps(cases: Sequence[CohortCase]) -> tuple[MeanMap, ...]:
    """The mean map of every frame that cases were laid on."""
    by_frame: dict[str, list[CohortCase]] = {}
    for case in cases:
        if case.where and case.where.laid is not None:
            by_frame.setdefault(case.where.frame, []).append(case)
    found = []
    for name, listed in by_frame.items():
        laid = [case.where.laid for case in listed if case.where and case.where.laid is not None]
        dice = [case.where.dice for case in listed if case.where and case.where.dice is not None]
        fit = (float(np.mean(dice)), float(np.quantile(dice, 0.1))) if dice else None
        found.append(MeanMap(name, np.mean(laid, axis=0), len(listed), fit))
    return tuple(found)


def not_laid(cases: Sequence[CohortCase]) -> tuple[tuple[str, int], ...]:
    """Why cases are in no mean map, with how many."""
    reasons = [case.where.reason for case in cases if case.where and case.where.reason]
    return counted([reason.split(":")[0] for reason in reasons])


def interactions(cases: Sequence[CohortCase], schema: Schema) -> tuple[Interactions, ...]:
    """For each set of areas that films were divided into, the mean over the cases that have it."""
    by_areas: dict[tuple[str, ...], list[CohortCase]] = {}
    for case in cases:
        if case.where:
            by_areas.setdefault(case.where.areas, []).append(case)
    found = []
    for named, listed in by_areas.items():
        rows: dict[str, list[tuple[float, ...]]] = {}
        for case in listed:
            assert case.where is not None
            for name, sums in case.where.tables:
                rows.setdefault(name, []).append(sums)
        order = [IMAGE, *(name for name in schema.names if name in rows)]
        table = tuple(
            (
                "Film" if name == IMAGE else schema[name].label,
                len(rows[name]),
                tuple(float(value) for value in np.mean(rows[name], axis=0)),
            )
            for name in order
        )
        found.append(Interactions(named, table))
    return tuple(found)


def _size(importance: Importance) -> float:
    return float(np.mean([abs(dot.share) for dot in importance.dots]))


def _mean_size(dots: Sequence[Dot], cases: Sequence[CohortCase], unit: str, draws: int) -> Figure:
    sizes = np.array([abs(dot.share) for dot in dots])
    if len(sizes) < FEWEST:
        return Figure("mean |contribution|", unit, None, f"too few: {len(sizes)} cases")
    clusters = [cases[dot.case].member.cluster for dot in dots]
    estimate = resampled(clusters, lambda rows: float(sizes[rows].mean()), draws=draws)
    return Figure("mean |contribution|", unit, estimate)


def _dot(number: int, share: Share, case: CohortCase, *, fields: _Fields) -> Dot:
    names, form = [name for name, _ in share.parts], case.member.form
    if names == [IMAGE]:
        return Dot(number, share.value, "the film")
    entry = ", ".join(fields.schema.describe(form, name) for name in names)
    value, field = form[names[0]], fields.schema[names[0]]
    if len(names) > 1 or isinstance(value, Absent):
        return Dot(number, share.value, entry)
    if isinstance(field, Number):
        assert isinstance(value, float)
        low, high = fields.spans[field.name]
        place = (value - low) / (high - low) if high > low else 0.5
        return Dot(number, share.value, entry, place=place)
    if isinstance(field, Flag):
        return Dot(number, share.value, entry, answer=int(bool(value)))
    assert isinstance(value, tuple)
    answer = field.codes.index(value[0]) if len(value) == 1 else None
    return Dot(number, share.value, entry, answer=answer)


def _span(cases: Sequence[CohortCase], field: Field) -> tuple[float, float]:
    if not isinstance(field, Number):
        return 0.0, 0.0
    values = [case.member.form[field.name] for case in cases]
    numbers = [value for value in values if isinstance(value, float)]
    return (min(numbers), max(numbers)) if numbers else (0.0, 0.0)


def _parts(cases: Sequence[CohortCase], schema: Schema) -> Iterator[tuple[str, str, np.ndarray]]:
    """Field, name and mask (N,) of every group."""
    forms = [case.member.form for case in cases]
    if schema.variant:
        for option in schema.variant.options:
            mask = np.array([form.variant == option.code for form in forms])
            yield schema.variant.label, option.label, mask
    for field in schema:
        entries = [form[field.name] for form in forms]
        yield from _of_field(field, entries)
    levels = [case.checks.grades.level for case in cases]
    for level in dict.fromkeys(level for level in levels if level):
        yield "Checks of the input", level, np.array([each == level for each in levels])


def _of_field(field: Field, entries: Sequence[object]) -> Iterator[tuple[str, str, np.ndarray]]:
    known = np.array([not isinstance(entry, Absent) for entry in entries])
    if isinstance(field, Choice):
        for option in field.options:
            chosen = [isinstance(entry, tuple) and option.code in entry for entry in entries]
            yield field.label, option.label, np.array(chosen)
    elif isinstance(field, Flag):
        for name, answer in (("yes", True), ("no", False)):
            yield field.label, name, known & np.array([entry is answer for entry in entries])
    else:
        yield from _bands(field, entries)
    yield field.label, "unknown", np.array([entry is Absent.UNKNOWN for entry in entries])


def _bands(field: Number, entries: Sequence[object]) -> Iterator[tuple[str, str, np.ndarray]]:
    """Thirds of the cohort, cut at round numbers."""
    numbers = np.array([entry if isinstance(entry, float) else np.nan for entry in entries])
    known = numbers[~np.isnan(numbers)]
    if len(known) < FEWEST:
        return
    step = 10.0 ** np.floor(np.log10(field.spread / 2))
    cuts = sorted(
        {float(np.round(cut / step) * step) for cut in np.quantile(known, [1 / 3, 2 / 3])}
    )
    ends = [-np.inf, *cuts, np.inf]
    for low, high in itertools.pairwise(ends):
        name = f"{low:g} to below {high:g} {field.unit}"
        if low == -np.inf:
            name = f"below {high:g} {field.unit}"
        elif high == np.inf:
            name = f"{low:g} {field.unit} or more"
        yield field.label, name, (numbers >= low) & (numbers < high)
