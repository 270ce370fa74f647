"""File pixels and model pixels: exact both ways, averaged without loss of the mean."""

import math

import numpy as np
import pytest

from xattn.data.placement import Box, Placement
from xattn.data.radiograph import Radiograph
from xattn.errors import IntakeError

FILM = np.random.default_rng(0).random((30, 47)).astype(np.float32)


def averaged_twin(placement, film, fill):
    """Every model pixel as the area-weighted mean of the file pixels under it, by four loops."""
    step = placement.side / placement.size
    out = np.zeros((placement.size, placement.size))
    for row in range(placement.size):
        for column in range(placement.size):
            top, left = placement.top + row * step, placement.left + column * step
            total = 0.0
            for y in range(math.floor(top), math.ceil(top + step)):
                for x in range(math.floor(left), math.ceil(left + step)):
                    high = min(y + 1, top + step) - max(y, top)
                    wide = min(x + 1, left + step) - max(x, left)
                    inside = 0 <= y < film.shape[0] and 0 <= x < film.shape[1]
                    total += max(high, 0) * max(wide, 0) * (film[y, x] if inside else fill)
            out[row, column] = total / step**2
    return out


def interpolated_twin(placement, grid):
    """Each file pixel's centre looked up among the centres of the map's cells, by loops."""
    rows, columns = grid.shape
    film = np.full((placement.height, placement.width), np.nan)
    for y in range(placement.height):
        for x in range(placement.width):
            down = (y + 0.5 - placement.top) / placement.side
            across = (x + 0.5 - placement.left) / placement.side
            if 0 <= down < 1 and 0 <= across < 1:
                i = min(max(down * rows - 0.5, 0), rows - 1)
                j = min(max(across * columns - 0.5, 0), columns - 1)
                a, b = min(int(i), max(rows - 2, 0)), min(int(j), max(columns - 2, 0))
                c, d = min(a + 1, rows - 1), min(b + 1, columns - 1)
                upper = grid[a, b] * (1 - (j - b)) + grid[a, d] * (j - b)
                lower = grid[c, b] * (1 - (j - b)) + grid[c, d] * (j - b)
                film[y, x] = upper * (1 - (i - a)) + lower * (i - a)
    return film


def enlarged_twin(placement, film, fill):
    """Every model pixel centre between its four nearest file pixel centres, by loops."""
    step = placement.side / placement.size
    padded = np.pad(film, 1, mode="edge")
    out = np.full((placement.size, placement.size), fill)
    for row in range(placement.size):
        for column in range(placement.size):
            y, x = placement.top + (row + 0.5) * step, placement.left + (column + 0.5) * step
            if 0 <= y < film.shape[0] and 0 <= x < film.shape[1]:
                i, j = math.floor(y + 0.5), math.floor(x + 0.5)
                a, b = y + 0.5 - i, x + 0.5 - j
                upper = padded[i, j] * (1 - b) + padded[i, j + 1] * b
                lower = padded[i + 1, j] * (1 - b) + padded[i + 1, j + 1] * b
                out[row, column] = upper * (1 - a) + lower * a
    return out


SQUARES = [
    Placement.whole(FILM.shape, 8),
    Placement.whole(FILM.shape, 47),
    Placement(30, 47, -3.3, 2.7, 19.6, 7),
    Placement(30, 47, 40.25, 20.5, 30.0, 13),
    Placement(30, 47, 5, 6, 10, 10),
]


@pytest.mark.parametrize("placement", SQUARES)
def test_to_model_is_the_mean_over_the_area(placement):
    # Sums of at most 36 products in float32, whose rounding is 6e-8 each.
    np.testing.assert_allclose(
        placement.to_model(FILM, fill=0.4), averaged_twin(placement, FILM, 0.4), atol=2e-6
    )


@pytest.mark.parametrize(
    "placement", [Placement.whole(FILM.shape, 100), Placement(30, 47, 41.3, -2.6, 9.5, 23)]
)
def test_enlarging_is_linear_and_padding_does_not_bleed_in(placement):
    np.testing.assert_allclose(
        placement.to_model(FILM, fill=9.0), enlarged_twin(placement, FILM, 9.0), atol=2e-6
    )


def test_to_model_keeps_the_mean_of_a_whole_square_film():
    film = np.random.default_rng(1).random((301, 301)).astype(np.float32)
    small = Placement.whole(film.shape, 64).to_model(film, fill=9.0)
    assert small.mean() == pytest.approx(film.mean(), abs=1e-6)


def test_equal_scale_is_the_identity():
    placement = Placement(30, 47, 5, 6, 10, 10)
    assert np.array_equal(placement.to_model(FILM, 0), FILM[6:16, 5:15])
    on_film = placement.to_file(FILM[6:16, 5:15])
    assert np.array_equal(on_film[6:16, 5:15], FILM[6:16, 5:15])


def test_enlarging_interpolates_a_ramp_exactly_and_repeats_the_border():
    ramp = np.broadcast_to(np.arange(8, dtype=np.float32), (8, 8))
    large = Placement(8, 8, 2, 2, 4, 16).to_model(ramp, fill=0)
    # The centre of model column j lies at file x = 2 + (j + 0.5) / 4; pixel x has its centre at
    # x + 0.5, so a ramp of pixel numbers reads 1.5 + (j + 0.5) / 4.
    np.testing.assert_allclose(large[5], 1.5 + (np.arange(16) + 0.5) / 4, atol=1e-6)


def test_whole_film_is_letterboxed_about_its_centre():
    placement = Placement.whole((30, 50), 100)
    assert (placement.left, placement.top, placement.side) == (0, -10, 50)
    read = placement.to_model(np.ones((30, 50)), fill=7.0)
    assert (read[:20] == 7).all()
    assert (read[20:80] == 1).all()
    assert (read[80:] == 7).all()
    assert placement.read_mask().all()


