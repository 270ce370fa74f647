"""Slow twins: each formula once more, written as its definition reads, in float64."""

from collections.abc import Callable
from itertools import permutations
from math import exp, factorial, sqrt

import numpy as np

Value = Callable[[frozenset[int]], float]


def attention_by_loops(
    queries: np.ndarray, keys: np.ndarray, values: np.ndarray, heads: int
) -> tuple[np.ndarray, np.ndarray]:
    """What each query reads (Nq, d) before the output projection, and the weights (H, Nq, Nk)."""
    width = queries.shape[1] // heads
    read = np.zeros((len(queries), queries.shape[1]))
    weights = np.zeros((heads, len(queries), len(keys)))
    for head in range(heads):
        part = slice(head * width, (head + 1) * width)
        for i, query in enumerate(queries):
            scores = [
                sum(a * b for a, b in zip(query[part], key[part], strict=True)) / sqrt(width)
                for key in keys
            ]
            total = sum(exp(score) for score in scores)
            for j, score in enumerate(scores):
                weights[head, i, j] = exp(score) / total
                read[i, part] += weights[head, i, j] * values[j, part]
    return read, weights


def shapley_by_permutations(value: Value, players: int) -> np.ndarray:
    """The mean, over all orders of arrival, of what each player adds on arriving."""
    shares = np.zeros(players)
    for order in permutations(range(players)):
        here: frozenset[int] = frozenset()
        for player in order:
            shares[player] += value(here | {player}) - value(here)
            here |= {player}
    return shares / factorial(players)


def integrated_by_quadrature(
    gradient: Callable[[np.ndarray], np.ndarray],
    film: np.ndarray,
    baseline: np.ndarray,
    points: int,
) -> np.ndarray:
    """(x − x′) times the mean gradient at the midpoints of equal parts of the straight path."""
    total = np.zeros_like(film)
    for step in range(points):
        total += gradient(baseline + (step + 0.5) / points * (film - baseline))
    return (film - baseline) * total / points


def ridge_by_normal_equations(
    masks: np.ndarray, values: np.ndarray, weights: np.ndarray, penalty: float
) -> np.ndarray:
    """Coefficients (R,) of a weighted ridge regression with a free intercept.

    (Z'WZ + λ diag(0, 1, …, 1)) β = Z'Wy with a first column of ones in Z.
    """
    design = np.column_stack([np.ones(len(masks)), masks]).astype(float)
    penalties = np.diag([0.0] + [penalty] * masks.shape[1])
    weighted = design.T * weights
    return np.linalg.solve(weighted @ design + penalties, weighted @ values)[1:]
