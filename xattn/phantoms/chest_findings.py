"""Opacities of the lungs as radiologists describe them, each with its mask."""

from dataclasses import replace

import numpy as np

from xattn.phantoms.chest_anatomy import SIDES, soft_step
from xattn.phantoms.chest_scene import Effect, Mask, Scene, patch, pick_side
from xattn.phantoms.chest_strokes import Rods, curve, path, rod_layer
from xattn.phantoms.physics import Floats, Point

VISIBLE = 0.06
"""Least share of the lung's path that belongs to a mask."""


def _effect(scene: Scene, cover: Floats, added: Floats | None = None) -> Effect:
    mask = (cover * scene.open > VISIBLE) & (scene.inside > 0.5)
    if added is not None:
        mask |= added > 0.01
    return Effect(mask, cover=cover, added=added)


def _stream(rng: np.random.Generator) -> int:
    return int(rng.integers(2**40))


def unspecific_opacity(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """A hazy patch without a border of its own: vessels still show through it."""
    side = pick_side(rng)
    centre = scene.point(side, 0.35 + 0.35 * rng.random(), 0.25 + 0.5 * rng.random())
    radius = 20 + 14 * rng.random()
    haze = patch(
        scene.grid, centre, (radius, 1.25 * radius), edge=0.55, rough=0.28, stream=_stream(rng)
    )
    return _effect(scene, np.float32(0.18 + 0.30 * clarity) * haze)


def lung_lesion(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """A round nodule, or from 15 mm in radius a mass, with a border of its own."""
    side = pick_side(rng)
    x, y = scene.point(side, 0.58 + 0.26 * rng.random(), 0.15 + 0.65 * rng.random())
    radius = 4.5 + 13 * clarity * (0.6 + 0.6 * rng.random())
    aspect = 0.85 + 0.3 * rng.random()
    body = patch(
        scene.grid, (x, y), (radius * aspect, radius / aspect), edge=0.13, rough=0.07,
        stream=_stream(rng),
    )  # fmt: skip
    air = scene.lungs[side].air
    # A ball of tissue replaces at most its own chord of the lung behind it.
    share = np.float32(2.6 * (radius + 7)) * body / np.maximum(air, 40)
    return _effect(scene, np.minimum(share, 0.85).astype(np.float32))


def edema(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """Haze about both hila, and short septal lines at the lower lateral walls (Kerley B).

    The upper lobes' full vessels are drawn with the vessels.
    """
    cover, lines = scene.zeros(), []
    x, y = scene.grid.x, scene.grid.y
    for side, sign in SIDES.items():
        hilum = scene.thorax.hila[side]
        across = (x - np.float32(hilum[0] + 18 * sign)) / np.float32(40 + 16 * clarity)
        down = (y - np.float32(hilum[1] + 14)) / np.float32(58 + 14 * clarity)
        cover = np.maximum(cover, np.exp(-(across**2) - down**2))
        for _ in range(int(4 + 7 * clarity)):
            end = scene.point(side, 0.965, 0.62 + 0.36 * rng.random())
            length = 9 + 8 * rng.random()
            lines.append(((end[0] - sign * length, end[1] + 2 * rng.normal()), end))
    texture = patch(
        scene.grid, (scene.thorax.middle, scene.thorax.hila["R"][1] + 20), (150.0, 130.0),
        edge=0.4, rough=0.12, stream=_stream(rng),
    )  # fmt: skip
    cover = np.float32(0.16 + 0.42 * clarity) * cover * (0.35 + 0.65 * texture)
    starts, ends = (np.array(points) for points in zip(*lines, strict=True))
    septa = np.float32(0.055) * rod_layer(scene.grid, [Rods(starts, ends, 0.8)])
    return _effect(scene, cover.astype(np.float32), septa * scene.inside)


def consolidation(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """A dense lobar patch, ill defined but for the fissure that bounds it; bronchi stay dark."""
    side, lobe = pick_side(rng), ("upper", "lower")[int(rng.random() < 0.6)]
    down = 0.28 if lobe == "upper" else 0.86
    centre = scene.point(side, 0.46 + 0.12 * rng.random(), down + 0.06 * rng.normal())
    size = 34 + 16 * clarity
    body = patch(scene.grid, centre, (size, 0.9 * size), edge=0.40, rough=0.20, stream=_stream(rng))
    fissure = centre[1] + (0.55 * size if lobe == "upper" else -0.62 * size)
    tilt = 0.10 * rng.normal() * (scene.grid.x - np.float32(centre[0]))
    beyond = (np.float32(fissure) - scene.grid.y + tilt) * (1 if lobe == "upper" else -1)
    body = body * soft_step(beyond, 5.0) * scene.lungs[side].inside
    bronchi = _bronchogram(scene, side, centre, rng) * body
    cover = np.float32(0.42 + 0.46 * clarity) * body * (1 - 0.32 * np.minimum(bronchi, 1))
    return _effect(scene, cover.astype(np.float32))


def _bronchogram(scene: Scene, side: str, centre: Point, rng: np.random.Generator) -> Floats:
    """Air-filled bronchi that run from the hilum into a consolidation, in [0, 1] and more."""
    hilum, groups = scene.thorax.hila[side], []
    for _ in range(4):
        end = (centre[0] + 20 * rng.normal(), centre[1] + 18 * rng.normal())
        bend = ((hilum[0] + end[0]) / 2 + 5 * rng.normal(), (hilum[1] + end[1]) / 2 - 6)
        groups.append(path(curve([hilum, bend, end]), 1.5))
    return np.asarray(rod_layer(scene.grid, groups) / 3.0, np.float32)


def pneumonia(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """Patchy confluent opacities about the bronchi of one lower zone, at times of the other too."""
    cover, side = scene.zeros(), pick_side(rng)
    middle = 0.62 + 0.2 * rng.random()
    for index in range(8):
        place = side if index < 7 or rng.random() < 0.5 else {"L": "R", "R": "L"}[side]
        out, down = 0.5 + 0.17 * rng.normal(), middle + 0.12 * rng.normal()
        centre = scene.point(place, min(max(out, 0.25), 0.9), min(down, 0.98))
        size = 10 + 11 * rng.random()
        spot = patch(
            scene.grid, centre, (size, 1.1 * size), edge=0.6, rough=0.22, stream=_stream(rng)
        )
        cover = 1 - (1 - cover) * (1 - np.float32(0.22 + 0.36 * clarity) * spot)
    return _effect(scene, cover.astype(np.float32))


def atelectasis_lift(clarity: float, rng: np.random.Generator) -> tuple[str, float]:
    """The side that has lost volume, and how far in mm its diaphragm is drawn up."""
    return pick_side(rng, left=0.5), 8 + 22 * clarity


def atelectasis(scene: Scene, clarity: float, rng: np.random.Generator) -> Effect:
    """Bands across the base above a raised diaphragm, and a wedge of airless lung behind them."""
    side, lift = atelectasis_lift(clarity, rng)
    sign, bands = SIDES[side], []
    dome = scene.thorax.domes[side == "L"] - lift
    for index in range(1 + int(2.4 * clarity)):
        x = scene.thorax.middle + sign * (50 + 22 * rng.random())
        y = dome - 14 - 15 * index - 6 * rng.random()
        length, tilt = 36 + 26 * rng.random(), 0.25 * rng.normal()
        middle = (x + sign * length / 2, y + tilt * length / 2 - 2)
        ends = [(x, y), middle, (x + sign * length, y + tilt * length)]
        bands.append(path(curve(ends, count=8), 1.8 + 1.4 * clarity))
    lines = np.float32(0.034 + 0.02 * clarity) * rod_layer(scene.grid, bands)
    foot = (scene.thorax.middle + sign * 58, dome + 2)
    wedge = patch(scene.grid, foot, (34.0, 20.0), edge=0.4, rough=0.2, stream=_stream(rng))
    effect = _effect(scene, np.float32(0.3 + 0.4 * clarity) * wedge, lines * scene.inside)
    return replace(effect, mask=effect.mask | _lifted(scene, side, lift))


def _lifted(scene: Scene, side: str, lift: float) -> Mask:
    """What the raised diaphragm takes from the lung."""
    u = np.float32(SIDES[side]) * scene.thorax.u(scene.grid)
    y, lung = scene.grid.y, scene.lungs[side]
    usual, raised = scene.thorax.dome(u, side), scene.thorax.dome(u, side, raised=lift)
    between: Mask = (y > raised) & (y < usual) & (u > 0) & (u < lung.edge)
    return between & (scene.open > 0.5)
