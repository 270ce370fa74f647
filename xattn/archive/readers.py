"""Readers against each other, and with the model's result against without, over a worklist.

Only cases count whose reads the person may see. Intervals are percentiles over resampled cases, so
that several readers of one case are drawn together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from sqlalchemy import select

from xattn.archive.access import READS, record_shown
from xattn.archive.export import visible_reads
from xattn.archive.people import Person
from xattn.archive.reads import ADJUDICATION, ALONE, WITH_AI, Read, Stage
from xattn.archive.store import Archive, require
from xattn.archive.tables import cases, worklists
from xattn.training.metrics import Estimate, Metric, auc
from xattn.training.regression_metrics import (
    AGREEMENT_METRICS,
    Figures,
    estimate,
    mean_absolute_error,
)

CUT = 0.5
"""A probability from which a finding counts as there."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readers over the cases that both read; `figures` as `second` differs from `first`.

    `findings` (N, 2) are what they found, for a plot.
    """

    first: str
    second: str
    cases: tuple[int, ...]
    findings: np.ndarray
    figures: Figures


@dataclass(frozen=True, slots=True)
class Paired:
    """N reads of cases with a reference standard, each made twice: alone, and with the result.

    All (N,): the case's number, the reader's place among them, the truth, and both findings.
    """

    case: np.ndarray
    reader: np.ndarray
    truth: np.ndarray
    alone: np.ndarray
    with_ai: np.ndarray


@dataclass(frozen=True, slots=True)
class Comparison:
    """A metric alone and with the result, and its difference, with minus alone; mean of readers."""

    metric: str
    alone: Estimate
    with_ai: Estimate
    difference: Estimate
    cases: int
    readers: int


def kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Cohen's kappa of two readers' findings (N,), cut at 0.5 (Cohen 1960); NaN where both are one.

    (agreement − agreement by chance) / (1 − agreement by chance).
    """
    a, b = first >= CUT, second >= CUT
    by_chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
    return float(((a == b).mean() - by_chance) / (1 - by_chance)) if by_chance < 1 else float("nan")


def agreement(
    archive: Archive, person: Person, worklist: int, *, stage: Stage = ALONE, draws: int = 1000
) -> tuple[Pair, ...]:
    """Every two readers who share cases: kappa of probabilities, Bland and Altman's of numbers.

    A reader's last read at the stage counts. The findings that are given count as shown.

    Raises:
        ArchiveError: if there is no such worklist.
    """
    listed = _listed(archive, person, worklist)
    metrics = {"kappa": kappa} if listed.is_probability else AGREEMENT_METRICS
    found = _last(listed.reads, stage)
    readers = sorted({reader for reader, _ in found})
    pairs = [_pair(found, *two, metrics, draws) for two in combinations(readers, 2)]
    with archive.transaction() as connection:
        seen = ((case, READS) for pair in pairs for case in pair.cases)
        record_shown(connection, person, seen, "reads shown")
    return tuple(pair for pair in pairs if pair.cases)


def benefit(
    archive: Archive, person: Person, worklist: int, *, draws: int = 1000
) -> Comparison | None:
    """Readers with the result against alone: AUC of probabilities, MAE of numbers.

    None where no case has a reference standard and both reads, or AUC has one class alone.

    Raises:
        ArchiveError: if there is no such worklist.
    """
    listed = _listed(archive, person, worklist)
    paired = _paired(listed)
    if paired is None:
        return None
    name, metric = ("AUC", auc) if listed.is_probability else ("MAE", mean_absolute_error)
    return compare(paired, name, metric, draws=draws)


def compare(
    paired: Paired, name: str, metric: Metric, *, draws: int = 1000, seed: int = 0
) -> Comparison | None:
    """A metric of both reads and the difference, with 95 % intervals over resampled cases.

    None where it has no value.
    """
    values = _values(paired, metric, np.arange(len(paired.case)))
    if np.isnan(values).any():
        return None
    numbers, place = np.unique(paired.case, return_inverse=True)
    rows = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1])
    generator = np.random.default_rng(seed)
    count = len(numbers)
    drawn = np.array(
        [
            _values(
                paired,
                metric,
                np.concatenate([rows[i] for i in generator.integers(0, count, count)]),
            )
            for _ in range(draws)
        ]
    )
    low, high = np.nanpercentile(drawn, [2.5, 97.5], axis=0)
    alone, with_ai, difference = (
        Estimate(*map(float, e)) for e in zip(values, low, high, strict=True)
    )
    return Comparison(name, alone, with_ai, difference, count, len(np.unique(paired.reader)))


def _values(paired: Paired, metric: Metric, rows: np.ndarray) -> np.ndarray:
    """Alone, with, and with minus alone (3,): each the mean over readers who have a value."""
    reader, truth = paired.reader[rows], paired.truth[rows]
    each = np.array(
        [
            [metric(truth[own], side[rows][own]) for side in (paired.alone, paired.with_ai)]
            for own in (reader == one for one in np.unique(reader))
        ]
    )
    each = each[~np.isnan(each).any(axis=1)]
    if not len(each):
        return np.full(3, np.nan)
    alone, with_ai = each.mean(axis=0)
    return np.array([alone, with_ai, with_ai - alone])


@dataclass(frozen=True, slots=True)
class _Listed:
    is_probability: bool
    truths: Mapping[int, float]
    reads: tuple[Read, ...]


def _listed(archive: Archive, person: Person, worklist: int) -> _Listed:
    from xattn.systems import find

    with archive.transaction() as connection:
        require(connection, worklists, worklist)
        system = select(worklists.c.system).where(worklists.c.id == worklist)
        is_probability = find(connection.execute(system).scalar_one()).is_probability
        known = cases.c.worklist == worklist, cases.c.truth.is_not(None)
        rows = connection.execute(select(cases.c.id, cases.c.truth).where(*known)).all()
        found = visible_reads(connection, person, worklist)
    return _Listed(is_probability, {row.id: row.truth for row in rows}, found)


def _last(rows: tuple[Read, ...], stage: Stage) -> dict[tuple[str, int], float]:
    """By reader and case, the last finding at a stage; never the adjudicator's."""
    return {
        (row.reader, row.case): row.finding for row in rows if row.stage == stage != ADJUDICATION
    }


def _pair(
    found: Mapping[tuple[str, int], float],
    first: str,
    second: str,
    metrics: Mapping[str, Metric],
    draws: int,
) -> Pair:
    both = tuple(sorted(case for name, case in found if name == first and (second, case) in found))
    findings = np.array([[found[name, case] for name in (first, second)] for case in both])
    figures = tuple(
        (name, estimate(metric, findings[:, 0], findings[:, 1], draws=draws))
        for name, metric in metrics.items()
        if both
    )
    return Pair(first, second, both, findings.reshape(-1, 2), figures)


def _paired(listed: _Listed) -> Paired | None:
    alone, with_ai = (_last(listed.reads, stage) for stage in (ALONE, WITH_AI))
    keys = sorted(key for key in alone if key in with_ai and key[1] in listed.truths)
    if not keys:
        return None
    places = {name: place for place, name in enumerate(sorted({name for name, _ in keys}))}
    return Paired(
        case=np.array([case for _, case in keys]),
        reader=np.array([places[name] for name, _ in keys]),
        truth=np.array([listed.truths[case] for _, case in keys]),
        alone=np.array([alone[key] for key in keys]),
        with_ai=np.array([with_ai[key] for key in keys]),
    )
