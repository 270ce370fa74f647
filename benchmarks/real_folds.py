"""Rounds of grouped cross-validation, scores out of fold alone, and intervals over groups."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from xattn.training.metrics import Estimate

MEMBERS = 3
"""Heads whose scores are averaged; each stops on another fold, and starts from another seed."""


@dataclass(frozen=True, slots=True)
class Round:
    """Rows that a head may learn from, and those it is scored on.

    `stops`: for each member the part of `training` that stops it and that it does not train on.
    """

    training: np.ndarray
    scored: np.ndarray
    stops: tuple[np.ndarray, ...]


Fit = Callable[[Round], np.ndarray]
"""From a round to the scores (M, K) of its scored rows."""
Statistic = Callable[[np.ndarray], float]
"""A number from row numbers, which may repeat."""


def rounds(folds: np.ndarray) -> Iterator[Round]:
    """One round per fold of folds (N,)."""
    count = int(folds.max()) + 1
    for fold in range(count):
        stops = tuple(
            np.flatnonzero(folds == (fold + step) % count) for step in range(1, MEMBERS + 1)
        )
        yield Round(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold), stops)


def out_of_fold(folds: np.ndarray, fit: Fit) -> np.ndarray:
    """Scores (N, K) of every case by a head that saw nobody of its group."""
    parts = [(turn.scored, fit(turn)) for turn in rounds(folds)]
    scores = np.full((len(folds), parts[0][1].shape[1]), np.nan)
    for rows, found in parts:
        scores[rows] = found
    return scores


def interval(statistic: Statistic, groups: np.ndarray, *, draws: int = 300) -> Estimate:
    """A statistic of all rows with its 95 % interval over resampled groups (N,), not cases.

    Films of one patient are alike: resampling films makes the interval too narrow.
    """
    _, owner = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(owner == number) for number in range(owner.max() + 1)]
    generator = np.random.default_rng(0)
    values = [
        statistic(np.concatenate([members[k] for k in drawn]))
        for drawn in generator.integers(0, len(members), (draws, len(members)))
    ]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Estimate(statistic(np.arange(len(groups))), float(low), float(high))
