"""What every film has, on films drawn by hand: each part exact to the pixel."""

import numpy as np
import pytest
from scipy import ndimage

from tests import tiny
from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.records import Film
from xattn.trust.segment_film import (
    FilmParts,
    Segment,
    film_parts,
    find_air,
    find_markers,
    frame,
    split,
)

SIDE = 100
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
WHOLE = np.ones((SIDE, SIDE), bool)
NAMES = ("padding", "border", "markers", "background", "body")


def grey(value: float = 0.5) -> np.ndarray:
    return np.full((SIDE, SIDE), value)


def framed(depth: int, brightness: float) -> tuple[np.ndarray, np.ndarray]:
    edge = np.minimum.reduce([ROWS, COLUMNS, SIDE - 1 - ROWS, SIDE - 1 - COLUMNS]) < depth
    return np.where(edge, brightness, 0.5), edge


def square(top: int, left: int, side: int = 6, height: int = 0) -> np.ndarray:
    return (
        (top <= ROWS)
        & (top + (height or side) > ROWS)
        & (left <= COLUMNS)
        & (left + side > COLUMNS)
    )


@pytest.mark.parametrize("brightness", [1.0, 0.9, 0.0, 0.008])
@pytest.mark.parametrize("depth", [1, 5, 12])
def test_a_white_or_black_frame_is_the_border_to_the_pixel(depth, brightness):
    film, edge = framed(depth, brightness)
    np.testing.assert_array_equal(frame(film, WHOLE), edge)


@pytest.mark.parametrize(("depth", "brightness"), [(13, 1.0), (5, 0.89), (5, 0.01)])
def test_what_is_too_deep_or_too_grey_is_no_frame(depth, brightness):
    film, _ = framed(depth, brightness)
    assert not frame(film, WHOLE).any()


@pytest.mark.parametrize("turns", range(4))
def test_a_strip_on_one_side_is_found_on_that_side(turns):
    strip = np.rot90(ROWS < 6, turns)
    np.testing.assert_array_equal(frame(np.where(strip, 1.0, 0.5), WHOLE), strip)


@pytest.mark.parametrize(("share", "is_found"), [(0.4, False), (0.75, True)])
def test_a_strip_must_run_along_most_of_its_side(share, is_found):
    strip = (ROWS < 6) & (share * SIDE > COLUMNS)
    assert frame(np.where(strip, 1.0, 0.5), WHOLE).any() == is_found


def test_a_tilted_collimator_ends_at_its_line():
    strip = np.rint(4 + 0.04 * COLUMNS) > ROWS
    found = frame(np.where(strip, 1.0, 0.5), WHOLE)
    # The line is fitted to depths that are rounded to whole pixels.
    np.testing.assert_allclose(found.sum(axis=0), strip.sum(axis=0), rtol=0, atol=1)


def test_a_frame_lies_within_the_padding():
    film, edge = framed(4, 1.0)
    padded, inside = np.pad(film, ((0, 0), (30, 30))), np.pad(WHOLE, ((0, 0), (30, 30)))
    np.testing.assert_array_equal(frame(padded, inside), np.pad(edge, ((0, 0), (30, 30))))
    assert not frame(padded, np.zeros_like(inside)).any()


def test_air_begins_two_pixels_beside_a_straight_edge():
    # A Gaussian of sigma 1 keeps 0.31 of the step one pixel off, and 0.07 two pixels off: of a
    # step of 0.5 the first is above 0.09 and the second below.
    film = np.where(COLUMNS < 60, 0.5, 0.0)
    np.testing.assert_array_equal(find_air(film, WHOLE), COLUMNS >= 61)


def test_a_dark_hole_that_does_not_reach_the_edge_is_no_air():
    film = np.where((COLUMNS >= 80) | square(30, 20, 25), 0.0, 0.5)
    np.testing.assert_array_equal(find_air(film, WHOLE), COLUMNS >= 81)


def test_a_film_without_anything_dark_or_without_anything_shows_no_air():
    assert not find_air(grey(0.26), WHOLE).any()
    assert not find_air(grey(0.0), ~WHOLE).any()
    assert find_air(grey(0.24), WHOLE).all()


