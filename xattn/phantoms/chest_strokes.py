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
    """Thickness in mm of all rods, (H, W)."""
    total = np.zeros(grid.shape, np.float32)
    for rods in groups:
        window = _window(grid, rods)
        part = grid.part(window)
        if 0 in part.shape:
            continue
        matter = _deposit(part, rods)
        sigma = 0.55 * rods.radius / grid.spacing
        total[window] += gaussian_filter(matter, sigma, truncate=3.0) if sigma > 0.3 else matter
    return total


def _window(grid: Grid, rods: Rods) -> tuple[slice, slice]:
    """Rows and columns that the rods and their blur reach."""
    ends = np.concatenate([rods.starts, rods.ends])
    low, high = ends.min(axis=0), ends.max(axis=0)
    reach = 2 * rods.radius + 3 * grid.spacing
    centre, half = (low + high) / 2, (high - low) / 2 + reach
    return grid.window((float(centre[0]), float(centre[1])), (float(half[0]), float(half[1])))


def _deposit(grid: Grid, rods: Rods) -> Floats:
    """The rods' matter as thickness per pixel, shared among the four pixels about each point."""
    spans = rods.ends - rods.starts
    lengths = np.hypot(spans[:, 0], spans[:, 1])
    counts = np.maximum(np.ceil(lengths / (0.7 * grid.spacing)).astype(int), 1)
    owner = np.repeat(np.arange(len(counts)), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    along = (np.arange(len(owner)) - first + 0.5) / counts[owner]
    points = rods.starts[owner] + along[:, None] * spans[owner]
    matter = np.pi * rods.radius**2 * (lengths / counts)[owner] / grid.spacing**2
    return _splat(grid, points, matter)


def _splat(grid: Grid, points: Scalars, matter: Scalars) -> Floats:
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
