"""From a hip's attenuation to a stored film: marker, collimation, exposure, curve, digits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms.film import Site, add_marker, brightness
from xattn.phantoms.physics import Detector, Floats, Grid, digitise, expose

FILM_MM = (192.0, 208.0)

SITES = (
    Site(Detector(2.6e4, 300.0, 0.22), 0.05, 1.75, 0.10, 6.0, 1.9, 12),
    Site(Detector(4.0e4, 150.0, 0.15), 0.015, 1.60, 0.02, 3.0, 1.4, 14),
)
"""A scanned-plate department and a digital one; `border_mm` is how far the collimator may close."""
SHIFTED_ENERGY = 0.85
"""A harder beam: all attenuation times this."""
SHIFTED_DETECTOR = Detector(1.0e4, 1200.0, 0.45)
LEAD = 3.4
"""Attenuation behind the collimator's blades over that of the body."""


@dataclass(frozen=True, slots=True)
class Technique:
    """How one film was made."""

    site: int
    side: str
    is_inverted: bool
    exposure: tuple[float, float]
    """Shift of the characteristic curve and factor on its slope."""
    blades: tuple[float, float, float, float]
    """How far each blade closes, in shares of the site's reach: left, right, top, bottom."""
    tilt: float
    """Slope of the blades."""
    marker: tuple[float, float]
    """Top left of the side's letter in mm."""


def sample_technique(rng: np.random.Generator, *, site: int) -> Technique:
    """A random technique at a site."""
    side = ("L", "R")[int(rng.random() < 0.5)]
    blades = tuple(float(share) for share in rng.random(4))
    # Beside the hip or above it: on the lateral half, away from the neck.
    corner = (FILM_MM[0] - 32 + 8 * float(rng.random()), 14 + 40 * float(rng.random()))
    return Technique(
        site, side, bool(rng.random() < 0.5),
        (0.10 * float(rng.normal()), float(np.exp(0.03 * rng.normal()))),
        (blades[0], blades[1], blades[2], blades[3]), 0.012 * float(rng.normal()), corner,
    )  # fmt: skip


def develop(
    attenuation: Floats,
    grid: Grid,
    technique: Technique,
    *,
    seed: int,
    shifted: bool,
    omit: frozenset[str],
) -> tuple[NDArray[np.uint16], int]:
    """Stored values and their bits of an attenuation relative to the body's, film's own sides.

    `grid` is the film's; the attenuation is changed in place.
    """
    site = SITES[technique.site]
    lit = _lit(grid, technique, site.border_mm)
    if "marker" not in omit:
        _add_letter(attenuation, grid, technique, site.letter_mm)
    if "collimation" not in omit and technique.site == 0:
        attenuation += (np.float32(LEAD) - attenuation) * (1 - lit)
    energy, detector = (SHIFTED_ENERGY, SHIFTED_DETECTOR) if shifted else (1.0, site.detector)
    measured = expose(attenuation * np.float32(energy), grid.spacing, detector, seed)
    shown = brightness(measured, site, fat=0.0, contrast=1.0, exposure=technique.exposure)
    if "collimation" not in omit and technique.site == 1:
        # The digital department's software blackens what the blades covered.
        shown *= lit
    return digitise(shown, site.bits, is_inverted=technique.is_inverted), site.bits


def _add_letter(attenuation: Floats, grid: Grid, technique: Technique, block_mm: float) -> None:
    x, y = technique.marker
    left = x if technique.side == "L" else FILM_MM[0] - x - 6 * block_mm
    add_marker(attenuation, grid, text=technique.side, corner=(left, y), block_mm=block_mm)


def _lit(grid: Grid, technique: Technique, reach: float) -> Floats:
    """Where the beam passes the collimator, in [0, 1], (H, W)."""
    left, right, top, bottom = (share * reach for share in technique.blades)
    x = grid.x + np.float32(technique.tilt) * (grid.y - np.float32(FILM_MM[1] / 2))
    y = grid.y - np.float32(technique.tilt) * (grid.x - np.float32(FILM_MM[0] / 2))
    inside = np.minimum(
        np.minimum(x - np.float32(left), np.float32(FILM_MM[0] - right) - x),
        np.minimum(y - np.float32(top), np.float32(FILM_MM[1] - bottom) - y),
    )
    return np.asarray(np.clip(inside / 0.8 + 0.5, 0, 1), np.float32)
