"""Thumbnail, ranks and features: what leaves them as they are, and what turns them."""

import numpy as np
import pytest
from scipy import ndimage

from xattn.data.radiograph import Radiograph
from xattn.data.window import Window
from xattn.trust.picture import (
    CELLS,
    DIRECTIONS,
    FEATURES,
    SIDE,
    features,
    ranks,
    shown,
    thumbnail,
    trimmed,
)

FILM = np.random.default_rng(4).random((3 * SIDE, 2 * SIDE))
PICTURE = np.random.default_rng(5).permutation(SIDE**2).reshape(SIDE, SIDE) / 1000
"""Every grey once, apart by what `ranks` tells apart."""
TURNS = [np.transpose, np.flipud, np.fliplr, np.rot90]


def test_a_thumbnail_of_whole_blocks_keeps_the_mean():
    assert thumbnail(FILM).mean() == pytest.approx(FILM.mean(), rel=1e-12)


@pytest.mark.parametrize("turn", TURNS)
def test_a_thumbnail_turns_with_its_film(turn):
    np.testing.assert_allclose(thumbnail(turn(FILM)), turn(thumbnail(FILM)), rtol=0, atol=1e-12)


def test_a_thumbnail_follows_the_brightness():
    np.testing.assert_allclose(
        thumbnail(0.5 * FILM + 0.25), 0.5 * thumbnail(FILM) + 0.25, rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("shape", [(64, 64), (65, 200), (1, 7), (30, 500), (129, 127)])
def test_an_even_film_of_any_size_is_an_even_thumbnail(shape):
    np.testing.assert_allclose(
        thumbnail(np.full(shape, 0.3)), np.full((SIDE, SIDE), 0.3), rtol=1e-12
    )


def test_flat_borders_do_not_reach_the_thumbnail():
    padded = np.pad(FILM, ((17, 5), (0, 40)))
    np.testing.assert_array_equal(trimmed(padded), FILM)
    np.testing.assert_array_equal(thumbnail(padded), thumbnail(FILM))
    np.testing.assert_array_equal(trimmed(trimmed(padded)), trimmed(padded))


def test_a_film_with_hardly_anything_on_it_is_not_trimmed():
    dot = np.zeros((100, 100))
    dot[40:60, 40:60] = FILM[:20, :20]
    assert trimmed(dot).shape == (100, 100)


def test_different_greys_have_evenly_spaced_ranks():
    count = SIDE**2
    expected = (np.arange(count) + 0.5) / count - 0.5
    np.testing.assert_allclose(np.sort(ranks(PICTURE).ravel()), expected, rtol=0, atol=1e-15)


def test_ranks_are_half_of_what_is_below_less_what_is_above():
    picture = np.random.default_rng(6).integers(0, 5, (6, 7)) / 5
    slowly = [
        [((picture < g).sum() - (picture > g).sum()) / 2 / 42 for g in row] for row in picture
    ]
    np.testing.assert_allclose(ranks(picture), slowly, rtol=0, atol=1e-15)


def test_ranks_go_with_their_pixels_sum_to_nothing_and_are_zero_where_all_is_even():
    order = np.random.default_rng(7).permutation(SIDE**2)
    shuffled = PICTURE.ravel()[order]
    np.testing.assert_array_equal(ranks(shuffled), ranks(PICTURE).ravel()[order])
    # 4096 numbers below 0.5: their sum rounds by less than 1e-11.
    assert abs(ranks(FILM).sum()) < 1e-9
    np.testing.assert_array_equal(ranks(np.full((4, 4), 0.7)), np.zeros((4, 4)))


def test_ranks_of_ranks_are_the_order_of_the_same_greys():
    # 16 greys: their ranks are farther apart than the rounding to three decimals.
    picture = np.random.default_rng(8).integers(0, 16, (SIDE, SIDE)) / 16
    np.testing.assert_array_equal(ranks(ranks(picture)), ranks(picture))


def gradients(picture: np.ndarray) -> np.ndarray:
    return features(picture)[-DIRECTIONS * CELLS**2 :].reshape(DIRECTIONS, CELLS, CELLS)


def test_features_of_an_even_picture_hold_nothing():
    found = features(np.full((SIDE, SIDE), 0.4))
    assert found.shape == (FEATURES,)
    np.testing.assert_array_equal(found[:256], 0.0)
    np.testing.assert_array_equal(found[256:], -0.3)


def test_a_gamma_does_not_change_the_features():
    coarse = np.random.default_rng(9).integers(1, 11, (SIDE, SIDE)) / 10
    np.testing.assert_array_equal(features(coarse), features(coarse**0.5))


@pytest.mark.parametrize(("axis", "sign", "place"), [(1, 1, 4), (1, -1, 0), (0, 1, 6), (0, -1, 2)])
def test_a_slope_has_one_direction(axis, sign, place):
    # Direction 4 of 8 points right: arctan2 gives 0 there, which is half of the turn from −π.
    slope = np.moveaxis(np.tile(np.arange(SIDE)[::sign] / SIDE, (SIDE, 1)), 1, axis)
    found = gradients(slope) + 0.3
    others = [direction for direction in range(DIRECTIONS) if direction != place]
    # Rounding tilts a gradient by about 1e-15 of a turn; its root is about 1e-7.
    np.testing.assert_allclose(found[others], 0.0, rtol=0, atol=1e-6)
    assert (found[place] > 0.5).all()


def test_the_shares_of_a_cell_are_its_strength_against_noise():
    picture = np.round(0.2 * FILM[:SIDE, :SIDE], 3)
    down, across = np.gradient(ndimage.gaussian_filter(ranks(picture), 1.0))
    cell = SIDE // CELLS
    strength = np.hypot(down, across).reshape(CELLS, cell, CELLS, cell).sum(axis=(1, 3))
    shares = ((gradients(picture) + 0.3) ** 2).sum(axis=0)
    np.testing.assert_allclose(shares, strength / (strength + 0.25), rtol=1e-12)


def test_a_mirrored_picture_has_mirrored_cells_and_directions():
    # Left and right change places: direction k becomes −k + 4 on the circle of eight, 4 being 0°.
    mirrored = gradients(PICTURE[:, ::-1])
    expected = gradients(PICTURE)[(-np.arange(DIRECTIONS)) % DIRECTIONS][:, :, ::-1]
    upside = gradients(PICTURE[::-1])
    np.testing.assert_allclose(upside, expected[:, ::-1, ::-1], rtol=0, atol=1e-9)
    turned = gradients(PICTURE)[(4 - np.arange(DIRECTIONS)) % DIRECTIONS][:, :, ::-1]
    np.testing.assert_allclose(mirrored, turned, rtol=0, atol=1e-9)


def test_polarity_turns_what_is_shown_and_thinning_takes_every_nth_pixel():
    values, window = np.arange(600 * 300).reshape(600, 300) % 4096, (Window(2048, 4096),)
    plain, inverted = Radiograph(values, window), Radiograph(values, window, is_inverted=True)
    # Each is rounded to float32 once: half a step of 1 is 6e-8.
    np.testing.assert_allclose(shown(plain), 1 - shown(inverted), rtol=0, atol=1.2e-7)
    np.testing.assert_array_equal(shown(plain, 100), shown(plain, 300)[::3, ::3])
    assert shown(plain, 1000).shape == (600, 300)
