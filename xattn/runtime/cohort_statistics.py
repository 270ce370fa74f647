"""Figures over a cohort with intervals; too few cases give words instead of numbers.

Intervals are 95 % percentiles over resampled clusters (Efron 1979; Field and Welsh 2007,
doi:10.1111/j.1467-9868.2007.00593.x): all cases of a patient, or of a film, are drawn together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from xattn.training.metrics import Estimate, Metric, auc
from xattn.training.regression_metrics import bias, mean_absolute_error

FEWEST = 20
"""Cases below which no figure is given: its interval would say that nothing is known."""
FEWEST_OF_EACH = 5
"""Cases of either class below which no AUC, sensitivity or specificity is given."""
DRAWS = 1000

Statistic = Callable[[np.ndarray], float]
"""From rows of a cohort (M,) int, some of them several times, to a number."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A named figure: with its interval, or with the words why there is none."""

    name: str
    unit: str
    estimate: Estimate | None
    remark: str = ""

    def __str__(self) -> str:
        return str(self.estimate) if self.estimate else self.remark


def resampled(clusters: Sequence[str], statistic: Statistic, *, draws: int = DRAWS) -> Estimate:
    """A statistic of all cases with its interval over resampled clusters (N,)."""
    _, place = np.unique(np.array(list(clusters)), return_inverse=True)
    members = [np.flatnonzero(place == number) for number in range(place.max() + 1)]
    generator = np.random.default_rng(0)
    values = []
    for _ in range(draws):
        drawn = generator.integers(0, len(members), len(members))
        values.append(statistic(np.concatenate([members[number] for number in drawn])))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Estimate(statistic(np.arange(len(place))), float(low), float(high))


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What was said of N cases and what is true, (N,) float64, and their clusters.

    The reference standard is NaN where nobody knows.
    """

    said: np.ndarray
    truth: np.ndarray
    clusters: tuple[str, ...]
    is_probability: bool
    unit: str

    def __len__(self) -> int:
        return len(self.said)

    def take(self, rows: np.ndarray) -> "Judged":
        """Some of the cases, by their rows or a mask (N,)."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        names = tuple(self.clusters[row] for row in chosen)
        return Judged(self.said[chosen], self.truth[chosen], names, self.is_probability, self.unit)

    @property
    def known(self) -> "Judged":
        """The cases with a reference standard."""
        return self.take(~np.isnan(self.truth))


def performance(judged: Judged, *, draws: int = DRAWS) -> tuple[Figure, ...]:
    """AUC and calibration of a probability; mean absolute error and bias of a number."""
    known = judged.known
    if judged.is_probability:
        return (
            figure("AUC", known, auc, needs_both=True, draws=draws),
            figure("mean said − found", known, bias, draws=draws),
        )
    return (
        figure("mean absolute error", known, mean_absolute_error, draws=draws),
        figure("mean said − found", known, bias, draws=draws),
    )


def figure(
    name: str, known: Judged, metric: Metric, *, needs_both: bool = False, draws: int = DRAWS
) -> Figure:
    """A metric of truth and what was said, or why there is none."""
    unit = "" if known.is_probability else known.unit
    if remark := too_few(known, needs_both=needs_both):
        return Figure(name, unit, None, remark)

    def of_rows(rows: np.ndarray) -> float:
        return metric(known.truth[rows], known.said[rows])

    return Figure(name, unit, resampled(known.clusters, of_rows, draws=draws))


def too_few(known: Judged, *, needs_both: bool = False) -> str:
    """Why no figure is given of these cases; empty where one may be."""
    if not len(known):
        return "no reference standard"
    if len(known) < FEWEST:
        return f"too few: {len(known)} cases, {FEWEST} are needed"
    if len(set(known.clusters)) < FEWEST_OF_EACH:
        return f"too few: {len(set(known.clusters))} patients"
    if needs_both:
        positive = int((known.truth > 0.5).sum())
        if min(positive, len(known) - positive) < FEWEST_OF_EACH:
            return f"too few: {positive} with and {len(known) - positive} without it"
    return ""
