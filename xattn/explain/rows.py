"""The rows of a sampled Shapley game: the pool's masked films with the forms that they meet."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from xattn.explain.base import Steps
from xattn.explain.film import CHUNK, EncodedFilm, Fill
from xattn.explain.sampling import PAIR, Shares, leverage_weights, solve
from xattn.models.tokens import ImageTokens

Meet = Callable[[np.ndarray, ImageTokens, int], tuple[np.ndarray, np.ndarray]]
"""From masks (M, R), their tokens and the masks before them: coalitions (M, P, n), v (M, P, C)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Coalitions of n players and their values in C games, one batch of masked films at a time."""

    film: EncodedFilm
    meet: Meet
    none: np.ndarray
    """v(nobody) of each game (C,)."""
    every: np.ndarray
    """v(everybody) of each game (C,)."""
    fill: Fill = "trained"
    coalitions: list[np.ndarray] = field(default_factory=list)
    gains: list[np.ndarray] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Masks taken in so far."""
        return len(self.gains) * CHUNK

    def extend(self) -> int:
        """Take in the next batch of the pool, encoded if need be; how many that makes."""
        before, count = self.count, self.count + CHUNK
        for _ in self.film.grow(count, self.fill):
            continue
        masks, films = self.film.pool(count, self.fill)
        coalitions, values = self.meet(masks[before:], films[-1], before)
        self.coalitions.append(coalitions)
        self.gains.append(values - self.none)
        return count

    def shares(self) -> Shares:
        """The shares by all rows so far."""
        return _solve(self.coalitions, self.gains, self.every - self.none)

    def halves(self) -> tuple[Shares, Shares]:
        """The shares by the first half of the batches, and by the others."""
        middle, whole = len(self.gains) // 2, self.every - self.none
        return (
            _solve(self.coalitions[:middle], self.gains[:middle], whole),
            _solve(self.coalitions[middle:], self.gains[middle:], whole),
        )

    def difference(self, other: "Rows") -> Shares:
        """The shares of this game less another on the same masks: what this one adds to each."""
        pairs = zip(self.gains, other.gains, strict=False)
        whole = (self.every - self.none) - (other.every - other.none)
        gains = [ours - theirs for ours, theirs in pairs]
        return _solve(self.coalitions, gains, whole)


def settle(rows: Rows, *, precision: float, floor: float, most: int) -> Steps[Shares]:
    """The shares, once every standard error is below what their map can show.

    That is `precision` of the largest share of a region, or of `floor` if that is more; or at
    `most` masks. Never before the sample is four masks per region: fewer hold hardly more equations
    than unknowns.
    """
    regions = rows.film.region_count
    fewest = enough_masks(regions)
    while True:
        count = rows.extend()
        yield min(1.0, count / max(most, fewest))
        if count < fewest:
            continue
        shares = rows.shares()
        limit = precision * max(floor, float(np.abs(shares.values[:regions]).max()))
        if shares.errors.max() <= limit or count >= most:
            return shares


def enough_masks(region_count: int) -> int:
    """The fewest masks, in whole batches, from which shares are solved: two pairs per region."""
    return -(-4 * region_count // CHUNK) * CHUNK


def _solve(coalitions: list[np.ndarray], gains: list[np.ndarray], whole: np.ndarray) -> Shares:
    taken = np.concatenate(coalitions[: len(gains)])
    by_pair = taken.reshape(-1, PAIR * taken.shape[1], taken.shape[2])
    values = np.concatenate(gains).reshape(*by_pair.shape[:2], -1)
    return solve(by_pair, values, whole, weights=leverage_weights(by_pair))
