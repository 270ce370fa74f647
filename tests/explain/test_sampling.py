"""Sampled Shapley values: what is drawn, what the regression solves, and its standard errors."""

from math import comb

import numpy as np
import pytest
from scipy.stats import binom

from tests import twins
from xattn.explain.sampling import (
    FORMS,
    POOL,
    Shares,
    draw_forms,
    draw_masks,
    jackknife,
    leverage_weights,
    solve,
)
from xattn.explain.shapley import every_coalition, shapley


def test_sizes_are_uniform() -> None:
    sizes = draw_masks(49, 4000, seed=0).sum(axis=1)
    # 4,000 even parts of the range over 50 sizes: eighty parts each, none shared
    assert np.bincount(sizes, minlength=50).tolist() == [80] * 50


def test_every_region_is_as_likely_as_another() -> None:
    masks = draw_masks(20, 8000, seed=1)[::2]
    shares = masks.mean(axis=0)
    # one standard error is at most sqrt(1/4 / 4000); five of them over twenty regions
    np.testing.assert_allclose(shares, masks.mean(), rtol=0, atol=5 * 0.5 / 4000**0.5)


def test_each_mask_is_followed_by_its_complement() -> None:
    masks = draw_masks(12, 32, seed=3)
    assert np.array_equal(masks[1::2], ~masks[::2])


def test_a_seed_and_its_streams() -> None:
    first = draw_masks(49, 8, seed=(0, POOL, 0))
    assert np.array_equal(first, draw_masks(49, 8, seed=(0, POOL, 0)))
    for other in ((1, POOL, 0), (0, FORMS, 0), (0, POOL, 32)):
        assert not np.array_equal(first, draw_masks(49, 8, seed=other))


def joint(masks: np.ndarray, forms: np.ndarray) -> np.ndarray:
    """Rows (M, K, R + F) of masks with their forms."""
    regions = np.broadcast_to(masks[:, None], (*forms.shape[:2], masks.shape[1]))
    return np.concatenate([regions, forms], axis=2)


def test_sizes_of_regions_and_fields_together_are_uniform() -> None:
    masks = draw_masks(6, 8000, seed=0)
    rows = joint(masks, draw_forms(masks, 3, count=4, seed=1)).reshape(-1, 9)
    sizes = rows.sum(axis=1)
    # 4,000 pairs at least count as one draw each: five standard errors of a share of one tenth
    np.testing.assert_allclose(
        np.bincount(sizes, minlength=10) / len(rows), 0.1, rtol=0, atol=5 * (0.09 / 4000) ** 0.5
    )
    for size in (2, 5, 7):
        # of k players among nine each is there with k/9: about 800 masks, of which 400 are pairs
        present = rows[sizes == size].mean(axis=0)
        np.testing.assert_allclose(present, size / 9, rtol=0, atol=5 * 0.5 / 400**0.5)


def test_complements_meet_complements() -> None:
    masks = draw_masks(6, 32, seed=0)
    forms = draw_forms(masks, 3, count=4, seed=1)
    assert forms.shape == (32, 4, 3)
    assert np.array_equal(forms[1::2], ~forms[::2])


def enumerated(game: np.ndarray) -> Shares:
    """Shares of v (2ⁿ,) by the regression over every coalition, in pairs of complements."""
    players = int(game.size).bit_length() - 1
    rows = np.arange(2 ** (players - 1))
    pairs = np.stack([rows, rows[::-1] + 2 ** (players - 1)], axis=1)
    coalitions = every_coalition(players)[pairs]
    odds = np.array([1 / comb(players, size) for size in range(players + 1)])
    weights = leverage_weights(coalitions) * odds[coalitions.sum(axis=-1)]
    gains = (game[pairs] - game[0])[..., None]
    return solve(coalitions, gains, game[-1:] - game[0], weights=weights)


def test_over_all_coalitions_it_is_the_permutation_definition() -> None:
    game = np.random.default_rng(3).normal(size=32)

    def value(coalition: frozenset[int]) -> float:
        return float(game[sum(1 << player for player in coalition)])

    twin = twins.shapley_by_permutations(value, 5)
    # float64, a system of six
    np.testing.assert_allclose(enumerated(game).values[:, 0], twin, rtol=0, atol=1e-12)


def test_over_all_coalitions_of_ten_players_it_is_the_exact_sum() -> None:
    game = np.random.default_rng(4).normal(size=1024)
    np.testing.assert_allclose(enumerated(game).values[:, 0], shapley(game), rtol=0, atol=1e-12)


