"""Thin things of the chest phantom laid down as matter: vessels, septal lines, tubes, wires.

A rod of cross-section A leaves A mm2 of matter per mm of its length on the film, however
coarse the grid; a blur of its own radius gives it its width.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from xattn.phantoms.physics import Floats, Grid, Scalars


@dataclass(frozen=True, slots=True)
class Rods:
    """Many straight pieces of one radius: `starts` and `ends` (N, 2) in mm as (x, y)."""

    starts: Scalars
    ends: Scalars
    radius: float


def path(points: Scalars, radius: float) -> Rods:
    """A polyline (N, 2) as rods."""
    return Rods(points[:-1], points[1:], radius)


def curve(knots: Iterable[tuple[float, float]], *, count: int = 24) -> Scalars:
    """A smooth curve through knots (Catmull and Rom 1974), (count, 2)."""
    from scipy.interpolate import CubicSpline

    places = np.array(list(knots), np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
    spline = CubicSpline(along, places, bc_type="natural")
    return np.asarray(spline(np.linspace(0, along[-1], count)))


def rod_layer(grid: Grid, groups: Iterable[Rods]) -> Floats:
    """Thickness in mm of all rods, (H, W); rods of nearly one radius are blurred together."""
    total = np.zeros(grid.shape, np.float32)
    classes: dict[int, list[Rods]] = {}
    for rods in groups:
        classes.setdefault(round(np.log2(rods.radius)), []).append(rods)
    for alike in classes.values():
        points, matter = (
            np.concatenate(parts) for parts in zip(*(_spread(r, grid) for r in alike), strict=True)
        )
        radius = float(np.mean([rods.radius for rods in alike]))
        window = _window(grid, points, 2 * radius + 3 * grid.spacing)
        part = grid.part(window)
        if 0 in part.shape:
            continue
        layer = _splat(part, points, matter)
        sigma = 0.55 * radius / grid.spacing
        total[window] += gaussian_filter(layer, sigma, truncate=3.0) if sigma > 0.3 else layer
    return total


def _window(grid: Grid, points: Scalars, reach: float) -> tuple[slice, slice]:
    """Rows and columns within `reach` of the points."""
    low, high = points.min(axis=0), points.max(axis=0)
    centre, half = (low + high) / 2, (high - low) / 2 + reach
    return grid.window((float(centre[0]), float(centre[1])), (float(half[0]), float(half[1])))


def _spread(rods: Rods, grid: Grid) -> tuple[Scalars, Scalars]:
    """Points along the rods, (N, 2), closer than pixels, and their matter in mm per pixel."""
    spans = rods.ends - rods.starts
    lengths = np.hypot(spans[:, 0], spans[:, 1])
    counts = np.maximum(np.ceil(lengths / (0.7 * grid.spacing)).astype(int), 1)
    owner = np.repeat(np.arange(len(counts)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    along = (np.arange(len(owner)) - first + 0.5) / counts[owner]
    points = rods.starts[owner] + along[:, None] * spans[owner]
    return points, np.pi * rods.radius**2 * (lengths / counts)[owner] / grid.spacing**2


def _splat(grid: Grid, points: Scalars, matter: Scalars) -> Floats:
    """The matter shared among the four pixels about each point, (H, W)."""
    height, width = grid.shape
    columns = (points[:, 0] - grid.xs[0]) / grid.spacing
    rows = (points[:, 1] - grid.ys[0]) / grid.spacing
    near = (columns >= -1) & (columns < width) & (rows >= -1) & (rows < height)
    columns, rows, matter = columns[near], rows[near], matter[near]
    left, top = np.floor(columns).astype(int), np.floor(rows).astype(int)
    right_share, lower_share = columns - left, rows - top
    # A frame of one pixel collects what falls just outside.
    corner = (top + 1) * (width + 2) + left + 1
    places = [corner, corner + 1, corner + width + 2, corner + width + 3]
    upper, lower = matter * (1 - lower_share), matter * lower_share
    shares = [f * side for f in (upper, lower) for side in (1 - right_share, right_share)]
    size = (height + 2) * (width + 2)
    framed = np.bincount(np.concatenate(places), np.concatenate(shares), size)
    framed = framed.reshape(height + 2, width + 2)
    return framed[1:-1, 1:-1].astype(np.float32)
