"""Cross-validation: folds that share no patient and hold the same labels, and what they add up to.

A fold that a model is scored on must not also stop its training: `split` keeps one fold for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from xattn.errors import XattnError


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of one round; no patient is in two of the three."""

    training: np.ndarray
    stopping: np.ndarray
    scored: np.ndarray


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation of a figure over folds or seeds."""

    mean: float
    sd: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.sd:.3f}"


def assign(
    labels: np.ndarray, groups: np.ndarray, *, k: int = 10, seed: int = 0, bins: int = 5
) -> np.ndarray:
    """The fold 0 to k − 1 of each case (N,), from labels (N,) and each case's patient (N,).

    Patients stay together; each fold gets its share of each bin as far as they allow.

    Raises:
        XattnError: if a label is not finite, or there are too few patients or cases in a bin.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    strata = binned(labels, bins)
    fewest, patients = np.bincount(strata).min(), len(np.unique(groups))
    if min(fewest, patients) < k:
        raise XattnError(
            f"{k} folds need at least {k} patients and {k} cases in each of the labels' bins, "
            f"however: {patients} patients and {fewest} cases in the smallest bin; use fewer folds."
        )
    splitter = StratifiedGroupKFold(k, shuffle=True, random_state=seed)
    folds = np.empty(len(labels), dtype=np.int64)
    for number, (_, held) in enumerate(splitter.split(strata, strata, groups)):
        folds[held] = number
    return folds


def binned(labels: np.ndarray, bins: int) -> np.ndarray:
    """The stratum of each label (N,): itself where few differ, else its quantile bin, from 0.

    Raises:
        XattnError: if a label is not finite.
    """
    if not np.isfinite(labels).all():
        raise XattnError(
            "Folds need a known label for every case, however: some are missing; leave those out."
        )
    values, index = np.unique(labels, return_inverse=True)
    if len(values) <= bins:
        return index
    cuts = np.quantile(labels, np.arange(1, bins) / bins)
    # Where many labels are equal so are cuts: numbered again, for bins that nothing falls in.
    return np.unique(np.searchsorted(cuts, labels), return_inverse=True)[1]


def split(folds: np.ndarray, fold: int) -> Split:
    """Score on `fold`, stop by the next one, train on the others; three folds at least.

    NOTE[DIFF] arXiv 2511.14604 has 90 % for training and 10 % for validation, and no third part:
    stopping on the cases that are scored makes the score look better than it is.
    """
    count = int(folds.max()) + 1
    assert count >= 3, "two folds leave nothing to train on"
    stopping = (fold + 1) % count
    training = ~np.isin(folds, (fold, stopping))
    return Split(*(np.flatnonzero(part) for part in (training, folds == stopping, folds == fold)))


def across(figures: Sequence[float]) -> Spread:
    """Mean and SD (n − 1) of one figure's values, of which there are two or more.

    Folds share training cases, so SD / √k is no standard error (Bengio and Grandvalet 2004).
    """
    return Spread(float(np.mean(figures)), float(np.std(figures, ddof=1)))
