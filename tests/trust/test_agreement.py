"""Agreement by hand: ranks, signs, tops, and what cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from tests import tiny
from xattn.explain.base import Game
from xattn.explain.crossattention import CrossAttention
from xattn.explain.gradcam import GradCAM
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.regions import grid, paint
from xattn.records import Attribution, Map
from xattn.trust.agreement import agreement, all_maps, on_square, one_map, overlap, per_pixel

LABELS = grid(12, 4)


def method(values: np.ndarray, kind: str = "contribution") -> Attribution:
    model = tiny.loaded(tiny.SumModel())
    blank = IntegratedGradients().blank(Game(model, tiny.case(), model.target))
    painted = Map("malignant", paint(values, LABELS))
    return replace(blank, kind=kind, maps=(painted,), regions=LABELS)


def test_contributions_keep_their_sign_and_others_lose_it() -> None:
    values = np.random.default_rng(0).normal(size=16)
    found = agreement(
        {"a": method(values), "b": method(-values), "c": method(-values, "relative")}, LABELS
    )
    assert found.correlations[0][1] == pytest.approx(-1.0, abs=1e-12)
    assert found.correlations[0][2] == pytest.approx(1.0, abs=1e-12)
    assert found.overlaps[0][1] == 1.0
    assert found.summary == pytest.approx(1.0, abs=1e-12)  # median of −1, 1, 1
    assert found.sentence.startswith("The methods agree: median rank correlation 1.00 over 3")


def test_correlations_are_spearmans_with_ties() -> None:
    generator = np.random.default_rng(1)
    left, right = generator.integers(0, 5, 16) * 1.0, generator.integers(0, 5, 16) * 1.0
    found = agreement({"a": method(left), "b": method(right)}, LABELS)
    # per pixel a region's number is divided by its nine pixels, which keeps ranks and ties
    assert found.correlations[0][1] == pytest.approx(spearmanr(left, right).statistic, abs=1e-12)


@pytest.mark.parametrize(
    ("summary", "word"), [(0.5, "agree:"), (0.49, "partly agree:"), (0.19, "do not agree:")]
)
def test_the_sentence_follows_the_thresholds(summary: float, word: str) -> None:
    found = agreement({"a": method(np.arange(16.0))}, LABELS)
    pair = replace(found, methods=("a", "b"), correlations=((1.0, summary), (summary, 1.0)))
    assert f"The methods {word}" in pair.sentence


def test_overlap_of_tops_by_hand() -> None:
    left, right = np.array([9.0, -8, 7, 0, 0, 0]), np.array([9.0, 8, 0, 7, 0, 0])
    assert overlap(left, right, 3) == 2 / 4
    assert overlap(left, np.ones(6), 3) is None


def test_one_method_agrees_with_none() -> None:
    found = agreement({"a": method(np.arange(16.0))}, LABELS)
    assert found.summary is None
    assert found.sentence == "Fewer than two methods can be compared."


def test_attention_over_fields_alone_is_no_map_of_the_film(tiny_model, tiny_case) -> None:
    target = tiny_model.target
    shown = CrossAttention()(tiny_model, tiny_case, target)
    labels = grid(96, 7)
    assert one_map(shown, labels) is None
    assert all_maps(shown, labels).shape == (5, 49)
    cam = GradCAM()(tiny_model, tiny_case, target)
    found = agreement({"attention": shown, "gradcam": cam}, labels)
    assert (found.methods, found.left_out) == (("gradcam",), ("attention",))


def test_where_fields_look_is_the_mean_over_them(tiny_case) -> None:
    model = tiny.breast_model("co")
    shown = CrossAttention()(model, tiny_case, model.target)
    names = model.system.schema.names
    maps = [shown.map(f"clinical_attends_image/{name}").values for name in names]
    labels = grid(96, 3)
    mean = np.mean(np.array(maps, dtype=np.float64), axis=0).ravel()
    # rounded to ten digits of the largest
    np.testing.assert_allclose(one_map(shown, labels), mean, rtol=1e-9)


def test_coarse_maps_keep_their_cells() -> None:
    values = np.arange(4.0).reshape(2, 2)
    assert np.array_equal(on_square(values, 4), np.kron(values, np.ones((2, 2))))


def test_maps_that_are_not_painted_are_per_pixel_already() -> None:
    shown = method(np.arange(16.0))
    pixels = np.random.default_rng(0).random((12, 12)).astype(np.float32)
    both = replace(shown, maps=(*shown.maps, Map("pixels", pixels)))
    assert np.array_equal(per_pixel(both, 0, 12), np.arange(16.0)[LABELS] / 9)
    assert np.array_equal(per_pixel(both, 1, 12), pixels.astype(np.float64))
