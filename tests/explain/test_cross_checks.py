"""Our explainers against the libraries that do the same: one formula, two implementations."""

import numpy as np
import pytest
import torch

from xattn.explain.base import Game, drain
from xattn.explain.gradcam import GradCAM
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.libraries.captum import CaptumIntegratedGradients, CaptumOcclusion
from xattn.explain.libraries.gradcam import raw_map
from xattn.explain.libraries.lime import LibraryLime
from xattn.explain.libraries.shap import ShapForm
from xattn.explain.lime import RegionLime
from xattn.explain.shapley import FormShapley
from xattn.records import Attribution, Case
from xattn.systems import LoadedModel


@pytest.fixture
def game(tiny_model: LoadedModel, tiny_case: Case) -> Game:
    return Game(tiny_model, tiny_case, tiny_model.target)


def shares(attribution: Attribution) -> np.ndarray:
    return np.array([share for _, share in attribution.players])


def by_region(attribution: Attribution) -> np.ndarray:
    assert attribution.regions is not None
    _, first = np.unique(attribution.regions, return_index=True)
    return attribution.maps[0].values.ravel()[first].astype(float)


def test_grad_cam_is_the_raw_map_of_grad_cam(game: Game) -> None:
    ours = drain(GradCAM().run(game)).maps[0].values
    # the same float32 sum over 192 channels, in torch and in numpy
    np.testing.assert_allclose(
        raw_map(game, "GradCAM"), ours, rtol=0, atol=1e-5 * np.abs(ours).max()
    )


def test_grad_cam_s_own_output_is_that_map_after_its_relu_and_stretching(game: Game) -> None:
    from pytorch_grad_cam import GradCAM as Library
    from pytorch_grad_cam.utils.model_targets import RawScoresOutputTarget

    from xattn.explain.libraries.adapter import FilmReader

    reader = FilmReader(game)
    film = game.film.image.clone().requires_grad_()
    shown = Library(reader, [reader.model.backbone])(film, [RawScoresOutputTarget()])[0]
    ours = np.maximum(drain(GradCAM().run(game)).maps[0].values, 0)
    ours = (ours - ours.min()) / (1e-7 + (ours - ours.min()).max())
    centres = shown[16::32, 16::32]
    # the library interpolates between the centres of cells: half a pixel off at the stride of 32
    np.testing.assert_allclose(centres, ours, rtol=0, atol=0.05)


def test_hirescam_is_gradient_times_feature(game: Game) -> None:
    tokens, value = game.gradient(game.film.image.clone())
    (gradient,) = torch.autograd.grad(value.sum(), tokens.features)
    twin = (gradient * tokens.features).sum(dim=1)[0].detach().numpy()
    # float32 sums over 192 channels
    np.testing.assert_allclose(
        raw_map(game, "HiResCAM"), twin, rtol=0, atol=1e-5 * np.abs(twin).max()
    )


def test_integrated_gradients_equal_captum_s(game: Game) -> None:
    ours = drain(IntegratedGradients(points=16).run(game))
    theirs = drain(CaptumIntegratedGradients(points=16).run(game))
    pixels = ours.map("pixels").values
    # captum adds float32 gradients, ours float64
    np.testing.assert_allclose(
        theirs.map("pixels").values, pixels, rtol=0, atol=1e-5 * np.abs(pixels).max()
    )
    assert theirs.gap == pytest.approx(ours.gap, abs=1e-5)


def test_occlusion_is_the_value_less_the_value_without_the_region(game: Game) -> None:
    theirs = by_region(drain(CaptumOcclusion().run(game)))
    masks = ~np.eye(game.film.region_count, dtype=bool)
    without = game.of_films([game.film.encode(masks)])
    # differences of float32 scores of order one
    np.testing.assert_allclose(theirs, game.value - without, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "solver", ["kernel", pytest.param("exact", marks=pytest.mark.slow)], ids=["kernel", "exact"]
)
def test_shapley_values_equal_shap_s(solver: str, game: Game) -> None:
    ours = drain(FormShapley().run(game))
    theirs = drain(ShapForm(solver=solver).run(game))  # type: ignore[arg-type]
    assert [name for name, _ in theirs.players] == [name for name, _ in ours.players]
    # float32 scores of order one, in batches of one and of sixteen
    np.testing.assert_allclose(shares(theirs), shares(ours), rtol=0, atol=1e-5)
    assert theirs.figures[0][1] >= 16


def test_lime_fits_what_lime_fits_on_the_same_neighbourhood(game: Game) -> None:
    from xattn.explain.libraries.lime import neighbourhood

    theirs = drain(LibraryLime(samples=96, seed=3).run(game))
    masks = neighbourhood(np.random.RandomState(3), 96, game.film.region_count).astype(bool)
    values = np.concatenate(
        [game.of_films([game.film.encode(part)]) for part in np.split(masks, 3)]
    )
    ours, score = RegionLime().fit(masks[1:], values[1:], values[0])
    # maps are float32; the solver is the same
    np.testing.assert_allclose(by_region(theirs), ours, rtol=0, atol=1e-7)
    assert dict(theirs.figures)["weighted R²"] == pytest.approx(score, abs=1e-12)


def test_the_lime_adapter_is_lime_left_alone(game: Game, capfd: pytest.CaptureFixture[str]) -> None:
    from lime.lime_image import LimeImageExplainer

    def classify(films: np.ndarray) -> np.ndarray:
        images = torch.from_numpy(films[..., 0]).unsqueeze(1)
        with torch.no_grad():
            return game.of_films([game.model.module.encode_image(images)])[:, None]

    explained = LimeImageExplainer(feature_selection="none", random_state=5).explain_instance(
        game.case.film.pixels,
        classify,
        labels=(0,),
        top_labels=None,
        hide_color=0.25,
        num_samples=64,
        batch_size=32,
        segmentation_fn=lambda _: game.film.regions,
        random_seed=5,
    )
    theirs = np.array([weight for _, weight in sorted(explained.local_exp[0])])
    ours = drain(LibraryLime(samples=64, seed=5).run(game))
    # The same films in batches of 8, not 32, which round otherwise by about 3e-7; float32 maps.
    np.testing.assert_allclose(by_region(ours), theirs, rtol=0, atol=1e-6)
    assert dict(ours.figures)["weighted R²"] == pytest.approx(explained.score, abs=1e-5)
