"""From attenuation to a stored film: site's exposure, marker letters, border, digits.

The two sites differ only here. In the confounded split these differences are shortcuts.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from xattn.phantoms.physics import Detector, Floats, Grid


@dataclass(frozen=True, slots=True)
class Site:
    """How one department exposes, marks and stores its films."""

    detector: Detector
    base: float
    """Brightness of air."""
    contrast: float
    """Slope of the characteristic curve, per unit between fat (0) and gland (1)."""
    middle: float
    """Where the characteristic curve is steepest."""
    border_mm: float
    """White frame of a scanned film."""
    letter_mm: float
    """Size of one block of a marker's letters."""
    bits: int


SITES = (
    Site(Detector(3.0e5, 900.0, 0.12), 0.07, 3.0, 0.24, 3.5, 1.7, 12),
    Site(Detector(4.5e5, 500.0, 0.08), 0.015, 2.6, 0.18, 0.0, 1.15, 14),
)

SHIFTED_ENERGY = 0.8
"""A harder beam: all attenuation times this, so contrast falls."""
SHIFTED_DETECTOR = Detector(1.6e5, 2500.0, 0.22)

LETTERS = {
    "L": ("10000", "10000", "10000", "10000", "10000", "10000", "11111"),
    "R": ("11110", "10001", "10001", "11110", "10100", "10010", "10001"),
    "C": ("01110", "10001", "10000", "10000", "10000", "10001", "01110"),
    "M": ("10001", "11011", "10101", "10101", "10001", "10001", "10001"),
    "O": ("01110", "10001", "10001", "10001", "10001", "10001", "01110"),
    " ": ("00000",) * 7,
}


def letter_blocks(text: str) -> Floats:
    """The blocks of a line of letters, (7, 6 * letters)."""
    rows = ["0".join(LETTERS[letter][row] for letter in text) + "0" for row in range(7)]
    return np.array([[float(block) for block in row] for row in rows], np.float32)


def add_marker(
    attenuation: Floats, grid: Grid, *, text: str, corner: tuple[float, float], block_mm: float
) -> None:
    """Lays lead letters, top left at `corner` in mm, over the attenuation."""
    blocks = letter_blocks(text)
    height, width = blocks.shape[0] * block_mm, blocks.shape[1] * block_mm
    middle = (corner[0] + width / 2, corner[1] + height / 2)
    window = grid.window(middle, (width / 2 - 1e-6, height / 2 - 1e-6))
    part = grid.part(window)
    if 0 in part.shape:
        return
    columns = ((part.xs - corner[0]) / block_mm).astype(int)
    rows = ((part.ys - corner[1]) / block_mm).astype(int)
    attenuation[window] += np.float32(6.0) * blocks[np.ix_(rows, columns)]


def brightness(
    measured: Floats, site: Site, *, fat: float, contrast: float, exposure: tuple[float, float]
) -> Floats:
    """Characteristic curve of the site, in [0, 1]: fat's attenuation is 0, gland's 1 before it.

    `exposure` is this film's own shift of the curve and factor on its slope.
    """
    level = (measured - np.float32(fat)) / np.float32(contrast)
    shift, factor = exposure
    curve = expit(np.float32(site.contrast * factor) * (level - np.float32(site.middle + shift)))
    return np.asarray(site.base + (1 - site.base) * curve, np.float32)


def add_border(film: Floats, grid: Grid, *, width_mm: float, film_mm: tuple[float, float]) -> None:
    """Whitens the frame of a scanned film on all sides but the chest wall's own edge."""
    if not width_mm:
        return
    film[(grid.ys < width_mm) | (grid.ys > film_mm[1] - width_mm), :] = 1.0
    film[:, (grid.xs < 0) | (grid.xs > film_mm[0] - width_mm)] = 1.0
