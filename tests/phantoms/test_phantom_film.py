"""From attenuation to a film: letters, characteristic curve, border, and how two sites differ."""

from dataclasses import fields

import numpy as np
import pytest

from xattn.phantoms import film
from xattn.phantoms.film import LETTERS, SITES, Site, add_border, add_marker, brightness
from xattn.phantoms.physics import FieldOfView, sample_grid

FILM = (18.0, 24.0)
GRID = sample_grid(FieldOfView((9.0, 12.0), FILM), 48)
AS_IT_IS = (0.0, 1.0)


def marked(text, corner, block_mm=1.0, grid=GRID):
    attenuation = np.zeros(grid.shape, np.float32)
    add_marker(attenuation, grid, text=text, corner=corner, block_mm=block_mm)
    return attenuation


@pytest.mark.parametrize(
    "text", [f"{s}{g}{v}" for s in "LR" for g in ("", " ") for v in ("CC", "MLO")]
)
def test_every_marker_has_its_letters(text):
    blocks = film.letter_blocks(text)
    assert blocks.shape == (7, 6 * len(text))
    for index, letter in enumerate(text):
        rows = ["".join(str(int(b)) for b in row) for row in blocks[:, 6 * index : 6 * index + 5]]
        assert tuple(rows) == LETTERS[letter]
    assert not blocks[:, 5::6].any()


def test_letters_are_five_by_seven_and_all_differ():
    assert {len(rows) for rows in LETTERS.values()} == {7}
    assert {len(row) for rows in LETTERS.values() for row in rows} == {5}
    assert {character for rows in LETTERS.values() for row in rows for character in row} == {
        "0",
        "1",
    }
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_letters_that_are_not_there_are_an_error():
    with pytest.raises(KeyError):
        film.letter_blocks("X")


def test_each_block_covers_its_square():
    # Blocks of 1 mm on pixels of 0.5 mm: two by two pixels each, from the corner on.
    found = marked("R", (4.0, 6.0))
    expected = np.zeros(GRID.shape, np.float32)
    expected[12:26, 8:20] = 6 * np.kron(film.letter_blocks("R"), np.ones((2, 2)))
    assert np.array_equal(found, expected)


def test_lead_is_laid_over_what_is_there():
    attenuation = np.full(GRID.shape, 1.5, np.float32)
    add_marker(attenuation, GRID, text="L", corner=(4.0, 6.0), block_mm=1.0)
    assert set(np.unique(attenuation)) == {1.5, 7.5}
    assert np.array_equal(attenuation - 1.5, marked("L", (4.0, 6.0)))


def test_a_marker_over_the_edge_is_cut_and_one_outside_leaves_nothing():
    whole, cut = marked("L", (2.0, 6.0)), marked("L", (-2.0, 6.0))
    assert np.array_equal(cut[:, :-8], whole[:, 8:])  # moved by 4 mm = 8 pixels
    assert not marked("L", (40.0, 6.0)).any()
    assert not marked("L", (4.0, -30.0)).any()


def test_a_part_of_the_grid_holds_that_part_of_the_marker():
    window = (slice(14, 40), slice(10, 30))
    found = marked("RCC", (4.0, 6.0), block_mm=0.75, grid=GRID.part(window))
    assert np.array_equal(found, marked("RCC", (4.0, 6.0), block_mm=0.75)[window])


@pytest.mark.parametrize("site", SITES)
def test_the_curve_by_its_formula(site):
    measured = np.linspace(-2, 8, 41, dtype=np.float32)
    exposure = (0.05, 1.1)
    shown = brightness(measured, site, fat=2.3, contrast=1.7, exposure=exposure)
    level = (measured.astype(np.float64) - 2.3) / 1.7
    curve = 1 / (1 + np.exp(-site.contrast * 1.1 * (level - site.middle - 0.05)))
    # float32 levels up to 4 in an exponent of slope 3.3.
    np.testing.assert_allclose(shown, site.base + (1 - site.base) * curve, atol=2e-6)
    assert shown.dtype == np.float32
    assert (np.diff(shown) > 0).all()


@pytest.mark.parametrize("site", SITES)
def test_the_curve_is_steepest_in_the_middle_and_ends_at_base_and_white(site):
    def at(level):
        measured = np.array([level], np.float32)
        return float(brightness(measured, site, fat=0.0, contrast=1.0, exposure=AS_IT_IS)[0])

    assert at(site.middle) == pytest.approx((1 + site.base) / 2, abs=1e-6)
    assert at(-100.0) == pytest.approx(site.base, abs=1e-7)
    assert at(100.0) == pytest.approx(1.0, abs=1e-7)
    # A logistic curve has the slope k / 4 at its middle; a difference over 0.02, float32 values.
    slope = (at(site.middle + 0.01) - at(site.middle - 0.01)) / 0.02
    assert slope == pytest.approx((1 - site.base) * site.contrast / 4, rel=1e-3)


def test_an_exposures_shift_is_a_shift_of_the_values():
    site, measured = SITES[0], np.linspace(0, 4, 21, dtype=np.float32)
    shifted = brightness(measured + 0.25, site, fat=1.0, contrast=2.0, exposure=(0.125, 1.0))
    plain = brightness(measured, site, fat=1.0, contrast=2.0, exposure=AS_IT_IS)
    np.testing.assert_allclose(shifted, plain, atol=1e-6)  # float32 levels


def test_the_border_is_white_but_at_the_chest_wall():
    shown = np.zeros(GRID.shape, np.float32)
    add_border(shown, GRID, width_mm=2.0, film_mm=FILM)
    expected = np.zeros(GRID.shape, np.float32)
    expected[:4], expected[-4:], expected[:, -4:] = 1, 1, 1  # 2 mm are four pixels
    assert np.array_equal(shown, expected)


def test_what_lies_beyond_the_chest_wall_is_white_too():
    grid = sample_grid(FieldOfView((7.0, 12.0), FILM), 48)  # from x = -2 mm
    shown = np.zeros(grid.shape, np.float32)
    add_border(shown, grid, width_mm=2.0, film_mm=FILM)
    assert (shown[:, :4] == 1).all()
    assert not shown[4:-4, 4:].any()


def test_no_border_leaves_the_film_alone():
    shown = np.full(GRID.shape, 0.25, np.float32)
    add_border(shown, GRID, width_mm=0.0, film_mm=FILM)
    assert (shown == 0.25).all()


def test_the_two_sites_differ_in_everything_they_set():
    one, other = SITES
    assert [f.name for f in fields(Site) if getattr(one, f.name) == getattr(other, f.name)] == []
    assert film.SHIFTED_DETECTOR not in {site.detector for site in SITES}
    # Physics unseen in training is worse in every respect: fewer quanta, more noise, more blur.
    for site in SITES:
        assert film.SHIFTED_DETECTOR.photons_mm2 < site.detector.photons_mm2
        assert film.SHIFTED_DETECTOR.electronic_mm2 > site.detector.electronic_mm2
        assert film.SHIFTED_DETECTOR.blur_mm > site.detector.blur_mm
