"""Findings of the pleura and of the chest wall: air, fluid, thickening, broken ribs."""

import numpy as np

from xattn.phantoms.chest_anatomy import SIDES, soft_step
from xattn.phantoms.chest_bones import Break, break_place
from xattn.phantoms.chest_scene import Effect, Mask, Scene, patch, pick_side
from xattn.phantoms.chest_strokes import path, rod_layer
from xattn.phantoms.physics import Floats


def pneumothorax(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """Air over the lung's apex and side, the visceral pleura a thin line, no vessels beyond it."""
    side = pick_side(rng)
    lung, thorax, y = scene.lungs[side], scene.thorax, scene.grid.y
    lowered = 12 + 42 * clarity
    down = np.clip((y - thorax.apex) / (thorax.domes[0] - thorax.apex), 0, 1)
    gap = np.float32(5 + 27 * clarity) * (1 - 0.85 * down)
    rim = thorax.lateral(y, lowered=lowered) - gap
    slope = np.gradient(rim[:, 0], scene.grid.spacing)[:, None] if len(rim) > 1 else 0.0
    u = np.float32(SIDES[side]) * thorax.u(scene.grid)
    beyond = (u - rim) / np.sqrt(1 + np.square(slope, dtype=np.float32))
    cleared = soft_step(beyond, 1.6) * lung.inside
    seen = lung.inside * soft_step(y - np.float32(thorax.apex + lowered - 4), 3.0)
    line = np.exp(-((beyond / np.float32(max(1.1, 0.6 * scene.grid.spacing))) ** 2))
    line = np.float32(0.10 + 0.10 * clarity) * line * seen * soft_step(0.93 - down, 0.06)
    mask = (cleared > 0.5) | (line > 0.03)
    # What is left of the lung holds less air.
    shrunk = np.float32(0.02 + 0.05 * clarity) * (lung.inside - cleared)
    return Effect(mask, cover=np.maximum(shrunk, 0), added=line, cleared=cleared)


def effusion(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """Fluid in the costophrenic angle with a meniscus; lying down it also veils the lung."""
    first = pick_side(rng)
    other = {"L": "R", "R": "L"}[first]
    amounts = {first: clarity, other: 0.6 * clarity if rng.random() < 0.4 else 0.0}
    cover = scene.zeros()
    for side, amount in amounts.items():
        if not amount:
            continue
        lung = scene.lungs[side]
        height = 14 + 84 * amount
        rise = 0.36 + 0.64 * np.clip(lung.out, 0, 1) ** 4
        level = np.float32(scene.thorax.angle_y(side)) - np.float32(height) * rise
        fluid = 0.9 * soft_step(scene.grid.y - level, 3.0)
        if scene.is_shallow:
            fluid = np.maximum(fluid, 0.30 * amount * soft_step(scene.grid.y - level + 45, 60.0))
        cover = np.maximum(cover, fluid * (lung.inside > 0.02))
    return Effect((cover > 0.12) & (scene.inside > 0.2), cover=cover.astype(np.float32))


def pleural_other(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """An apical cap, a thickened lateral pleura, or calcified plaques: one of the three."""
    kind = int(rng.integers(3))
    return (_apical_cap, _thickening, _plaques)[kind](scene, clarity, rng)


def _apical_cap(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    cover, thorax, y = scene.zeros(), scene.thorax, scene.grid.y
    main = pick_side(rng)
    for side, sign in SIDES.items():
        depth = (7 + 13 * clarity) * (1.0 if side == main else 0.55)
        u = np.float32(sign) * thorax.u(scene.grid)
        below = thorax.lateral(y, lowered=depth + 3) - 0.5 * depth
        cap = soft_step(u - below, 3.0) * soft_step(np.float32(thorax.apex + 46) - y, 14.0)
        cover = np.maximum(cover, 0.85 * cap * scene.lungs[side].inside)
    return Effect(cover > 0.2, cover=cover)


def _thickening(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    side = pick_side(rng)
    lung, y = scene.lungs[side], scene.grid.y
    top, bottom = scene.point(side, 0.5, 0.35)[1], scene.thorax.angle_y(side) - 6
    along = np.clip((y - np.float32(top)) / np.float32(bottom - top), 0, 1)
    width = np.float32(5 + 9 * clarity) * (
        0.35 + 0.65 * np.sqrt(np.sin(np.pi * np.clip(along, 0, 0.999)))
    )
    band = soft_step(width - lung.edge * (1 - lung.out), 2.0)
    band = band * soft_step(y - np.float32(top), 8.0) * lung.inside
    cover = np.float32(0.9) * band
    return Effect(cover > 0.2, cover=cover, added=np.float32(0.14) * band)


def _plaques(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    layer = scene.zeros()
    for index in range(3 + int(3 * clarity)):
        side, size = pick_side(rng), 8 + 8 * rng.random()
        centre = scene.point(side, 0.5 + 0.4 * rng.random(), 0.3 + 0.5 * rng.random())
        stream = int(rng.integers(2**40))
        radii = (0.8 * size, 1.3 * size)
        sheet = patch(scene.grid, centre, radii, edge=0.25, rough=0.5, stream=stream)
        layer = np.maximum(layer, (0.10 + 0.16 * clarity) * sheet)
        if index < 2:
            layer = layer + _diaphragm_plaque(scene, side, clarity, rng)
    added = (layer * (scene.inside > 0.3)).astype(np.float32)
    return Effect(added > 0.03, added=added)


def _diaphragm_plaque(scene: Scene, side: str, clarity: float, rng: np.random.Generator) -> Floats:
    """Calcium that lies along the dome."""
    start = 0.3 + 0.25 * rng.random()
    u = scene.thorax.half * np.linspace(start, start + 0.28, 12)
    y = scene.thorax.dome(u.astype(np.float32), side) - 1.5
    points = np.stack([scene.thorax.middle + SIDES[side] * u, y], axis=1)
    return np.float32(0.05 + 0.05 * clarity) * rod_layer(scene.grid, [path(points, 1.6)])


def fractures(clarity: float, rng: np.random.Generator) -> tuple[Break, ...]:
    """Breaks of two to four neighbouring posterior ribs of one side."""
    side, first = pick_side(rng), int(rng.integers(3, 7))
    out = 0.55 + 0.25 * rng.random()
    sign = 1.0 if rng.random() < 0.5 else -1.0
    return tuple(
        Break(side, first + k, out + 0.03 * float(rng.normal()), sign * (8 + 5 * clarity),
              5.0 + 4.0 * clarity)
        for k in range(2 + int(2 * clarity))
    )  # fmt: skip


def fracture_mask(scene: Scene, breaks: tuple[Break, ...]) -> Mask:
    """Discs of 18 mm about the breaks."""
    mask = np.zeros(scene.grid.shape, bool)
    for fault in breaks:
        x, y = break_place(scene.thorax, fault)
        mask |= np.hypot(scene.grid.x - np.float32(x), scene.grid.y - np.float32(y)) < 18
    return mask
