"""The healthy breast: its outline, skin, thickness, gland and muscle, by geometry."""

from dataclasses import replace

import numpy as np
import pytest

from xattn.phantoms.breast_anatomy import (
    CONTRAST_PER_MM,
    FAT_PER_MM,
    FILM_MM,
    GLAND_PER_MM,
    Breast,
    SkinChange,
    depth_below_skin,
    sample_breast,
    sample_tissue,
)
from xattn.phantoms.physics import FieldOfView, Grid, sample_grid

BREAST = Breast("CC", "L", 100.0, 95.0, 90.0, 120.0, 50.0, (0.0, 0.0))
OBLIQUE = replace(BREAST, view="MLO", muscle=(60.0, 130.0))
UNCHANGED = SkinChange((0.0, 0.0), 0.0, 0.0)
WHOLE = sample_grid(FieldOfView((FILM_MM[0] / 2, FILM_MM[1] / 2), FILM_MM), 120)


def at(*points):
    """A grid of one pixel for each point."""
    return [Grid(np.array([x]), np.array([y]), 0.1) for x, y in points]


def depth_at(point, change=UNCHANGED):
    return float(depth_below_skin(at(point)[0], BREAST, change)[0][0, 0])


def tissue(breast=BREAST, *, density=2, change=UNCHANGED, stream=5, grid=WHOLE):
    return sample_tissue(grid, breast, change, density=density, exponent=3.0, stream=stream)


@pytest.mark.parametrize("height", [-0.8, -0.4, 0.45, 0.8])
def test_a_skin_point_is_on_the_outline_and_its_normal_leads_inwards(height):
    (x, y), (across, down) = BREAST.skin_point(height)
    half = BREAST.below if height > 0 else BREAST.above
    assert (x / BREAST.reach) ** 2 + ((y - BREAST.nipple_y) / half) ** 2 == pytest.approx(1)
    assert np.hypot(across, down) == pytest.approx(1, rel=1e-12)
    # The nipple's bump, exp(-(y / 4.5)^2), is below 1e-20 at these heights.
    assert depth_at((x, y)) == pytest.approx(0, abs=1e-3)  # float32 of 100 mm
    for inwards in (0.5, 2.0):
        # First order in depth over the outline's radius of 90 mm.
        inside = depth_at((x + inwards * across, y + inwards * down))
        assert inside == pytest.approx(inwards, rel=0.05)
        assert depth_at((x - inwards * across, y - inwards * down)) < 0


def test_normals_are_square_to_the_outline():
    for height in np.linspace(-0.9, 0.9, 13):
        (ax, ay), normal = BREAST.skin_point(height)
        (bx, by), _ = BREAST.skin_point(height + 1e-6)
        step = np.array([bx - ax, by - ay])
        # Away from height 0, where the two halves of unequal height join.
        if abs(height) > 1e-3:
            assert step @ normal / np.hypot(*step) == pytest.approx(0, abs=1e-5)


def test_the_nipple_stands_out():
    assert BREAST.nipple == (100.0, 120.0)
    assert depth_at(BREAST.nipple) == pytest.approx(4.5, abs=1e-3)
    assert depth_at((103.0, 120.0)) > 0 > depth_at((103.0, 140.0))


def test_retraction_pulls_the_skin_in_by_its_depth_where_it_lies():
    place = BREAST.skin_point(-0.5)[0]
    change = SkinChange(place, 6.0, 0.0)
    assert depth_at(place, change) == pytest.approx(depth_at(place) - 6.0, abs=1e-3)
    # exp(-(6 mm)^2 / (2 (6 mm)^2)) of it one deviation away, along y.
    beside = (place[0] - 1.0, place[1] + 6.0)
    lost = depth_at(beside) - depth_at(beside, change)
    assert lost == pytest.approx(6.0 * np.exp(-37 / 72), abs=1e-3)
    assert depth_at((20.0, 190.0), change) == depth_at((20.0, 190.0))


def test_thickness_is_compressed_inside_rounded_at_the_rim_and_none_outside():
    found, depth = tissue(), depth_below_skin(WHOLE, BREAST, UNCHANGED)[0]
    assert not found.thickness[depth <= 0].any()
    assert not found.attenuation[depth <= 0].any()
    inner = found.thickness[depth >= 11]
    assert (inner == BREAST.thickness).all()
    rim = (depth > 0) & (depth < 11)
    # A quarter circle of 11 mm, at least 2 mm thick.
    arc = BREAST.thickness * np.sqrt(1 - (1 - depth[rim] / 11) ** 2)
    np.testing.assert_allclose(found.thickness[rim], np.maximum(arc, 2), rtol=1e-4)


