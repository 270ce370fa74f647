"""Figures of merit over several findings at once, with bootstrap intervals over cases.

Labels (N, K) are 1, 0 or NaN (unknown, not counted) and probabilities are (N, K). A finding that
lacks one of the two classes has no AUC: it is left out of the macro averages, and named.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xattn.data.findings import COMPETITION
from xattn.training.metrics import Estimate, Metric, auc
from xattn.training.regression_metrics import estimate


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """What a model is worth on the findings of some cases; a figure without a value is NaN."""

    cases: int
    labels: tuple[tuple[str, Estimate], ...]
    """AUC of every finding."""
    averages: tuple[tuple[str, Estimate], ...]
    """Micro, macro and five-label AUC, and the micro F1 of single entries."""
    left_out: tuple[str, ...]
    """Findings without both classes, which the macro and five-label AUC do not count."""

    def figure(self, name: str) -> Estimate:
        """The figure of this finding or average."""
        return dict(self.labels + self.averages)[name]


@dataclass(frozen=True, slots=True)
class MacroAuc:
    """Mean AUC of some columns; one that a resample leaves without both classes is skipped."""

    columns: tuple[int, ...]

    def __call__(self, labels: np.ndarray, probabilities: np.ndarray) -> float:
        """The mean, NaN where no column has both classes."""
        each = [known_auc(labels[:, k], probabilities[:, k]) for k in self.columns]
        found = [value for value in each if not np.isnan(value)]
        return float(np.mean(found)) if found else float("nan")


def known_auc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """AUC of the known entries of any shape, all pooled: micro AUC where they are (N, K)."""
    known = ~np.isnan(labels)
    return auc(labels[known], probabilities[known])


def micro_f1(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """F1 at even odds of the known entries, all pooled; NaN without a positive."""
    known = ~np.isnan(labels)
    positive, called = labels[known] == 1, probabilities[known] >= 0.5
    both = 2 * (positive & called).sum()
    return float(both / (positive.sum() + called.sum())) if positive.any() else float("nan")


def label_figures(
    labels: np.ndarray, probabilities: np.ndarray, names: Sequence[str], *, draws: int = 1000
) -> LabelFigures:
    """Every finding's AUC, their averages, and who is left out, with 95 % intervals.

    `names` are the columns' codes (FINDINGS) or their names for the screen (LABELS).
    """
    each = tuple(
        (name, estimate(known_auc, labels[:, k], probabilities[:, k], draws=draws))
        for k, name in enumerate(names)
    )
    left_out = tuple(name for name, estimate in each if np.isnan(estimate.value))
    kept = {name: k for k, name in enumerate(names) if name not in left_out}
    five = tuple(k for name, k in kept.items() if _code(name) in COMPETITION)
    averages: dict[str, Metric] = {
        "micro AUC": known_auc,
        "macro AUC": MacroAuc(tuple(kept.values())),
        "five-label AUC": MacroAuc(five),
        "micro F1": micro_f1,
    }
    pooled = tuple(
        (name, estimate(metric, labels, probabilities, draws=draws))
        for name, metric in averages.items()
    )
    return LabelFigures(len(labels), each, pooled, left_out)


def by_group(
    labels: np.ndarray,
    probabilities: np.ndarray,
    names: Sequence[str],
    *,
    groups: np.ndarray,
    draws: int = 1000,
) -> tuple[tuple[str, LabelFigures], ...]:
    """`label_figures` within each group (N,) of str, such as AP and PA, in alphabetical order.

    A figure over all mixes in how well the group itself tells the labels: the sick are filmed AP.
    """
    return tuple(
        (str(group), label_figures(labels[rows], probabilities[rows], names, draws=draws))
        for group in np.unique(groups)
        for rows in (groups == group,)
    )


def _code(name: str) -> str:
    return name.lower().replace(" ", "_")
