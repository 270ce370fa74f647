"""Support devices: breathing and feeding tubes, central lines, pacemakers, wires."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import maximum_filter

from xattn.phantoms.chest_anatomy import Thorax, soft_step
from xattn.phantoms.chest_scene import Effect, Scene
from xattn.phantoms.chest_strokes import Rods, curve, path, rod_layer
from xattn.phantoms.physics import Floats, Grid, Point

PLASTIC, METAL = 0.30, 0.80
"""Attenuation per mm of radio-opaque plastic and of metal."""
NEAR_MM = 5.0
"""How far beyond a device its mask reaches."""


def devices(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """One to three kinds of device; the kind says nothing about the patient's disease."""
    kinds: tuple[Callable[[Grid, Thorax, np.random.Generator], Floats], ...] = (
        _breathing_tube, _feeding_tube, _central_line, _pacemaker, _leads, _sternal_wires,
    )  # fmt: skip
    chosen = rng.permutation(len(kinds))[: 1 + int(2.6 * clarity)]
    added = scene.zeros()
    for index in chosen:
        added += kinds[index](scene.grid, scene.thorax, rng)
    added = np.minimum(added * np.float32(0.75 + 0.25 * clarity), 4.0).astype(np.float32)
    reach = 2 * int(np.ceil(NEAR_MM / scene.grid.spacing)) + 1
    return Effect(maximum_filter(added, reach) > 0.04, added=added)


def _tube(grid: Grid, knots: list[Point], radius: float, per_mm: float) -> Floats:
    return np.float32(per_mm) * rod_layer(grid, [path(curve(knots), radius)])


def _breathing_tube(grid: Grid, thorax: Thorax, rng: np.random.Generator) -> Floats:
    """An endotracheal tube: two walls, the tip above the carina."""
    tip = thorax.hila["R"][1] - 38 - 14 * rng.random()
    total = np.zeros(grid.shape, np.float32)
    for wall in (-3.4, 3.4):
        x = thorax.middle + wall
        total += _tube(grid, [(x + 2, -8), (x + 1, tip / 2), (x, tip)], 0.9, PLASTIC)
    return total


def _feeding_tube(grid: Grid, thorax: Thorax, rng: np.random.Generator) -> Floats:
    """A gastric tube along the gullet into the stomach."""
    middle, base = thorax.middle + 6 * float(rng.normal()) / 2, thorax.domes[1]
    knots = [
        (middle + 3, -8.0), (middle + 5, base * 0.4), (middle + 3, base * 0.8),
        (middle + 18, base + 22), (middle + 52, base + 46), (middle + 66, base + 78),
    ]  # fmt: skip
    return _tube(grid, knots, 1.6, PLASTIC)


def _central_line(grid: Grid, thorax: Thorax, rng: np.random.Generator) -> Floats:
    """A catheter from the neck or under the collar bone to the superior vena cava."""
    end = (thorax.middle - 27.0, thorax.hila["R"][1] - 2 + 18 * rng.random())
    if rng.random() < 0.5:
        start, bend = (thorax.middle - 34, -5.0), (thorax.middle - 33, thorax.apex + 20)
    else:
        start = (thorax.middle - 118, thorax.apex + 52)
        bend = (thorax.middle - 60, thorax.apex + 26)
    knee = (thorax.middle - 29, thorax.apex + 52)
    return _tube(grid, [start, bend, knee, end], 1.1, PLASTIC)


def _pacemaker(grid: Grid, thorax: Thorax, rng: np.random.Generator) -> Floats:
    """A generator under the left collar bone, its leads to the right heart."""
    x, y = thorax.middle + 98 + 6 * rng.normal(), thorax.apex + 74 + 8 * rng.random()
    u, v = (grid.x - np.float32(x)) / 21, (grid.y - np.float32(y)) / 19
    box = soft_step(1 - (np.abs(u) ** 2.6 + np.abs(v) ** 2.6) ** 0.38, 0.08)
    header = soft_step(1 - np.hypot((u + 0.25) / 0.6, (v + 0.9) / 0.35), 0.2)
    total = 2.6 * box * (0.82 + 0.18 * (u < 0.1)) + 0.9 * header
    vein = (thorax.middle + 30, thorax.apex + 44)
    cava = (thorax.middle - 24, thorax.hila["R"][1] - 12)
    for tip in (
        (thorax.middle + 52, thorax.domes[1] - 12),
        (thorax.middle - 34, thorax.hila["R"][1] + 48),
    ):
        bow = (thorax.middle - 22, thorax.domes[0] - 46)
        knots = [(x - 6, y - 18), vein, cava, *([bow] if tip[0] > thorax.middle else []), tip]
        total += _tube(grid, knots, 0.9, METAL)
    return np.asarray(total, np.float32)


def _leads(grid: Grid, thorax: Thorax, rng: np.random.Generator) -> Floats:
    """Electrodes on the skin with their wires."""
    total = np.zeros(grid.shape, np.float32)
    spots = ((-92, 70), (88, 66), (96, 212))
    for dx, dy in spots:
        x, y = thorax.middle + dx + 8 * rng.normal(), thorax.apex + dy + 8 * rng.normal()
        away: Floats = np.hypot(grid.x - np.float32(x), grid.y - np.float32(y))
        total += 0.7 * soft_step(4.2 - away, 1.0)
        end = (thorax.middle + 40 * rng.normal(), 410.0)
        bend = ((x + end[0]) / 2 + 25 * rng.normal(), (y + end[1]) / 2)
        total += _tube(grid, [(x, y), bend, end], 0.7, METAL)
    return total


def _sternal_wires(grid: Grid, thorax: Thorax, rng: np.random.Generator) -> Floats:
    """Loops that close the breastbone after heart surgery."""
    turn = np.linspace(0, 2 * np.pi, 12)
    groups: list[Rods] = []
    for index in range(6):
        x = thorax.middle + 2 * rng.normal()
        y = thorax.apex + 62 + 21 * index
        loop = np.stack([x + 6.5 * np.cos(turn), y + 3.2 * np.sin(turn)], axis=1)
        groups.append(path(loop, 0.7))
    return np.float32(METAL) * rod_layer(grid, groups)
