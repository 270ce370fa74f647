"""The adapters: signed and unstretched maps, gaps, and libraries that load only when they run."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.errors import ExplainError
from xattn.explain.base import Game
from xattn.explain.libraries import adapter
from xattn.explain.libraries.adapter import FilmReader, form_alone
from xattn.explain.libraries.captum import CaptumIntegratedGradients, CaptumOcclusion
from xattn.explain.libraries.gradcam import HiResCAM, LibraryCAM, raw_map, spread
from xattn.explain.libraries.lime import LibraryLime
from xattn.explain.libraries.shap import ShapForm
from xattn.explain.regions import grid, region_sums
from xattn.records import Case
from xattn.systems import LoadedModel

FOLDER = Path(adapter.__file__).parent


@pytest.fixture
def game(tiny_model: LoadedModel, tiny_case: Case) -> Game:
    return Game(tiny_model, tiny_case, tiny_model.target)


@pytest.fixture
def sum_game() -> Game:
    model = tiny.loaded(tiny.SumModel())
    return Game(model, tiny.case(), model.target)


def given_by_regions(game: Game) -> np.ndarray:
    """What each region gives in the sum model, in closed form."""
    weights = game.model.module.cells.numpy().reshape(4, 4).repeat(24, axis=0).repeat(24, axis=1)
    per_pixel = game.target.scale * weights / 24**2 * (game.case.film.pixels - 0.25)
    return region_sums(per_pixel, game.film.regions)


def test_the_reader_answers_like_the_game_in_any_batch(game: Game) -> None:
    with torch.no_grad():
        values = FilmReader(game)(game.film.image.expand(3, -1, -1, -1))
    assert values.shape == (3, 1)
    # float32 in batches of one and of three
    np.testing.assert_allclose(values[:, 0].numpy(), np.full(3, game.value), rtol=0, atol=1e-5)


def test_the_reader_shares_no_weight_with_the_model(game: Game) -> None:
    shared = {parameter.data_ptr() for parameter in game.model.module.parameters()}
    assert shared.isdisjoint(p.data_ptr() for p in FilmReader(game).parameters())


def test_hirescam_of_a_linear_model_sums_to_the_score_above_features_zero(sum_game: Game) -> None:
    cells = raw_map(sum_game, "HiResCAM")
    module = sum_game.model.module
    at_zero = sum_game.target.scale * float(module.fields[:3].sum() + module.BIAS)
    # float32 scores of order one
    assert cells.sum() == pytest.approx(sum_game.value - at_zero, abs=1e-6)


def test_hirescam_is_signed_and_summed_over_the_regions(game: Game) -> None:
    attribution = HiResCAM()(game.model, game.case, game.target)
    cells = attribution.map("cells").values
    against = HiResCAM()(game.model, game.case, replace(game.target, sign=-1))
    assert np.array_equal(against.map("cells").values, -cells)
    assert cells.min() < 0 < cells.max()
    expected = region_sums(cells.repeat(32, axis=0).repeat(32, axis=1) / 32**2, game.film.regions)
    painted = attribution.maps[0].values
    # painted as float32
    np.testing.assert_allclose(painted, expected[game.film.regions], rtol=0, atol=1e-7)
    missing = float(cells.sum()) - (game.value - form_alone(game))
    assert attribution.gap == pytest.approx(missing, abs=1e-6)


@pytest.mark.parametrize(("side", "cells"), [(96, 3), (50, 7)])
def test_spreading_cells_over_pixels_keeps_each_cell_s_sum(side: int, cells: int) -> None:
    values = np.random.default_rng(2).normal(size=(cells, cells)).astype(np.float32)
    sums = region_sums(spread(values, side), grid(side, cells))
    np.testing.assert_allclose(sums, values.ravel(), rtol=0, atol=1e-12)  # float64 sums


def test_what_each_method_makes_of_the_opposite_target(game: Game) -> None:
    against = Game(game.model, game.case, replace(game.target, sign=-1))
    for method in ("GradCAM", "XGradCAM"):
        assert np.array_equal(raw_map(game, method), -raw_map(against, method))
    for method in ("EigenCAM", "EigenGradCAM"):
        assert np.array_equal(raw_map(game, method), raw_map(against, method))
    for method in ("GradCAMPlusPlus", "LayerCAM"):
        for_it, against_it = raw_map(game, method), raw_map(against, method)
        assert not np.array_equal(np.abs(for_it), np.abs(against_it))


def test_layercam_keeps_positive_gradients_alone(game: Game) -> None:
    tokens, value = game.gradient(game.film.image.clone())
    (gradient,) = torch.autograd.grad(value.sum(), tokens.features)
    twin = (gradient.clamp(min=0) * tokens.features).sum(dim=1)[0].detach().numpy()
    # float32 sums over 192 channels
    np.testing.assert_allclose(raw_map(game, "LayerCAM"), twin, rtol=0, atol=1e-5)


def test_only_grad_cam_has_the_calibrated_scale(game: Game) -> None:
    cam = LibraryCAM(method="GradCAM")(game.model, game.case, game.target)
    assert (cam.method, cam.figures) == ("Grad-CAM (grad-cam)", (("scale", 0.5),))
    other = LibraryCAM(method="LayerCAM")(game.model, game.case, game.target)
    assert other.figures == (("scale", float(np.abs(other.maps[0].values).max())),)


def test_an_unknown_cam_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ExplainError, match=r"LayerCAM.*however: 'Magic'"):
        LibraryCAM(method="Magic")  # type: ignore[arg-type]


def test_a_model_without_a_backbone_has_no_cam(sum_game: Game) -> None:
    del sum_game.model.module.backbone
    sum_game.model.module.backbone = None
    with pytest.raises(ExplainError, match="backbone returns its feature map"):
        raw_map(sum_game, "GradCAM")


@pytest.mark.parametrize("explainer", [CaptumIntegratedGradients(points=1), CaptumOcclusion()])
def test_captum_is_exact_on_a_sum(
    explainer: CaptumIntegratedGradients | CaptumOcclusion, sum_game: Game
) -> None:
    attribution = explainer(sum_game.model, sum_game.case, sum_game.target)
    expected = given_by_regions(sum_game)[sum_game.film.regions]
    # differences of float32 scores of order one
    np.testing.assert_allclose(attribution.maps[0].values, expected, rtol=0, atol=1e-6)
    assert attribution.gap == pytest.approx(0, abs=1e-5)
    reference = sum_game.value - given_by_regions(sum_game).sum()
    assert attribution.reference == pytest.approx(reference, abs=1e-6)


def test_occlusion_says_how_far_its_sum_is_off() -> None:
    model = tiny.loaded(tiny.SquareModel())
    game = Game(model, tiny.case(), model.target)
    attribution = CaptumOcclusion()(model, game.case, model.target)
    film, labels = game.case.film.pixels.astype(float), game.film.regions
    form = float(model.module.fields[:3].sum())

    def value(pixels: np.ndarray) -> float:
        means = pixels.reshape(4, 24, 4, 24).mean(axis=(1, 3)).ravel()
        image = float(means**2 @ model.module.cells.numpy())
        return model.target.scale * (image + form + image * form)

    drops = [value(film) - value(np.where(labels == r, 0.25, film)) for r in np.unique(labels)]
    gap = sum(drops) - (value(film) - value(np.full_like(film, 0.25)))
    assert abs(gap) > 1e-3
    # a sum of fifty float32 differences of order one
    assert attribution.gap == pytest.approx(gap, abs=2e-5)


def test_shap_gives_the_sum_s_own_parts(sum_game: Game) -> None:
    attribution = ShapForm()(sum_game.model, sum_game.case, sum_game.target)
    shares = dict(attribution.players)
    fields = sum_game.model.module.fields.numpy() * sum_game.target.scale
    # differences of float32 scores of order one, through a least-squares solve
    assert shares["density"] == pytest.approx(fields[0], abs=1e-5)
    assert shares["image"] == pytest.approx(given_by_regions(sum_game).sum(), abs=1e-5)
    assert attribution.gap == pytest.approx(0, abs=1e-5)


def test_shap_draws_no_random_number(game: Game) -> None:
    before = np.random.get_state()  # noqa: NPY002  # the generator that the library would draw from
    ShapForm()(game.model, game.case, game.target)
    after = np.random.get_state()  # noqa: NPY002
    assert (before[1] == after[1]).all()
    assert before[2:] == after[2:]


def test_shap_takes_a_form_that_says_nothing(tiny_model: LoadedModel) -> None:
    attribution = ShapForm()(tiny_model, tiny.case({}), tiny_model.target)
    assert attribution.value is not None
    assert attribution.reference is not None
    ((name, share),) = attribution.players
    assert name == "image"
    assert share == pytest.approx(attribution.value - attribution.reference, abs=1e-5)


def test_another_seed_is_another_neighbourhood(game: Game) -> None:
    first, other = (
        LibraryLime(samples=64, seed=seed)(game.model, game.case, game.target) for seed in (0, 1)
    )
    assert not np.array_equal(first.maps[0].values, other.maps[0].values)


def test_the_library_s_version_is_in_the_provenance(game: Game) -> None:
    for explainer in (LibraryCAM(), HiResCAM(), CaptumOcclusion(), ShapForm(), LibraryLime()):
        assert explainer.package in dict(explainer.provenance(game).versions)
        assert explainer.is_foreign


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_library_is_imported_only_where_it_runs(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {
        name.split(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [a.name for a in node.names]
        )
    }
    assert imported.isdisjoint({"captum", "lime", "pytorch_grad_cam", "shap"})
