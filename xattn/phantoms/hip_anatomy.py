"""The proximal femur: outline, cortical shell, trabecular groups, neck region.

Bone's frame in mm: the origin is the femoral head's centre, x runs laterally and y down, as on the
film of a left hip. A bone's depth below its outline tells how much of a ray lies in the shell.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms.physics import Floats, Point

HEAD_MM = 25.0
"""Radius of the femoral head on the film."""
NECK_MM = 16.5
"""Half-width of the neck at its waist."""
SHAFT_CORTEX_MM = 5.6
"""Usual thickness of the shaft's cortex; the other cortices are in proportion."""
CORTICAL = 0.110
TRABECULAR = 0.022
"""Mineral in g/cm2 per mm of bone along the ray: 1.10 and 0.22 g/cm3 of apatite."""
REACH = ((-34.0, -34.0), (86.0, 190.0))
"""Corners, left top and right bottom, of a box that holds the femur on a film."""
NECK_BOX = (27.0, 41.0)
"""The neck region's bounds along the neck's axis from the head's centre."""

Frame = tuple[Floats, Floats]
"""Coordinates x and y of every pixel in the bone's frame, (H, W) each."""


@dataclass(frozen=True, slots=True)
class Femur:
    """Shape and structure of one proximal femur; lengths in mm before the film's scale."""

    cortex: float
    """Thickness of the shaft's cortex."""
    trabeculae: float
    """Singh's grade, 1 (almost none) to 6 (all groups)."""
    neck_angle: float
    """Between neck and shaft, degrees."""
    neck_length: float
    """Head's centre to shaft's axis."""
    trochanter: float
    """How far the lesser trochanter stands out: rotation of the leg."""
    waist: float
    """Half-width of the neck."""

    @property
    def towards_shaft(self) -> Point:
        """The neck's axis, from the head to the shaft."""
        angle = np.deg2rad(180 - self.neck_angle - 6)
        return float(np.sin(angle)), float(np.cos(angle))

    @property
    def junction(self) -> Point:
        """Where the axes of neck and shaft meet."""
        x, y = self.towards_shaft
        return self.neck_length * x, self.neck_length * y


@dataclass(frozen=True, slots=True)
class Part:
    """A tapered piece of bone between two points; a lone point is a ball."""

    start: Point
    end: Point
    radii: tuple[float, float]
    half_depth: float
    """Half of its thickness from front to back."""
    shell: tuple[float, float]
    """Cortex at start and end, in shares of the shaft's."""


def sample_femur(rng: np.random.Generator, cortex: float, trabeculae: float) -> Femur:
    """A random shape with this structure; what no film can show is cut to what one can."""
    return Femur(
        float(np.clip(cortex, 2.0, 10.0)), float(np.clip(trabeculae, 0.0, 7.5)),
        neck_angle=127 + 2.5 * float(rng.normal()), neck_length=53 + 1.5 * float(rng.normal()),
        trochanter=6 + 4 * float(rng.random()), waist=NECK_MM + 0.5 * float(rng.normal()),
    )  # fmt: skip


def parts(femur: Femur) -> tuple[Part, ...]:
    """The femur's pieces: head, neck, trochanters, metaphysis, shaft."""
    x, y = femur.junction
    along = femur.towards_shaft
    neck = (9 * along[0], 9 * along[1])

    def shaft(distance: float, across: float = 0.0) -> Point:
        return x - 0.105 * distance + across, y + distance

    return (
        Part((0.0, 0.0), (0.0, 0.0), (HEAD_MM, HEAD_MM), 24.0, (0.14, 0.14)),
        Part(neck, femur.junction, (femur.waist, femur.waist + 2.5), 14.0, (0.26, 0.34)),
        Part((x + 9, y + 2), (x + 12, y - 24), (17.0, 10.0), 13.0, (0.20, 0.16)),
        Part(shaft(4), shaft(48), (21.0, 15.6), 17.0, (0.36, 0.85)),
        Part(shaft(48), shaft(190), (15.6, 14.4), 15.0, (0.85, 1.05)),
        Part(shaft(30, -12), shaft(37, -13 - femur.trochanter), (10.0, 4.5), 14.0, (0.5, 0.35)),
    )


@dataclass(frozen=True, slots=True)
class Solid:
    """Blended pieces of bone on a frame, (H, W) each, mm."""

    depth: Floats
    """Distance below the outline, negative outside."""
    half_depth: Floats
    shell: Floats
    """Cortex in shares of the shaft's."""


