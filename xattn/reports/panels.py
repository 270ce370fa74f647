"""One picture file per map: the film, the map on it, its scale with numbers, and what it is."""

import textwrap
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from xattn.explain.overlay import Scale, ticks
from xattn.reports.figures import strip

FONTS = Path(__file__).resolve().parent.parent.parent / "assets" / "report" / "fonts"
LONGEST, NARROWEST, EDGE = 1600, 720, 28
"""Longest side and least width of a panel, and its empty edge, in pixels."""
GROUND, INK, QUIET = (13, 18, 22), (235, 239, 242), (160, 170, 178)
TITLE, TEXT, BAR = 30, 20, 22
LEADING = 1.35
MOST_LINES = 10
"""What room is kept for; the sentences under a map fill six at the least width."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """What is drawn: a picture (h, w, 3) uint8 between its title and its scale and lines."""

    title: str
    picture: np.ndarray
    lines: tuple[str, ...]
    scale: Scale | None = None


def longest_picture() -> int:
    """The longest side of a picture that leaves room for the words of a panel."""
    words = TITLE * LEADING + BAR + 2 * TEXT * LEADING + MOST_LINES * TEXT * LEADING
    return int(LONGEST - 4 * EDGE - words)


def draw(panel: Panel) -> np.ndarray:
    """The panel (h, w, 3) uint8 on a dark ground; no side is longer than 1600 pixels."""
    height, width = panel.picture.shape[:2]
    across = max(width, NARROWEST)
    lines = _wrapped(panel.lines, across)
    image = Image.new("RGB", (across + 2 * EDGE, LONGEST), GROUND)
    pen = ImageDraw.Draw(image)
    pen.text((EDGE, EDGE), panel.title, INK, font=_font("SemiBold", TITLE))
    top = int(EDGE * 1.5 + TITLE * LEADING)
    image.paste(Image.fromarray(panel.picture), (EDGE + (across - width) // 2, top))
    top += height + EDGE // 2
    if panel.scale is not None:
        top = _scale(image, panel.scale, top, across)
    for line in lines:
        pen.text((EDGE, top), line, QUIET, font=_font("Regular", TEXT))
        top += int(TEXT * LEADING)
    return np.asarray(image.crop((0, 0, image.width, min(top + EDGE, LONGEST))))


def _scale(image: Image.Image, scale: Scale, top: int, across: int) -> int:
    """Colours, numbers and unit from `top` down; gives back where they end."""
    image.paste(Image.fromarray(strip(scale, across, BAR)), (EDGE, top))
    pen, font = ImageDraw.Draw(image), _font("Regular", TEXT)
    top += BAR + 4
    for value, text in ticks(scale):
        share = (value - scale.low) / (scale.high - scale.low)
        anchor = "la" if share < 0.02 else "ra" if share > 0.98 else "ma"
        pen.text((EDGE + share * across, top), text, INK, font=font, anchor=anchor)
    top += int(TEXT * LEADING)
    pen.text((EDGE + across / 2, top), scale.unit, QUIET, font=font, anchor="ma")
    return top + int(TEXT * LEADING) + EDGE // 4


def _wrapped(lines: tuple[str, ...], across: int) -> list[str]:
    """The lines broken to the width, as many letters as an n fits in: more than the mean."""
    letters = int(across / _font("Regular", TEXT).getlength("n"))
    return [part for line in lines for part in textwrap.wrap(line, letters)]


@cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / f"Inter-{weight}.otf", size)