def test_attenuation_is_that_of_tissue_no_leaner_than_fat():
    found, depth = tissue(density=3), depth_below_skin(WHOLE, BREAST, UNCHANGED)[0]
    assert pytest.approx(GLAND_PER_MM - FAT_PER_MM) == CONTRAST_PER_MM
    floor = found.thickness * (FAT_PER_MM - 0.1 * CONTRAST_PER_MM)
    assert (found.attenuation >= floor - 1e-5).all()  # float32 of values up to 5
    # Away from the skin, a mean between pure fat and pure gland.
    deep = depth > 15
    mean = float((found.attenuation[deep] / found.thickness[deep]).mean())
    assert FAT_PER_MM < mean < GLAND_PER_MM


def test_the_glands_share_is_that_of_its_density():
    shares = []
    for density in range(1, 5):
        gland = [tissue(density=density, stream=stream) for stream in range(12)]
        shares.append(float(np.mean([t.gland[t.thickness > 0].mean() for t in gland])))
    # The documented shares are means over all breasts; one outline and twelve textures.
    np.testing.assert_allclose(shares, [0.12, 0.25, 0.44, 0.67], atol=0.06)


def test_density_changes_the_gland_and_not_the_outline():
    thin, dense = tissue(density=1), tissue(density=4)
    assert np.array_equal(thin.thickness, dense.thickness)
    inside = thin.thickness > 0
    assert (dense.gland[inside] > thin.gland[inside]).all()


def test_muscle_is_dense_in_the_upper_corner_of_the_oblique_view_alone():
    bare, with_muscle = tissue(), tissue(OBLIQUE)
    added = with_muscle.attenuation - bare.attenuation
    x, y = np.broadcast_arrays(WHOLE.x, WHOLE.y)
    beyond = x / 60 + y / 130 > 1.2  # 10 mm past the edge: a share below exp(-10)
    assert np.abs(added[beyond]).max() < 1e-3
    inside = (x / 60 + y / 130 < 0.85) & (bare.thickness == BREAST.thickness)
    lean = with_muscle.attenuation[inside] / BREAST.thickness
    # 0.80 of the way from fat to gland, with 0.1 of a unit-variance texture about it.
    mean = float((lean.mean() - FAT_PER_MM) / CONTRAST_PER_MM)
    assert mean == pytest.approx(0.80, abs=0.1)


def test_thickened_skin_adds_attenuation_about_its_place_only():
    place = BREAST.skin_point(-0.5)[0]
    plain = tissue().attenuation
    thick = tissue(change=SkinChange(place, 0.0, 2.6)).attenuation
    changed = np.abs(thick - plain)
    x, y = np.broadcast_arrays(WHOLE.x, WHOLE.y)
    away = np.hypot(x - place[0], y - place[1])
    assert changed.max() > 0.1
    # The width follows exp(-d^2 / 162); at 50 mm that is 2e-7 of 2.6 mm. The brightening stays
    # below 0.45 * 0.6 * 2e-7.
    assert changed[away > 50].max() < 1e-5


def test_tissue_belongs_to_its_stream():
    first, second, other = tissue(), tissue(), tissue(stream=6)
    assert first.attenuation.tobytes() == second.attenuation.tobytes()
    assert np.mean(first.attenuation != other.attenuation) > 0.2


def test_drawn_breasts_fit_the_film():
    breasts = [sample_breast(np.random.default_rng(seed)) for seed in range(300)]
    for breast in breasts:
        assert 88 <= breast.reach <= 122 < FILM_MM[0]
        assert 42 <= breast.thickness <= 62
        assert breast.nipple_y + breast.below < FILM_MM[1]
        assert (breast.muscle == (0.0, 0.0)) is (breast.view == "CC")
        if breast.view == "CC":
            # A cranio-caudal outline is nearly even and starts on the film.
            assert 0.94 <= breast.below / breast.above <= 1.06
            assert breast.nipple_y > breast.above
    # Fair coins: 300 throws have a deviation of 8.7; four of them.
    for name, value in (("view", "CC"), ("side", "L")):
        assert abs(sum(getattr(breast, name) == value for breast in breasts) - 150) < 35
