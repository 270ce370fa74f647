"""Fidelity correlation and infidelity of a map, from judged coalitions: no further passes."""

import numpy as np

from xattn.trust.judging import JudgedFilm


def changes(judged: JudgedFilm, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the map says leaves with the covered regions (M,), and by how much the value falls."""
    return (~judged.masks).astype(np.float64) @ vector, judged.value - judged.values


def fidelity_correlation(judged: JudgedFilm, vector: np.ndarray) -> float:
    """Pearson's r of Σ_covered a and v(x) − v(S); 0 where either does not vary.

    Bhatt et al. 2020 (arXiv 2005.00631), definition 3. NOTE[DIFF] Coalitions of every share kept,
    not of one size; so area alone correlates, which is why the verdict holds it fixed.
    """
    told, found = (part - part.mean() for part in changes(judged, vector))
    scale = float(np.linalg.norm(told) * np.linalg.norm(found))
    return float(told @ found) / scale if scale > 0 else 0.0


def infidelity(judged: JudgedFilm, vector: np.ndarray, *, is_scaled: bool) -> float:
    """E (Iᵀ a − (v(x) − v(x − I)))² over the judged coalitions, in the value's unit squared.

    Yeh et al. 2019 (arXiv 1901.09392), definition 2.1; I covers regions, and Iᵀ a is what the map
    gives them. With `is_scaled`, for maps without the value's unit, a is first multiplied by the
    factor that serves it best.
    """
    told, found = changes(judged, vector)
    if is_scaled and (length := float(told @ told)) > 0:
        told = told * float(told @ found) / length
    return float(np.mean((told - found) ** 2))
