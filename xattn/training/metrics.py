"""Figures of merit for two classes, each with a bootstrap interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

Metric = Callable[[np.ndarray, np.ndarray], float]
"""From labels (N,) and probabilities (N,) to a number."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve by ranks (Mann-Whitney), ties counted half."""
    positives = labels.astype(bool)
    ranks = rankdata(scores)
    p, n = int(positives.sum()), int((~positives).sum())
    return float((ranks[positives].sum() - p * (p + 1) / 2) / (p * n)) if p and n else float("nan")


def accuracy(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Share of cases on the right side of even odds."""
    return float(((probabilities >= 0.5) == labels.astype(bool)).mean())


def precision(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Share of true ones among those called positive at even odds; 0 where none is called."""
    called = probabilities >= 0.5
    return float(labels[called].mean()) if called.any() else 0.0


def recall(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Share of the positives that are called at even odds."""
    return float((probabilities[labels.astype(bool)] >= 0.5).mean())


def f1(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Harmonic mean of precision and recall."""
    p, r = precision(labels, probabilities), recall(labels, probabilities)
    return 2 * p * r / (p + r) if p + r else 0.0


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error over equal-width bins (Guo et al. 2017, equation 3)."""
    index = np.minimum((probabilities * bins).astype(int), bins - 1)
    gaps = np.bincount(index, weights=probabilities - labels, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


METRICS: dict[str, Metric] = {
    "AUC": auc,
    "accuracy": accuracy,
    "F1": f1,
    "precision": precision,
    "recall": recall,
    "ECE": calibration_error,
}


def bootstrap(
    metric: Metric, labels: np.ndarray, scores: np.ndarray, *, draws: int = 1000, seed: int = 0
) -> Estimate:
    """A metric with its percentile interval over resampled cases (Efron 1979)."""
    generator = np.random.default_rng(seed)
    rows = (generator.integers(0, len(labels), len(labels)) for _ in range(draws))
    values = [metric(labels[index], scores[index]) for index in rows]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Estimate(metric(labels, scores), float(low), float(high))