@pytest.mark.parametrize(("top", "left"), [(10, 10), (60, 15), (45, 82)])
def test_a_letter_near_a_side_is_a_marker_with_its_blurred_edge(top, left):
    letter = square(top, left)
    found = find_markers(np.where(letter, 1.0, 0.4), WHOLE, ~WHOLE)
    np.testing.assert_array_equal(found, ndimage.binary_dilation(letter, iterations=2))


@pytest.mark.parametrize(
    ("top", "left", "height", "brightness"),
    [(45, 46, 6, 1.0), (10, 10, 13, 1.0), (10, 10, 6, 0.69)],
    ids=["middle", "tall", "faint"],
)
def test_what_is_central_tall_or_faint_is_no_marker(top, left, height, brightness):
    film = np.where(square(top, left, height=height), brightness, 0.4)
    assert not find_markers(film, WHOLE, ~WHOLE).any()


def test_what_lies_alone_in_the_air_is_a_marker_however_faint():
    body, scrap = COLUMNS < 50, square(40, 80)
    film = np.where(body, 0.5, np.where(scrap, 0.2, 0.0))
    found = find_markers(film, WHOLE, ~(body | scrap))
    np.testing.assert_array_equal(found, scrap)


@pytest.mark.parametrize("seed", range(6))
def test_the_five_parts_share_out_the_square(seed):
    generator = np.random.default_rng(seed)
    film = ndimage.gaussian_filter(generator.random((SIDE, SIDE)), seed)
    film = (film - film.min()) / (film.max() - film.min())
    padding = 7 * seed > COLUMNS
    parts = split(film, padding)
    counted = sum(getattr(parts, name).astype(int) for name in NAMES)
    np.testing.assert_array_equal(counted, 1)
    np.testing.assert_array_equal(parts.padding, padding)


def test_a_drawn_film_has_every_part_where_it_was_drawn():
    film, edge = framed(4, 1.0)
    letter = square(15, 82)
    film[~edge] = np.where(COLUMNS < 60, 0.5, 0.0)[~edge]
    film[letter] = 1.0
    parts = split(film, ~WHOLE)
    np.testing.assert_array_equal(parts.border, edge)
    np.testing.assert_array_equal(parts.markers, ndimage.binary_dilation(letter, iterations=2))
    assert not parts.background[:, :60].any()
    assert parts.body[4:96, 4:60].all()


@pytest.mark.parametrize("shape", [(96, 48), (48, 96)])
def test_padding_is_what_the_placement_adds(shape):
    values = np.random.default_rng(1).integers(500, 4000, shape).astype(np.uint16)
    radiograph, placement = Radiograph(values), Placement.whole(shape, tiny.SIZE)
    pixels = placement.to_model(radiograph.model_values(), fill=0.0)
    parts = film_parts(Film(radiograph, placement, pixels, pixels[None][:0]))
    expected = np.ones((tiny.SIZE, tiny.SIZE), bool)
    upright = expected if shape[0] > shape[1] else expected.T
    upright[:, 24:72] = False
    np.testing.assert_array_equal(parts.padding, expected)


def test_an_anatomy_takes_markers_and_air_and_leaves_border_and_padding():
    quarters = [(place == ROWS // 20) for place in range(5)]
    parts = FilmParts(*quarters)
    anatomy = COLUMNS < 30
    taken = parts.without_markers_in(anatomy)
    assert (taken.padding is parts.padding, taken.border is parts.border) == (True, True)
    np.testing.assert_array_equal(taken.markers, quarters[2] & ~anatomy)
    np.testing.assert_array_equal(taken.background, quarters[3] & ~anatomy)
    gained = anatomy & (quarters[2] | quarters[3])
    np.testing.assert_array_equal(taken.body, quarters[4] | gained)


def test_a_segment_with_a_reason_is_not_found():
    assert Segment("femur", WHOLE).is_found
    assert not Segment("femur", WHOLE, "too small").is_found
