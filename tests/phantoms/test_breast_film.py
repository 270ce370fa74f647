"""Films of the breast phantom: determinism, masks, polarity, sides, physics, the sheet."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation
from scipy.special import logit

from xattn.phantoms import film
from xattn.phantoms.breast import (
    _canonical_attenuation,
    arrange_world,
    crop_field,
    display,
    draw,
    sample_world,
    whole_view,
)
from xattn.phantoms.breast_anatomy import FILM_MM
from xattn.phantoms.breast_causes import SIGNS, Settings
from xattn.phantoms.breast_sheet import breast_sheet, plain_causes, posed_world
from xattn.phantoms.physics import FieldOfView, sample_grid

TRUTH = Settings()
NOTHING = frozenset()


def of_side(side):
    return next(w for w in (sample_world(s, TRUTH) for s in range(50)) if w.breast.side == side)


@pytest.mark.parametrize("seed", range(6))
def test_a_seed_gives_the_same_bytes(seed):
    first, second = (draw(sample_world(seed, TRUTH), size=96) for _ in range(2))
    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert first.lesion_mask.tobytes() == second.lesion_mask.tobytes()
    assert (first.box, first.form, first.bayes) == (second.box, second.form, second.bayes)
    assert first.pixels.tobytes() != draw(sample_world(seed + 1, TRUTH), size=96).pixels.tobytes()


def test_shape_depth_and_spacing():
    world = sample_world(0, TRUTH)
    whole, crop = draw(world, size=120), draw(world, size=80, field=crop_field(world))
    assert whole.pixels.shape == whole.lesion_mask.shape == (120, 90)
    assert whole.spacing_mm == 2.0
    assert crop.pixels.shape == (80, 80)
    assert crop.pixels.dtype == np.uint16
    assert whole.bits == (12, 14)[world.causes.site]
    assert whole.pixels.max() < 2**whole.bits


@pytest.mark.parametrize("seed", range(24))
def test_only_pixels_in_the_mask_know_the_lesion(seed):
    world = sample_world(seed, TRUTH)
    field = crop_field(world)
    drawn = draw(world, field=field)
    without = draw(world, field=field, omit=frozenset({"lesion", "satellite"}))
    changed = drawn.pixels != without.pixels
    # The mask is the support of what is added; blur spreads it by three deviations.
    reach = int(np.ceil(3 * 0.12 / drawn.spacing_mm)) + 1
    allowed = binary_dilation(drawn.lesion_mask, np.ones((3, 3), bool), iterations=reach)
    assert not (changed & ~allowed).any()
    causes = world.causes
    shows = causes.shows_mass or causes.has_calcifications or causes.has_satellite
    assert changed.any() == shows
    assert drawn.malignant == without.malignant
    assert np.array_equal(drawn.lesion_mask, without.lesion_mask)


@pytest.mark.parametrize("cue", ["strands", "satellite", "skin"])
def test_a_cue_changes_pixels_when_it_is_there_and_only_then(cue):
    plain = plain_causes(7)
    there = {
        "strands": {"has_strands": True},
        "satellite": {"has_satellite": True},
        "skin": {"skin": "retracted"},
    }[cue]
    world, bare = posed_world(7, replace(plain, **there)), posed_world(7, plain)
    field = crop_field(world)
    shown = draw(world, size=112, field=field).pixels
    hidden = draw(world, size=112, field=field, omit=frozenset({cue})).pixels
    assert np.array_equal(hidden, draw(bare, size=112, field=field).pixels)
    assert np.count_nonzero(shown != hidden) > 100


@pytest.mark.parametrize(("name", "option"), [(n, o) for n, table in SIGNS.items() for o in table])
def test_every_sign_is_drawn_inside_its_mask(name, option):
    signs = {"calc_type": "PLEOMORPHIC", "calc_distribution": "CLUSTERED", name: option}
    plain = plain_causes(3)
    if name.startswith("calc"):
        causes = replace(plain, lesion_type="calcification", signs=signs)
    else:
        causes = replace(plain, signs={**plain.signs, name: option})
    world = posed_world(3, causes)
    field = crop_field(world)
    seen, gone = draw(world, field=field), draw(world, field=field, omit=frozenset({"lesion"}))
    change = display(seen) - display(gone)
    assert change.max() > 0.05
    assert change[~binary_dilation(seen.lesion_mask, iterations=3)].max() == 0
    assert seen.bayes.image == pytest.approx(1 / (1 + np.exp(-sum(seen.causes.values()))))


def test_an_occult_mass_leaves_the_film_as_it_was():
    plain = plain_causes(4)
    world = posed_world(4, replace(plain, is_occult=True))
    field = crop_field(world)
    drawn = draw(world, field=field)
    assert np.array_equal(drawn.pixels, draw(world, field=field, omit=frozenset({"lesion"})).pixels)
    seen = draw(posed_world(4, plain), field=field)
    assert np.array_equal(drawn.lesion_mask, seen.lesion_mask)


def test_contrast_of_a_mass_falls_with_density():
    heights = []
    for density in range(1, 5):
        world = posed_world(4, replace(plain_causes(4), density=density))
        grid = sample_grid(FieldOfView(world.lesion_mm, (40.0, 40.0)), 80)
        with_mass = _canonical_attenuation(world, grid, NOTHING)[0]
        without = _canonical_attenuation(world, grid, frozenset({"lesion"}))[0]
        heights.append(float((with_mass - without).max()))
    ratios = np.array(heights) / heights[0]
    np.testing.assert_allclose(ratios, np.array([1.25, 1.15, 1.00, 0.85]) / 1.25, rtol=1e-4)


def test_both_polarities_show_the_same_film():
    world = sample_world(1, TRUTH)
    plain, inverted = (draw(replace(world, is_inverted=flag)) for flag in (False, True))
    assert inverted.is_inverted
    assert np.array_equal(inverted.pixels, 2**plain.bits - 1 - plain.pixels)
    # 1 - (top - v) / top against v / top in single precision.
    np.testing.assert_allclose(display(inverted), display(plain), atol=2e-7)


def test_other_physics_changes_pixels_and_no_label():
    for seed in range(4):
        known, shifted = (sample_world(seed, Settings(shifted=flag)) for flag in (False, True))
        assert known.causes == shifted.causes
        assert known.lesion_mm == shifted.lesion_mm
        a, b = draw(known, size=96), draw(shifted, size=96)
        assert (a.malignant, a.form, a.bayes, a.box) == (b.malignant, b.form, b.bayes, b.box)
        assert np.mean(a.pixels != b.pixels) > 0.5


def test_a_crop_and_the_whole_view_sample_the_same_breast():
    world = next(w for w in (sample_world(s, TRUTH) for s in range(50)) if w.causes.has_strands)
    whole = sample_grid(whole_view(), 960)
    rows, columns = whole.window(world.lesion_mm, (25.0, 25.0))
    part = whole.part((rows, columns))
    mine, my_mask = _canonical_attenuation(world, part, NOTHING)
    theirs, their_mask = _canonical_attenuation(world, whole, NOTHING)
    inner = (slice(4, -4), slice(4, -4))
    # Ligament widths come from finite differences and a refined coarse grid, cut at other rims.
    np.testing.assert_allclose(mine[inner], theirs[rows, columns][inner], atol=0.02)
    assert np.array_equal(my_mask[inner], their_mask[rows, columns][inner])


def test_a_right_breast_is_a_left_one_mirrored():
    world = of_side("R")
    mirrored = replace(world, breast=replace(world.breast, side="L"))
    right, left = draw(world, size=96), draw(mirrored, size=96)
    assert np.array_equal(right.lesion_mask, left.lesion_mask[:, ::-1])
    assert right.box.x == 72 - left.box.x - left.box.width
    field, twin = crop_field(world), crop_field(mirrored)
    assert field.centre_mm[0] == pytest.approx(FILM_MM[0] - twin.centre_mm[0])


@pytest.mark.parametrize("jitter", [0.1, 0.5])
def test_crop_field_is_a_square_inside_the_film_about_the_lesion(jitter):
    for seed in range(150):
        world = sample_world(seed, TRUTH)
        field = crop_field(world, jitter=jitter, seed=seed % 3)
        (x, y), (width, height) = field.centre_mm, field.size_mm
        assert width == height
        assert 46 <= width <= 80
        assert width / 2 <= x <= FILM_MM[0] - width / 2
        assert width / 2 <= y <= FILM_MM[1] - width / 2
        across = world.lesion_mm[0] if world.breast.side == "L" else FILM_MM[0] - world.lesion_mm[0]
        assert abs(across - x) <= width / 2
        assert abs(world.lesion_mm[1] - y) <= width / 2


def test_jitter_is_of_its_seed_and_none_without_it():
    world = sample_world(3, TRUTH)
    assert crop_field(world, jitter=0.1, seed=1) == crop_field(world, jitter=0.1, seed=1)
    assert crop_field(world, jitter=0.1, seed=1) != crop_field(world, jitter=0.1, seed=2)
    assert crop_field(world, seed=1) == crop_field(world, seed=2)
    assert crop_field(world).size_mm[0] == np.clip(world.causes.size_mm + 36, 46, 80)


def test_box_bounds_the_mask_and_is_zero_where_the_field_misses():
    world = sample_world(2, TRUTH)
    phantom = draw(world, size=120)
    places = [(r, c) for r in range(120) for c in range(90) if phantom.lesion_mask[r, c]]
    rows, columns = zip(*places, strict=True)
    x, y, width, height = phantom.box
    assert (x, y) == (min(columns), min(rows))
    assert (x + width - 1, y + height - 1) == (max(columns), max(rows))
    corner = FieldOfView((10.0, 232.0), (16.0, 16.0))
    assert tuple(draw(world, size=16, field=corner).box) == (0, 0, 0, 0)


def test_causes_sum_to_the_image_posterior():
    phantom = draw(sample_world(9, TRUTH), size=48)
    assert sum(phantom.causes.values()) == pytest.approx(logit(phantom.bayes.image), rel=1e-9)


def test_marker_letters_are_blocks_of_lead():
    blocks = film.letter_blocks("L O")
    assert blocks.shape == (7, 18)
    assert blocks[:, 0].tolist() == [1.0] * 7
    assert blocks[6, :6].tolist() == [1.0] * 5 + [0.0]
    assert not blocks[:, 6:12].any()
    grid = sample_grid(FieldOfView((10.0, 10.0), (20.0, 20.0)), 40)
    attenuation = np.zeros(grid.shape, np.float32)
    film.add_marker(attenuation, grid, text="L", corner=(5.0, 5.0), block_mm=1.0)
    assert np.count_nonzero(attenuation) == 11 * 4
    assert set(np.unique(attenuation)) == {0.0, 6.0}


def test_only_the_scanned_films_have_a_white_frame():
    for site, framed in ((0, True), (1, False)):
        causes = replace(plain_causes(11), site=site)
        shown = display(draw(arrange_world(11, TRUTH, causes), size=240))
        assert bool((shown[0] == 1).all()) is framed
        outer = shown[:, -1] if sample_world(11, TRUTH).breast.side == "L" else shown[:, 0]
        assert bool((outer == 1).all()) is framed


def test_sheet_has_a_tile_for_all_that_is_drawn():
    sheet = breast_sheet(seed=0)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (171 + 13 + 5 * (128 + 13), 8 * 128)
