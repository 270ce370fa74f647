"""A value lies where the model read it, and one colour is one value on every picture."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from tests.reports.conftest import make_attribution, make_case, make_explanation
from xattn.explain.overlay import RAISES, Scale, overlay
from xattn.records import Map
from xattn.reports.figures import (
    OPACITY,
    STRIP_GREY,
    ShownMap,
    film_picture,
    png,
    read_part,
    scales_of,
    shown_maps,
    strip,
)

SCALE = Scale("contribution", -1.0, 1.0, "log-odds")


def hot(case, row, column, regions=None):
    """A map of zeros on 7 × 7 cells with a one."""
    values = np.zeros((7, 7), dtype=np.float32)
    values[row, column] = 1.0
    entry = make_attribution(case, "hot", "contribution", maps=(Map("m", values),), regions=regions)
    return ShownMap("hot", entry, entry.maps[0], SCALE)


def colour_cast(picture):
    """How far a picture is from grey (h, w)."""
    return np.ptp(picture.astype(int), axis=2)


def test_first_maps_and_attention_of_the_fields_that_apply_are_shown(explanation):
    assert [shown.key for shown in shown_maps(explanation)] == [
        "gradcam",
        "attention-density",
        "attention-mass_shape",
        "attention-mass_margins",
        "lime",
    ]


def test_scales_are_shared_inside_a_kind_but_for_relative_maps(explanation):
    second = make_attribution(
        explanation.case,
        "Another CAM",
        "relative",
        maps=(Map("m", np.ones((7, 7), np.float32)),),
        figures=(("scale", 4.0),),
    )
    scales = scales_of(
        replace(explanation, attributions=(*explanation.attributions, ("other", second)))
    )
    assert set(scales) == {"gradcam", "attention", "lime", "other"}
    assert (scales["gradcam"].high, scales["other"].high) == (1.25, 4.0)


def test_a_hot_cell_is_brightest_where_the_model_read_it(box):
    case = make_case(box)
    canvas = read_part(case.film, 600)
    canvas = replace(canvas, display=np.full_like(canvas.display, 50))
    cast = colour_cast(canvas.draw(hot(case, 2, 5)))
    row, column = np.unravel_index(cast.argmax(), cast.shape)
    # The cell's centre in file pixels, then on the canvas; a cell is 75 / 7 = 10.7 file pixels.
    placement = case.film.placement
    x, y = placement.model_to_file(5.5 / 7 * 28, 2.5 / 7 * 28)
    assert abs((column + 0.5) / canvas.zoom + canvas.left - x) < 75 / 7 / 2
    assert abs((row + 0.5) / canvas.zoom + canvas.top - y) < 75 / 7 / 2


def test_regions_keep_their_borders(box):
    case = make_case(box)
    canvas = read_part(case.film, 700)
    labels = np.arange(49).reshape(7, 7)
    painted = colour_cast(canvas.draw(hot(case, 3, 3, regions=labels))) > 0
    where = np.argwhere(painted)
    side = canvas.placement.side / 7
    # A seventh of the square each way, to the nearest canvas pixel.
    assert np.abs(where.max(axis=0) - where.min(axis=0) + 1 - side).max() <= 1


def test_one_value_has_one_colour_on_every_picture():
    case = make_case()
    one = hot(case, 0, 0, regions=np.zeros((7, 7), int))
    two = hot(case, 6, 3, regions=np.zeros((7, 7), int))
    canvas = replace(read_part(case.film, 140), display=np.full((140, 103), 50, np.uint8))
    tones = [
        np.unique(picture[colour_cast(picture) > 0], axis=0)
        for picture in (canvas.draw(one), canvas.draw(two))
    ]
    assert len(tones[0]) == 1
    assert (tones[0] == tones[1]).all()
    expected = 50 + OPACITY * (np.array(RAISES[-1]) - 50)
    assert np.abs(tones[0][0] - expected).max() <= 0.5  # rounding to whole grey levels


def test_the_surround_of_a_box_is_hatched_and_a_whole_film_has_none(box):
    read = read_part(make_case(box).film, 300)
    assert not read.placement.read_mask().all()
    assert read_part(make_case().film, 300).placement.read_mask().all()


def test_the_film_is_shown_as_it_is():
    film = make_case().film
    picture = film_picture(film, 300)
    assert picture.shape == (300, 220, 3)
    assert (picture == film.radiograph.display()[..., None]).all()


def test_box_is_framed_and_what_was_not_read_is_hatched(box):
    film = make_case(box).film
    picture = film_picture(film, 300)  # one canvas pixel per file pixel
    display = film.radiograph.display()
    inside = film.placement.read_mask()
    changed = (picture != display[..., None]).any(axis=2)
    assert changed[~inside].mean() > 0.95
    frame = np.zeros_like(inside)
    frame[100:141, 60:111] = True
    frame[102:139, 62:109] = False
    assert (picture[frame] == 255).all()
    assert (picture[inside & ~frame] == display[inside & ~frame][:, None]).all()


def test_strip_shows_the_colours_of_the_overlay():
    bar = strip(SCALE, 255, 2)
    values = np.linspace(-1, 1, 255)[None]
    grey = np.full((1, 255), STRIP_GREY, np.uint8)
    assert (bar == overlay(grey, values, SCALE, OPACITY)).all()
    assert (bar[:, 127] == STRIP_GREY).all()


def test_png_is_the_same_bytes_and_the_same_pixels():
    picture = film_picture(make_case().film, 64)
    assert png(picture) == png(picture.copy())
    assert (np.asarray(Image.open(io.BytesIO(png(picture)))) == picture).all()


def test_no_explanation_shows_nothing():
    assert shown_maps(replace(make_explanation(), attributions=())) == ()
