"""How each mass shape and margin of the breast phantom looks, and the strands about a lesion.

Lengths are in mm; a layer is a relative thickness, about 1 at a mass's centre.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from xattn.phantoms.physics import Floats, Grid, Point, Stroke, add_stroke, smooth_noise


@dataclass(frozen=True, slots=True)
class Outline:
    """A contour r(angle) = radius * (1 + sum of harmonics), turned and stretched."""

    centre: Point
    radius: float
    aspect: float
    turn: float
    orders: Floats
    heights: Floats
    phases: Floats

    def polar(self, grid: Grid) -> tuple[Floats, Floats, Floats]:
        """Distance from the centre, contour radius and angle of every pixel, (H, W)."""
        x, y = grid.x - np.float32(self.centre[0]), grid.y - np.float32(self.centre[1])
        cos, sin = np.float32(np.cos(self.turn)), np.float32(np.sin(self.turn))
        stretch = np.float32(np.sqrt(self.aspect))
        u, v = (x * cos + y * sin) / stretch, (y * cos - x * sin) * stretch
        angle = np.arctan2(v, u)
        return np.hypot(u, v), self.radius_at(angle), angle

    def radius_at(self, angle: Floats) -> Floats:
        """Contour radius at an angle of the stretched frame."""
        total = np.ones_like(angle)
        for order, height, phase in zip(self.orders, self.heights, self.phases, strict=True):
            total += height * np.cos(order * angle + phase)
        return np.float32(self.radius) * total

    def point(self, angle: float, reach: float) -> Point:
        """The point at `reach` times the contour, in mm."""
        radius = float(self.radius_at(np.array([angle], np.float32))[0]) * reach
        stretch = np.sqrt(self.aspect)
        u, v = radius * np.cos(angle) * stretch, radius * np.sin(angle) / stretch
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return (
            self.centre[0] + float(u * cos - v * sin),
            self.centre[1] + float(u * sin + v * cos),
        )


HARMONICS: dict[str, tuple[float, tuple[int, ...], float]] = {
    "IRREGULAR": (1.15, (2, 3, 4, 5, 6, 7), 0.11),
    "OVAL": (1.55, (3,), 0.02),
    "LOBULATED": (1.15, (3, 4), 0.16),
    "ROUND": (1.0, (2,), 0.015),
    "ARCHITECTURAL_DISTORTION": (1.1, (2, 3), 0.1),
    "LYMPH_NODE": (1.45, (2,), 0.03),
    "FOCAL_ASYMMETRIC_DENSITY": (1.3, (2, 3, 4), 0.12),
    "ASYMMETRIC_BREAST_TISSUE": (1.7, (2, 3), 0.14),
}
"""Aspect, orders and height of the harmonics of each shape."""

SOLIDITY: dict[str, float] = {
    "ARCHITECTURAL_DISTORTION": 0.3,
    "FOCAL_ASYMMETRIC_DENSITY": 0.85,
    "ASYMMETRIC_BREAST_TISSUE": 0.8,
    "LYMPH_NODE": 0.8,
}
"""Share of a mass's thickness where it is not whole."""

EDGE: dict[str, float] = {
    "ILL_DEFINED": 0.26,
    "CIRCUMSCRIBED": 0.03,
    "SPICULATED": 0.09,
    "OBSCURED": 0.04,
    "MICROLOBULATED": 0.03,
}
"""Softness of the edge as a share of the radius."""


def draw_outline(
    rng: np.random.Generator, shape: str, margins: str, centre: Point, radius: float
) -> Outline:
    """A random contour of a shape; microlobulated margins scallop it."""
    aspect, orders, height = HARMONICS[shape]
    heights = [height * (0.6 + 0.8 * rng.random()) for _ in orders]
    phases = list(rng.random(len(orders)) * 2 * np.pi)
    turn = rng.random() * np.pi
    if margins == "MICROLOBULATED":
        orders, heights, phases = (*orders, 13), [*heights, 0.085], [*phases, rng.random() * 6]
    arrays = (np.array(values, np.float32) for values in (orders, heights, phases))
    return Outline(centre, radius, aspect, turn, *arrays)


