"""Where the phantoms drew their parts: the truth that segmentations are measured against."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from benchmarks import anatomy_truth
from benchmarks.anatomy import dice
from benchmarks.anatomy_truth import SIZE, Drawn
from xattn.phantoms import film
from xattn.phantoms.breast_anatomy import FILM_MM as BREAST_MM
from xattn.phantoms.hip_film import FILM_MM as HIP_MM
from xattn.phantoms.physics import Grid
from xattn.trust.segment_chest import HEART, LUNGS
from xattn.trust.segment_hip import FEMUR, NECK

SEED = 42_000_010


@lru_cache
def drawn(system: str, seed: int = SEED) -> Drawn:
    """The phantom of a seed, drawn once for all tests."""
    return anatomy_truth.drawn(system, seed)


def mask(*pixels: int) -> np.ndarray:
    """A mask of nine pixels with these set."""
    return np.isin(np.arange(9), pixels)


def test_the_overlap_of_a_mask_with_itself_is_one_and_with_another_place_nothing() -> None:
    assert dice(mask(0, 1, 2), mask(0, 1, 2)) == 1.0
    assert dice(mask(0, 1, 2), mask(3, 4)) == 0.0
    assert dice(mask(), mask(3)) == 0.0


def test_an_overlap_is_twice_the_common_over_both_whichever_comes_first() -> None:
    # one pixel in common of four and two: 2 · 1 / (4 + 2)
    assert dice(mask(0, 1, 2, 3), mask(3, 4)) == dice(mask(3, 4), mask(0, 1, 2, 3)) == 2 / 6


@pytest.mark.parametrize(
    ("system", "parts"),
    [
        ("hip", {NECK, FEMUR, "markers"}),
        ("breast", {"breast", "border", "markers"}),
        ("chest", {LUNGS, HEART, "border", "markers"}),
    ],
)
def test_a_phantom_knows_its_parts_on_the_square_of_the_model(system: str, parts: set[str]) -> None:
    phantom = drawn(system)
    assert set(phantom.truth) == parts
    assert {layer.shape for layer in (phantom.pixels, *phantom.truth.values())} == {(SIZE, SIZE)}
    assert {layer.dtype for layer in phantom.truth.values()} == {np.dtype(bool)}


def test_parts_lie_on_the_film_and_never_on_its_padding() -> None:
    for system in ("hip", "breast", "chest"):
        phantom = drawn(system)
        assert not any((layer & phantom.padding).any() for layer in phantom.truth.values())
        assert not phantom.pixels[phantom.padding].any()


@pytest.mark.parametrize(("system", "sides"), [("hip", HIP_MM), ("chest", (1.0, 1.0))])
def test_padding_is_what_the_shorter_side_leaves(system: str, sides: tuple[float, float]) -> None:
    share = 1 - min(sides) / max(sides)
    # a border between film and padding is placed to one pixel on each side
    assert drawn(system).padding.mean() == pytest.approx(share, abs=2 / SIZE)


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    again, other = anatomy_truth.drawn("chest", SEED), drawn("chest", SEED + 1)
    np.testing.assert_array_equal(again.pixels, drawn("chest").pixels)
    np.testing.assert_array_equal(again.truth[LUNGS], drawn("chest").truth[LUNGS])
    assert not np.array_equal(other.truth[LUNGS], drawn("chest").truth[LUNGS])


def test_lungs_and_heart_share_no_pixel_and_air_is_darker() -> None:
    phantom = drawn("chest")
    lungs, heart = phantom.truth[LUNGS], phantom.truth[HEART]
    assert dice(lungs, heart) == 0.0
    # bones lie over both; the medians are far apart all the same
    assert np.median(phantom.pixels[lungs]) < np.median(phantom.pixels[heart])


def test_the_femoral_neck_is_of_the_femur() -> None:
    """Of the neck's region of interest, soft tissue beside the bone is the smaller part."""
    truth = drawn("hip").truth
    assert (truth[NECK] & truth[FEMUR]).sum() > truth[NECK].sum() / 2
    assert truth[FEMUR].sum() > truth[NECK].sum()


def test_letters_of_lead_are_brighter_than_the_film_beside_them() -> None:
    for system in ("hip", "breast"):
        for seed in (SEED, SEED + 2):  # even seeds are whole breasts
            phantom = drawn(system, seed)
            beside = ~phantom.padding & ~phantom.truth["markers"]
            lead = phantom.pixels[phantom.truth["markers"]].max()
            assert lead > np.median(phantom.pixels[beside])


def test_every_second_breast_is_a_crop() -> None:
    assert not drawn("breast").is_crop
    assert drawn("breast", SEED + 1).is_crop
    assert not drawn("chest", SEED + 1).is_crop


def test_the_breast_ends_where_the_frame_of_the_film_begins() -> None:
    for seed in range(SEED, SEED + 4):
        truth = drawn("breast", seed).truth
        assert not (truth["breast"] & truth["border"]).any()


@pytest.mark.parametrize("text", ["L", "R CC", "LMLO"])
def test_a_line_of_letters_fills_six_blocks_a_letter_less_the_last_gap(text: str) -> None:
    """At a quarter of a millimetre to a pixel and blocks of one, every edge lies between pixels."""
    places = np.arange(0.125, 60, 0.25, dtype=np.float32)
    grid, site = Grid(places, places, 0.25), replace(film.SITES[0], letter_mm=1.0)
    found = anatomy_truth._letters(grid, text, site=site, corner=(5.0, 9.0))
    rows, columns = np.nonzero(found)
    width = 6 * len(text) - 1
    assert found.sum() == 16 * 7 * width  # sixteen pixels to a block
    assert (places[columns.min()], places[columns.max()]) == (5.125, 4.875 + width)
    assert (places[rows.min()], places[rows.max()]) == (9.125, 15.875)


def test_a_wide_picture_is_padded_above_and_below_and_its_masks_with_it() -> None:
    shown = np.ones((SIZE // 2, SIZE), np.float32)
    left = np.zeros(shown.shape, bool)
    left[:, : SIZE // 2] = True
    square = anatomy_truth._on_square(shown, {"left": left})
    assert square.padding.mean() == 0.5
    assert square.truth["left"].sum() == (SIZE // 2) ** 2
    assert not (square.truth["left"] & square.padding).any()


def test_a_breast_is_taller_than_wide() -> None:
    """The whole view is padded at its sides, not above."""
    padding = drawn("breast").padding
    assert padding.all(axis=0).mean() == pytest.approx(
        1 - BREAST_MM[0] / BREAST_MM[1], abs=2 / SIZE
    )
    assert not padding.all(axis=1).any()