def test_equal_players_share_alike_and_a_dummy_gets_nothing() -> None:
    sizes = every_coalition(4).sum(axis=1)
    shares = enumerated(np.concatenate([sizes**2.0, sizes**2.0])).values[:, 0]
    np.testing.assert_allclose(shares, [4, 4, 4, 4, 0], rtol=0, atol=1e-12)


def sampled(game: np.ndarray, seed: int, *, masks: int = 64, regions: int = 6) -> Shares:
    """Shares of v (2ⁿ,) over `regions` regions and the rest as fields, four forms to a mask."""
    players = int(game.size).bit_length() - 1
    kept = draw_masks(regions, masks, seed=(seed, POOL))
    rows = joint(kept, draw_forms(kept, players - regions, count=4, seed=(seed, FORMS)))
    rows = rows.reshape(masks // 2, 8, players)
    gains = game[rows @ (1 << np.arange(players))] - game[0]
    whole = game[-1:] - game[0]
    return solve(rows, gains[..., None], whole, weights=leverage_weights(rows))


def test_a_sum_of_players_is_recovered_from_any_sample() -> None:
    worth = np.array([0.5, -1.0, 0.0, 2.0, 0.25, -0.125, 3.0, 0.0, -2.0])
    for seed in range(3):
        shares = sampled(every_coalition(9) @ worth + 7, seed)
        np.testing.assert_allclose(shares.values[:, 0], worth, rtol=0, atol=1e-12)
        assert shares.errors.max() < 1e-12


def test_shares_sum_to_the_difference_whatever_the_game() -> None:
    game = np.random.default_rng(5).normal(size=512)
    shares = sampled(game, 0)
    assert shares.values.sum() == pytest.approx(game[-1] - game[0], abs=1e-12)


def test_games_that_are_solved_together_are_solved_alike() -> None:
    generator = np.random.default_rng(6)
    rows, gains = draw_masks(5, 40, seed=0).reshape(20, 2, 5), generator.normal(size=(20, 2, 3))
    whole, weights = generator.normal(size=3), leverage_weights(rows)
    together = solve(rows, gains, whole, weights=weights)
    for game in range(3):
        one = slice(game, game + 1)
        alone = solve(rows, gains[..., one], whole[one], weights=weights)
        np.testing.assert_allclose(together.values[:, one], alone.values, rtol=0, atol=1e-12)
        np.testing.assert_allclose(together.errors[:, one], alone.errors, rtol=0, atol=1e-12)


def test_the_standard_error_is_that_of_leaving_one_pair_out() -> None:
    rows = draw_masks(5, 40, seed=0).reshape(20, 2, 5)
    gains = np.random.default_rng(6).normal(size=(20, 2, 1))
    weights, whole = leverage_weights(rows), np.array([0.5])
    every = np.arange(20)
    left_out = np.array(
        [
            solve(
                rows[every != out], gains[every != out], whole, weights=weights[every != out]
            ).values
            for out in every
        ]
    )
    twin = np.sqrt(19 / 20 * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    errors = solve(rows, gains, whole, weights=weights).errors
    np.testing.assert_allclose(errors, twin, rtol=0, atol=1e-12)
    # the jackknife of a mean is its textbook standard error
    sample = np.array([1.0, 2.0, 4.0, 9.0])
    means = np.array([np.delete(sample, out).mean() for out in range(4)])
    assert jackknife(means) == pytest.approx(sample.std(ddof=1) / 2, abs=1e-12)


def test_standard_errors_are_calibrated() -> None:
    """Nine players with pairs and triples that act together, over 200 seeds.

    The truth is exact, so what a 95 % interval covers is binomial; the bound is its 0.1 % quantile.
    """
    every, generator = every_coalition(9).astype(float), np.random.default_rng(8)
    acting = generator.normal(size=(9, 9)) / 3
    game = every @ generator.normal(size=9) + ((every @ acting) * every).sum(axis=1)
    game += 2 * every[:, 0] * every[:, 5] * every[:, 7]
    truth = shapley(game)
    runs = [sampled(game, seed) for seed in range(200)]
    values = np.array([run.values[:, 0] for run in runs])
    errors = np.array([run.errors[:, 0] for run in runs])
    covered = (np.abs(values - truth) <= 1.96 * errors).sum(axis=0)
    assert covered.min() >= binom.ppf(0.001, 200, 0.95)
    # the mean of 200 is the truth to four of its own standard errors, with nine players to fail
    assert (np.abs(values.mean(axis=0) - truth) <= 4 * values.std(axis=0) / 200**0.5).all()
    # the jackknife errs on the side of too large, here by up to a third
    ratio = np.sqrt((errors**2).mean(axis=0)) / values.std(axis=0)
    assert 0.9 < ratio.min() < ratio.max() < 1.34
