"""Grad-CAM: closed form on a sum, sign and scale of the target."""

from dataclasses import replace

import numpy as np

from tests import tiny
from xattn.explain.gradcam import GradCAM
from xattn.records import Case
from xattn.systems import LoadedModel


def test_closed_form_on_a_sum_of_cells() -> None:
    model, case = tiny.loaded(tiny.SumModel()), tiny.case()
    values = GradCAM()(model, case, model.target).maps[0].values
    means = case.film.pixels.reshape(4, 24, 4, 24).mean(axis=(1, 3))
    weight = model.target.scale * model.module.cells.numpy().mean()
    # float32 throughout, numbers of order one
    np.testing.assert_allclose(values, weight * means, rtol=0, atol=1e-6)


def test_the_opposite_target_gives_the_opposite_map(
    tiny_model: LoadedModel, tiny_case: Case
) -> None:
    target = tiny_model.target
    for_it = GradCAM()(tiny_model, tiny_case, target).maps[0].values
    against = GradCAM()(tiny_model, tiny_case, replace(target, sign=-1)).maps[0].values
    assert np.array_equal(against, -for_it)
    assert for_it.min() < 0 < for_it.max()


def test_the_map_scales_with_the_unit(tiny_model: LoadedModel, tiny_case: Case) -> None:
    once = GradCAM()(tiny_model, tiny_case, replace(tiny_model.target, scale=1.0)).maps[0].values
    half = GradCAM()(tiny_model, tiny_case, replace(tiny_model.target, scale=0.5)).maps[0].values
    assert np.array_equal(half, once / 2)  # a power of two is exact


def test_it_carries_the_calibrated_scale(tiny_model: LoadedModel, tiny_case: Case) -> None:
    attribution = GradCAM()(tiny_model, tiny_case, tiny_model.target)
    assert (attribution.kind, attribution.unit) == ("relative", "")
    assert attribution.figures == (("scale", 0.5),)
    assert attribution.maps[0].values.shape == (3, 3)
