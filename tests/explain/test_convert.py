"""Conversions: the same numbers, in the shapes that shap and captum use."""

import numpy as np
import pytest
import torch

from xattn.errors import ExplainError
from xattn.explain.convert import to_shap, to_tensors
from xattn.explain.gradcam import GradCAM
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.shapley import FormShapley
from xattn.records import Attribution, Case
from xattn.systems import LoadedModel


@pytest.fixture
def form(tiny_model: LoadedModel, tiny_case: Case) -> Attribution:
    return FormShapley()(tiny_model, tiny_case, tiny_model.target)


@pytest.fixture
def film(tiny_model: LoadedModel, tiny_case: Case) -> Attribution:
    return IntegratedGradients(points=8)(tiny_model, tiny_case, tiny_model.target)


def test_players_become_one_row_that_adds_up_in_shap(form: Attribution) -> None:
    words = ["2 scattered", "irregular", "spiculated", "film"]
    explanation = to_shap(form, data=words)
    assert explanation.feature_names == ["density", "mass_shape", "mass_margins", "image"]
    assert explanation.values.tolist() == [share for _, share in form.players]
    assert explanation.base_values + explanation.values.sum() == pytest.approx(
        form.value, abs=1e-12
    )
    assert list(explanation.data) == words


def test_shap_draws_the_players(form: Attribution) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    import shap

    axes = shap.plots.waterfall(
        to_shap(form, data=["2", "irregular", "spiculated", ""]), show=False
    )
    written = " ".join(text.get_text() for text in axes.figure.findobj(mpl.text.Text))
    assert "mass_margins" in written


def test_a_map_becomes_one_image_of_one_channel_in_shap(film: Attribution) -> None:
    explanation = to_shap(film)
    assert explanation.values.shape == (1, 96, 96, 1)
    assert np.array_equal(explanation.values[0, :, :, 0], film.maps[0].values)
    assert explanation.base_values == film.reference
    pixels = to_shap(film, name="pixels").values[0, :, :, 0]
    assert np.array_equal(pixels, film.map("pixels").values)


def test_a_map_that_is_not_there_is_named_with_those_that_are(film: Attribution) -> None:
    with pytest.raises(ExplainError, match="one of: malignant, pixels"):
        to_shap(film, name="heads")


def test_maps_and_players_become_tensors_of_one_example(
    film: Attribution, form: Attribution
) -> None:
    region, pixels = to_tensors(film)
    assert region.shape == pixels.shape == (1, 1, 96, 96)
    assert np.array_equal(pixels[0, 0].numpy(), film.map("pixels").values)
    (players,) = to_tensors(form)
    assert players.dtype == torch.float64
    assert players.tolist() == [[share for _, share in form.players]]


def test_tensors_are_copies(tiny_model: LoadedModel, tiny_case: Case) -> None:
    attribution = GradCAM()(tiny_model, tiny_case, tiny_model.target)
    before = attribution.maps[0].values.copy()
    to_tensors(attribution)[0].zero_()
    assert np.array_equal(attribution.maps[0].values, before)
