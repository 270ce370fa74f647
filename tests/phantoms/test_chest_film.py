"""The chest phantom's film: geometry, every finding's place and sign, polarity, frame, marker."""

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xattn.phantoms.chest import Settings, arrange_world, display, draw, sample_world, whole_view
from xattn.phantoms.chest_anatomy import (
    FILM_MM,
    SIDES,
    mediastinal_edges,
    sample_lung,
    silhouette,
    soft_step,
)
from xattn.phantoms.chest_bones import break_place
from xattn.phantoms.chest_causes import FAINTEST, SIGNS, sample_causes
from xattn.phantoms.chest_film import SITES
from xattn.phantoms.chest_findings import atelectasis_lift
from xattn.phantoms.chest_layers import DRAWERS, attenuation
from xattn.phantoms.chest_pleura import fractures
from xattn.phantoms.chest_sheet import COLUMNS, TILE, chest_sheet, posed_causes
from xattn.phantoms.physics import FieldOfView, Grid, sample_grid
from xattn.phantoms.sheet import CAPTION

TRUTH = Settings()
REAL = Path(os.environ.get("XATTN_DATA", "../shared/data")) / "nih_chestxray"
BRIGHTER = [sign for sign in SIGNS if sign not in ("pneumothorax", "fracture")]
INSIDE = {
    "enlarged_cardiomediastinum": 0.80,
    "pneumothorax": 0.45,
    "atelectasis": 0.80,
    "edema": 0.80,
    "fracture": 0.55,
}
"""Least share of the change on the film that its mask holds, where that is not 0.88.

The mediastinum also pushes vessels, an airless lung's fellow is a little denser, and the broken
rib is bent beyond its mask.
"""


def posed(seed, *signs, clarity=0.8, **changes):
    causes = posed_causes(seed, dict.fromkeys(signs, clarity))
    return arrange_world(seed, TRUTH, replace(causes, **changes))


def change(world, sign, size=112):
    """Brightness with less without a sign, and its mask."""
    whole, without = draw(world, size=size), draw(world, size=size, omit=frozenset({sign}))
    return display(whole) - display(without), whole.masks[sign]


def test_the_same_seed_is_the_same_film_and_another_is_not():
    first, second = (draw(sample_world(7, TRUTH), size=64) for _ in range(2))
    assert np.array_equal(first.pixels, second.pixels)
    assert not np.array_equal(first.pixels, draw(sample_world(8, TRUTH), size=64).pixels)
    assert first.pixels.dtype == np.uint16
    assert first.pixels.shape == (64, 64)
    assert first.spacing_mm == FILM_MM[1] / 64


@pytest.mark.parametrize("seed", range(6))
def test_polarity_changes_what_is_stored_and_not_what_is_shown(seed):
    world = sample_world(seed, TRUTH)
    plain, inverted = (draw(replace(world, is_inverted=flag), size=48) for flag in (False, True))
    top = 2**plain.bits - 1
    assert np.array_equal(plain.pixels, top - inverted.pixels)
    # v / top against 1 - (top - v) / top in float32.
    np.testing.assert_allclose(display(plain), display(inverted), atol=2**-23)
    assert plain.bits == SITES[world.causes.site].bits


def test_shifted_physics_leaves_every_truth():
    for seed in range(5):
        usual, shifted = (
            draw(sample_world(seed, Settings(shifted=flag)), size=64) for flag in (False, True)
        )
        assert np.array_equal(usual.labels, shifted.labels)
        assert np.array_equal(usual.expected, shifted.expected)
        assert usual.form == shifted.form
        assert not np.array_equal(usual.pixels, shifted.pixels)


