"""Venn–Abers: a calibrated probability as a range, one end for each answer the case might have.

The inductive predictor of Vovk & Petej 2014 (arXiv 1211.0025) in the form of Vovk, Petej & Fedorova
2015 (arXiv 1511.00213, section 2): isotonic regression of the calibration labels with the case
added once as a no and once as a yes. Nouretdinov et al. 2018 (PMLR 91) for its use with conformal
sets.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import isotonic_regression

DECIMALS = 3
"""Log-odds are rounded to this before fitting and before looking up, so that a table is exact."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A step function: `values[k]` from the k-th of `places` to the next, one value more."""

    places: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The probability if the case is a no, and if it is a yes; the first is never the larger."""

    low: float
    high: float

    @property
    def merged(self) -> float:
        """One probability: minimax under log loss (Vovk, Petej & Fedorova 2015, section 4)."""
        return self.high / (1 - self.low + self.high)


@dataclass(frozen=True, slots=True)
class VennAbers:
    """The two probabilities as functions of the log-odds: `low` steps at a place, `high` after."""

    low: Steps
    high: Steps

    def at(self, value: float) -> Range:
        """The range at log-odds `value`."""
        value = round(value, DECIMALS)
        below = int(np.searchsorted(self.low.places, value, side="right"))
        above = int(np.searchsorted(self.high.places, value, side="left"))
        return Range(self.low.values[below], self.high.values[above])

    @property
    def plain(self) -> dict[str, object]:
        """Both functions, ready for JSON."""
        return asdict(self)

    @staticmethod
    def of_plain(content: Any) -> "VennAbers":
        """The record that `plain` wrote."""
        low, high = (
            Steps(tuple(content[end]["places"]), tuple(content[end]["values"]))
            for end in ("low", "high")
        )
        return VennAbers(low, high)


def fit(said: np.ndarray, labels: np.ndarray) -> VennAbers:
    """The functions for calibration log-odds (n,) and labels (n,) of 0 and 1.

    Between two calibration scores an added yes is pooled with the next higher one and an added no
    with the next lower, so that one regression per score and answer gives the whole functions.
    """
    scores, place = np.unique(np.round(said, DECIMALS), return_inverse=True)
    count = np.bincount(place).astype(float)
    yes = np.bincount(place, weights=labels)
    with_no = [0.0, *(_with(yes, count, k, label=0.0) for k in range(len(scores)))]
    with_yes = [*(_with(yes, count, k, label=1.0) for k in range(len(scores))), 1.0]
    return VennAbers(_steps(scores, with_no), _steps(scores, with_yes))


def _with(yes: np.ndarray, count: np.ndarray, place: int, *, label: float) -> float:
    """The regression at a score once a case of this label is added to those that have it."""
    added = np.arange(len(count)) == place
    weights = count + added
    return float(isotonic_regression((yes + label * added) / weights, weights=weights).x[place])


def _steps(scores: np.ndarray, values: list[float]) -> Steps:
    """The places where the values change, rounded to four decimals: print has two."""
    rounded = np.round(values, 4)
    changes = np.flatnonzero(np.diff(rounded))
    kept = rounded[np.append(0, changes + 1)]
    return Steps(tuple(scores[changes].tolist()), tuple(kept.tolist()))
