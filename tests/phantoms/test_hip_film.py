"""Films of the hip phantom: determinism, mineral, views, polarity, sides, physics, the sheet."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from xattn.phantoms import hip_trabeculae
from xattn.phantoms.hip import (
    HEAD_AT,
    MINERAL_CM2,
    _canonical_attenuation,
    arrange_world,
    display,
    draw,
    sample_world,
    whole_view,
)
from xattn.phantoms.hip_anatomy import HEAD_MM, Femur, chord, femur_mineral, neck_region
from xattn.phantoms.hip_bayes import hip_bayes, image_terms
from xattn.phantoms.hip_causes import Settings, sample_causes
from xattn.phantoms.hip_film import FILM_MM
from xattn.phantoms.hip_pelvis import BODY_MM, SOFT_PER_MM, sample_surroundings, soft_tissue
from xattn.phantoms.hip_sheet import COLUMNS, TALL, WIDE, hip_sheet, posed_causes
from xattn.phantoms.hip_tables import VIEWS
from xattn.phantoms.hip_trabeculae import circle_through, neck_mean, trabecular_pattern, visibility
from xattn.phantoms.physics import FieldOfView, Grid, sample_grid
from xattn.phantoms.sheet import CAPTION

TRUTH = Settings()
NOTHING = frozenset()
FEMUR = Femur(5.6, 4.0, neck_angle=127, neck_length=53, trochanter=8, waist=16.5)


def posed(seed=0, **values):
    """The world of a seed with some of its variables set, everything else as it was."""
    causes = sample_causes(seed, TRUTH)
    return arrange_world(seed, TRUTH, replace(causes, values=causes.values | values))


def of_side(side):
    worlds = (sample_world(seed, TRUTH) for seed in range(50))
    return next(world for world in worlds if world.technique.side == side)


def of_site(site, seed=0):
    causes = replace(sample_causes(seed, TRUTH), site=site)
    return arrange_world(seed, TRUTH, causes)


@pytest.mark.parametrize("seed", range(4))
def test_a_seed_gives_the_same_bytes(seed):
    first, second = (draw(sample_world(seed, TRUTH), size=96) for _ in range(2))
    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert first.neck_mask.tobytes() == second.neck_mask.tobytes()
    assert (first.form, first.bmd, first.expected) == (second.form, second.bmd, second.expected)
    assert first.pixels.tobytes() != draw(sample_world(seed + 1, TRUTH), size=96).pixels.tobytes()


def test_shape_depth_spacing_and_truth():
    world = sample_world(0, TRUTH)
    phantom = draw(world, size=104)
    assert phantom.pixels.shape == phantom.neck_mask.shape == (104, 96)
    assert phantom.pixels.dtype == np.uint16
    assert phantom.spacing_mm == 2.0
    assert phantom.bits == (12, 14)[world.causes.site]
    assert phantom.pixels.max() < 2**phantom.bits
    assert phantom.bmd == world.causes.values["bmd"]
    assert phantom.form == world.form
    assert phantom.causes == {
        **{n: world.causes.values[n] for n in VIEWS},
        "site": world.causes.site,
    }
    assert phantom.terms == image_terms(world.causes)
    assert phantom.expected == hip_bayes(world.causes)


def test_the_necks_mineral_is_the_contrast_by_beer_and_lambert():
    ratios = []
    for seed in range(12):
        world = sample_world(seed, TRUTH)
        grid = sample_grid(whole_view(), 208)
        whole, mask = _canonical_attenuation(world, grid, NOTHING)
        bare, _ = _canonical_attenuation(world, grid, frozenset({"femur"}))
        mineral = (whole - bare)[mask].mean() / MINERAL_CM2
        ratios.append(mineral / world.causes.values["contrast"])
    # Within the neck the trabecular grain does not average out: 1.5 % a film.
    np.testing.assert_allclose(ratios, 1, atol=0.05)
    assert np.mean(ratios) == pytest.approx(1, abs=0.015)


def test_the_film_knows_nothing_of_a_patient_but_the_views():
    world = posed()
    other = posed(mineral=1.4, tissue=30.0, weight=0.5, bmd=1.4, **{"reported weight": 0.5})
    assert np.array_equal(draw(world, size=96).pixels, draw(other, size=96).pixels)
    relabelled = replace(world, causes=replace(world.causes, age=51, sex="MALE", smoking="EX"))
    assert np.array_equal(draw(world, size=96).pixels, draw(relabelled, size=96).pixels)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_drawn(view):
    usual = posed_causes(sample_causes(0, TRUTH), mineral=0.9, tissue=20.0).values
    low, high = (
        draw(posed(**{**usual, view: usual[view] * factor}), size=104) for factor in (0.85, 1.15)
    )
    assert np.abs(display(low) - display(high)).max() > 0.05


def test_more_contrast_is_a_brighter_neck_over_the_same_background():
    low, high = (draw(posed(contrast=value), size=208) for value in (0.6, 1.2))
    inside = low.neck_mask
    assert np.array_equal(inside, high.neck_mask)
    raised = (display(high) - display(low))[inside].mean()
    # 0.6 g/cm2 at 0.5 cm2/g on a curve with a slope of at most 1.75 / 4 a unit.
    assert 0.06 < raised < 0.6 * MINERAL_CM2 * 1.75 / 4
    air = display(low) < 0.06
    np.testing.assert_allclose(display(high)[air], display(low)[air], atol=0.03)


def test_a_thicker_cortex_narrows_the_marrow():
    y = np.full((1, 400), FEMUR.junction[1] + 70, np.float32)
    x = np.linspace(0, 80, 400, dtype=np.float32)[None, :]
    widths = []
    for cortex in (3.0, 6.0):
        femur = replace(FEMUR, cortex=cortex)
        mineral, depth = femur_mineral((x, y), femur, np.ones_like(x))
        middle = 400 * 39 // 80
        left, right = np.argmax(mineral[0, :middle]), middle + np.argmax(mineral[0, middle:])
        widths.append((right - left) * 0.2)
        # The brightest ray grazes the inner wall: one cortex below the outline, 0.9 to 1 of it.
        assert depth[0, left] == pytest.approx(cortex * 0.88, abs=0.5)
    # Each wall takes 3 mm more at 0.88 of the table's thickness.
    assert widths[0] - widths[1] == pytest.approx(2 * 3 * 0.88, abs=0.6)


def test_chords_are_those_of_a_circle():
    half = np.float32(10)
    depth = np.array([-3, 0, 4, 10, 25], np.float32)
    # 2 sqrt(100 - (10 - d)^2); nothing outside; a bone deeper than its half is no thicker.
    np.testing.assert_allclose(chord(depth, half), [0, 0, 16, 20, 20], rtol=1e-6)


def test_the_neck_region_is_a_slab_of_the_femur():
    axis = np.arange(-40, 100, 0.5, dtype=np.float32)
    frame = np.meshgrid(axis, axis)
    depth = femur_mineral((frame[0], frame[1]), FEMUR, np.ones_like(frame[0]))[1]
    mask = neck_region((frame[0], frame[1]), FEMUR, depth)
    dx, dy = FEMUR.towards_shaft
    along = frame[0] * dx + frame[1] * dy
    assert along[mask].min() == pytest.approx(27, abs=0.5)
    assert along[mask].max() == pytest.approx(41, abs=0.5)
    assert (depth[mask] > 0).all()
    # 14 mm of a neck some 36 mm wide.
    assert mask.sum() * 0.25 == pytest.approx(14 * 36, rel=0.1)


def test_trabecular_groups_fade_in_singhs_order():
    for grade in (1.0, 3.0, 5.0):
        left = [visibility(group, grade) for group in hip_trabeculae.FADES_AT]
        assert left == sorted(left, reverse=True)
    for group, grade in hip_trabeculae.FADES_AT.items():
        assert visibility(group, grade) == 0.5
    # Grade 6 shows all, grade 2 next to nothing but the compressive group.
    assert visibility("trochanteric", 6.0) > 0.89
    assert visibility("tensile", 2.0) < 0.11
    assert visibility("compressive", 2.0) > 0.74


def test_the_pattern_is_stronger_where_more_is_left():
    axis = np.arange(-25, 70, 0.5, dtype=np.float32)
    frame = np.meshgrid(axis, axis)
    quiet = np.zeros_like(frame[0])
    spread = [
        trabecular_pattern((frame[0], frame[1]), replace(FEMUR, trabeculae=grade), quiet).std()
        for grade in (1.0, 2.5, 4.0, 6.0)
    ]
    assert spread == sorted(spread)
    assert spread[-1] > 1.5 * spread[0]


def test_scaling_keeps_the_neck_at_any_structure():
    axis = np.arange(0.0, 50.0, 0.5, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    for cortex, trabeculae in ((2.5, 1.0), (9.0, 6.5)):
        femur = replace(FEMUR, cortex=cortex, trabeculae=trabeculae)
        pattern = trabecular_pattern((x, y), femur, np.zeros_like(x))
        mineral, depth = femur_mineral((x, y), femur, pattern)
        fine = mineral[neck_region((x, y), femur, depth)].mean()
        # The library samples at 1 mm, here at 0.5.
        assert neck_mean(femur) == pytest.approx(fine, rel=0.02)


def test_a_circle_goes_through_its_points():
    points = ((5.0, 3.0), (-3.0, -1.0), (2.0, -6.0))
    centre, radius = circle_through(*points)
    assert centre == pytest.approx((2, -1), abs=1e-9)
    assert radius == pytest.approx(5)


def test_the_body_is_as_thick_as_it_is_exposed_for():
    rng = np.random.default_rng(0)
    body = replace(sample_surroundings(rng, 30.0), gas=())
    x, y = np.array([[-20.0, 55.0, 200.0]], np.float32), np.array([[0.0]], np.float32)
    thick = soft_tissue((x, y), body, np.zeros((1, 3), np.float32))[0]
    assert thick[0] == pytest.approx(SOFT_PER_MM * BODY_MM, rel=1e-3)
    assert thick[1] < thick[0]
    assert thick[2] == 0


@pytest.mark.parametrize("part", ["femur", "trabeculae", "pelvis", "gas", "marker", "collimation"])
def test_what_is_left_out_changes_pixels_and_no_label(part):
    causes = replace(sample_causes(2, TRUTH), site=0)
    world = arrange_world(2, TRUTH, causes)
    assert world.body.gas
    drawn = draw(world, size=208)
    without = draw(world, size=208, omit=frozenset({part}))
    assert np.count_nonzero(drawn.pixels != without.pixels) > 20
    assert np.array_equal(drawn.neck_mask, without.neck_mask)
    assert (drawn.bmd, drawn.form, drawn.expected) == (without.bmd, without.form, without.expected)


def test_trabeculae_are_all_that_leaving_them_out_changes():
    world = posed(3)
    grid = sample_grid(whole_view(), 208)
    whole = _canonical_attenuation(world, grid, NOTHING)[0]
    plain = _canonical_attenuation(world, grid, frozenset({"trabeculae"}))[0]
    bare = _canonical_attenuation(world, grid, frozenset({"femur"}))[0]
    assert (np.abs(whole - plain)[whole == bare] == 0).all()


def test_both_polarities_show_the_same_film():
    world = sample_world(1, TRUTH)
    plain, inverted = (
        draw(replace(world, technique=replace(world.technique, is_inverted=flag)), size=96)
        for flag in (False, True)
    )
    assert inverted.is_inverted
    assert np.array_equal(inverted.pixels, 2**plain.bits - 1 - plain.pixels)
    # 1 - (top - v) / top against v / top in single precision.
    np.testing.assert_allclose(display(inverted), display(plain), atol=2e-7)


def test_a_right_hip_is_a_left_one_mirrored():
    world = of_side("R")
    mirrored = replace(world, technique=replace(world.technique, side="L"))
    right, left = draw(world, size=104), draw(mirrored, size=104)
    assert (right.side, left.side) == ("R", "L")
    assert np.array_equal(right.neck_mask, left.neck_mask[:, ::-1])
    column = np.flatnonzero(left.neck_mask.any(axis=0)).mean() * left.spacing_mm
    # The neck lies lateral to the head's centre, which a left hip shows to the right.
    assert column == pytest.approx(world.head_mm[0] + 34 * 0.72 * world.scale, abs=6)


def test_other_physics_changes_pixels_and_no_label():
    for seed in range(3):
        known, shifted = (sample_world(seed, Settings(shifted=flag)) for flag in (False, True))
        assert known.causes == shifted.causes
        a, b = draw(known, size=96), draw(shifted, size=96)
        assert (a.bmd, a.form, a.expected) == (b.bmd, b.form, b.expected)
        assert np.array_equal(a.neck_mask, b.neck_mask)
        assert np.mean(a.pixels != b.pixels) > 0.5


def test_a_crop_and_the_whole_view_sample_the_same_hip():
    world = sample_world(4, TRUTH)
    whole = sample_grid(whole_view(), 416)
    rows, columns = whole.window(HEAD_AT, (45.0, 45.0))
    mine, my_mask = _canonical_attenuation(world, whole.part((rows, columns)), NOTHING)
    theirs, their_mask = _canonical_attenuation(world, whole, NOTHING)
    # The same function of place in single precision, noise knots included.
    np.testing.assert_allclose(mine, theirs[rows, columns], atol=2e-4)
    assert np.array_equal(my_mask, their_mask[rows, columns])


def test_coarser_pixels_sample_the_same_hip():
    world = sample_world(5, TRUTH)
    whole = sample_grid(whole_view(), 312)
    coarse = Grid(whole.xs[1::3], whole.ys[1::3], 3 * whole.spacing)
    theirs, their_mask = _canonical_attenuation(world, whole, NOTHING)
    mine, my_mask = _canonical_attenuation(world, coarse, NOTHING)
    np.testing.assert_allclose(mine, theirs[1::3, 1::3], atol=2e-4)  # single precision
    assert np.array_equal(my_mask, their_mask[1::3, 1::3])


def test_a_field_of_ones_own_has_its_own_pixels():
    world = of_side("L")
    field = FieldOfView(world.head_mm, (80.0, 80.0))
    phantom = draw(world, size=160, field=field)
    assert phantom.pixels.shape == (160, 160)
    assert phantom.spacing_mm == 0.5
    assert phantom.neck_mask.any()


def test_the_head_is_a_ball_of_its_size():
    world = posed(size=1.0)
    grid = sample_grid(FieldOfView(world.head_mm, (120.0, 120.0)), 240)
    bare = _canonical_attenuation(world, grid, frozenset({"femur"}))[0]
    shown = _canonical_attenuation(world, grid, NOTHING)[0] - bare > 0
    above = shown[:120, 120].sum() * grid.spacing
    assert above == pytest.approx(HEAD_MM, abs=1.5)  # blending with the neck adds up to 1.5 mm


@pytest.mark.parametrize("site", [0, 1])
def test_blades_leave_white_on_plates_and_black_on_digital_films(site):
    world = of_site(site)
    technique = replace(world.technique, blades=(1.0,) * 4, tilt=0.0, exposure=(0.0, 1.0))
    world = replace(world, technique=technique)
    shown = display(draw(world, size=208))
    bare = display(draw(world, size=208, omit=frozenset({"collimation"})))
    rim = np.ones_like(shown, bool)
    rim[2:-2, 2:-2] = False
    if site == 0:
        # 3.4 over the body on the curve of the site: 0.05 + 0.95 expit(1.75 (3.4 - 0.10)).
        np.testing.assert_allclose(shown[rim], 0.05 + 0.95 * expit(1.75 * 3.3), atol=0.01)
    else:
        assert not shown[rim].any()
    middle = (slice(10, -10), slice(10, -10))
    np.testing.assert_array_equal(shown[middle], bare[middle])


def test_the_marker_names_the_side_and_keeps_off_the_neck():
    for side in ("L", "R"):
        world = of_side(side)
        drawn = draw(world, size=208)
        without = draw(world, size=208, omit=frozenset({"marker"}))
        letter = drawn.pixels != without.pixels
        columns = np.flatnonzero(letter.any(axis=0)) * drawn.spacing_mm
        lateral = columns.mean() > FILM_MM[0] / 2
        assert lateral == (side == "L")
        assert not (letter & drawn.neck_mask).any()


def test_sheet_has_a_tile_for_all_that_is_drawn():
    sheet = hip_sheet(seed=0)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (3 * (TALL + CAPTION), COLUMNS * WIDE)