def test_masks_are_of_what_is_drawn():
    for seed in range(30):
        world = sample_world(seed, TRUTH)
        phantom = draw(world, size=64)
        shown = {sign for sign, flag in zip(SIGNS, world.causes.shows, strict=True) if flag}
        opaque = shown & {"lung_lesion", "edema", "consolidation", "pneumonia", "atelectasis"}
        assert set(phantom.masks) == shown | ({"lung_opacity"} if opaque else set())
        for sign in shown:
            assert phantom.causes[sign] >= FAINTEST
        for mask in phantom.masks.values():
            assert mask.dtype == bool
            assert mask.shape == phantom.pixels.shape


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("clarity", [FAINTEST, 1.0])
def test_every_finding_leaves_a_trace_where_its_mask_lies(sign, clarity):
    for seed in (1, 2, 3):
        difference, mask = change(posed(seed, sign, clarity=clarity), sign, size=224)
        assert mask.any()
        # A step of one grey level of 255 can be seen by a network, four by a reader.
        assert np.abs(difference[mask]).max() > 4 / 255
        inside = np.abs(difference[mask]).sum() / np.abs(difference).sum()
        assert inside > INSIDE.get(sign, 0.88)


@pytest.mark.parametrize("sign", BRIGHTER)
def test_tissue_fluid_and_metal_make_the_film_brighter(sign):
    for seed in (4, 5):
        difference, mask = change(posed(seed, sign), sign)
        assert difference[mask].mean() > 0
        assert difference[mask].min() > -0.12


def test_air_in_the_pleura_is_darker_and_has_no_vessels():
    difference, mask = change(posed(6, "pneumothorax", clarity=1.0), "pneumothorax")
    # The pleural line is the only part that is brighter.
    assert np.median(difference[mask]) < -0.03
    assert (difference[mask] > 0.02).mean() < 0.25


def test_a_clearer_finding_changes_the_film_more():
    for sign in SIGNS:
        faint, clear = (
            np.abs(change(posed(9, sign, clarity=clarity), sign)[0]).sum()
            for clarity in (FAINTEST, 1.0)
        )
        assert clear > 1.1 * faint, sign


@pytest.mark.parametrize("clarity", [0.0, 0.3, 1.0])
def test_cardiothoracic_ratio_is_what_is_drawn(clarity):
    for is_shallow in (False, True):
        thorax = posed(3, "cardiomegaly", clarity=clarity, is_shallow=is_shallow).thorax
        rows = np.linspace(thorax.hila["R"][1] + 10, thorax.domes[0] + 10, 4000)
        right, left = (edge(rows).max() for edge in mediastinal_edges(thorax))
        # The widest points are knots of the outlines; 4,000 rows pass within 0.03 mm of them.
        assert (right + left) / (2 * thorax.half) == pytest.approx(thorax.ratio, abs=1e-4)
        if clarity:
            assert thorax.ratio == pytest.approx(0.52 + 0.14 * clarity + 0.03 * is_shallow)
        else:
            assert 0.40 < thorax.ratio < 0.51


def test_heart_ratio_tells_cardiomegaly_whatever_the_breath():
    ratios = {True: [], False: []}
    for seed in range(400):
        world = sample_world(seed, TRUTH)
        ratio = world.thorax.ratio - 0.03 * world.causes.is_shallow
        ratios[world.causes.clarity("cardiomegaly") > 0].append(ratio)
    assert max(ratios[False]) < 0.47
    assert min(ratios[True]) > 0.56


def test_atelectasis_raises_one_dome():
    grid, world = sample_grid(whole_view(), 100), posed(2, "atelectasis")
    usual = {side: sample_lung(grid, world.thorax, side).inside for side in "RL"}
    lifted = {side: sample_lung(grid, world.thorax, side, raised=20).inside for side in "RL"}
    for side in "RL":
        # 20 mm of some 140 mm wide lung at 4 mm a pixel.
        assert 100 < (usual[side] - lifted[side]).sum() < 260
    stream = np.random.default_rng([2, 20 + SIGNS.index("atelectasis")])
    side, lift = atelectasis_lift(world.causes.clarity("atelectasis"), stream)
    difference, mask = change(world, "atelectasis", size=200)
    halves = np.array_split(difference, 2, axis=1)
    assert np.abs(halves[side == "L"]).sum() > 5 * np.abs(halves[side != "L"]).sum()
    x = world.thorax.middle + SIDES[side] * 0.6 * world.thorax.half
    y = world.thorax.domes[side == "L"] - 0.3 * lift
    # Lung turned into abdomen: at least a quarter of the brightness scale.
    assert difference[int(y / 2), int(x / 2)] > 0.25
    assert mask[int(y / 2), int(x / 2)]


