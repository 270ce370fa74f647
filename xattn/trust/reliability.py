"""Reliability: how often what was said came true, in bins and by isotonic regression.

The isotonic curve and the decomposition of the Brier score are CORP's (Dimitriadis, Gneiting &
Jordan 2021, doi:10.1073/pnas.2016191118). For a number instead of a probability the same holds with
the mean squared error.
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import isotonic_regression


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of like predictions: how many, what was said of them and what they are, on average."""

    count: int
    said: float
    found: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Data of a reliability plot.

    `bins` hold equal counts; `curve` holds the flat stretches of the isotonic regression, from low
    to high. score = miscalibration − discrimination + uncertainty.
    """

    count: int
    bins: tuple[Bin, ...]
    curve: tuple[Bin, ...]
    score: float
    miscalibration: float
    discrimination: float
    uncertainty: float

    @property
    def sentence(self) -> str:
        """The decomposition in words."""
        return (
            f"Over {self.count:,} cases the mean squared error is {self.score:.4f}: "
            f"miscalibration {self.miscalibration:.4f} − discrimination "
            f"{self.discrimination:.4f} + uncertainty {self.uncertainty:.4f} (CORP)."
        )

    @property
    def plain(self) -> dict[str, object]:
        """Every number and the sentence, ready for JSON."""
        return {**asdict(self), "sentence": self.sentence}


def reliability(said: np.ndarray, labels: np.ndarray, *, bins: int = 10) -> Reliability:
    """Reliability of predictions (n,) against labels (n,), NaN where nobody knows."""
    known = ~np.isnan(labels)
    order = np.argsort(said[known], kind="stable")
    said, labels = said[known][order], labels[known][order]
    fitted = _isotonic(said, labels)
    flat = np.flatnonzero(np.diff(fitted)) + 1
    score, best, mean = (
        float(np.square(each - labels).mean()) for each in (said, fitted, labels.mean())
    )
    return Reliability(
        count=len(labels),
        bins=_bins(said, labels, np.array_split(np.arange(len(said)), min(bins, len(said)))),
        curve=_bins(said, labels, np.split(np.arange(len(said)), flat)),
        score=score,
        miscalibration=score - best,
        discrimination=mean - best,
        uncertainty=mean,
    )


def _isotonic(said: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The regression at each sorted prediction; equal predictions share one value."""
    _, place = np.unique(said, return_inverse=True)
    count = np.bincount(place).astype(float)
    means = np.bincount(place, weights=labels) / count
    return np.asarray(isotonic_regression(means, weights=count).x[place])


def _bins(said: np.ndarray, labels: np.ndarray, parts: list[np.ndarray]) -> tuple[Bin, ...]:
    return tuple(
        Bin(len(part), float(said[part].mean()), float(labels[part].mean())) for part in parts
    )
