"""The healthy chest on the film: outline, lungs, diaphragm, heart and great vessels.

Frame in mm: x right and y down from the film's top-left corner, so the patient's left lies at
larger x. `u` is x from the midline. Thickness is along the beam.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from xattn.phantoms.chest_causes import Causes
from xattn.phantoms.physics import Floats, Grid, Scalars, smooth_noise

FILM_MM = (400.0, 400.0)

TISSUE_PER_MM = 0.0185
"""Linear attenuation of soft tissue at about 70 keV effective (120 kVp), per mm."""
LUNG_DENSITY = 0.28
"""Density of aerated lung relative to soft tissue."""

SIDES = {"R": -1.0, "L": 1.0}
"""Sign of `u` on each side: the patient's right lies at the image's left."""


@dataclass(frozen=True, slots=True)
class Thorax:
    """One chest in one projection; lengths in mm."""

    middle: float
    """x of the midline."""
    apex: float
    """y of the lungs' tops."""
    domes: tuple[float, float]
    """y of the right and the left dome of the diaphragm."""
    half: float
    """Half of the inner width of the thorax at its widest."""
    wall: float
    """Chest wall at the side."""
    depth: float
    """Front to back, at the midline."""
    ratio: float
    """Cardiothoracic ratio: width of the heart over inner width of the thorax."""
    widening: float
    """What an enlarged mediastinum adds on either side."""
    knob: float
    """How far the aortic knob stands out."""
    bubble: tuple[float, float, float]
    """Gastric bubble: x from the midline, y below the left dome, radius."""
    stream: int

    @property
    def hila(self) -> dict[str, tuple[float, float]]:
        """Where the great vessels enter the lungs, (x, y) by side."""
        y = self.apex + 0.42 * (self.domes[0] - self.apex)
        return {"R": (self.middle - 36.0, y + 6), "L": (self.middle + 40.0, y - 8)}

    def u(self, grid: Grid) -> Floats:
        """Columns' distance from the midline, (1, W)."""
        return grid.x - np.float32(self.middle)

    def angle_y(self, side: str) -> float:
        """Height y of the costophrenic angle."""
        return self.domes[side == "L"] + 44.0

    def lateral(self, y: Floats, *, lowered: float = 0.0) -> Floats:
        """Half-width of the thorax at a height; `lowered` moves its top down."""
        top = self.apex + lowered
        v = np.clip((y - top) / (self.angle_y("R") - top), 0, 1)
        return np.asarray(self.half * (1 - (1 - v) ** 2.7) ** 0.52, np.float32)

    def dome(self, u: Floats, side: str, *, raised: float = 0.0) -> Floats:
        """Height y of the diaphragm at a column."""
        out = np.abs(u) - np.float32(0.52 * self.half)
        inner = np.float32(14.0) * (out / np.float32(0.52 * self.half)) ** 2
        outer = np.float32(46.0) * (np.maximum(out, 0) / np.float32(0.46 * self.half)) ** 2.2
        top = np.float32(self.domes[side == "L"] - raised)
        return np.asarray(top + np.where(out < 0, inner, outer), np.float32)


def sample_thorax(rng: np.random.Generator, causes: Causes) -> Thorax:
    """A random chest about what the causes ask of it."""
    shallow, old = float(causes.is_shallow), causes.ageing / 2
    apex = 44 + 14 * rng.random() + 6 * shallow
    dome = 278 + 20 * rng.random() - 34 * shallow - 6 * old
    half = 132 + 16 * rng.random() - 7 * float(causes.sex == 0) * causes.has_breasts
    clarity = causes.clarity("cardiomegaly")
    ratio = 0.52 + 0.14 * clarity if clarity else 0.41 + 0.055 * rng.random()
    wide = causes.clarity("enlarged_cardiomediastinum")
    return Thorax(
        middle=200 + 7 * float(rng.normal()),
        apex=apex,
        domes=(dome, dome + 8 + 8 * rng.random()),
        half=half * (1 + 0.02 * shallow),
        wall=32 + 24 * rng.random(),
        depth=215 + 30 * rng.random(),
        ratio=ratio + 0.03 * shallow,
        widening=(8 + 16 * wide) * (wide > 0) + 3 * shallow,
        knob=4 + 7 * old + 2 * rng.random(),
        bubble=(70 + 15 * rng.random(), 26 + 10 * rng.random(), 14 + 12 * rng.random()),
        stream=int(rng.integers(2**40)),
    )


def soft_step(values: Floats | Scalars, width: float) -> Floats:
    """0 below, 1 above zero: a cubic over 1.5 `width` on either side."""
    t = np.asarray(values * np.float32(1 / (3 * width)), np.float32)
    t += np.float32(0.5)
    np.clip(t, 0, 1, out=t)
    smooth = np.float32(3) - 2 * t
    smooth *= t
    smooth *= t
    return smooth


