"""Figures of merit of a predicted number, and of screening by it, with bootstrap intervals.

Labels and predictions are (N,) in the same unit; cases whose label is NaN are left out.
"""

from dataclasses import dataclass

import numpy as np

from xattn.training.metrics import Estimate, Metric, auc, bootstrap, f1, precision

Figures = tuple[tuple[str, Estimate], ...]
"""Named figures in the order they are shown."""


def mean_squared_error(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean of the squared error, in the unit squared."""
    return float(np.square(predictions - labels).mean())


def mean_absolute_error(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean of the absolute error, in the unit."""
    return float(np.abs(predictions - labels).mean())


def r_squared(labels: np.ndarray, predictions: np.ndarray) -> float:
    """1 − Σ(ŷ − y)² / Σ(y − ȳ)²: 0 for the mean, below 0 for worse; NaN where all labels agree."""
    total = np.square(labels - labels.mean()).sum()
    return float(1 - np.square(predictions - labels).sum() / total) if total > 0 else float("nan")


def bias(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean of prediction − label, in the unit."""
    return float((predictions - labels).mean())


def lower_limit(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Bias − 1.96 SD of the differences (Bland and Altman 1986)."""
    return bias(labels, predictions) - 1.96 * _sd(labels, predictions)


def upper_limit(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Bias + 1.96 SD of the differences (Bland and Altman 1986)."""
    return bias(labels, predictions) + 1.96 * _sd(labels, predictions)


def proportional_bias(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Slope of prediction − label on their mean (Bland and Altman 1999, section 3.2).

    0 where both have the same spread: below 0 for predictions drawn to the mean.
    """
    means = (labels + predictions) / 2
    spread = np.square(means - means.mean()).sum()
    rise = ((means - means.mean()) * (predictions - labels)).sum()
    return float(rise / spread) if spread > 0 else float("nan")


REGRESSION_METRICS: dict[str, Metric] = {
    "MSE": mean_squared_error,
    "MAE": mean_absolute_error,
    "R²": r_squared,
}
AGREEMENT_METRICS: dict[str, Metric] = {
    "bias": bias,
    "lower limit": lower_limit,
    "upper limit": upper_limit,
    "proportional bias": proportional_bias,
}
"""Bland and Altman's figures: bias, 95 % limits of agreement, and the slope of their plot."""


def estimate(
    metric: Metric, labels: np.ndarray, scores: np.ndarray, *, draws: int = 1000
) -> Estimate:
    """A metric with its interval over resampled cases; NaN throughout where it has no value."""
    value = metric(labels, scores)
    if np.isnan(value):
        return Estimate(value, value, value)
    return bootstrap(metric, labels, scores, draws=draws)


def regression_figures(
    labels: np.ndarray, predictions: np.ndarray, *, draws: int = 1000
) -> Figures:
    """MSE, MAE, R², then Bland and Altman's figures, each with its 95 % interval."""
    known = ~np.isnan(labels)
    # Squares of a few hundredths lose digits in float32.
    pair = labels[known].astype(np.float64), predictions[known].astype(np.float64)
    metrics = REGRESSION_METRICS | AGREEMENT_METRICS
    return tuple((name, estimate(metric, *pair, draws=draws)) for name, metric in metrics.items())


@dataclass(frozen=True, slots=True)
class Screening:
    """Screening by a threshold: positive = label at or below it, called = prediction at or below.

    AUC takes −prediction as its score: lower is more suspicious.
    """

    threshold: float
    """In the label's unit."""
    prevalence: float
    """Share of positives, 0 to 1, that the predictive values are stated for; the sample's own share
    enters precision and F1 instead."""

    def figures(self, labels: np.ndarray, predictions: np.ndarray, *, draws: int = 1000) -> Figures:
        """AUC, sensitivity, specificity, precision, F1, PPV and NPV with 95 % intervals."""
        known = ~np.isnan(labels)
        positive = labels[known] <= self.threshold
        predicted = predictions[known]
        called = (predicted <= self.threshold).astype(np.float64)
        cut: dict[str, Metric] = {
            "sensitivity": sensitivity,
            "specificity": specificity,
            "precision": precision,
            "F1": _f1,
            "PPV": self.positive_predictive_value,
            "NPV": self.negative_predictive_value,
        }
        return (
            ("AUC", estimate(auc, positive, -predicted, draws=draws)),
            *((name, estimate(cut[name], positive, called, draws=draws)) for name in cut),
        )

    def positive_predictive_value(self, labels: np.ndarray, called: np.ndarray) -> float:
        """P(positive | called) at the stated prevalence, by Bayes; NaN where none would be."""
        hits = sensitivity(labels, called) * self.prevalence
        false_alarms = (1 - specificity(labels, called)) * (1 - self.prevalence)
        return _ratio(hits, hits + false_alarms)

    def negative_predictive_value(self, labels: np.ndarray, called: np.ndarray) -> float:
        """P(negative | not called) at the stated prevalence, by Bayes; NaN where none would be."""
        passes = specificity(labels, called) * (1 - self.prevalence)
        misses = (1 - sensitivity(labels, called)) * self.prevalence
        return _ratio(passes, passes + misses)


def sensitivity(labels: np.ndarray, called: np.ndarray) -> float:
    """Share of the positives (N,) bool that are called (N,) 0 or 1; NaN without positives."""
    return _ratio(called[labels].sum(), labels.sum())


def specificity(labels: np.ndarray, called: np.ndarray) -> float:
    """Share of the negatives that are not called; NaN without negatives."""
    return _ratio((1 - called[~labels]).sum(), (~labels).sum())


def _f1(labels: np.ndarray, called: np.ndarray) -> float:
    return f1(labels, called) if labels.any() else float("nan")


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _sd(labels: np.ndarray, predictions: np.ndarray) -> float:
    return float((predictions - labels).std(ddof=1))
