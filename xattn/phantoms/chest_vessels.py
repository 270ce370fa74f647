"""Branching vessels of the lungs, from the hila outwards."""

import numpy as np

from xattn.phantoms.chest_anatomy import SIDES, Thorax
from xattn.phantoms.chest_strokes import Rods, rod_layer
from xattn.phantoms.physics import Floats, Grid, Scalars

TRUNKS = (-1.25, -0.85, -0.4, 0.05, 0.5, 0.9, 1.2, 1.45)
"""Directions of the trunks: angle below the horizontal, outwards."""
GENERATIONS = 4


def vessel_layer(grid: Grid, thorax: Thorax, *, congestion: float = 0.0) -> Floats:
    """Thickness in mm of the vessels of both lungs; `congestion` (0 to 1) fills the upper ones."""
    groups: list[Rods] = []
    for index, side in enumerate(SIDES):
        rng = np.random.default_rng([thorax.stream, 40 + index])
        groups += _tree(thorax, side, congestion, rng)
    return rod_layer(grid, groups)


def _tree(thorax: Thorax, side: str, congestion: float, rng: np.random.Generator) -> list[Rods]:
    """Every generation as an upper and a lower set of rods."""
    angles = np.array(TRUNKS) + 0.12 * rng.standard_normal(len(TRUNKS))
    hilum = np.array(thorax.hila[side])
    starts = hilum + np.stack([0 * angles, 13 * np.sin(angles)], axis=1)
    vessels: list[Rods] = []
    radius, upper = 3.1, angles < 0
    lengths = 30 + 10 * rng.random(len(angles)) + 8 * (angles > 0.8)
    for _ in range(GENERATIONS):
        ends = starts + lengths[:, None] * _directions(angles, side)
        fill = 0.72 + 0.55 * congestion
        vessels += [
            Rods(starts[upper], ends[upper], radius * fill),
            Rods(starts[~upper], ends[~upper], radius * (1 + 0.15 * congestion)),
        ]
        spread = 0.22 + 0.22 * rng.random(2 * len(angles))
        turn = np.concatenate([-spread[: len(angles)], spread[len(angles) :]])
        angles, lengths = np.tile(angles, 2) + turn, np.tile(lengths, 2) * 0.8
        lengths *= 0.75 + 0.5 * rng.random(len(lengths))
        starts, upper, radius = np.tile(ends, (2, 1)), np.tile(upper, 2), 0.64 * radius
    return vessels


def _directions(angles: Scalars, side: str) -> Scalars:
    return np.stack([SIDES[side] * np.cos(angles), np.sin(angles)], axis=1)