def body_thickness(grid: Grid, thorax: Thorax) -> Floats:
    """Thickness in mm of trunk, neck, shoulders and arms, (H, W)."""
    u, y = np.abs(thorax.u(grid)), grid.y
    trunk = np.float32(thorax.half + thorax.wall)
    flat = 1 - np.clip(u / (trunk + 1), 0, 1) ** 3.2
    slope = np.clip((u - 40) / 150, 0, 1)
    below = y - np.where(u < 40, -160 + 3.85 * u, -6 + 52 * slope**1.3)
    thin = np.float32(0.66) + np.float32(0.34) * soft_step(y - np.float32(thorax.apex + 30), 50.0)
    front = np.float32(thorax.depth) * thin * np.sqrt(flat)
    arm_edge = trunk + 0.42 * (y - np.float32(thorax.apex + 112))
    thick = 130 + 62 * soft_step(np.float32(thorax.apex + 100) - y, 70.0)
    arm = soft_step(u - arm_edge, 5.0) * thick
    edge = np.sqrt(np.clip(below / 42, 0, 1))
    return np.asarray(np.maximum(front, arm) * edge, np.float32)


@dataclass(frozen=True, slots=True)
class Lung:
    """One lung sampled on a grid, in fractions and mm, (H, W) each."""

    side: str
    inside: Floats
    """1 in the lung, 0 outside."""
    air: Floats
    """Path through lung in mm where nothing lies before it."""
    out: Floats
    """Distance to the midline over the thorax's half-width there."""
    edge: Floats
    """Half-width of the thorax, (H, 1)."""


def sample_lung(grid: Grid, thorax: Thorax, side: str, *, raised: float = 0.0) -> Lung:
    """One lung; `raised` lifts its diaphragm by so many mm."""
    u = np.float32(SIDES[side]) * thorax.u(grid)
    edge = np.maximum(thorax.lateral(grid.y), np.float32(1))
    out = u / edge
    dome = thorax.dome(u, side, raised=raised)
    roof = np.float32(thorax.apex) + 0.006 * (u - np.float32(0.36 * thorax.half)) ** 2
    inside = soft_step(edge - u, 2.4) * soft_step(dome - grid.y, 2.2) * (u > 0)
    inside = inside * soft_step(grid.y - np.where(u < 0.36 * thorax.half, roof, -99.0), 5.0)
    round_off = np.sqrt(np.maximum(1 - out * out * np.sqrt(np.sqrt(np.abs(out))), 0))
    deep = np.clip((grid.y - np.float32(thorax.apex - 12)) / 110, 0.25, 1) ** 0.5
    air = np.float32(thorax.depth - 62) * round_off * deep
    return Lung(
        side, np.asarray(inside, np.float32), np.asarray(air * inside, np.float32),
        np.asarray(out, np.float32), edge,
    )  # fmt: skip


def silhouette(grid: Grid, thorax: Thorax) -> tuple[Floats, Floats]:
    """Share of the lung's path that mediastinum and heart take, (H, W), and the heart's alone."""
    right, left = mediastinal_edges(thorax)
    u, rows = thorax.u(grid), grid.ys
    right_edge = right(rows)[:, None].astype(np.float32)
    left_edge = left(rows)[:, None].astype(np.float32)
    span = np.minimum(u + right_edge, left_edge - u)
    wavy = np.float32(1.2) * smooth_noise(grid, 26.0, thorax.stream + 3)
    inside = soft_step(span + wavy, 3.0)
    # The heart bulges: its edge takes less of the lung's path than its middle.
    thick = 0.62 + 0.30 * np.clip(span / 40, 0, 1)
    hilum = np.float32(thorax.hila["R"][1])
    heart = inside * soft_step(grid.y - hilum - 14, 16.0)
    return np.asarray(inside * thick, np.float32), np.asarray(heart, np.float32)


def mediastinal_edges(thorax: Thorax) -> tuple[PchipInterpolator, PchipInterpolator]:
    """Distance of the right and the left border from the midline as functions of y."""
    apex, dome = thorax.apex, thorax.domes[0]
    hilum = thorax.hila["R"][1]
    width = 2 * thorax.half * thorax.ratio
    right_heart, left_heart = 0.345 * width, 0.655 * width
    wide, fall = thorax.widening, dome - hilum
    heights = [apex - 60, apex + 6, apex + 36, hilum - 20, hilum + 0.45 * fall, dome, dome + 40]
    right = [30, 31, 27 + wide, 27 + wide, right_heart, right_heart - 6, 26]
    knob = apex + 0.24 * (dome - apex)
    left_rows = [
        (apex - 60, 30.0),
        (apex + 6, 30.0),
        (knob - 22, 26 + 0.8 * wide),
        (knob, 28 + thorax.knob + wide),
        (knob + 20, 28 + 0.3 * thorax.knob + wide),
        (hilum - 2, 31 + 0.6 * wide),
        (hilum + 0.40 * fall, 0.36 * width + 12 + 0.2 * wide),
        (hilum + 0.82 * fall, left_heart - 3),
        (hilum + 1.0 * fall, left_heart),
        (dome + 24, left_heart - 8),
        (dome + 60, 30.0),
    ]
    return (
        PchipInterpolator(heights, right, extrapolate=True),
        PchipInterpolator(*zip(*left_rows, strict=True), extrapolate=True),
    )
