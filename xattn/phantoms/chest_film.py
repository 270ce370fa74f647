"""From attenuation to a stored chest film: marker letters, exposure, curve, frame, digits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms import film
from xattn.phantoms.chest_anatomy import FILM_MM
from xattn.phantoms.film import Site
from xattn.phantoms.physics import Detector, Floats, Grid, digitise, expose

SITES = (
    Site(Detector(4.0e5, 400.0, 0.45), 0.04, 3.5, 0.39, 5.0, 3.6, 12),
    Site(Detector(2.5e5, 600.0, 0.30), 0.01, 3.1, 0.31, 0.0, 3.0, 14),
)
"""Two departments: exposure, curve, frame, size of letters and bits (physics as in `Site`)."""
PORTABLE = 0.4
"""Share of the exposure that a bedside unit gives."""
SCATTER = 1.2
"""A bedside film without a grid spreads the same attenuations over so much less contrast."""
SHIFTED_ENERGY = 0.82
SHIFTED_DETECTOR = Detector(4.0e4, 2500.0, 1.1)

LETTERS = film.LETTERS | {
    "A": ("01110", "10001", "10001", "11111", "10001", "10001", "10001"),
    "P": ("11110", "10001", "10001", "11110", "10000", "10000", "10000"),
}


@dataclass(frozen=True, slots=True)
class Exposure:
    """What is this film's own: levels of lung and mediastinum, curve, marker, polarity."""

    lung: float
    mediastinum: float
    curve: tuple[float, float]
    """Shift of the site's curve and factor on its slope."""
    marker: tuple[str, ...]
    """Lines of lead letters."""
    place: tuple[float, float]
    """Top left of the marker, in mm."""
    is_portable: bool
    is_inverted: bool
    seed: int


def develop(
    attenuation: Floats, grid: Grid, *, site: Site, exposure: Exposure, shifted: bool
) -> NDArray[np.uint16]:
    """Stored values of a film; adds the marker to `attenuation`."""
    for index, line in enumerate(exposure.marker):
        corner = (exposure.place[0], exposure.place[1] + 10 * index * site.letter_mm)
        _add_line(attenuation, grid, line, corner, site.letter_mm)
    energy = SHIFTED_ENERGY if shifted else 1.0
    detector = SHIFTED_DETECTOR if shifted else _detector(site, exposure)
    measured = expose(attenuation * np.float32(energy), grid.spacing, detector, exposure.seed)
    shown = film.brightness(
        measured, site, fat=exposure.lung * energy,
        contrast=(exposure.mediastinum - exposure.lung) * (SCATTER if exposure.is_portable else 1),
        exposure=exposure.curve,
    )  # fmt: skip
    _frame(shown, grid, site.border_mm)
    return digitise(shown, site.bits, is_inverted=exposure.is_inverted)


def _detector(site: Site, exposure: Exposure) -> Detector:
    share = PORTABLE if exposure.is_portable else 1.0
    detector = site.detector
    return Detector(share * detector.photons_mm2, detector.electronic_mm2, detector.blur_mm)


def _add_line(
    attenuation: Floats, grid: Grid, text: str, corner: tuple[float, float], block_mm: float
) -> None:
    rows = ["0".join(LETTERS[letter][row] for letter in text) + "0" for row in range(7)]
    blocks = np.array([[float(block) for block in row] for row in rows], np.float32)
    height, width = blocks.shape[0] * block_mm, blocks.shape[1] * block_mm
    middle = (corner[0] + width / 2, corner[1] + height / 2)
    window = grid.window(middle, (width / 2 - 1e-6, height / 2 - 1e-6))
    part = grid.part(window)
    if 0 in part.shape:
        return
    columns = ((part.xs - corner[0]) / block_mm).astype(int)
    lines = ((part.ys - corner[1]) / block_mm).astype(int)
    attenuation[window] += np.float32(5.0) * blocks[np.ix_(lines, columns)]


def _frame(shown: Floats, grid: Grid, width_mm: float) -> None:
    """Whitens the frame of a scanned film on all four sides."""
    if not width_mm:
        return
    shown[(grid.ys < width_mm) | (grid.ys > FILM_MM[1] - width_mm), :] = 1.0
    shown[:, (grid.xs < width_mm) | (grid.xs > FILM_MM[0] - width_mm)] = 1.0
