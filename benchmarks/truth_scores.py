"""Scores of a method: against the exact values of players, and against where a cause lies."""

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from benchmarks.real_lesions import hits, shares
from xattn.explain.regions import region_sums

NOTABLE = 0.1
"""Players with less than this share of the largest value have no sign worth getting right."""
NORMAL_95 = 1.96


def relative_error(found: np.ndarray, true: np.ndarray) -> float:
    """Root mean square error over the root mean square of the true values; 1 is "all zero"."""
    return float(np.sqrt(((found - true) ** 2).mean() / (true**2).mean()))


def rank_correlation(found: np.ndarray, true: np.ndarray) -> float:
    """Spearman's ρ; 0 where one side is constant."""
    one, other = (rankdata(values) - (len(values) + 1) / 2 for values in (found, true))
    scale = np.sqrt((one**2).sum() * (other**2).sum())
    return float(one @ other / scale) if scale else 0.0


def sign_accuracy(found: np.ndarray, true: np.ndarray) -> float:
    """Share of the notable players whose sign is right."""
    notable = np.abs(true) >= NOTABLE * np.abs(true).max()
    return float((np.sign(found) == np.sign(true))[notable].mean())


def coverage(found: np.ndarray, errors: np.ndarray, true: np.ndarray) -> float:
    """Share of the players whose true value lies within 1.96 of its standard errors."""
    return float((np.abs(found - true) <= NORMAL_95 * errors).mean())


def pointing(density: np.ndarray, mask: np.ndarray) -> float:
    """Whether the highest pixel of a map (S, S) lies in the mask; the mean where many tie."""
    return float(hits(density[None], mask[None])[0])


def enrichment(density: np.ndarray, mask: np.ndarray) -> float:
    """Share of a positive map (S, S) that lies in the mask, over the mask's share of the area."""
    return float(shares(density[None], mask[None])[0] / mask.mean())


def region_precision(density: np.ndarray, mask: np.ndarray, labels: np.ndarray) -> float:
    """Area under precision and recall of a map (S, S) at the regions (S, S) against the mask.

    Regions in the order of their mean; each counts for its pixels inside and outside the mask.
    Chance is the mask's share of the area.
    """
    area = np.bincount(labels.ravel())
    inside = region_sums(mask, labels)
    order = np.tile(region_sums(density, labels) / area, 2)
    truth = np.repeat([1, 0], len(area))
    weights = np.concatenate([inside, area - inside])
    return float(average_precision_score(truth, order, sample_weight=weights))


def strongest_share(density: np.ndarray, labels: np.ndarray) -> float:
    """The strongest region's share of all there is, whatever its sign; 1 / R where all are even."""
    strength = np.abs(region_sums(density, labels))
    total = strength.sum()
    return float(strength.max() / total) if total else 1 / len(strength)


def per_pixel(contributions: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """A map (S, S) whose sum over each region is its contribution (R,)."""
    return np.asarray((contributions / np.bincount(labels.ravel()))[labels], dtype=np.float64)
