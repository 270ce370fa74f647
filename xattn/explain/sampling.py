"""Shapley values from random coalitions: how these are drawn, and how the shares are solved.

Coalitions come in pairs of complements. Their sizes are uniform: this draws the rows of the
regression by their leverage (Musco and Witter 2024, arXiv 2410.01917), and it is what the models
met in training, so that one pool of masked films serves every method.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

PAIR = 2
"""A mask and its complement: what the standard errors take as one draw."""
POOL, FORMS = 0, 1
"""Second word of a seed: for the masks of the pool, and for the forms that they meet."""

Seed = int | tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Shapley values (n, C) of n players in C games, and their standard errors (n, C)."""

    values: np.ndarray
    errors: np.ndarray


def draw_masks(region_count: int, count: int, *, seed: Seed) -> np.ndarray:
    """Masks (count, R) whose sizes are uniform on 0 to R, each followed by its complement.

    The sizes of one call take even parts of the range.
    NOTE[DIFF] Nested masks on shared orders, which would double as deletion curves, were tried: at
    equal passes four to an order gave up to three times the variance.
    """
    generator = np.random.default_rng(seed)
    pairs = -(-count // PAIR)
    levels = (np.arange(pairs) + generator.random(pairs)) / (PAIR * pairs)
    sizes = np.floor(levels * (region_count + 1)).astype(int)
    places = generator.random((pairs, region_count)).argsort(axis=1)
    masks = places < sizes[:, None]
    return np.stack([masks, ~masks], axis=1).reshape(-1, region_count)[:count]


def draw_forms(masks: np.ndarray, field_count: int, *, count: int, seed: Seed) -> np.ndarray:
    """Coalitions (M, count, F) of fields for pairs of masks (M, R); complements meet complements.

    Given a mask that keeps s of R regions, the rate behind it is Beta(s + 1, R − s + 1); fields
    drawn at that rate make joint coalitions whose sizes are uniform on 0 to R + F.
    """
    generator = np.random.default_rng(seed)
    kept = masks[::PAIR].sum(axis=1)[:, None]
    levels = (np.arange(count) + generator.random((len(kept), count))) / count
    rates = betaincinv(kept + 1, masks.shape[1] - kept + 1, levels)
    present = generator.random((*rates.shape, field_count)) < rates[..., None]
    return np.stack([present, ~present], axis=1).reshape(len(masks), count, field_count)


def leverage_weights(coalitions: np.ndarray) -> np.ndarray:
    """Weights (…) of coalitions (…, n) drawn with uniform sizes: Shapley's kernel over their odds.

    Lundberg and Lee 2017 (arXiv 1705.07874), theorem 2, divided by 1 / ((n + 1) · C(n, k)), is
    1 / (k (n − k)) but for a factor; nobody and everybody are the constraint and weigh nothing.
    """
    sizes = coalitions.sum(axis=-1)
    inner = sizes * (coalitions.shape[-1] - sizes)
    return np.asarray(np.where(inner > 0, 1.0 / np.maximum(inner, 1), 0.0))


def solve(
    coalitions: np.ndarray, gains: np.ndarray, whole: np.ndarray, *, weights: np.ndarray
) -> Shares:
    """Shapley values by weighted least squares under the sum constraint, in float64.

    Args:
        coalitions: (G, P, n) bool, P coalitions in each of G clusters that were drawn apart.
        gains: (G, P, C), v(coalition) − v(nobody) in each of C games.
        whole: (C,), v(everybody) − v(nobody): what the shares of each game sum to.
        weights: (G, P).

    The standard errors are those of the jackknife that leaves out one cluster at a time (Efron and
    Stein 1981), which errs on the side of too large.
    """
    players = coalitions.astype(np.float64)
    weighted = (players * weights[..., None]).swapaxes(1, 2)
    squares, products = weighted @ players, weighted @ gains
    values = _constrained(squares.sum(axis=0), products.sum(axis=0), whole)
    left_out = _constrained(squares.sum(axis=0) - squares, products.sum(axis=0) - products, whole)
    return Shares(values, jackknife(left_out))


def jackknife(left_out: np.ndarray) -> np.ndarray:
    """Standard errors (…) from estimates (G, …) that each leave out one of G clusters."""
    clusters = len(left_out)
    return np.asarray(np.sqrt((clusters - 1) * left_out.var(axis=0)))


def _constrained(squares: np.ndarray, products: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Minimisers (…, n, C) of φ'Aφ / 2 − φ'b whose columns sum to `whole`, by one multiplier."""
    players = squares.shape[-1]
    system = np.ones((*squares.shape[:-2], players + 1, players + 1))
    system[..., :-1, :-1], system[..., -1, -1] = squares, 0.0
    right = np.concatenate(
        [products, np.broadcast_to(whole, (*products.shape[:-2], 1, len(whole)))], axis=-2
    )
    return np.asarray(np.linalg.solve(system, right)[..., :-1, :])
