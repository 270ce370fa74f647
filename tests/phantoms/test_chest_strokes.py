"""Rods keep their matter, lie where they are put, and their splines pass through their knots."""

import numpy as np
import pytest

from xattn.phantoms.chest_strokes import Rods, curve, path, rod_layer
from xattn.phantoms.physics import FieldOfView, sample_grid


def grid_of(size, *, x=50.0, y=50.0):
    return sample_grid(FieldOfView((x, y), (100.0, 100.0)), size)


@pytest.mark.parametrize("size", [50, 128, 200])
@pytest.mark.parametrize("radius", [0.4, 1.5, 6.0])
def test_a_rod_keeps_its_volume_on_any_grid(size, radius):
    points = np.array([(30.0, 40.0), (62.0, 35.0), (58.0, 66.0)])
    layer = rod_layer(grid_of(size), [path(points, radius)])
    length = np.hypot(*np.diff(points, axis=0).T).sum()
    # Sums of float32; the blur's tail beyond three deviations is reflected at its window's rim.
    volume = layer.sum() * (100 / size) ** 2
    assert volume == pytest.approx(np.pi * radius**2 * length, rel=1e-4)


def test_a_rod_lies_where_it_is_put():
    rods = [Rods(np.array([[20.1, 30.1]]), np.array([[60.3, 30.1]]), 1.0)]
    layer = rod_layer(grid_of(200), rods)
    rows, columns = np.indices(layer.shape) * 0.5 + 0.25
    # A hundredth of a pixel: bilinear shares keep the centre of mass.
    assert (layer * columns).sum() / layer.sum() == pytest.approx(40.2, abs=0.005)
    assert (layer * rows).sum() / layer.sum() == pytest.approx(30.1, abs=0.005)
    assert layer[70:].max() == 0


def test_what_lies_outside_leaves_nothing():
    rods = [Rods(np.array([[-40.0, 50.0]]), np.array([[-20.0, 50.0]]), 1.0)]
    assert not rod_layer(grid_of(64), rods).any()


def test_a_rod_across_the_rim_is_cut_there():
    rods = [Rods(np.array([[-10.0, 50.0]]), np.array([[30.0, 50.0]]), 0.4)]
    layer = rod_layer(grid_of(100), rods)
    # 30 of its 40 mm lie inside; half a pixel is shared with the frame.
    assert layer.sum() == pytest.approx(np.pi * 0.16 * 30, rel=0.02)


def test_a_curve_passes_through_its_knots():
    knots = [(0.0, 0.0), (10.0, 5.0), (20.0, 0.0)]
    points = curve(knots, count=201)
    for knot in knots:
        # 201 points along 22.4 mm lie 0.11 mm apart.
        assert np.hypot(*(points - knot).T).min() < 0.06
    assert tuple(points[0]) == pytest.approx(knots[0])
    assert tuple(points[-1]) == pytest.approx(knots[-1])
