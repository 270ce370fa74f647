"""What lies about the femur: acetabulum, ilium, pubis, ischium, muscle, fat, skin, bowel gas.

Frame as in `hip_anatomy`: the origin is the femoral head's centre, x lateral, y down, mm.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from xattn.phantoms.hip_anatomy import (
    CORTICAL,
    HEAD_MM,
    TRABECULAR,
    Frame,
    Part,
    blend,
    chord,
    marrow_chord,
)
from xattn.phantoms.physics import Floats, Point

JOINT_MM = 4.2
"""Cartilage between head and socket."""
PIECES = (
    Part((-13.0, -8.0), (-13.0, -8.0), (33.0, 33.0), 15.0, (0.26, 0.26)),
    Part((-7.0, -37.0), (-16.0, -128.0), (26.0, 63.0), 11.0, (0.26, 0.20)),
    Part((-28.0, 2.0), (-70.0, 24.0), (12.5, 9.0), 9.0, (0.30, 0.28)),
    Part((-74.0, 26.0), (-82.0, 46.0), (11.0, 11.0), 10.0, (0.26, 0.26)),
    Part((-27.0, 20.0), (-37.0, 64.0), (14.0, 15.0), 12.0, (0.32, 0.28)),
    Part((-42.0, 72.0), (-80.0, 50.0), (9.5, 7.5), 7.0, (0.28, 0.28)),
)
"""Socket, ilium, upper branch and body of the pubis, ischium, lower branch."""
PELVIC_SHELL_MM = 5.6

LINES: tuple[tuple[tuple[Point, ...], float, float], ...] = (
    (((-43.0, -54.0), (-35.5, -26.0), (-34.5, 8.0), (-40.0, 44.0)), 1.2, 0.34),
    (((-57.0, -84.0), (-40.0, -50.0), (-39.0, -16.0), (-48.0, 3.0), (-78.0, 17.0)), 1.3, 0.36),
    (((-36.0, 4.0), (-35.0, 19.0), (-31.5, 24.0), (-28.0, 19.0), (-27.5, 6.0)), 1.1, 0.36),
    (((18.0, -26.0), (15.0, -8.0), (8.0, 10.0), (-6.0, 27.0)), 1.2, 0.26),
    (((12.0, -29.0), (-2.0, -12.0), (-13.0, 4.0), (-24.0, 16.0)), 1.2, 0.17),
)
"""Ilioischial and iliopectineal line, teardrop, socket's rear and front rim.

Points, half-width in mm, mineral in g/cm2.
"""
SOFT_PER_MM = 0.021
"""Muscle at 60 keV."""
BODY_MM = 200.0
"""Front to back of the body that every film is exposed for."""
FAT_SHARE = 0.90
"""Attenuation of fat relative to muscle."""
REACH = ((-150.0, -160.0), (34.0, 96.0))
"""Corners, left top and right bottom, of a box that holds the half pelvis."""
GAS_AREA = ((-86.0, -40.0), (-80.0, -8.0))
"""Where bowel may lie, x and y bounds."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What differs from patient to patient about the bone; lengths in mm."""

    fat: float
    """Skin to muscle beside the trochanter."""
    roll: float
    """How far the body's side rounds off."""
    groin: float
    """Where the inner thigh ends, on the film's lower rim."""
    gas: tuple[tuple[float, float, float, float], ...]
    """Bubbles: x, y, radius, depth."""


def sample_surroundings(rng: np.random.Generator, fat: float) -> Surroundings:
    """Random surroundings with this much fat beside the trochanter."""
    bubbles = []
    for _ in range(int(rng.integers(0, 6))):
        x = GAS_AREA[0][0] + (GAS_AREA[0][1] - GAS_AREA[0][0]) * rng.random()
        y = GAS_AREA[1][0] + (GAS_AREA[1][1] - GAS_AREA[1][0]) * rng.random()
        bubbles.append((float(x), float(y), 5 + 7 * float(rng.random()), 8 + 14 * rng.random()))
    roll, groin = 62 + 16 * float(rng.random()), -62 + 16 * float(rng.random())
    return Surroundings(float(np.clip(fat, 6.0, 62.0)), roll, groin, tuple(bubbles))


