"""Deletion and insertion curves of a map beside those of random orders that were judged anyway."""

from dataclasses import dataclass

import numpy as np

from xattn.explain.base import Game, Steps
from xattn.records import Kind
from xattn.trust.judging import LEVELS, JudgedFilm, encode, nested

SHARES = np.arange(LEVELS + 2) / (LEVELS + 1)
"""Shares of the regions deleted or inserted at the points of a curve."""
BAND = (10, 90)
"""Percentiles of the random orders between which their band is drawn."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Curve:
    """The value at SHARES of the regions taken in the map's order, against random orders.

    `random`, `low` and `high` are the mean and the band of random orders. `area` lies between the
    curve and `random`, in the value's unit, positive on the side that a map should be on.
    """

    values: np.ndarray
    random: np.ndarray
    low: np.ndarray
    high: np.ndarray
    area: float


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Both curves of one map. Contributions and relative maps: the value itself.

    Attention claims no direction: how far the value has moved from where the curve starts.
    """

    deletion: Curve
    insertion: Curve
    passes: int


def curves(game: Game, judged: JudgedFilm, vector: np.ndarray, kind: Kind) -> Steps[Curves]:
    """The two curves of a map that gives `vector` (R,) to the regions: 2 · LEVELS passes.

    Petsiuk et al. 2018 (arXiv 1806.07421), section 3.2. NOTE[DIFF] By regions, under the judging
    fill for both curves, and measured from the random orders instead of from zero.
    """
    order = np.argsort(-vector, kind="stable")
    masks = np.concatenate([nested(order), nested(order[::-1])])
    tokens = encode(game, masks)
    yield 1.0
    values = game.of_films([tokens])
    inserted, kept_last = values[:LEVELS], values[LEVELS:]
    return Curves(
        deletion=compare(_from_whole(judged, kept_last), judged.curves[:, ::-1], kind, sign=-1),
        insertion=compare(_to_whole(judged, inserted), judged.curves, kind, sign=1),
        passes=len(masks),
    )


def compare(values: np.ndarray, orders: np.ndarray, kind: Kind, *, sign: int) -> Curve:
    """A curve (L + 2,) against those of random orders (P, L + 2)."""
    if kind == "attention":
        values, orders, sign = np.abs(values - values[0]), np.abs(orders - orders[:, :1]), 1
    random = orders.mean(axis=0)
    low, high = np.percentile(orders, BAND, axis=0)
    area = sign * float(np.trapezoid(values - random, SHARES))
    return Curve(values=values, random=random, low=low, high=high, area=area)


def _to_whole(judged: JudgedFilm, inner: np.ndarray) -> np.ndarray:
    return np.concatenate([[judged.absent], inner, [judged.value]])


def _from_whole(judged: JudgedFilm, inner: np.ndarray) -> np.ndarray:
    """Deleting the first tenth leaves the last nine: the nested masks of the reverse, backwards."""
    return np.concatenate([[judged.value], inner[::-1], [judged.absent]])
