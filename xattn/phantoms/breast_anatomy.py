"""The healthy breast on the film: outline, skin, gland, ligaments, chest muscle.

Canonical frame in mm: x from the chest wall towards the nipple, y down from the film's top.
"""

from dataclasses import dataclass

import numpy as np

from xattn.phantoms.physics import (
    Floats,
    Grid,
    coarse_grid,
    power_law_texture,
    refine,
    smooth_noise,
    smooth_noise_at,
)

FILM_MM = (180.0, 240.0)

FAT_PER_MM = 0.0456
GLAND_PER_MM = 0.0802
"""Linear attenuation at 20 keV (Johns and Yaffe 1987), per mm."""
CONTRAST_PER_MM = GLAND_PER_MM - FAT_PER_MM

GLAND_BIAS = (-1.9, -1.0, -0.1, 0.95)
"""Moves the gland's share by density; about 12, 25, 44 and 67 % of the breast."""

SKIN_WIDTH_MM = 1.3

LIGAMENTS = ((34.0, 13.0, 0.55, 4.5), (20.0, 8.0, 0.35, 3.0), (26.0, 5.0, 0.3, 2.0))
"""Knots along and across, half-width and depth of each set of strands, in mm."""


@dataclass(frozen=True, slots=True)
class Breast:
    """The shape of one breast in one view; lengths in mm."""

    view: str
    side: str
    reach: float
    """Chest wall to nipple."""
    above: float
    below: float
    """Half-heights of the outline above and below the nipple."""
    nipple_y: float
    thickness: float
    """Compressed thickness."""
    muscle: tuple[float, float]
    """Where the muscle's edge meets the film's top and the chest wall; zeros without."""

    @property
    def nipple(self) -> tuple[float, float]:
        """Where the nipple lies."""
        return self.reach, self.nipple_y

    def skin_point(self, height: float) -> tuple[tuple[float, float], tuple[float, float]]:
        """The outline's point at `height` in (-1, 1) of its half-height, and its inward normal."""
        half = self.below if height > 0 else self.above
        x = self.reach * np.sqrt(1 - height**2)
        gradient = np.array([x / self.reach**2, height / half])
        normal = -gradient / np.hypot(*gradient)
        return (float(x), self.nipple_y + height * half), (float(normal[0]), float(normal[1]))


@dataclass(frozen=True, slots=True)
class SkinChange:
    """A local change of the skin next to the lesion; lengths in mm."""

    place: tuple[float, float]
    retraction: float
    thickening: float


def sample_breast(rng: np.random.Generator) -> Breast:
    """A random breast and view."""
    view, side = ("CC", "MLO")[int(rng.random() < 0.5)], ("L", "R")[int(rng.random() < 0.5)]
    oblique = view == "MLO"
    reach = 88 + 34 * rng.random()
    above = (135 + 30 * rng.random()) if oblique else (84 + 22 * rng.random())
    below = 80 + 16 * rng.random() if oblique else above * (0.94 + 0.12 * rng.random())
    nipple_y = 128 + 10 * rng.random() if oblique else 114 + 12 * rng.random()
    muscle = (42 + 28 * rng.random(), 105 + 45 * rng.random()) if oblique else (0.0, 0.0)
    return Breast(view, side, reach, above, below, nipple_y, 42 + 20 * rng.random(), muscle)


def depth_below_skin(grid: Grid, breast: Breast, change: SkinChange) -> tuple[Floats, Floats]:
    """Distance in mm into the breast, negative outside; and nearness to the skin change, (H, W)."""
    x, y = np.maximum(grid.x, 0) / np.float32(breast.reach), grid.y - np.float32(breast.nipple_y)
    half = np.where(y > 0, breast.below, breast.above).astype(np.float32)
    level = np.sqrt(x * x + (y / half) ** 2)
    slope = np.sqrt((x / np.float32(breast.reach)) ** 2 + (y / half**2) ** 2)
    depth = (1 - level) * level / np.maximum(slope, np.float32(1e-4))
    nipple = (y / 4.5) ** 2 + ((grid.x - np.float32(breast.reach)) / 6) ** 2
    depth += 4.5 * np.exp(-nipple)
    px, py = grid.x - np.float32(change.place[0]), grid.y - np.float32(change.place[1])
    squared = px * px + py * py
    near = np.exp(squared / np.float32(-2 * 9.0**2))
    if change.retraction:
        depth -= np.float32(change.retraction) * np.exp(squared / np.float32(-2 * 6.0**2))
    return np.asarray(depth, np.float32), np.asarray(near, np.float32)


@dataclass(frozen=True, slots=True)
class Tissue:
    """The healthy breast sampled on a grid."""

    attenuation: Floats
    thickness: Floats
    """Compressed thickness in mm."""
    gland: Floats
    """Share of gland in [0, 1]."""


