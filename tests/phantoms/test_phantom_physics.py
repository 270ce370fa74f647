"""Grids, noise fields, strokes, exposure and digits."""

import numpy as np
import pytest

from xattn.phantoms.physics import (
    Detector,
    FieldOfView,
    Grid,
    Stroke,
    add_stroke,
    coarse_grid,
    digitise,
    distance_to_segment,
    expose,
    lattice_normal,
    power_law_texture,
    refine,
    sample_grid,
    smooth_noise,
    smooth_noise_at,
)


def square(side_mm, size, centre=(0.0, 0.0)):
    return sample_grid(FieldOfView(centre, (side_mm, side_mm)), size)


def test_grid_centres_are_half_a_pixel_inside_the_field():
    grid = sample_grid(FieldOfView((10.0, 20.0), (6.0, 4.0)), 4)
    assert grid.spacing == 1.0
    assert grid.shape == (4, 6)
    assert grid.xs.tolist() == [7.5, 8.5, 9.5, 10.5, 11.5, 12.5]
    assert grid.ys.tolist() == [18.5, 19.5, 20.5, 21.5]


@pytest.mark.parametrize("centre", [(0.0, 0.0), (3.9, -3.9), (50.0, 0.0), (-50.0, 50.0)])
def test_window_is_what_a_loop_over_pixels_finds(centre):
    grid = square(8.0, 16)
    rows, columns = grid.window(centre, (1.3, 0.7))
    near_x = [i for i, x in enumerate(grid.xs) if abs(x - centre[0]) <= 1.3]
    near_y = [i for i, y in enumerate(grid.ys) if abs(y - centre[1]) <= 0.7]
    assert list(range(16))[columns] == near_x
    assert list(range(16))[rows] == near_y


def test_lattice_numbers_are_nearly_normal_and_belong_to_their_place():
    columns, rows = np.arange(-200, 300), np.arange(-100, 400)
    values = lattice_normal(columns[None, :], rows[:, None], 7)
    # Standard errors of a quarter of a million draws: 0.002 for the mean, 0.0028 for the variance.
    assert abs(values.mean()) < 0.006
    assert abs(values.var() - 1) < 0.0085
    assert abs(np.corrcoef(values[:, 1:].ravel(), values[:, :-1].ravel())[0, 1]) < 0.006
    part = lattice_normal(columns[None, 40:50], rows[30:35, None], 7)
    assert np.array_equal(part, values[30:35, 40:50])
    assert not np.array_equal(part, lattice_normal(columns[None, 40:50], rows[30:35, None], 8))


def test_a_crop_of_the_noise_is_the_noise_of_the_crop():
    grid = square(64.0, 128)
    window = (slice(20, 61), slice(30, 95))
    whole, part = smooth_noise(grid, 3.0, 5), smooth_noise(grid.part(window), 3.0, 5)
    # Single precision sums of 16 terms near 1.
    np.testing.assert_allclose(part, whole[window], atol=2e-6)


def test_noise_at_points_is_the_separable_noise():
    grid = square(20.0, 40, (7.0, -3.0))
    knots, stream = 4.0, 12
    shift = stream / 9973
    u = np.broadcast_to(grid.xs[None, :] / knots + shift, grid.shape)
    v = np.broadcast_to(grid.ys[:, None] / knots + shift, grid.shape)
    np.testing.assert_allclose(
        smooth_noise_at(u, v, stream), smooth_noise(grid, knots, stream), atol=5e-6
    )


def test_refined_smooth_values_match_the_values_themselves():
    grid = square(30.0, 120, (11.0, 4.0))
    coarse = coarse_grid(grid, 1.5)
    values = smooth_noise(coarse, 9.0, 3)
    # Cubic interpolation at a sixth of the knots' distance; the mirrored rim is worst.
    np.testing.assert_allclose(refine(values, coarse, grid), smooth_noise(grid, 9.0, 3), atol=0.02)


