"""LIME over regions: the normal equations, the exact answer on a sum, and its repeatability."""

from math import exp, sqrt

import numpy as np
import pytest

from tests import tiny, twins
from xattn.explain.base import Game, drain
from xattn.explain.lime import RegionLime
from xattn.explain.regions import region_sums
from xattn.explain.sampling import draw_masks
from xattn.records import Case
from xattn.systems import LoadedModel


def test_the_fit_solves_the_normal_equations() -> None:
    masks = draw_masks(12, 80, seed=5)
    values = np.random.default_rng(6).normal(size=80)
    data = np.concatenate([np.ones((1, 12)), masks])
    answers = np.concatenate([[0.7], values])
    # cosine of a 0-1 row with the row of ones, as its definition reads
    distances = [1 - sum(row) / (sqrt(sum(row)) * sqrt(12)) if sum(row) else 1.0 for row in data]
    weights = np.array([sqrt(exp(-(distance**2) / 0.25**2)) for distance in distances])
    twin = twins.ridge_by_normal_equations(data, answers, weights, penalty=1.0)
    coefficients, _ = RegionLime().fit(masks, values, 0.7)
    # two float64 solvers of a well-conditioned system of twelve
    np.testing.assert_allclose(coefficients, twin, rtol=0, atol=1e-12)


def test_the_score_is_the_weighted_share_of_variance() -> None:
    masks = draw_masks(5, 60, seed=5)
    _, score = RegionLime(ridge=1e-9).fit(masks, masks @ np.arange(5.0) - 3.0, 7.0)
    assert score == pytest.approx(1.0, abs=1e-12)
    _, score = RegionLime(ridge=1e12).fit(masks, masks @ np.arange(5.0) - 3.0, 7.0)
    assert score == pytest.approx(0.0, abs=1e-9)


def test_a_sum_of_pixels_is_recovered_exactly() -> None:
    model, case = tiny.loaded(tiny.SumModel()), tiny.case()
    attribution = RegionLime(ridge=1e-7)(model, case, model.target)
    per_pixel = model.module.cells.numpy().reshape(4, 4).repeat(24, axis=0).repeat(24, axis=1)
    given = model.target.scale * per_pixel / 24**2 * (case.film.pixels - 0.25)
    assert attribution.regions is not None
    expected = region_sums(given, attribution.regions)[attribution.regions]
    # the answers are float32 sums
    np.testing.assert_allclose(attribution.maps[0].values, expected, rtol=0, atol=2e-5)
    figures = dict(attribution.figures)
    assert figures["weighted R²"] == pytest.approx(1.0, abs=1e-6)
    assert figures["median spread over seeds"] == pytest.approx(0.0, abs=2e-5)
    assert attribution.gap == pytest.approx(0.0, abs=2e-5)


def test_the_same_numbers_whatever_the_pool_held_before(
    tiny_model: LoadedModel, tiny_case: Case
) -> None:
    fresh, grown = (Game(tiny_model, tiny_case, tiny_model.target) for _ in range(2))
    list(grown.film.grow(256))
    lime = RegionLime(samples=160)
    first, again = drain(lime.run(fresh)), drain(lime.run(grown))
    assert np.array_equal(first.maps[0].values, again.maps[0].values)
    assert np.array_equal(first.maps[1].values, again.maps[1].values)
    assert first.passes == again.passes == 160


def test_passes_count_whole_batches(tiny_model: LoadedModel, tiny_case: Case) -> None:
    attribution = RegionLime(samples=40, parts=2)(tiny_model, tiny_case, tiny_model.target)
    assert attribution.passes == 64