def sample_tissue(
    grid: Grid, breast: Breast, change: SkinChange, *, density: int, exponent: float, stream: int
) -> Tissue:
    """Attenuation of the healthy breast, (H, W)."""
    depth, near = depth_below_skin(grid, breast, change)
    edge = np.clip(1 - depth / np.float32(11), 0, 1)
    thickness = np.float32(breast.thickness) * np.sqrt(np.clip(1 - edge * edge, 0, 1))
    thickness = np.where(depth > 0, np.maximum(thickness, 2.0), 0).astype(np.float32)
    lumps = power_law_texture(grid, exponent=exponent, band_mm=(4.0, 99.0), stream=stream)
    grain = power_law_texture(grid, exponent=exponent, band_mm=(0.0, 4.0), stream=stream)
    lines, streaks = _ligaments(grid, breast, stream + 100)
    lines *= np.clip((depth - 1.5) / 4, 0, 1)
    gland = _gland_share(grid, breast, depth, density=density, lumps=lumps + 0.5 * streaks)
    muscle = _muscle_share(grid, breast)
    lean = (
        gland * (0.43 + 0.13 * grain + 0.08 * streaks)
        + 0.07 * grain
        + lines / np.float32(breast.thickness)
    )
    lean += muscle * (0.80 + 0.1 * lumps - lean)
    attenuation = thickness * (FAT_PER_MM + CONTRAST_PER_MM * np.maximum(lean, -0.1))
    width = SKIN_WIDTH_MM + np.float32(change.thickening) * near
    skin = np.exp(-0.5 * ((depth - width) / (0.55 * width)) ** 2) * (depth > 0)
    attenuation += np.float32(0.45) * skin * (1 + 0.6 * near * (change.thickening > 0))
    return Tissue(attenuation.astype(np.float32), thickness, gland)


def _gland_share(
    grid: Grid, breast: Breast, depth: Floats, *, density: int, lumps: Floats
) -> Floats:
    """Where gland is: behind the nipple, under a rim of fat, in lumps of the texture."""
    x, y = grid.x / np.float32(breast.reach), grid.y - np.float32(breast.nipple_y)
    half = np.where(y > 0, breast.below, breast.above).astype(np.float32)
    bed = ((x - 0.52) / 0.62) ** 2 + (y / (0.78 * np.minimum(half, 105))) ** 2
    rim = np.clip(1 - depth / np.float32(13), 0, 1)
    level = GLAND_BIAS[density - 1] + 1.1 * lumps + 0.9 * (0.75 - bed) - 2.5 * rim
    return np.asarray(1 / (1 + np.exp(np.float32(-2.0) * level)), np.float32)


def _ligaments(grid: Grid, breast: Breast, stream: int) -> tuple[Floats, Floats]:
    """Extra gland thickness in mm of strands that run to the nipple, and broad streaks; (H, W).

    Strands are the zero lines of a smooth noise, long along the ducts and narrow across them;
    streaks are the noise itself.
    """
    coarse = coarse_grid(grid, 1.5)
    x = np.asarray(breast.reach + 25 - coarse.xs[None, :], np.float64)
    y = np.asarray(coarse.ys[:, None] - breast.nipple_y, np.float64)
    radius, wander = np.hypot(x, y), 7.0 * smooth_noise(coarse, 22.0, stream + 1)
    arc = np.asarray(np.arctan2(y, np.maximum(x, 1)) * 85 + wander, np.float64)
    total, streaks = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    for index, (along, across, width, depth) in enumerate(LIGAMENTS):
        noise = smooth_noise_at(radius / along, arc / across, stream + 2 + index)
        noise = refine(noise, coarse, grid)
        streaks += noise * np.float32(0.57)
        down, right = np.gradient(noise, grid.spacing)
        drawn = max(width, 0.5 * grid.spacing)
        distance = noise / (np.hypot(down, right) + np.float32(0.02))
        total += np.float32(depth * width / drawn) * np.exp(-0.5 * (distance / drawn) ** 2)
    return total * np.clip(0.75 + 0.55 * smooth_noise(grid, 9.0, stream + 5), 0, 2), streaks


def _muscle_share(grid: Grid, breast: Breast) -> Floats:
    top, wall = breast.muscle
    if not top:
        return np.zeros(grid.shape, np.float32)
    depth = (1 - grid.x / np.float32(top) - grid.y / np.float32(wall)) * np.float32(top * 0.85)
    depth = depth + 0.05 * top * np.sin(grid.y / np.float32(24))
    return np.asarray(1 / (1 + np.exp(np.clip(-depth / np.float32(0.9), -30, 30))), np.float32)
