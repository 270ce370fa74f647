"""Figures of scores out of fold, and their tables in Markdown."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.real_folds import interval
from benchmarks.real_sets import RealSet
from benchmarks.real_text import verdict
from xattn.training.folds import across
from xattn.training.label_metrics import MacroAuc, known_auc
from xattn.training.metrics import Estimate, Metric
from xattn.training.regression_metrics import mean_absolute_error, r_squared

FEWEST_IN_PART = 5
"""Positives that a finding needs within AP or PA to count there."""


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A figure of merit of labels and scores (N, K), on some rows (N,) bool."""

    name: str
    metric: Metric
    rows: np.ndarray
    sign: int = 1
    """−1 where lower is better."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """Scores (N, K) out of fold, of what and by which head."""

    name: str
    head: str
    scores: np.ndarray


def regression(real: RealSet) -> list[Figure]:
    """MAE, then R²."""
    everyone = np.ones(len(real), dtype=bool)
    return [
        Figure("MAE", mean_absolute_error, everyone, sign=-1),
        Figure("R²", r_squared, everyone),
    ]


def classification(real: RealSet) -> list[Figure]:
    """AUC, the macro average where there are several labels; then within each part."""
    everyone = np.ones(len(real), dtype=bool)
    name = "AUC" if len(real.names) == 1 else "macro AUC"
    figures = [Figure(name, MacroAuc(tuple(range(len(real.names)))), everyone)]
    for part, rows in real.parts:
        enough = real.labels[rows].sum(axis=0) >= FEWEST_IN_PART
        columns = tuple(int(k) for k in np.flatnonzero(enough))
        label = f"within {part} ({rows.sum()} films, {len(columns)} labels)"
        figures.append(Figure(label, MacroAuc(columns), rows))
    return figures


def comparison(
    real: RealSet, folds: np.ndarray, figures: list[Figure], entries: list[Entry]
) -> str:
    """One row per entry; the last column is what the first entry gains over it."""
    main, first = figures[0], entries[0]
    names = [figure.name for figure in figures]
    head = ["input", "head", *names, f"{main.name} over folds", f"{first.name} better by"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    gains = [_gain(real, main, first.scores, entry.scores) for entry in entries[1:]]
    for entry, gain in zip(entries, ["", *gains], strict=True):
        cells = [entry.name, entry.head]
        cells += [_pooled(real, figure, entry.scores) for figure in figures]
        cells += [_over_folds(real, main, folds, entry.scores)]
        cells += [str(gain)]
        lines.append("| " + " | ".join(cells) + " |")
    verdicts = [
        verdict(f"{entry.name} ({entry.head})", gain.low, gain.high)
        for entry, gain in zip(entries[1:], gains, strict=True)
    ]
    return "\n".join([*lines, "", f"By {main.name}, {first.name} is " + "; ".join(verdicts) + "."])


def by_label(real: RealSet, entries: list[Entry]) -> str:
    """AUC of every label by each entry; the interval is of the first."""
    head = ["label", "films with it", *(f"{entry.name}, {entry.head}" for entry in entries)]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for k, name in enumerate(real.names):
        labels = real.labels[:, k]
        cells = [name.replace("_", " "), f"{labels.sum():.0f}"]
        first = entries[0].scores[:, k]
        cells += [str(interval(_of(known_auc, labels, first), real.groups))]
        cells += [f"{known_auc(labels, entry.scores[:, k]):.3f}" for entry in entries[1:]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _of(metric: Metric, labels: np.ndarray, scores: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda rows: metric(labels[rows], scores[rows])


def _pooled(real: RealSet, figure: Figure, scores: np.ndarray) -> str:
    labels, groups = real.labels[figure.rows], real.groups[figure.rows]
    return str(interval(_of(figure.metric, labels, scores[figure.rows]), groups))


def _over_folds(real: RealSet, figure: Figure, folds: np.ndarray, scores: np.ndarray) -> str:
    each = [
        figure.metric(real.labels[folds == fold], scores[folds == fold])
        for fold in range(folds.max() + 1)
    ]
    return str(across(each))


def _gain(real: RealSet, figure: Figure, ours: np.ndarray, theirs: np.ndarray) -> Estimate:
    """The paired difference, above 0 where ours is better."""
    better, worse = (_of(figure.metric, real.labels, scores) for scores in (ours, theirs))
    return interval(lambda rows: figure.sign * (better(rows) - worse(rows)), real.groups)