def blend(frame: Frame, pieces: tuple[Part, ...], over_mm: float) -> Solid:
    """The smooth union of pieces that flow into one another over some mm."""
    depths, shells = [], []
    for piece in pieces:
        depth, along = _below(frame, piece)
        depths.append(depth)
        shells.append(piece.shell[0] + along * np.float32(piece.shell[1] - piece.shell[0]))
    top = np.maximum.reduce(depths)
    total, half, shell = (np.zeros_like(top) for _ in range(3))
    for piece, depth, cover in zip(pieces, depths, shells, strict=True):
        weight = np.exp(np.maximum((depth - top) / np.float32(over_mm), np.float32(-20)))
        total += weight
        half += weight * np.float32(piece.half_depth)
        shell += weight * cover
    return Solid(top + np.float32(over_mm) * np.log(total), half / total, shell / total)


def _below(frame: Frame, piece: Part) -> tuple[Floats, Floats]:
    """Depth below a piece's surface, and the place along it in [0, 1]."""
    x, y = frame[0] - np.float32(piece.start[0]), frame[1] - np.float32(piece.start[1])
    dx, dy = (np.float32(piece.end[axis] - piece.start[axis]) for axis in (0, 1))
    first, last = piece.radii
    if not (dx or dy):
        return np.float32(first) - np.sqrt(x * x + y * y), np.zeros_like(x)
    squared = dx * dx + dy * dy
    along = np.clip(x * (dx / squared) + y * (dy / squared), 0, 1)
    x, y = x - along * dx, y - along * dy
    distance = np.sqrt(x * x + y * y)
    return np.float32(first) + along * np.float32(last - first) - distance, along


def chord(depth: Floats, half_depth: Floats) -> Floats:
    """Length of a ray through a round bone at this depth below its outline, mm."""
    inside = np.clip(depth, 0, half_depth)
    return np.asarray(2 * np.sqrt(inside * (2 * half_depth - inside)), np.float32)


def marrow_chord(solid: Solid, shell: Floats) -> Floats:
    """What of a ray lies within the shell, mm; front and back walls are thinner than the sides."""
    return chord(solid.depth - shell, np.maximum(solid.half_depth - np.float32(0.6) * shell, 1))


def femur_mineral(frame: Frame, femur: Femur, texture: Floats) -> tuple[Floats, Floats]:
    """Mineral in g/cm2 before it is scaled to the neck, and depth in mm; (H, W).

    `texture` multiplies what is trabecular, 1 on average.
    """
    solid = blend(frame, parts(femur), 2.2)
    shell = solid.shell * np.float32(femur.cortex) + _calcar(frame, femur)
    whole = chord(solid.depth, solid.half_depth)
    marrow = marrow_chord(solid, shell)
    below = np.clip((frame[1] - np.float32(femur.junction[1] + 10)) / np.float32(45), 0, 1)
    # The shaft's cavity holds next to no trabeculae.
    spongy = marrow * texture * (1 - np.float32(0.9) * below)
    mineral = CORTICAL * (whole - marrow) + TRABECULAR * spongy
    return np.asarray(mineral, np.float32), solid.depth


def _calcar(frame: Frame, femur: Femur) -> Floats:
    """The thick cortex under the neck and down the shaft's inner side, mm."""
    x, y = femur.junction
    u, v = frame[0] - np.float32(x - 19), frame[1] - np.float32(y + 6)
    near = (u * 0.70 - v * 0.71) ** 2 / 9.0**2 + (u * 0.71 + v * 0.70) ** 2 / 20.0**2
    return np.asarray(np.float32(0.32 * femur.cortex) * np.exp(-near), np.float32)


def neck_region(frame: Frame, femur: Femur, depth: Floats) -> NDArray[np.bool_]:
    """The femoral neck as a densitometer boxes it: a slab across its axis, (H, W)."""
    dx, dy = femur.towards_shaft
    along = frame[0] * np.float32(dx) + frame[1] * np.float32(dy)
    across = frame[0] * np.float32(dy) - frame[1] * np.float32(dx)
    inside = (along > NECK_BOX[0]) & (along < NECK_BOX[1]) & (np.abs(across) < femur.waist + 4)
    return np.asarray(inside & (depth > 0), np.bool_)