def pelvis_mineral(frame: Frame, texture: Floats) -> Floats:
    """Mineral of the half pelvis in g/cm2, (H, W); its socket is thin where the head lies."""
    solid = blend(frame, PIECES, 4.5)
    shell = solid.shell * np.float32(PELVIC_SHELL_MM)
    whole = chord(solid.depth, solid.half_depth)
    marrow = marrow_chord(solid, shell)
    mineral = CORTICAL * (whole - marrow) + TRABECULAR * marrow * texture
    radius = np.hypot(*frame)
    socket = 1 / (1 + np.exp(np.clip((radius - (HEAD_MM + JOINT_MM)) / 0.7, -30, 30)))
    mineral *= 1 - np.float32(0.62) * socket
    return np.asarray(mineral + _roof(frame, radius), np.float32) + _lines(frame)


def _roof(frame: Frame, radius: Floats) -> Floats:
    """The dense arc of the socket's roof, thickest above and to the side."""
    away = (radius - np.float32(HEAD_MM + JOINT_MM + 1.6)) / np.float32(1.9)
    turned = (-frame[1] * np.float32(0.99) + frame[0] * np.float32(0.10)) / np.maximum(radius, 1)
    weight = 1 / (1 + np.exp(np.clip((np.float32(0.79) - turned) * 18, -30, 30)))
    return np.asarray(np.float32(0.85) * weight * np.exp(-away * away), np.float32)


def _lines(frame: Frame) -> Floats:
    """Where a ray grazes a wall of the pelvis."""
    total = np.zeros_like(frame[0])
    for points, width, mineral in LINES:
        nearest = np.full_like(total, 1e6)
        for start, end in pairwise(points):
            np.minimum(nearest, _squared_distance(frame, start, end), out=nearest)
        total += np.float32(mineral) * np.exp(nearest / np.float32(-(width**2)))
    return total


def _squared_distance(frame: Frame, start: Point, end: Point) -> Floats:
    dx, dy = np.float32(end[0] - start[0]), np.float32(end[1] - start[1])
    x, y = frame[0] - np.float32(start[0]), frame[1] - np.float32(start[1])
    along = np.clip((x * dx + y * dy) / (dx * dx + dy * dy), 0, 1)
    x, y = x - along * dx, y - along * dy
    return np.asarray(x * x + y * y, np.float32)


def soft_tissue(frame: Frame, body: Surroundings, texture: Floats) -> Floats:
    """Attenuation of muscle, fat and gas, (H, W); about `SOFT_PER_MM * BODY_MM` in mid-body."""
    x, y = frame
    above, below = np.minimum(y - 45, 0), np.maximum(y - 45, 0)
    skin = np.float32(64 + body.fat) - np.float32(0.06) * above - np.float32(0.0022) * below**2
    side = np.asarray(skin - x, np.float32)
    thigh = x - np.float32(body.groin) + np.float32(0.45) * (125 - y)
    trunk = np.float32(100) - y + np.float32(0.12) * x
    # A smooth maximum: the skin turns from the perineum into the thigh without a corner.
    larger = (thigh + trunk + np.sqrt(np.square(thigh - trunk) + np.float32(150))) / 2
    inner = np.asarray(larger, np.float32)
    profile = _rounded(side, body.roll) * _rounded(inner, 0.5 * body.roll)
    depth = np.minimum(side, inner)
    muscle = 1 / (1 + np.exp(np.clip((np.float32(0.8 * body.fat) - depth) / 1.1, -30, 30)))
    share = FAT_SHARE + (1 - FAT_SHARE) * muscle
    attenuation = np.float32(SOFT_PER_MM * BODY_MM) * profile * share * (1 + 0.018 * texture)
    return np.asarray(np.maximum(attenuation - _gas(frame, body, texture), 0), np.float32)


def _gas(frame: Frame, body: Surroundings, texture: Floats) -> Floats:
    """Attenuation that bubbles of bowel gas take away, (H, W)."""
    missing = np.zeros_like(texture)
    for x, y, radius, depth in body.gas:
        u, v = frame[0] - np.float32(x) + 4 * texture, (frame[1] - np.float32(y)) * np.float32(1.4)
        squared = (u * u + v * v) * np.float32(1 / radius**2)
        missing += np.float32(SOFT_PER_MM * depth) / (1 + squared * squared)
    return missing


def _rounded(depth: Floats, roll: float) -> Floats:
    """Share of the full thickness this far from the skin."""
    missing = np.clip(1 - depth / np.float32(roll), 0, 1)
    return np.asarray(np.sqrt(1 - missing * missing), np.float32)
