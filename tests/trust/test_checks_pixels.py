"""Checks of pixels on synthetic pictures: what must not matter, and each rule at its edge."""

import numpy as np
import pytest

from xattn.trust.checks_pixels import (
    BLANK_SPREAD,
    LINE_GLYPHS,
    METAL_STEP,
    MOST_PARTS,
    check_pixels,
    check_text,
)
from xattn.trust.expectations import EXPECTATIONS

SIDE = 256
RAMP = np.tile(np.linspace(0, 1, SIDE), (SIDE, 1))
"""Dark left, bright right."""


def level(film: np.ndarray, check: str, system: str = "hip") -> str:
    found = {finding.check: finding for finding in check_pixels(film, EXPECTATIONS[system])}
    return found[check].level


@pytest.mark.parametrize(("share", "expected"), [(0.99, "block"), (1.01, "pass")])
def test_a_film_is_blank_below_its_least_spread(share, expected):
    steps = 0.5 + (RAMP - 0.5) * share * BLANK_SPREAD / RAMP.std()
    assert level(steps, "picture") == expected


@pytest.mark.parametrize(("kept", "expected"), [(0.45, "block"), (0.55, "pass")])
def test_noise_is_told_by_how_alike_neighbours_are(kept, expected):
    # x' = kept · x + noise along each row: neighbours correlate by `kept`, within 0.01 here.
    generator = np.random.default_rng(1)
    film = generator.normal(size=(SIDE, SIDE))
    for column in range(1, SIDE):
        film[:, column] = kept * film[:, column - 1] + np.sqrt(1 - kept**2) * film[:, column]
    assert level(0.5 + 0.1 * film, "picture") == expected


def test_the_brightness_of_noise_does_not_matter():
    noise = np.random.default_rng(2).random((SIDE, SIDE))
    assert {level(0.2 * noise + add, "picture") for add in (0, 0.3, 0.8)} == {"block"}


def test_a_film_even_but_for_its_last_column_is_blank():
    film = np.full((SIDE, SIDE), 0.5)
    film[:, -1] = 1.0
    assert level(film, "picture") == "block"


def bright_square(around: float, side: int = 20) -> np.ndarray:
    film = np.full((SIDE, SIDE), around)
    film[60 : 60 + side, 90 : 90 + side] = 1.0
    return film


@pytest.mark.parametrize(
    ("step", "expected"), [(METAL_STEP - 0.01, "pass"), (METAL_STEP + 0.01, "warn")]
)
def test_metal_is_brighter_than_its_surroundings_by_the_step(step, expected):
    assert level(bright_square(1 - step), "metal") == expected


@pytest.mark.parametrize(
    ("side", "expected"), [(8, "pass"), (9, "warn"), (114, "warn"), (115, "pass")]
)
def test_metal_takes_between_a_thousandth_and_a_fifth_of_the_film(side, expected):
    # 8² and 9² of 256² are 0.00098 and 0.00124; 114² and 115² are 0.198 and 0.202.
    assert level(bright_square(0.3, side), "metal") == expected


@pytest.mark.parametrize("side", [20, 4])
def test_metal_does_not_depend_on_how_the_film_is_turned(side):
    film = bright_square(0.3, side)
    pictures = [np.rot90(film, turns) for turns in range(4)]
    pictures += [picture[:, ::-1] for picture in pictures]
    assert len({level(picture, "metal") for picture in pictures}) == 1


@pytest.mark.parametrize(("small", "expected"), [(MOST_PARTS - 1, "warn"), (MOST_PARTS, "pass")])
def test_no_more_parts_are_looked_at_than_texture_may_have(small, expected):
    film = np.full((SIDE, SIDE), 0.3)
    for place in range(small):
        row, column = 10 + 12 * (place // 15), 10 + 12 * (place % 15)
        film[row : row + 5, column : column + 5] = 1.0
    film[150:180, 100:130] = 1.0
    assert level(film, "metal") == expected


@pytest.mark.parametrize("system", EXPECTATIONS)
def test_the_reason_names_what_metal_is_likely_on_such_a_film(system):
    found = check_pixels(bright_square(0.3), EXPECTATIONS[system])
    assert found[1].reason == f"A sharp bright area may be {EXPECTATIONS[system].metal}."


def written(heights: list[int], *, width: int = 5, top: int = 300, pitch: int = 12) -> np.ndarray:
    """Upright bars of these heights on one line of a grey film."""
    film = np.full((512, 512), 0.3)
    for place, height in enumerate(heights):
        left = 40 + pitch * place
        film[top : top + height, left : left + width] = 1.0
    return film


@pytest.mark.parametrize(
    ("heights", "expected"),
    [
        ([10] * LINE_GLYPHS, "warn"),
        ([10] * (LINE_GLYPHS - 1), "pass"),
        ([10, 12] * 4, "warn"),
        ([10, 13] * 6, "pass"),
        ([5] * 12, "pass"),
        ([6] * 12, "warn"),
    ],
    ids=["seven", "six", "two pixels apart", "three pixels apart", "low", "just high enough"],
)
def test_a_line_has_seven_glyphs_of_like_height(heights, expected):
    assert check_text(written(heights)).level == expected


@pytest.mark.parametrize(("width", "expected"), [(9, "warn"), (10, "pass")])
def test_a_glyph_is_at_most_half_as_wide_again_as_tall(width, expected):
    assert check_text(written([6] * 10, width=width, pitch=16)).level == expected


@pytest.mark.parametrize("top", [1, 40, 255, 490])
def test_where_a_line_stands_does_not_matter(top):
    assert check_text(written([10] * 9, top=top)).level == "warn"


def test_two_lines_of_six_are_no_line_of_twelve():
    film = np.maximum(written([10] * 6, top=100), written([10] * 6, top=200))
    assert check_text(film).level == "pass"


def test_glyphs_one_above_the_other_are_no_line():
    assert check_text(written([10] * 12, pitch=14).T).level == "pass"