def mass_layer(
    grid: Grid, outline: Outline, *, shape: str, margins: str, rng: np.random.Generator
) -> Floats:
    """Relative thickness of one mass with its margins, (H, W), about 1 at its centre."""
    layer = np.zeros(grid.shape, np.float32)
    reach = 2.3 * outline.radius * np.sqrt(outline.aspect)
    window = grid.window(outline.centre, (reach, reach))
    part = grid.part(window)
    stream = int(rng.integers(2**62))
    if 0 not in part.shape:
        layer[window] = _body(part, outline, shape, margins, stream)
    if shape == "ARCHITECTURAL_DISTORTION":
        _add_rays(layer, grid, outline, Rays(18, (1.2, 2.1), 0.32, 0.75), rng)
    if margins == "SPICULATED":
        _add_rays(layer, grid, outline, Rays(22, (0.45, 1.0), 0.30, 0.80), rng)
    return layer


def _body(grid: Grid, outline: Outline, shape: str, margins: str, stream: int) -> Floats:
    distance, contour, angle = outline.polar(grid)
    is_diffuse = shape.endswith(("DENSITY", "TISSUE"))
    share = max(EDGE[margins], 0.3) if is_diffuse else EDGE[margins]
    edge = np.full_like(distance, max(share * outline.radius, 0.15))
    if margins == "OBSCURED":
        edge += np.float32(0.5 * outline.radius) * np.clip(np.cos(angle), 0, 1)
    body = expit((contour - distance) / (0.55 * edge))
    body *= np.sqrt(np.clip(1 - (distance / (1.2 * contour)) ** 2, 0.05, 1))
    if is_diffuse:
        body *= 0.75 + 0.35 * smooth_noise(grid, 4.0, stream)
    if shape == "LYMPH_NODE":
        body *= 1 - 0.75 * _hilum(distance / contour, angle)
    if margins == "OBSCURED":
        veil = _veil(distance / np.float32(outline.radius), angle)
        body += veil * np.clip(0.7 + 0.5 * smooth_noise(grid, 3.0, stream), 0, 2)
    # What is cut off here ends the layer, and with it the mask, at a finite distance.
    return np.asarray(np.maximum(body * SOLIDITY.get(shape, 1.0) - 0.04, 0), np.float32)


def _hilum(reach: Floats, angle: Floats) -> Floats:
    """The fatty notch of a lymph node, off centre; `reach` is in contour radii."""
    return np.asarray(np.exp(-6 * ((reach - 0.35) ** 2 + (0.5 * angle) ** 2)), np.float32)


def _veil(reach: Floats, angle: Floats) -> Floats:
    """Tissue that lies over one side of an obscured mass; `reach` is in radii."""
    side = np.exp(-((reach * np.cos(angle) - 1.0) ** 2) / 0.5)
    return np.asarray(0.5 * side * np.exp(-(reach**4) / 12), np.float32)


@dataclass(frozen=True, slots=True)
class Rays:
    """Thin lines from inside a contour outwards: how many, how far beyond it, how strong."""

    count: int
    length: tuple[float, float]
    """Shortest and longest, in radii beyond the contour."""
    radius: float
    depth: float


def _add_rays(
    layer: Floats, grid: Grid, outline: Outline, rays: Rays, rng: np.random.Generator
) -> None:
    first = rng.random() * 2 * np.pi
    for index in range(rays.count):
        angle = first + (index + 0.7 * rng.random()) * 2 * np.pi / rays.count
        reach = 1 + rays.length[0] + (rays.length[1] - rays.length[0]) * rng.random()
        start, end = outline.point(angle, 0.55), outline.point(angle + 0.1 * rng.normal(), reach)
        depth = rays.depth * (0.6 + 0.5 * rng.random())
        add_stroke(layer, grid, Stroke(start, end, rays.radius, depth, taper=0.75))


def strands_layer(grid: Grid, centre: Point, radius: float, rng: np.random.Generator) -> Floats:
    """A handful of long straightened strands that run past the lesion, (H, W)."""
    layer = np.zeros(grid.shape, np.float32)
    first = rng.random() * 2 * np.pi
    for index in range(7):
        angle = first + (index + 0.6 * rng.random()) * 2 * np.pi / 7
        offset = (rng.random() - 0.5) * radius
        cos, sin = np.cos(angle), np.sin(angle)
        foot = (centre[0] - offset * sin, centre[1] + offset * cos)
        near, far = 0.9 * radius, radius + 10 + 8 * rng.random()
        start = (foot[0] + near * cos, foot[1] + near * sin)
        end = (foot[0] + far * cos, foot[1] + far * sin)
        add_stroke(layer, grid, Stroke(start, end, 0.7, 1.0, taper=0.3))
    return layer
