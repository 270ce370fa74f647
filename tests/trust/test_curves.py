"""Curves and judged films on a model that is a sum: every point by hand."""

import numpy as np
import pytest

from tests import tiny
from xattn.explain.base import Game, drain
from xattn.trust.curves import SHARES, compare, curves
from xattn.trust.judging import LEVELS, draw_orders, judge_film, judging_fill, judging_pool, nested


@pytest.fixture(scope="module")
def game() -> Game:
    """A sum of sixteen cells' means and five fields."""
    model = tiny.loaded(tiny.SumModel())
    return Game(model, tiny.case(), model.target)


@pytest.fixture(scope="module")
def effects(game: Game) -> np.ndarray:
    """What each region adds over the judging fill, from the model's own weights."""
    film = game.film.image[0, 0].numpy().astype(np.float64)
    weights = game.model.module.cells.detach().numpy().reshape(4, 4)
    pixels = np.kron(weights, np.ones((24, 24))) / 24**2 * (film - judging_fill(film))
    scale = game.target.scale
    return np.bincount(game.film.regions.ravel(), weights=scale * pixels.ravel())


# float32 sums of nine thousand pixels
CLOSE = 2e-5


def test_a_judged_film_holds_the_value_of_every_coalition(game: Game, effects: np.ndarray):
    judged = drain(judge_film(game))
    assert judged.masks.shape == (126, game.film.region_count)
    assert judged.passes == 127
    np.testing.assert_allclose(judged.values, judged.absent + judged.masks @ effects, atol=CLOSE)
    assert judged.value == pytest.approx(judged.absent + effects.sum(), abs=CLOSE)
    assert judged.curves.shape == (14, LEVELS + 2)
    assert judged.curves[3, 0] == judged.absent
    assert judged.curves[3, -1] == judged.value


def test_the_pool_is_encoded_once(game: Game):
    steps = judging_pool(game, count=18)
    assert next(steps) == 1.0
    pool = drain(steps)
    assert sum(film.tokens.shape[0] for film in pool.films) == 19


def test_orders_come_in_pairs_and_from_a_stream_of_their_own():
    orders = draw_orders(40, 7, seed=3)
    np.testing.assert_array_equal(orders[1::2], orders[::2, ::-1])
    plain = np.random.default_rng(3).permutation(40)
    assert (orders[0] != plain).any()
    np.testing.assert_array_equal(orders, draw_orders(40, 7, seed=3))


def test_nested_masks_keep_tenths_of_an_order():
    order = np.random.default_rng(0).permutation(40)
    masks = nested(order)
    np.testing.assert_array_equal(masks.sum(axis=1), [4, 8, 12, 16, 20, 24, 28, 32, 36])
    assert (masks[1:] >= masks[:-1]).all()
    assert masks[0, order[:4]].all()


def test_the_curves_of_a_sum_are_sums_in_the_maps_order(game: Game, effects: np.ndarray):
    judged = drain(judge_film(game))
    found = drain(curves(game, judged, effects, "contribution"))
    count = len(effects)
    best = np.sort(effects)[::-1]
    inserted = [judged.absent + best[: round(share * count)].sum() for share in SHARES]
    # what is left after a share is deleted is the rest of the order, rounded from the other end
    left = [best[count - round((1 - share) * count) :].sum() for share in SHARES]
    np.testing.assert_allclose(found.insertion.values, inserted, atol=CLOSE)
    np.testing.assert_allclose(found.deletion.values, judged.absent + np.array(left), atol=CLOSE)
    assert found.passes == 18
    random = judged.curves.mean(axis=0)
    np.testing.assert_array_equal(found.insertion.random, random)
    np.testing.assert_array_equal(found.deletion.random, judged.curves[:, ::-1].mean(axis=0))
    height = (np.array(inserted) - random) / (LEVELS + 1)
    by_hand = height[1:-1].sum() + (height[0] + height[-1]) / 2
    assert found.insertion.area == pytest.approx(by_hand, abs=CLOSE)
    assert min(found.insertion.area, found.deletion.area) > 0


def test_the_reverse_of_the_best_order_lies_as_far_on_the_wrong_side(
    game: Game, effects: np.ndarray
):
    judged = drain(judge_film(game))
    best = drain(curves(game, judged, effects, "contribution"))
    worst = drain(curves(game, judged, -effects, "contribution"))
    # deleting the worst first is inserting the best first, read backwards
    np.testing.assert_allclose(worst.deletion.values, best.insertion.values[::-1], atol=CLOSE)
    assert worst.deletion.area == pytest.approx(-best.insertion.area, abs=CLOSE)


def test_attention_is_measured_by_how_far_the_value_moves():
    values = np.array([1.0, 3.0, 0.0])
    orders = np.array([[1.0, 2.0, 0.0], [1.0, 0.0, 0.0]])
    curve = compare(
        np.repeat(values, [1, 9, 1]), np.repeat(orders, [1, 9, 1], axis=1), "attention", sign=-1
    )
    np.testing.assert_array_equal(curve.values, [0.0, *[2.0] * 9, 1.0])
    np.testing.assert_array_equal(curve.random, [0.0, *[1.0] * 9, 1.0])
    # the two differ by 1 on nine inner points of eleven
    assert curve.area == pytest.approx(0.9, abs=1e-12)