def test_effusion_fills_the_base_and_climbs_to_the_wall():
    world = posed(8, "pleural_effusion", clarity=0.7)
    mask = draw(world, size=200).masks["pleural_effusion"]
    rows = np.nonzero(mask)[0] * 2.0
    assert rows.min() > world.thorax.hila["R"][1]
    columns = np.abs(np.nonzero(mask.any(axis=0))[0] * 2.0 + 1 - world.thorax.middle)
    assert columns.min() > 0.5 * world.thorax.half
    tops = 2.0 * mask.argmax(axis=0)[mask.any(axis=0)]
    wall = columns > columns.max() - 6
    # The meniscus stands 0.64 of the fluid's 73 mm higher at the wall, most of it in its last part.
    assert tops[wall].min() < tops[~wall].max() - 20


def test_breaks_lie_in_the_lungs_and_in_their_mask():
    for seed in range(12):
        world = posed(seed, "fracture")
        breaks = fractures(0.8, np.random.default_rng([seed, 20 + SIGNS.index("fracture")]))
        mask = draw(world, size=100).masks["fracture"]
        for fault in breaks:
            x, y = break_place(world.thorax, fault)
            assert mask[int(y / 4), int(x / 4)]
            assert world.thorax.apex < y < world.thorax.angle_y("R")


def test_devices_only_add():
    for seed in range(5):
        world = posed(seed, "support_devices")
        grid = sample_grid(whole_view(), 100)
        arguments = {"seed": seed, "omit": frozenset()}
        whole, _ = attenuation(grid, world.thorax, world.causes, **arguments)
        arguments["omit"] = frozenset({"support_devices"})
        without, _ = attenuation(grid, world.thorax, world.causes, **arguments)
        # Rounding of a float32 sum of about 5.
        assert (whole - without).min() > -1e-5
        assert (whole - without).max() > 0.2


def test_omit_of_several_is_the_healthy_chest():
    causes = posed_causes(5, dict.fromkeys(("edema", "consolidation", "support_devices"), 0.8))
    world = arrange_world(5, TRUTH, causes)
    healthy = replace(causes, conspicuity=(0.0,) * len(SIGNS))
    omitted = draw(world, size=64, omit=frozenset(SIGNS))
    assert np.array_equal(omitted.pixels, draw(replace(world, causes=healthy), size=64).pixels)
    assert omitted.masks == {}
    assert np.array_equal(omitted.labels, causes.labels)


def test_unspecific_opacity_is_part_of_the_parents_mask():
    phantom = draw(posed(5, "lung_opacity", "lung_lesion"), size=112)
    assert (phantom.masks["lung_lesion"] <= phantom.masks["lung_opacity"]).all()
    assert phantom.masks["lung_opacity"].sum() > phantom.masks["lung_lesion"].sum()


@pytest.mark.parametrize("sign", [None, *DRAWERS])
def test_a_crop_is_the_same_film_as_the_whole(sign):
    world = posed(4, *([sign] if sign else []))
    whole = sample_grid(whole_view(), 200)
    rows, columns = slice(40, 160), slice(30, 170)
    part = whole.part((rows, columns))
    arguments = {"seed": 4, "omit": frozenset()}
    theirs, their_masks = attenuation(whole, world.thorax, world.causes, **arguments)
    mine, my_masks = attenuation(part, world.thorax, world.causes, **arguments)
    # Blurs of at most 2.1 pixels end after three deviations; vessels and tubes cross the rim.
    inner = (slice(8, -8), slice(8, -8))
    np.testing.assert_allclose(mine[inner], theirs[rows, columns][inner], atol=2e-3)
    for name in my_masks:
        disagree = my_masks[name][inner] != their_masks[name][rows, columns][inner]
        # Pixels on a mask's own threshold.
        assert disagree.mean() < 1e-3


def test_a_field_beside_the_patient_is_air():
    world = posed(4, "support_devices", site=1)
    corner = FieldOfView((4.0, 6.0), (6.0, 6.0))
    phantom = draw(world, size=12, field=corner)
    assert display(phantom).max() < 0.12


