"""What the nulls keep of a map and what they forget."""

import numpy as np
import pytest

from xattn.trust.nulls import (
    CELLS,
    RINGS,
    body_mask,
    coarse,
    radial_profile,
    silhouettes,
    smooth_maps,
)

ROWS, COLUMNS = np.indices((CELLS, CELLS)) + 0.5
MIDDLE = CELLS / 2
DISC = np.hypot(ROWS - MIDDLE, COLUMNS - MIDDLE) < 10


def waves(seed: int = 0) -> np.ndarray:
    """A smooth map."""
    generator = np.random.default_rng(seed)
    phase = generator.uniform(0, 2 * np.pi, size=2)
    return np.sin(ROWS / 3 + phase[0]) + np.cos(COLUMNS / 2 + phase[1])


def test_a_finer_map_is_averaged_and_a_coarser_one_interpolated():
    fine = np.random.default_rng(0).random((2 * CELLS, 2 * CELLS))
    np.testing.assert_allclose(coarse(fine)[3, 5], fine[6:8, 10:12].mean(), rtol=1e-15)
    ramp = np.broadcast_to(np.arange(7.0), (7, 7))
    # between the outer cells' centres linear interpolation is exact on a ramp
    np.testing.assert_allclose(
        coarse(ramp)[0, 2:-2], (np.arange(2, 26) + 0.5) / 4 - 0.5, atol=1e-12
    )
    np.testing.assert_allclose(coarse(np.ones((96, 96))), 1.0, rtol=1e-12)


def test_the_body_is_the_largest_bright_part_with_its_holes_filled():
    film = np.full((112, 112), 0.05)
    film[16:100, 20:92] = 0.6
    film[40:70, 40:60] = 0.1
    film[4:8, 104:108] = 1.0
    expected = np.zeros((CELLS, CELLS), dtype=bool)
    expected[4:25, 5:23] = True
    found = body_mask(film)
    # smoothing by one cell rounds the corners: at most two cells at each
    assert (found != expected).sum() <= 8
    assert found[10:17, 10:15].all()


def test_a_film_without_background_is_body_all_over():
    assert body_mask(np.full((56, 56), 0.4)).all()


def test_smooth_maps_keep_histogram_and_radial_profile_in_the_body():
    own = np.where(DISC, waves(), 0.0)
    profile = radial_profile(own, DISC)
    drawn = smooth_maps(own, DISC, np.random.default_rng(1))
    assert (drawn[:, ~DISC] == 0).all()
    rest = np.sort((own - profile)[DISC])
    # the same numbers put elsewhere, after one addition and one subtraction
    np.testing.assert_allclose(
        np.sort(drawn[:, DISC] - profile[DISC]), rest[None] + 0 * drawn[:, DISC], atol=1e-12
    )
    assert np.abs(drawn[0] - drawn[1]).max() > 0.5


def test_smooth_maps_keep_the_spectrum():
    body = np.ones((CELLS, CELLS), dtype=bool)
    own = waves()
    rest = own - radial_profile(own, body)
    drawn = smooth_maps(own, body, np.random.default_rng(2)) - radial_profile(own, body)
    power = np.mean(np.abs(np.fft.rfft2(drawn)) ** 2, axis=0)
    # matching the histogram moves some power between frequencies; shuffled maps reach 0.1
    assert np.corrcoef(power.ravel(), np.abs(np.fft.rfft2(rest)).ravel() ** 2)[0, 1] > 0.9


def test_the_radial_profile_is_the_mean_of_each_ring():
    profile = radial_profile(waves(), DISC)
    values = np.unique(profile[DISC])
    assert len(values) == RINGS
    for value in values:
        ring = DISC & (profile == value)
        assert waves()[ring].mean() == pytest.approx(value, abs=1e-12)


def test_silhouettes_follow_the_outline_and_nothing_else():
    film = np.kron(0.1 + 0.5 * DISC, np.ones((4, 4)))
    drawn = silhouettes(film, DISC, np.random.default_rng(3))
    far = np.hypot(ROWS - MIDDLE, COLUMNS - MIDDLE) > 18
    # outlines grow by 0.3 of the body's depth, 3 cells, and are soft over about two more
    assert np.abs(drawn[:, far]).max() < 0.05 * np.abs(drawn).max()
    again = silhouettes(film, DISC, np.random.default_rng(3))
    assert again.tobytes() == drawn.tobytes()