@pytest.mark.parametrize("exponent", [2.5, 3.0])
def test_texture_spectrum_has_the_exponent_asked_for(exponent):
    grid = square(128.0, 512)
    hann = np.hanning(512)[:, None] * np.hanning(512)[None, :]
    power = np.zeros((512, 512))
    for stream in range(0, 8000, 1000):
        texture = power_law_texture(grid, exponent=exponent, band_mm=(0, 99), stream=stream)
        power += np.abs(np.fft.fft2(texture * hann)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(512, 0.25), np.fft.fftfreq(512, 0.25)))
    edges = np.geomspace(0.05, 0.8, 17)
    which = np.digitize(frequency, edges)
    levels = [power[which == index].mean() for index in range(1, 17)]
    slope = np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(levels), 1)[0]
    # Octave steps ripple about the line; over four octaves they move the fitted slope by < 0.15.
    assert slope == pytest.approx(-exponent, abs=0.15)


def test_bands_of_the_texture_add_up():
    grid = square(20.0, 80)
    settings = {"exponent": 3.0, "stream": 4}
    low = power_law_texture(grid, band_mm=(4.0, 99.0), **settings)
    high = power_law_texture(grid, band_mm=(0.0, 4.0), **settings)
    whole = power_law_texture(grid, band_mm=(0.0, 99.0), **settings)
    np.testing.assert_allclose(low + high, whole, atol=1e-5)


def test_distance_to_a_segment_by_hand():
    grid = Grid(np.array([0.0, 2.0, 6.0]), np.array([3.0]), 1.0)
    distance, along = distance_to_segment(grid, (0.0, 0.0), (4.0, 0.0))
    np.testing.assert_allclose(distance, [[3.0, 3.0, np.hypot(2, 3)]], rtol=1e-6)
    np.testing.assert_allclose(along, [[0.0, 0.5, 1.0]])


@pytest.mark.parametrize("size", [400, 40])
def test_a_dot_holds_the_same_calcium_on_any_grid(size):
    grid = square(10.0, size)
    layer = np.zeros(grid.shape, np.float32)
    add_stroke(layer, grid, Stroke((0.1, -0.2), (0.1, -0.2), 0.3, 1.5))
    held = layer[layer > 0].sum() * grid.spacing**2
    # The Gaussian's integral, less its foot beyond 3.2 deviations.
    assert held == pytest.approx(2 * np.pi * (0.6 * 0.3) ** 2 * 1.5, rel=0.05)


def test_strokes_outside_the_grid_draw_nothing():
    grid = square(10.0, 50)
    layer = np.zeros(grid.shape, np.float32)
    add_stroke(layer, grid, Stroke((40.0, 0.0), (60.0, 0.0), 0.5, 1.0))
    assert not layer.any()


def test_exposure_has_the_mean_and_variance_of_counted_photons():
    attenuation = np.full((400, 400), 1.5, np.float32)
    detector = Detector(photons_mm2=1e5, electronic_mm2=4000.0, blur_mm=0.0)
    measured = expose(attenuation, 0.2, detector, seed=3)
    count = 1e5 * 0.04 * np.exp(-1.5)
    variance = (count + 4000.0 * 0.04) / count**2
    # -ln of a noisy count is high by half its relative variance; four standard errors.
    assert measured.mean() == pytest.approx(1.5 + variance / 2, abs=4 * np.sqrt(variance) / 400)
    assert measured.var() == pytest.approx(variance, rel=0.014)


def test_blur_keeps_the_mean_intensity_and_spreads_an_edge():
    attenuation = np.zeros((64, 64), np.float32)
    attenuation[:, 32:] = 2.0
    silent = Detector(photons_mm2=1e12, electronic_mm2=0.0, blur_mm=0.4)
    intensity = np.exp(-expose(attenuation, 0.2, silent, seed=0))
    assert intensity.mean() == pytest.approx((1 + np.exp(-2)) / 2, rel=1e-4)
    # A Gaussian edge rises from 16 % to 84 % over two deviations, here four pixels.
    rise = (intensity[0] - np.exp(-2)) / (1 - np.exp(-2))
    assert np.count_nonzero((rise > 0.16) & (rise < 0.84)) == 4


def test_stored_values_of_the_two_polarities_are_complements():
    brightness = np.array([[0.0, 0.25, 1.0, 1.7, -0.2]], np.float32)
    plain = digitise(brightness, 12, is_inverted=False)
    assert plain.tolist() == [[0, 1024, 4095, 4095, 0]]
    assert digitise(brightness, 12, is_inverted=True).tolist() == [[4095, 3071, 0, 0, 4095]]
    assert plain.dtype == np.uint16
