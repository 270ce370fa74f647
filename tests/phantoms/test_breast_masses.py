"""Mass outlines and layers: geometry by hand, and what each shape and margin changes."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from xattn.data.schemas import BREAST
from xattn.phantoms.breast_masses import (
    EDGE,
    HARMONICS,
    SOLIDITY,
    Outline,
    draw_outline,
    mass_layer,
    strands_layer,
)
from xattn.phantoms.physics import FieldOfView, Grid, sample_grid

CENTRE = (40.0, 30.0)
NONE = np.zeros(0, np.float32)
CIRCLE = Outline(CENTRE, 8.0, 1.0, 0.0, NONE, NONE, NONE)
GRID = sample_grid(FieldOfView(CENTRE, (64.0, 64.0)), 320)


def layer(shape="ROUND", margins="CIRCUMSCRIBED", *, outline=CIRCLE, grid=GRID, seed=0):
    rng = np.random.default_rng(seed)
    return mass_layer(grid, outline, shape=shape, margins=margins, rng=rng)


def drawn(shape, margins="CIRCUMSCRIBED", seed=1, radius=8.0):
    return draw_outline(np.random.default_rng(seed), shape, margins, CENTRE, radius)


def point_grid(x, y):
    return Grid(np.array([x]), np.array([y]), 0.1)


def test_every_shape_and_margin_of_the_form_has_its_look():
    assert tuple(HARMONICS) == BREAST["mass_shape"].codes
    assert tuple(EDGE) == BREAST["mass_margins"].codes
    assert set(SOLIDITY) < set(HARMONICS)


def test_a_circle_is_a_circle():
    distance, contour, angle = CIRCLE.polar(GRID)
    x, y = np.broadcast_arrays(GRID.x - 40, GRID.y - 30)
    np.testing.assert_allclose(distance, np.hypot(x, y), atol=1e-5)  # float32 of 45 mm
    assert (contour == 8).all()
    np.testing.assert_allclose(angle, np.arctan2(y, x), atol=1e-5)


@pytest.mark.parametrize("shape", HARMONICS)
@pytest.mark.parametrize("reach", [0.5, 1.0, 1.7])
def test_a_point_lies_at_its_reach_and_angle(shape, reach):
    outline = drawn(shape)
    for angle in np.linspace(-3, 3, 7):
        distance, contour, found = outline.polar(point_grid(*outline.point(angle, reach)))
        # There and back through float32 sines of values up to 40 mm.
        assert distance[0, 0] / contour[0, 0] == pytest.approx(reach, rel=1e-4)
        assert found[0, 0] == pytest.approx(angle, abs=1e-4)


@pytest.mark.parametrize("shape", HARMONICS)
def test_the_area_is_that_of_the_harmonics(shape):
    outline = drawn(shape, "MICROLOBULATED")
    distance, contour, _ = outline.polar(GRID)
    area = np.count_nonzero(distance < contour) * GRID.spacing**2
    # Stretching keeps area; r = R (1 + sum h cos) has area pi R^2 (1 + sum h^2 / 2).
    exact = np.pi * 8.0**2 * (1 + float((outline.heights**2).sum()) / 2)
    # Pixels of 0.2 mm along an edge of 50 mm: an error of 0.2^1.5 * 50^0.5 = 0.6 mm2 expected.
    assert area == pytest.approx(exact, rel=0.015)


def test_turning_an_outline_by_half_a_turn_mirrors_its_points():
    outline = replace(drawn("OVAL"), turn=0.3)
    turned = replace(outline, turn=0.3 + np.pi)
    for angle in (0.0, 1.0, 2.5):
        (x, y), (u, v) = outline.point(angle, 1.0), turned.point(angle, 1.0)
        assert (x + u, y + v) == (pytest.approx(2 * CENTRE[0]), pytest.approx(2 * CENTRE[1]))


def test_a_drawn_outline_has_its_shapes_numbers_and_its_seeds():
    for shape, (aspect, orders, height) in HARMONICS.items():
        outline = drawn(shape)
        assert (outline.aspect, outline.radius, outline.centre) == (aspect, 8.0, CENTRE)
        assert outline.orders.tolist() == list(orders)
        assert (np.abs(outline.heights / height - 1) <= 0.4 + 1e-6).all()
    assert np.array_equal(drawn("OVAL").phases, drawn("OVAL").phases)
    assert not np.array_equal(drawn("OVAL").phases, drawn("OVAL", seed=2).phases)


def test_microlobulated_margins_add_thirteen_scallops():
    plain, scalloped = drawn("ROUND"), drawn("ROUND", "MICROLOBULATED")
    assert scalloped.orders.tolist() == [*plain.orders.tolist(), 13.0]
    assert scalloped.heights[-1] == np.float32(0.085)
    assert np.array_equal(scalloped.heights[:-1], plain.heights)


def test_a_circumscribed_circle_by_its_formula():
    found = layer()
    reach = np.hypot(GRID.x - 40, GRID.y - 30) / 8.0
    edge = expit((1 - reach) / (0.55 * 0.03))
    dome = np.sqrt(np.clip(1 - (reach / 1.2) ** 2, 0.05, 1))
    # float32 distances of 1e-6 over an edge of 0.13 mm.
    np.testing.assert_allclose(found, np.maximum(edge * dome - 0.04, 0), atol=1e-3)


def test_edges_are_as_soft_as_their_margins_say():
    widths = {}
    for margins in ("CIRCUMSCRIBED", "ILL_DEFINED"):
        profile = layer(margins=margins)[160:, 160]
        widths[margins] = np.count_nonzero((profile < 0.4) & (profile > 0)) * GRID.spacing
    # 0.26 of the radius against 0.03: the soft edge is several times as wide.
    assert widths["ILL_DEFINED"] > 2 * widths["CIRCUMSCRIBED"]


@pytest.mark.parametrize("shape", HARMONICS)
@pytest.mark.parametrize("margins", EDGE)
def test_a_mass_ends_at_a_finite_distance_and_fills_its_middle(shape, margins):
    outline = drawn(shape, margins)
    found = layer(shape, margins, outline=outline)
    assert found.dtype == np.float32
    assert found.min() == 0
    away = np.hypot(GRID.x - 40, GRID.y - 30)
    # Rays reach 2.1 radii past a contour of at most 1.5, stretched by at most sqrt(1.7).
    assert not found[away > 8 * 2.8 * 1.5].any()
    inner = outline.polar(GRID)[0] < 0.25 * 8.0
    solid = SOLIDITY.get(shape, 1.0)
    if shape not in ("LYMPH_NODE", "ARCHITECTURAL_DISTORTION"):
        # The dome and the texture of a diffuse mass leave at least a third of the solid part.
        assert found[inner].mean() > solid / 3


@pytest.mark.parametrize("margins", EDGE)
def test_a_part_of_the_grid_holds_that_part_of_the_mass(margins):
    outline = drawn("LOBULATED", margins)
    window = (slice(120, 230), slice(90, 200))
    whole = layer("LOBULATED", margins, outline=outline)
    part = layer("LOBULATED", margins, outline=outline, grid=GRID.part(window))
    # Noise is interpolated in float32 from other knots' order; the rest is the same arithmetic.
    np.testing.assert_allclose(part, whole[window], atol=2e-5)


def test_spicules_add_lines_and_take_nothing():
    plain, spiculated = layer("IRREGULAR"), layer("IRREGULAR", "SPICULATED")
    beyond = np.hypot(GRID.x - 40, GRID.y - 30) > 1.3 * 8
    assert not plain[beyond].any()
    assert np.count_nonzero(spiculated[beyond]) > 500  # 22 lines of several mm, pixels of 0.04 mm2


def test_a_distortion_is_faint_with_rays_that_reach_far():
    plain, distorted = layer("IRREGULAR"), layer("ARCHITECTURAL_DISTORTION")
    middle = (slice(158, 162), slice(158, 162))
    # 0.3 (body) - 0.04 against body - 0.04, body = 1 at the centre.
    assert float(distorted[middle].mean()) == pytest.approx(0.26, abs=0.01)
    assert float(plain[middle].mean()) == pytest.approx(0.96, abs=0.01)
    far = np.hypot(GRID.x - 40, GRID.y - 30) > 2.1 * 8
    assert distorted[far].any()


def test_a_lymph_nodes_notch_is_on_one_side():
    found = layer("LYMPH_NODE")
    notch, opposite = (found[160, 160 + step] for step in (14, -14))  # 2.8 mm = 0.35 radii
    # 1 - 0.75 on the notch's side; the other keeps all but exp(-6 (pi / 2)^2).
    dome = np.sqrt(1 - (0.35 / 1.2) ** 2)
    assert float(notch) == pytest.approx(0.8 * 0.25 * dome - 0.04, abs=0.01)
    assert float(opposite) == pytest.approx(0.8 * dome - 0.04, abs=0.01)


def test_an_obscured_mass_is_veiled_on_one_side():
    plain, veiled = layer(), layer(margins="OBSCURED")
    right, left = (160, 160 + 48), (160, 160 - 48)  # 1.2 radii, outside the contour
    assert plain[right] == plain[left] == veiled[left] == 0
    assert veiled[right] > 0.1


def test_strands_pass_a_lesion_and_spare_its_middle():
    found = strands_layer(GRID, CENTRE, 6.0, np.random.default_rng(0))
    away = np.hypot(GRID.x - 40, GRID.y - 30)
    # They start 0.9 radii along their own line, and end at most 18 mm past the lesion, half a
    # radius beside its middle; drawn 3.2 widths of 0.43 mm wide.
    assert not found[away < 0.9 * 6 - 1.5].any()
    assert not found[away > np.hypot(6 + 18, 3) + 1.5].any()
    assert found.max() == pytest.approx(0.99, abs=0.02)  # depth 1 less the profile's cut of 0.006
    again = strands_layer(GRID, CENTRE, 6.0, np.random.default_rng(0))
    assert np.array_equal(found, again)
