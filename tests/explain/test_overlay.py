"""One colour is one value: scales, tables and overlays, on maps whose colours are known."""

from dataclasses import replace

import numpy as np
import pytest

from xattn.data.placement import Placement
from xattn.errors import ExplainError
from xattn.explain.overlay import (
    FLOORS,
    LOWERS,
    RAISES,
    Scale,
    colour,
    hatch,
    levels,
    lookup_table,
    lowers,
    overlay,
    round_up,
    scale_for,
    signed,
    ticks,
)
from xattn.records import Attribution, Map, Provenance, Target

SIGNED = Scale("contribution", -0.4, 0.4, "log-odds")


def attribution(kind, *maps, unit="log-odds", figures=()):
    provenance = Provenance(
        system="breast",
        model_id="",
        model_version="",
        preset="",
        training_data="",
        case_digest="",
        file_sha256="",
        method="",
        settings=(),
        device="cpu",
        threads=1,
        versions=(),
    )
    return Attribution(
        method="a method",
        kind=kind,
        unit=unit,
        target=Target(name="malignant", unit="log-odds"),
        placement=Placement.whole((4, 4), 4),
        provenance=provenance,
        maps=tuple(Map("m", np.asarray(values, dtype=np.float32)) for values in maps),
        figures=figures,
    )


def relative(top, *maps):
    return attribution("relative", *maps, unit="", figures=(("scale", top),))


def attention(share, *maps):
    return attribution("attention", *maps, unit="share", figures=(("uniform share", share),))


@pytest.mark.parametrize(
    ("values", "is_lower"),
    [
        ([[0.1, -0.3]], True),
        ([[0.3, -0.1]], False),
        ([[0.2, -0.2]], False),
        ([[0.3, -0.2, -0.2]], True),  # its total counts, not its peak
    ],
)
def test_a_relative_map_of_a_number_is_drawn_from_its_larger_side(values, is_lower):
    density = Target(name="femoral-neck BMD", unit="g/cm²")
    shown = relative(1.0, values)
    assert lowers(replace(shown, target=density)) is is_lower
    # A finding's map shows what speaks for it, and a contribution has both sides on one scale.
    assert not lowers(shown)
    assert not lowers(replace(attribution("contribution", values), target=density))


def test_contributions_share_one_symmetric_scale():
    one = attribution("contribution", [[0.1, -0.25]])
    two = attribution("contribution", [[0.4, 0.0]])
    assert scale_for([one, two], "contribution") == SIGNED


def test_only_the_first_map_of_a_contribution_sets_the_limit():
    spread = attribution("contribution", [[0.4]], [[7.0]])
    assert scale_for([spread], "contribution") == SIGNED


def test_contributions_without_maps_do_not_matter():
    assert (
        scale_for(
            [attribution("contribution"), attribution("contribution", [[0.4]])], "contribution"
        )
        == SIGNED
    )


def test_a_zero_map_gets_the_floor_and_is_invisible():
    zero = attribution("contribution", np.zeros((3, 3)))
    scale = scale_for([zero], "contribution")
    assert scale.high == FLOORS["log-odds"]
    film = np.arange(9, dtype=np.uint8).reshape(3, 3)
    painted = overlay(film, zero.maps[0].values, scale, 1.0)
    assert (painted == film[..., None]).all()


def test_relative_scale_is_the_models_own_and_never_the_pictures():
    weak, strong = relative(2.5, [[0.01]]), relative(2.5, [[9.0]])
    assert scale_for([weak], "relative") == scale_for([strong], "relative")
    assert scale_for([weak], "relative") == Scale("relative", 0.0, 2.5, "no unit")


def test_relative_draws_one_side():
    entry = relative(2.0, [[-2.0, 0.0, 1.0, 2.0]])
    toward = colour(entry.maps[0].values, scale_for([entry], "relative"))[0, :, 3]
    against = colour(entry.maps[0].values, scale_for([entry], "relative", against=True))[0, :, 3]
    # Half of 254 steps and half of 255 opacities: 1.0 lies at row 128, alpha 127.5 to even.
    assert toward.tolist() == [0, 0, 128, 255]
    assert against.tolist() == [255, 0, 0, 0]


def test_attention_starts_at_zero_and_marks_the_uniform_share():
    scale = scale_for([attention(0.2, [[0.1, 0.15]])], "attention")
    assert scale == Scale("attention", 0.0, 0.4, "share", reference=0.2)
    assert ticks(scale) == ((0.0, "0"), (0.2, "uniform 0.2"), (0.4, "0.4"))


def test_attention_scale_covers_every_head_and_ends_at_one():
    assert scale_for([attention(0.2, [[0.1]], [[0.61]])], "attention").high == 0.61
    assert scale_for([attention(0.2, [[0.1]], [[0.999]])], "attention").high == 1.0
    assert scale_for([attention(1.0, [[1.0]])], "attention").high == 1.0


