"""Two checkpoints on the same cases: differences case by case, and of figures, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xattn.data.clinical import Schema
from xattn.errors import XattnError
from xattn.explain.grouping import grouped
from xattn.runtime.cohort import CohortCase
from xattn.runtime.cohort_statistics import DRAWS, FEWEST, Figure, Judged, resampled, too_few
from xattn.runtime.cohort_summary import judged
from xattn.training.metrics import auc

Pairs = tuple[tuple[CohortCase, CohortCase], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Second minus first. `first` and `second` are model ids, `rows` (case's name, both said).

    `figures` are of predictions and, where there is a reference standard, of errors; `importances`
    of mean |contribution| by player.
    """

    first: str
    second: str
    rows: tuple[tuple[str, float, float], ...]
    figures: tuple[Figure, ...]
    importances: tuple[Figure, ...]


def paired(first: Sequence[CohortCase], second: Sequence[CohortCase]) -> Pairs:
    """The cases that both have, by their content, in the order of the first.

    Raises:
        XattnError: if they share none, or speak of different targets.
    """
    others = {case.member.content: case for case in second}
    pairs = tuple(
        (case, others[case.member.content]) for case in first if case.member.content in others
    )
    if not pairs:
        raise XattnError("Two results of the same cases were expected, however they share none.")
    names = {case.prediction.target.name for pair in pairs for case in pair}
    if len(names) > 1:
        raise XattnError("Two models can be compared on one target; choose the same for both.")
    return pairs


def compare(pairs: Pairs, schema: Schema, *, draws: int = DRAWS) -> Comparison:
    """The differences over paired cases; whole clusters are drawn again, pairs kept together."""
    one, other = (judged([pair[side] for pair in pairs]) for side in (0, 1))
    rows = tuple((a.member.name, float(a.said), float(b.said)) for a, b in pairs)
    ids = [case.prediction.provenance.model_id for case in pairs[0]]
    return Comparison(
        ids[0],
        ids[1],
        rows,
        _of_said(one, other, draws),
        _of_importances(pairs, schema, one.clusters, draws),
    )


def _of_said(one: Judged, other: Judged, draws: int) -> tuple[Figure, ...]:
    unit = "" if one.is_probability else one.unit
    said = other.said - one.said
    figures = [_difference(Named("mean of what is said", unit, one.clusters), said, draws)]
    known = ~np.isnan(one.truth)
    error = np.abs(other.said - one.truth) - np.abs(one.said - one.truth)
    part = one.take(known)
    named = Named("mean |said − found|", unit, part.clusters)
    figures.append(_difference(named, error[known], draws))
    if one.is_probability:
        figures.append(_auc(part, other.take(known), draws))
    return tuple(figures)


@dataclass(frozen=True, slots=True)
class Named:
    """What a mean of differences is called, its unit, and the clusters of its cases."""

    name: str
    unit: str
    clusters: tuple[str, ...]


def _difference(named: Named, values: np.ndarray, draws: int) -> Figure:
    """The mean of paired differences, or why there is none."""
    remark = ""
    if not len(values):
        remark = "no reference standard"
    elif len(values) < FEWEST:
        remark = f"too few: {len(values)} cases, {FEWEST} are needed"
    if remark:
        return Figure(named.name, named.unit, None, remark)
    found = resampled(named.clusters, lambda rows: float(values[rows].mean()), draws=draws)
    return Figure(named.name, named.unit, found)


def _auc(one: Judged, other: Judged, draws: int) -> Figure:
    if remark := too_few(one, needs_both=True):
        return Figure("AUC", "", None, remark)

    def gained(rows: np.ndarray) -> float:
        truth = one.truth[rows]
        return auc(truth, other.said[rows]) - auc(truth, one.said[rows])

    return Figure("AUC", "", resampled(one.clusters, gained, draws=draws))


def _of_importances(
    pairs: Pairs, schema: Schema, clusters: tuple[str, ...], draws: int
) -> tuple[Figure, ...]:
    gains: dict[str, list[tuple[int, float]]] = {}
    for number, (a, b) in enumerate(pairs):
        after = {share.label: share.value for share in grouped(b.shares.players, schema)}
        for share in grouped(a.shares.players, schema):
            gain = abs(after[share.label]) - abs(share.value)
            gains.setdefault(share.label, []).append((number, gain))
    unit = pairs[0][0].shares.unit
    figures = []
    for label, listed in gains.items():
        rows, values = zip(*listed, strict=True)
        own = tuple(clusters[row] for row in rows)
        figures.append(_difference(Named(label, unit, own), np.array(values), draws))
    return tuple(figures)