def test_fill_reaches_exactly_what_is_beyond_the_film():
    placement = Placement(4, 4, -1, 0, 4, 2)
    # Model pixel (0, 0) covers two film columns, of which one lies beyond.
    assert placement.to_model(np.full((4, 4), 2.0), fill=10.0).tolist() == [[6.0, 2.0], [6.0, 2.0]]


@pytest.mark.parametrize("placement", SQUARES)
@pytest.mark.parametrize("shape", [(7, 7), (3, 5), (1, 1), (60, 60)])
def test_to_file_joins_cell_centres(placement, shape):
    grid = np.random.default_rng(2).normal(size=shape)
    np.testing.assert_allclose(
        placement.to_file(grid), interpolated_twin(placement, grid), atol=1e-5
    )


@pytest.mark.parametrize("placement", SQUARES)
def test_nan_is_where_the_film_was_not_read(placement):
    for mode in ("linear", "nearest"):
        film = placement.to_file(np.ones((3, 3)), mode=mode)
        assert np.array_equal(np.isfinite(film), placement.read_mask())
        assert film.dtype == np.float32


def test_nearest_keeps_labels_and_splits_at_the_cell_border():
    placement = Placement(4, 8, 0, -2, 8, 16)
    film = placement.to_file(np.array([[1, 2], [3, 4]]), mode="nearest")
    assert film.tolist() == [[1] * 4 + [2] * 4] * 2 + [[3] * 4 + [4] * 4] * 2


@pytest.mark.parametrize("placement", SQUARES)
def test_coordinates_go_there_and_back(placement):
    for x, y in [(0, 0), (3.25, 7.5), (placement.size, placement.size)]:
        assert placement.file_to_model(*placement.model_to_file(x, y)) == pytest.approx((x, y))
    assert placement.model_to_file(0, 0) == (placement.left, placement.top)
    assert placement.file_to_model(placement.left + placement.side, placement.top) == (
        pytest.approx((placement.size, 0))
    )


@pytest.mark.parametrize("placement", SQUARES)
def test_a_map_of_model_coordinates_lands_on_its_file_coordinates(placement):
    centres = np.arange(placement.size) + 0.5
    on_film = placement.to_file(np.broadcast_to(centres, (placement.size, placement.size)))
    mask = placement.read_mask()
    for y, x in np.argwhere(mask)[:: max(1, mask.sum() // 40)]:
        across, _ = placement.file_to_model(x + 0.5, y + 0.5)
        # Beyond the outermost centres the map stays constant.
        expected = min(max(across, 0.5), placement.size - 0.5)
        assert on_film[y, x] == pytest.approx(expected, abs=1e-5)


def test_around_leaves_the_margin_and_centres_the_box():
    placement = Placement.around((400, 400), Box(100, 150, 40, 20), size=224)
    assert placement.side == 40 * 1.5
    assert placement.left + placement.side / 2 == 120
    assert placement.top + placement.side / 2 == 160


def test_around_moves_onto_the_film_and_is_cut_to_it():
    corner = Placement.around((400, 300), Box(0, 380, 20, 20), size=224)
    assert (corner.left, corner.top, corner.side) == (0, 370, 30)
    tall = Placement.around((400, 300), Box(0, 0, 300, 400), size=224)
    assert tall == Placement.whole((400, 300), 224)


@pytest.mark.parametrize(
    "box", [Box(-1, 0, 5, 5), Box(0, -1, 5, 5), Box(26, 0, 5, 5), Box(0, 36, 5, 5)]
)
def test_a_box_beyond_the_film_is_refused(box):
    with pytest.raises(IntakeError, match="inside the film of 30 x 40"):
        Placement.around((40, 30), box, size=224)


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, -1)])
def test_an_empty_box_is_refused(width, height):
    with pytest.raises(IntakeError, match="at least one pixel"):
        Box(0, 0, width, height)


@pytest.mark.parametrize(
    ("left", "top", "side"), [(0, 0, 0), (0, 0, -1), (0, 0, math.nan), (30, 0, 5), (-5, 0, 5)]
)
def test_a_square_that_misses_the_film_is_refused(left, top, side):
    with pytest.raises(IntakeError, match="square on the film"):
        Placement(40, 30, left, top, side, 224)


def test_jitter_moves_and_resizes_by_a_tenth():
    boxes = Box(100, 100, 40, 20).jittered((400, 400))
    assert boxes == (
        Box(96, 100, 40, 20),
        Box(104, 100, 40, 20),
        Box(100, 98, 40, 20),
        Box(100, 102, 40, 20),
        Box(98, 99, 44, 22),
        Box(102, 101, 36, 18),
        Box(94, 97, 44, 22),
        Box(106, 103, 36, 18),
    )


def test_jitter_stays_on_the_film():
    for box in (Box(0, 0, 30, 40), Box(25, 35, 5, 5), Box(0, 0, 1, 1)):
        assert [moved.within((40, 30)) for moved in box.jittered((40, 30), fraction=0.3)]


def test_a_tone_is_taken_of_what_is_read_as_if_of_the_whole_film():
    """The same bits: bands of rows change no order of summing."""
    codes = np.random.default_rng(0).integers(0, 4096, (333, 250)).astype(np.uint16)
    film = Radiograph(codes)
    for placement in (
        Placement.whole(codes.shape, 40),
        Placement.around(codes.shape, Box(100, 20, 60, 90), size=64),
    ):
        whole = placement.to_model(film.model_values(), fill=0.3)
        assert np.array_equal(placement.to_model(codes, fill=0.3, tone=film.tone()), whole)
