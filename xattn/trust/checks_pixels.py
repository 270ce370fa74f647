"""Checks of the pixels by rules: blank, noise, metal, burnt-in text."""

import numpy as np
from scipy import ndimage

from xattn.trust.expectations import Expectation
from xattn.trust.finding import Finding, passed

BLANK_SPREAD = 0.02
"""Standard deviation of greys, of a range of 1, below which nothing is shown."""
NOISE_LIKENESS = 0.5
"""Correlation of neighbouring pixels, thinned to 256: white noise has 0, films above 0.9."""
METAL_GREY, METAL_STEP = 0.95, 0.2
"""Metal is near the top of the range, and its surroundings are this much darker."""
METAL_AREA = (0.001, 0.2)
"""Shares of the film: below are markers' letters and clips, above a collimator."""
MOST_PARTS = 30
"""Bright areas that are looked at; more are texture."""
GLYPH_STEP = 0.3
"""How much brighter burnt-in strokes are than what lies within half a glyph of them."""
LINE_GLYPHS = 7
"""Glyphs of equal height in a row that make a line of text; "L MLO" has four."""


def check_pixels(film: np.ndarray, expectation: Expectation) -> tuple[Finding, ...]:
    """The findings of a film (h, w) in 0 to 1, bright = dense, of 256 pixels a side or more."""
    return _blank(film), _metal(film, expectation.metal)


def check_text(film: np.ndarray) -> Finding:
    """Whether a film (h, w) of 512 pixels a side or more carries a line of burnt-in text."""
    if _longest_line(film) >= LINE_GLYPHS:
        reason = "A line of text seems burnt into the film: it may name the patient."
        return Finding("burnt-in text", "warn", reason)
    return passed("burnt-in text", "No line of text was found on the film.")


def _blank(film: np.ndarray) -> Finding:
    neighbours = film[:, :-1].ravel(), film[:, 1:].ravel()
    if film.std() < BLANK_SPREAD or min(side.std() for side in neighbours) == 0:
        return Finding("picture", "block", "The film is blank.")
    if np.corrcoef(*neighbours)[0, 1] < NOISE_LIKENESS:
        return Finding("picture", "block", "The film is noise: neighbouring pixels are unrelated.")
    return passed("picture", "The film shows structure.")


def _metal(film: np.ndarray, likely: str) -> Finding:
    bright = ndimage.binary_opening(film >= METAL_GREY, structure=np.ones((5, 5)))
    parts, count = ndimage.label(bright)
    if any(_is_metal(film, parts == place) for place in range(1, min(count, MOST_PARTS) + 1)):
        return Finding("metal", "warn", f"A sharp bright area may be {likely}.")
    return passed("metal", "No sharp bright area was found.")


def _is_metal(film: np.ndarray, part: np.ndarray) -> bool:
    border = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    if border.any() or not METAL_AREA[0] <= part.mean() <= METAL_AREA[1]:
        return False
    near = ndimage.binary_dilation(part, iterations=2)
    ring = ndimage.binary_dilation(near, iterations=3) & ~near
    return bool(film[part].mean() - np.median(film[ring]) > METAL_STEP)


def _longest_line(film: np.ndarray) -> int:
    """How many glyphs of like height stand in the fullest row."""
    glyphs, count = ndimage.label(
        ndimage.white_tophat(film, size=(15, 15)) > GLYPH_STEP, structure=np.ones((3, 3))
    )
    boxes = [box for box in ndimage.find_objects(glyphs) if box is not None] if count else []
    spans = np.array([[b[0].start, b[0].stop, b[1].stop - b[1].start] for b in boxes]).reshape(
        -1, 3
    )
    height = spans[:, 1] - spans[:, 0]
    spans = spans[(height >= 6) & (height <= 40) & (spans[:, 2] <= 1.5 * height)]
    if not len(spans):
        return 0
    top, bottom = spans[:, :1], spans[:, 1:2]
    alike = (abs(top - top.T) <= 2) & (abs(bottom - bottom.T) <= 2)
    return int(alike.sum(axis=1).max())
