"""The film as the browser takes it: codes, levels, presets, and the words beside a length."""

import numpy as np
import pytest

from pages.parts.film import (
    TOKEN_BYTES,
    coded,
    film_key,
    halved,
    marker,
    presets,
    spacing_note,
    texture,
)
from tests.app.viewer_stage import unpack
from xattn.data.radiograph import Radiograph
from xattn.data.window import VoiLut, Window


def noise(kind: str, low: int, high: int, shape: tuple[int, int] = (40, 50)) -> np.ndarray:
    return np.random.default_rng(0).integers(low, high, shape, endpoint=True).astype(kind)


@pytest.mark.parametrize(
    "values",
    [noise("uint16", 0, 65_535), noise("int16", -32_768, 32_767)],
    ids=["uint16", "int16"],
)
def test_whole_numbers_keep_their_values_as_codes(values: np.ndarray) -> None:
    codes, slope, intercept = coded(values)
    assert codes.dtype == np.uint16
    np.testing.assert_array_equal(intercept + slope * codes.astype(float), values)


def test_fractions_keep_65536_steps_of_their_range() -> None:
    values = np.random.default_rng(0).normal(0, 3, (60, 70)).astype(np.float32)
    codes, slope, intercept = coded(values)
    assert (codes.min(), codes.max()) == (0, 65_535)
    found = intercept + slope * codes.astype(float)
    assert np.abs(found - values).max() <= slope / 2 * (
        1 + 1e-6
    )  # float64 rounding of the quotient
    flat, slope, intercept = coded(np.full((40, 40), 2.5, np.float32))
    assert (flat.max(), slope, intercept) == (0, 1.0, 2.5)


def test_a_level_holds_the_means_of_squares_rounded_half_up() -> None:
    codes = noise("uint16", 0, 65_535, (33, 47))
    slow = np.empty((17, 24), np.uint16)
    for row in range(17):
        for column in range(24):
            rows, columns = (2 * row, min(2 * row + 1, 32)), (2 * column, min(2 * column + 1, 46))
            total = sum(int(codes[down, across]) for down in rows for across in columns)
            slow[row, column] = int(np.floor(total / 4 + 0.5))
    np.testing.assert_array_equal(halved(codes), slow)


def test_a_large_film_goes_in_two_levels_with_all_of_its_values() -> None:
    film = Radiograph(noise("uint16", 0, 4095, (4100, 1500)), (Window(2000, 3000, "mine"),))
    made = texture(film)
    header, arrays = unpack(made.display[TOKEN_BYTES:])
    assert made.key == film_key(film)
    assert (header["width"], header["height"], header["level"]) == (1500, 4100, 2)
    np.testing.assert_array_equal(arrays["level"], halved(halved(film.values)))
    codes = np.frombuffer(made.full, "<u2", offset=TOKEN_BYTES).reshape(film.shape)
    np.testing.assert_array_equal(codes, film.values)


def test_a_small_film_goes_at_once_and_whole() -> None:
    film = Radiograph(noise("int16", -500, 500), is_inverted=True, spacing_mm=(0.2, 0.1))
    made = texture(film)
    header, arrays = unpack(made.display[TOKEN_BYTES:])
    assert (header["level"], made.full) == (0, b"")
    assert header["isInverted"]
    assert header["spacing"] == [0.2, 0.1]
    values = header["intercept"] + header["slope"] * arrays["level"].astype(float)
    np.testing.assert_array_equal(values, film.values)
    assert header["codes"] == [int(arrays["level"].min()), int(arrays["level"].max())]


def test_presets_are_the_files_own_and_four_that_any_film_has() -> None:
    table = VoiLut(np.arange(0, 4096, 2, dtype=np.uint16), 100, 12, "curve")
    film = Radiograph(noise("uint16", 0, 4095), (Window(1, 2, "bone"), table))
    header, arrays = unpack(texture(film).display[TOKEN_BYTES:])
    names = [preset["name"] for preset in header["presets"]]
    assert names == ["bone", "curve", "whole range", "bright half", "dark half", "low contrast"]
    assert header["presets"][0] == {"centre": 1, "width": 2, "name": "bone", "function": "LINEAR"}
    sent = header["presets"][1]
    assert (sent["first"], sent["bits"]) == (100, 12)
    np.testing.assert_array_equal(arrays[sent["table"]], table.table)


@pytest.mark.parametrize("is_inverted", [False, True])
def test_the_halves_are_those_of_the_picture_in_either_polarity(is_inverted: bool) -> None:
    """The median value is black in the bright half and white in the dark one."""
    film = Radiograph(np.arange(64 * 64, dtype=np.uint16).reshape(64, 64), is_inverted=is_inverted)
    by_name = {preset.name: preset for preset in presets(film)}
    bright, dark = (film.display(by_name[f"{half} half"]) for half in ("bright", "dark"))
    assert (bright[32, 0], dark[32, 0]) == (0, 255)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ((("laterality", "R"), ("view position", "MLO")), "R MLO"),
        ((("laterality", "B"),), "R + L"),
        ((("laterality", "U"), ("view position", "AP")), "AP"),
        ((), ""),
    ],
)
def test_the_marker_says_side_and_view_of_the_header(
    facts: tuple[tuple[str, str], ...], words: str
) -> None:
    assert marker(Radiograph(noise("uint16", 0, 9), facts=facts)) == words


@pytest.mark.parametrize(
    ("spacing", "fact", "words"),
    [
        (None, "", "no spacing in the file"),
        ((1, 1), "Pixel Spacing", ""),
        ((1, 1), "Imager Pixel Spacing, at", "at the detector, magnification not corrected"),
        ((1, 1), "Nominal Scanned Pixel Spacing, of", "on the digitised film"),
    ],
)
def test_a_length_says_what_it_is_measured_at(
    spacing: tuple[float, float] | None, fact: str, words: str
) -> None:
    film = Radiograph(noise("uint16", 0, 9), spacing_mm=spacing, facts=(("spacing", fact),))
    assert spacing_note(film) == words