@pytest.mark.parametrize(
    "group",
    [
        [],
        [attribution("contribution", [[1.0]]), relative(1.0, [[1.0]])],
        [attribution("contribution", [[1.0]]), attribution("attention", [[1.0]])],
        [attribution("contribution", [[1.0]]), attribution("contribution", [[1.0]], unit="g/cm²")],
    ],
)
def test_one_scale_refuses_to_mix(group):
    with pytest.raises(ExplainError):
        scale_for(group, "contribution")


def test_relative_scales_that_differ_are_refused():
    with pytest.raises(ExplainError, match="share their scale"):
        scale_for([relative(1.0, [[1.0]]), relative(2.0, [[1.0]])], "relative")


def test_a_relative_map_needs_its_scale():
    with pytest.raises(ExplainError, match="'scale'"):
        scale_for([attribution("relative", [[1.0]], unit="")], "relative")


def test_same_value_same_colour_whatever_the_picture():
    one, two = np.array([[0.1, 0.4]]), np.array([[-0.4, 0.1, 0.0]])
    assert (colour(one, SIGNED)[0, 0] == colour(two, SIGNED)[0, 1]).all()


def test_ends_zero_and_not_read_have_their_exact_colours():
    painted = colour(np.array([-0.4, 0.0, 0.4, np.nan, 9.0]), SIGNED)
    assert painted[0].tolist() == [*LOWERS[-1], 255]
    assert painted[1, 3] == 0
    assert painted[2].tolist() == [*RAISES[-1], 255]
    assert painted[3].tolist() == [0, 0, 0, 0]
    assert (painted[4] == painted[2]).all()


def test_levels_are_linear_and_the_table_is_what_colours_are_taken_from():
    values = 0.4 * np.arange(-127, 128) / 127
    assert levels(values, SIGNED).tolist() == list(range(1, 256))
    assert levels(np.array([np.nan]), SIGNED).tolist() == [0]
    assert (colour(values, SIGNED) == lookup_table(SIGNED)[levels(values, SIGNED)]).all()


def test_opacity_grows_with_the_size_of_the_value():
    table = lookup_table(SIGNED).astype(int)
    assert table.shape == (256, 4)
    assert (np.diff(table[128:, 3]) > 0).all()
    assert (np.diff(table[1:129, 3]) < 0).all()
    assert (table[1:128, 3] == table[255:128:-1, 3]).all()


def test_sides_stay_apart_for_every_common_colour_blindness():
    # Red-green blindness keeps blue minus yellow: on that axis the sides have opposite signs.
    table = lookup_table(SIGNED).astype(float)
    blue_yellow = table[:, 2] - table[:, :2].mean(axis=1)
    assert blue_yellow[1:128].min() > 40
    assert blue_yellow[129:].max() < -40


def test_overlay_blends_by_opacity_and_strength():
    film = np.full((1, 2), 100, dtype=np.uint8)
    painted = overlay(film, np.array([[0.4, 0.0]]), SIGNED, 0.5)
    expected = [(100 + channel) / 2 for channel in RAISES[-1]]
    assert np.abs(painted[0, 0] - expected).max() <= 0.5  # rounding to whole grey levels
    assert painted[0, 1].tolist() == [100, 100, 100]


def test_what_was_not_read_is_hatched_and_never_coloured():
    film = np.full((32, 32), 120, dtype=np.uint8)
    values = np.full((32, 32), np.nan)
    values[:, :16] = 0.0
    painted = overlay(film, values, SIGNED)
    assert (painted[:, :16] == 120).all()
    assert (painted[:, 16:] != 120).all()
    assert (np.ptp(painted, axis=2) == 0).all()
    assert len(np.unique(painted[:, 16:])) == 2


def test_hatch_lines_follow_its_period():
    pattern = hatch(np.ones((16, 16), dtype=bool), period=8)
    bright = pattern[..., 0] > 0
    assert (bright == ((np.add.outer(np.arange(16), np.arange(16)) % 8) == 0)).all()
    assert (hatch(np.zeros((4, 4), dtype=bool)) == 0).all()


def test_overlay_refuses_a_map_of_another_shape():
    with pytest.raises(ExplainError, match="pixels"):
        overlay(np.zeros((2, 2), dtype=np.uint8), np.zeros((2, 3)), SIGNED)


def test_ticks_are_the_exact_ends():
    assert ticks(SIGNED) == ((-0.4, "−0.4"), (0.0, "0"), (0.4, "+0.4"))
    assert ticks(Scale("relative", 0.0, 1.234, "")) == ((0.0, "0"), (1.234, "≥ 1.23"))
    assert ticks(Scale("relative", -1.234, 0.0, "")) == ((-1.234, "≤ −1.23"), (0.0, "0"))


@pytest.mark.parametrize(
    ("limit", "rounded"),
    [(0.0831, 0.084), (0.083, 0.083), (1.0, 1.0), (12.3, 13.0), (123.0, 130.0)],
)
def test_limits_round_up_to_two_digits(limit, rounded):
    assert round_up(limit) == rounded


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "+0.5"), (-0.25, "−0.25"), (0.0, "0"), (-0.0, "0"), (1e-9, "+1e−09")]
)
def test_signed_numbers(value, text):
    assert signed(value) == text