def test_soft_step_is_a_step():
    values = np.array([-9.0, -3.0, 0.0, 3.0, 9.0], np.float32)
    # The cubic at a quarter of its span: 3 / 16 - 2 / 64.
    np.testing.assert_allclose(soft_step(values, 4.0), [0, 0.15625, 0.5, 0.84375, 1], atol=1e-6)


def test_silhouette_is_a_share():
    grid = Grid(np.linspace(0, 400, 40), np.linspace(0, 400, 40), 10.0)
    middle, heart = silhouette(grid, posed(1).thorax)
    assert middle.min() == 0
    # 0.62 at the edge and 0.30 more from 40 mm inwards.
    assert middle.max() == pytest.approx(0.92, abs=1e-6)
    assert (heart <= 1).all()


def test_frame_and_marker_are_the_sites():
    for site, framed in ((0, True), (1, False)):
        world = posed(11, site=site)
        shown = display(draw(world, size=200))
        assert bool((shown[:2] == 1).all() and (shown[:, -2:] == 1).all()) is framed
        marked = replace(world, causes=replace(world.causes, is_marked=True))
        difference = display(draw(marked, size=200)) - shown
        x, y = world.marker_mm[0] / 2, world.marker_mm[1] / 2
        second = int(y + 5 * SITES[site].letter_mm)
        assert not difference[: second - 2].any()
        assert difference[second:, int(x) :].max() > 0.2


def test_age_sex_and_breath_change_the_film():
    usual = posed(12)
    for changes in ({"ageing": 2}, {"has_breasts": True}, {"is_shallow": True}):
        other = arrange_world(12, TRUTH, replace(usual.causes, **changes))
        assert np.abs(display(draw(other, size=64)) - display(draw(usual, size=64))).max() > 0.05
    shallow = arrange_world(12, TRUTH, replace(usual.causes, is_shallow=True)).thorax
    assert shallow.domes[0] == pytest.approx(usual.thorax.domes[0] - 34)
    assert shallow.ratio == pytest.approx(usual.thorax.ratio + 0.03)
    old = arrange_world(12, TRUTH, replace(usual.causes, ageing=2)).thorax
    assert old.knob > usual.thorax.knob


def test_causes_name_what_the_film_shows():
    world = sample_world(14, TRUTH)
    causes = draw(world, size=32).causes
    assert [causes[sign] for sign in SIGNS] == list(world.causes.conspicuity)
    assert causes["cardiothoracic_ratio"] == world.thorax.ratio
    usual = sample_causes(14, TRUTH)
    named = {
        (flag, projection): draw(
            arrange_world(14, TRUTH, replace(usual, is_marked=flag, projection=projection)), size=16
        ).causes["marked_projection"]
        for flag in (False, True)
        for projection in (0, 1)
    }
    assert named == {(False, 0): 0, (False, 1): 0, (True, 0): -1, (True, 1): 1}


def test_sheet_has_a_tile_for_all_that_is_drawn():
    sheet = chest_sheet(seed=0)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (3 * (TILE + CAPTION), COLUMNS * TILE)


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="the NIH films are not here")
@pytest.mark.parametrize("projection", ["PA", "AP"])
def test_the_mean_film_looks_like_the_mean_of_real_ones(projection):
    from PIL import Image

    def small(pixels):
        return np.asarray(Image.fromarray(pixels).resize((32, 32), Image.Resampling.BOX), float)

    table = csv.DictReader((REAL / "labels.csv").read_text(encoding="utf-8").splitlines())
    names = [row["file"] for row in table if row["view"] == projection][:60]
    real = np.mean([small(np.asarray(Image.open(REAL / name).convert("L"))) for name in names], 0)
    worlds = [sample_world(seed, TRUTH) for seed in range(90)]
    mine = [world for world in worlds if world.form["projection"] == projection][:30]
    shown = [np.rint(255 * display(draw(world, size=96))).astype(np.uint8) for world in mine]
    drawn = np.mean([small(film) for film in shown], axis=0)
    # Real single films reach 0.78 (PA) and 0.68 (AP) with the mean of their own kind.
    assert np.corrcoef(real.ravel(), drawn.ravel())[0, 1] > 0.75
