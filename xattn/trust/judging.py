"""The coalitions by which maps are judged, and what the model says of them.

No method is fitted on them: they have a seed stream of their own and another fill. Every method,
target and form of a case is judged by the same encoder passes.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from xattn.explain.base import Game, Steps
from xattn.explain.encoding import encode as encode_films
from xattn.explain.film import CHUNK
from xattn.models.tokens import ImageTokens

LEVELS = 9
"""Steps at which a random order is judged: one tenth to nine tenths of the regions kept."""
STREAM = 0x6A756467
"""Second word of every seed here, so that no pool of a method draws the same masks."""
BLUR = 8
"""The judging fill: the film blurred by a Gaussian of one part in this of its side."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JudgedFilm:
    """One case and target, as judged: v of each coalition, the form as it is.

    `masks` (M, R) keep the first regions of `orders` (P, R): LEVELS rows for each order, from few
    to many. `values` (M,), `value` of the whole film and `absent` of the film filled throughout are
    in the target's unit. `labels` (S, S) are the regions, `film` (S, S) the pixels.
    """

    labels: np.ndarray
    film: np.ndarray
    orders: np.ndarray
    masks: np.ndarray
    values: np.ndarray
    value: float
    absent: float
    passes: int

    @property
    def curves(self) -> np.ndarray:
        """Values (P, LEVELS + 2) of each random order, from nothing kept to everything."""
        inner = self.values.reshape(len(self.orders), LEVELS)
        ends = np.ones((len(self.orders), 1))
        return np.concatenate([self.absent * ends, inner, self.value * ends], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class JudgingPool:
    """The judged films' tokens, before form and target: an edit of the form costs fusion alone."""

    orders: np.ndarray
    masks: np.ndarray
    films: tuple[ImageTokens, ...]


def judge_film(game: Game, *, count: int = 126, seed: int = 0) -> Steps[JudgedFilm]:
    """The judged film of one game: `count` encoder passes and one for the fill alone."""
    pool = yield from judging_pool(game, count=count, seed=seed)
    return judge(game, pool)


def judging_pool(game: Game, *, count: int = 126, seed: int = 0) -> Steps[JudgingPool]:
    """Encode the judged films, in steps; `count` is rounded up to whole pairs of orders."""
    pairs = -(-count // (2 * LEVELS))
    orders = draw_orders(game.film.region_count, pairs, seed=seed)
    masks = np.concatenate([nested(order) for order in orders])
    films = []
    every = np.concatenate([masks, np.zeros_like(masks[:1])])
    for start in range(0, len(every), CHUNK):
        films.append(encode(game, every[start : start + CHUNK]))
        yield min(1.0, (start + CHUNK) / len(every))
    return JudgingPool(orders, masks, tuple(films))


def judge(game: Game, pool: JudgingPool) -> JudgedFilm:
    """What the game's target says of the pool's films: fusion passes alone."""
    values = game.of_films(list(pool.films))
    return JudgedFilm(
        labels=game.film.regions,
        film=game.film.image[0, 0].cpu().numpy(),
        orders=pool.orders,
        masks=pool.masks,
        values=values[:-1],
        value=game.value,
        absent=float(values[-1]),
        passes=len(values),
    )


def encode(game: Game, masks: np.ndarray) -> ImageTokens:
    """Tokens of the film with only the regions of each mask (M, R) in place, the rest blurred."""
    film = game.film.image
    blurred = torch.from_numpy(judging_fill(film[0, 0].cpu().numpy())).to(film.device)
    kept = torch.from_numpy(masks).to(film.device)[:, torch.from_numpy(game.film.regions)]
    films = torch.where(kept.unsqueeze(1), film, blurred)
    return encode_films(game.model, films, is_rounded=game.model.is_rounded)


def judging_fill(film: np.ndarray) -> np.ndarray:
    """The second fill (S, S): the film without its detail."""
    return np.asarray(gaussian_filter(film, film.shape[0] / BLUR, mode="nearest"))


def draw_orders(regions: int, pairs: int, *, seed: int) -> np.ndarray:
    """Random orders (2 · pairs, R) of the regions, each followed by its reverse.

    A reverse keeps what its order leaves out, so that what interacts cancels (Mitchell et al. 2022,
    jmlr.org/papers/v23/21-0439.html, section 4.2).
    """
    generator = np.random.default_rng([seed, STREAM])
    ahead = [generator.permutation(regions) for _ in range(pairs)]
    return np.array([order for each in ahead for order in (each, each[::-1])])


def nested(order: np.ndarray) -> np.ndarray:
    """Masks (LEVELS, R) that keep the first tenth, two tenths, … of an order."""
    masks = np.zeros((LEVELS, len(order)), dtype=bool)
    for row, share in enumerate(np.arange(1, LEVELS + 1) / (LEVELS + 1)):
        masks[row, order[: round(share * len(order))]] = True
    return masks
