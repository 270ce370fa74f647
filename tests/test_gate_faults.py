"""Simulated faults: each does to a picture what its name says, and the same for the same seed."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from benchmarks import gate, gate_faults
from benchmarks.gate_faults import GRID, STRANGERS, Draw

SIDE = 16
SQUARE = np.array([[0, 0], [0, SIDE], [SIDE, SIDE], [SIDE, 0]], dtype=float)
"""Corners as rows and columns, around the square."""


def draw(seed: int = 0) -> Draw:
    return np.random.default_rng(seed)


@pytest.fixture
def film() -> np.ndarray:
    return draw(99).random((64, 64))


def moved(here: np.ndarray) -> np.ndarray:
    """Where each pixel of a square comes from, (2, SIDE, SIDE), if its corners move to `here`."""
    return gate_faults._projected(here, SQUARE, SIDE).reshape(2, SIDE, SIDE)


def test_corners_that_stay_leave_every_pixel_where_it_is() -> None:
    # 8 equations of numbers below 300 in float64
    np.testing.assert_allclose(moved(SQUARE), np.indices((SIDE, SIDE)), rtol=0, atol=1e-9)


def test_mirrored_corners_mirror_and_do_so_back() -> None:
    rows, columns = np.indices((SIDE, SIDE))
    swapped = SQUARE[[1, 0, 3, 2]]
    found = moved(swapped)
    np.testing.assert_allclose(found, [rows, SIDE - columns], rtol=0, atol=1e-9)
    back = found[:, :, :0:-1]  # column c reads SIDE − c, so read at SIDE − c it is c
    np.testing.assert_allclose(back, [rows[:, 1:], columns[:, 1:]], rtol=0, atol=1e-9)


def test_four_quarter_turns_of_the_corners_are_none() -> None:
    rows, columns = np.indices((SIDE, SIDE))
    turned = [moved(np.roll(SQUARE, turns, axis=0)) for turns in range(5)]
    expected = (
        (rows, columns),
        (columns, SIDE - rows),
        (SIDE - rows, SIDE - columns),
        (SIDE - columns, rows),
        (rows, columns),
    )
    for found, wanted in zip(turned, expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)


def test_a_screen_seen_askew_has_its_corners_at_the_corners_of_the_film() -> None:
    """The four places of a tilted screen are read at the film's own corners."""
    here = np.array([[2, 3], [1, 12], [14, 13], [11, 2]], dtype=float)
    found = moved(here)
    at = tuple(here.astype(int).T)
    np.testing.assert_allclose(found[:, *at].T, SQUARE, rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_collimation_replaces_a_frame_by_one_extreme_grey(seed: int, film: np.ndarray) -> None:
    before = film.copy()
    framed = gate_faults.collimated(film, draw(seed))
    np.testing.assert_array_equal(film, before)
    top, bottom, left, right = draw(seed).integers(0, 64 // 7, 4)
    inside = (slice(top, 64 - bottom), slice(left, 64 - right))
    np.testing.assert_array_equal(framed[inside], film[inside])
    frame = np.ones((64, 64), dtype=bool)
    frame[inside] = False
    assert set(framed[frame]) in ({film.min()}, {film.max()})


def test_collimating_a_uniform_film_leaves_it_as_it_is() -> None:
    uniform = np.full((64, 64), 0.5)
    np.testing.assert_array_equal(gate_faults.collimated(uniform, draw()), uniform)


def test_a_frame_takes_less_than_half_of_the_film(film: np.ndarray) -> None:
    """Every border is at most 8 of 64 pixels, so that 48² of 64² are left."""
    kept = [(gate_faults.collimated(film, draw(seed)) == film).sum() for seed in range(20)]
    assert min(kept) >= 48**2


def test_a_variation_is_of_its_seed_and_leaves_the_film(film: np.ndarray) -> None:
    before = film.copy()
    one, again = (gate_faults.vary(film, draw(3)) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(film, before)
    assert one.shape == (GRID, GRID)
    assert not np.array_equal(one, gate_faults.vary(film, draw(4)))


def test_a_photograph_is_greys_and_is_larger_than_what_it_shows(film: np.ndarray) -> None:
    photo = gate_faults.photographed(film, draw(1))
    assert photo.shape == (128, 128)
    assert photo.min() >= 0
    assert photo.max() <= 1
    np.testing.assert_array_equal(photo, gate_faults.photographed(film, draw(1)))
    assert gate_faults.photographed(film, draw(1), side=64).shape == (64, 64)


def test_around_the_screen_a_photograph_does_not_depend_on_the_film(film: np.ndarray) -> None:
    """The same seed with another film: the room and the bezel stay, the screen changes."""
    changed = np.abs(
        gate_faults.photographed(film, draw(2)) - gate_faults.photographed(1 - film, draw(2))
    )
    assert not changed[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert changed[64, 64] > 0
    # 0.7 is the contrast of the screen; what is clipped changes by less
    assert changed.max() <= 0.7 + 1e-12


def test_white_noise_has_the_moments_of_uniform_greys() -> None:
    noise = gate_faults.white_noise(draw())
    assert noise.min() >= 0
    assert noise.max() < 1
    # five standard errors: sqrt(1/12) / 96 of the mean; neighbours are independent
    assert noise.mean() == pytest.approx(0.5, abs=5 * 12**-0.5 / GRID)
    beside = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    assert beside == pytest.approx(0, abs=5 / GRID)


def test_clouds_are_that_noise_smoothed() -> None:
    generator = draw(5)
    noise = generator.random((GRID, GRID))
    wanted = ndimage.gaussian_filter(noise, generator.uniform(1, 12))
    np.testing.assert_array_equal(gate_faults.clouds(draw(5)), wanted)


def test_a_slope_is_a_plane_with_a_fiftieth_of_noise() -> None:
    picture = gate_faults.slope(draw(7))
    down, across = np.mgrid[:GRID, :GRID] / GRID
    plane = np.stack([across, down, np.ones_like(down)], axis=-1).reshape(-1, 3)
    fitted = np.linalg.lstsq(plane, picture.ravel(), rcond=None)[0]
    # noise of 0.02 / sqrt(12) over 96² pixels moves a coefficient by 2e-4; five of those
    assert np.hypot(*fitted[:2]) == pytest.approx(1, abs=1e-3)
    assert fitted[2] == pytest.approx(0.01, abs=1e-3)
    assert np.abs(picture.ravel() - plane @ fitted).max() <= 0.01 + 2e-3


def test_limbs_lie_on_an_empty_ground_and_are_two_at_most() -> None:
    """One limb reaches 0.6 + 0.4; a second adds 0.4 where both bones cross; noise adds 0.03."""
    for seed in range(6):
        picture = gate_faults.limbs(draw(seed))
        assert picture.min() >= 0
        assert picture.max() <= 1.43
        assert (picture < 0.03).any()


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_is_a_finite_picture_of_its_seed(
    stranger: Callable[[Draw], np.ndarray],
) -> None:
    one, again, other = (stranger(draw(seed)) for seed in (0, 0, 1))
    assert one.shape == (GRID, GRID)
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        ("none", 1),
        ("inverted", 2),
        ("mirrored", 2),
        ("upside down", 2),
        ("turned by a quarter", 4),
    ],
)
def test_a_fault_made_often_enough_is_none(fault: str, times: int, film: np.ndarray) -> None:
    """Greys of 0 to 1 in steps of 1/64, so that subtracting them rounds nothing."""
    before = made = np.rint(64 * (film - film.min()) / np.ptp(film)) / 64
    for count in range(times):
        assert count == 0 or not np.array_equal(made, before)
        made = gate.FAULTS[fault](made, draw())
    np.testing.assert_array_equal(made, before)


def test_two_turns_are_upside_down_mirrors_keep_rows_and_white_turns_black(
    film: np.ndarray,
) -> None:
    turn, mirror = gate.FAULTS["turned by a quarter"], gate.FAULTS["mirrored"]
    assert gate.FAULTS["inverted"](film, draw()).min() == 0
    twice = turn(turn(film, draw()), draw())
    np.testing.assert_array_equal(twice, gate.FAULTS["upside down"](film, draw()))
    np.testing.assert_array_equal(mirror(film, draw())[:, 0], film[:, -1])


def test_a_stem_is_white_metal_in_the_middle_and_nothing_else(film: np.ndarray) -> None:
    metal = gate.with_stem(film, draw()) != film
    assert (gate.with_stem(film, draw())[metal] == 1).all()
    rows, columns = np.nonzero(metal)
    # the middle lies between 0.4 and 0.5; the ball reaches 0.05 from it, the rod 0.35 below it
    assert (rows.min() / 64 >= 0.35, rows.max() / 64 <= 0.85) == (True, True)
    assert (columns.min() / 64 >= 0.35, columns.max() / 64 <= 0.55) == (True, True)
    assert rows.max() - rows.min() > columns.max() - columns.min()


def test_burnt_in_text_is_white_and_lies_at_the_top_or_the_bottom() -> None:
    for seed in range(4):
        film = gate.burnt_in(np.zeros((64, 64)), draw(seed))
        assert film.shape == (512, 512)
        assert film.max() == 1
        rows = np.nonzero(film.any(axis=1))[0]
        assert rows.max() < 48 or rows.min() >= 480
