"""Integrated gradients: exact on sums and squares, a gap that shrinks, sums that agree."""

import numpy as np
import pytest

from tests import tiny, twins
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.regions import grid, region_sums
from xattn.records import Attribution, Case
from xattn.systems import LoadedModel


def explained(module: tiny.SumModel, points: int) -> tuple[Attribution, LoadedModel]:
    model = tiny.loaded(module)
    return IntegratedGradients(points=points)(model, tiny.case(), model.target), model


def test_one_point_is_exact_on_a_linear_model() -> None:
    attribution, model = explained(tiny.SumModel(), points=1)
    # float32 values of order one
    assert attribution.gap == pytest.approx(0, abs=1e-6)
    means = tiny.case().film.pixels.reshape(4, 24, 4, 24).mean(axis=(1, 3)).ravel()
    expected = model.target.scale * model.module.cells.numpy() * (means - 0.25)
    cells = region_sums(attribution.map("pixels").values, grid(tiny.SIZE, 4))
    np.testing.assert_allclose(cells, expected, rtol=0, atol=1e-6)


def test_one_point_is_exact_on_squares_and_agrees_with_the_twin() -> None:
    attribution, model = explained(tiny.SquareModel(), points=1)
    module, film = model.module, tiny.case().film.pixels.astype(float)
    form = float(module.fields[:3].sum())

    def gradient(at: np.ndarray) -> np.ndarray:
        means = at.reshape(4, 24, 4, 24).mean(axis=(1, 3))
        cells = 2 * module.cells.numpy().reshape(4, 4) * means * (1 + form) / 24**2
        return model.target.scale * cells.repeat(24, axis=0).repeat(24, axis=1)

    twin = twins.integrated_by_quadrature(gradient, film, np.full_like(film, 0.25), points=64)
    # both rules are exact for gradients linear along the path; the pixels are float32
    np.testing.assert_allclose(attribution.map("pixels").values, twin, rtol=0, atol=1e-8)
    assert attribution.gap == pytest.approx(0, abs=1e-6)


def test_the_gap_shrinks_with_points(tiny_model: LoadedModel, tiny_case: Case) -> None:
    gaps = [
        abs(IntegratedGradients(points=points)(tiny_model, tiny_case, tiny_model.target).gap or 0)
        for points in (1, 8, 64)
    ]
    assert gaps[0] > 5 * gaps[1] > 25 * gaps[2]


def test_regions_pixels_and_value_agree(tiny_model: LoadedModel, tiny_case: Case) -> None:
    attribution = IntegratedGradients()(tiny_model, tiny_case, tiny_model.target)
    assert attribution.regions is not None
    assert attribution.value is not None
    assert attribution.reference is not None
    sums = region_sums(attribution.map("pixels").values, attribution.regions)
    painted = attribution.map("malignant").values
    # painted and pixels are stored as float32
    np.testing.assert_allclose(painted, sums[attribution.regions], rtol=0, atol=1e-6)
    missing = sums.sum() - (attribution.value - attribution.reference)
    assert attribution.gap == pytest.approx(missing, abs=1e-6)
