"""Synthetic radiographs of a hip: a world drawn from the causal graph, and its film on any grid."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms import hip_anatomy, hip_pelvis, hip_trabeculae
from xattn.phantoms.hip_anatomy import Femur, Frame, femur_mineral, neck_region, sample_femur
from xattn.phantoms.hip_bayes import HipBayes, hip_bayes, image_terms
from xattn.phantoms.hip_causes import Causes, Settings, sample_causes
from xattn.phantoms.hip_film import FILM_MM, Technique, develop, sample_technique
from xattn.phantoms.hip_pelvis import (
    BODY_MM,
    SOFT_PER_MM,
    Surroundings,
    pelvis_mineral,
    sample_surroundings,
    soft_tissue,
)
from xattn.phantoms.hip_trabeculae import neck_mean, trabecular_pattern
from xattn.phantoms.physics import FieldOfView, Floats, Grid, Point, sample_grid, smooth_noise

__all__ = [
    "Phantom",
    "Settings",
    "World",
    "arrange_world",
    "display",
    "draw",
    "sample_world",
    "whole_view",
]

MINERAL_CM2 = 0.50
"""Mass attenuation of bone mineral over the tissue it replaces, cm2/g."""
HEAD_AT = (96.0, 84.0)
"""Where the femoral head's centre lies on the film of a left hip, mm."""
USUAL_CONTRAST = 0.88
"""Apparent mineral of the neck at which the pelvis is drawn as its tables say, g/cm2."""
LOWEST_CONTRAST = 0.2


@dataclass(frozen=True, slots=True)
class World:
    """One patient's film before it is sampled: causes, geometry, and the streams of chance."""

    seed: int
    settings: Settings
    causes: Causes
    femur: Femur
    body: Surroundings
    technique: Technique
    head_mm: Point
    """The femoral head's centre on the film of a left hip."""
    turns: tuple[float, float]
    """Rotation of femur and pelvis in the film's plane, radians."""

    @property
    def form(self) -> dict[str, float | str]:
        """The ten fields."""
        return self.causes.form

    @property
    def scale(self) -> float:
        """Lengths on the film over the anatomy's tables."""
        return float(np.clip(self.causes.values["size"], 0.8, 1.2))


@dataclass(frozen=True, slots=True)
class Phantom:
    """One film and the truth behind it."""

    pixels: NDArray[np.uint16]
    is_inverted: bool
    """MONOCHROME1: the lowest stored value is white."""
    bits: int
    spacing_mm: float
    neck_mask: NDArray[np.bool_]
    """The femoral neck as a densitometer boxes it."""
    side: str
    form: dict[str, float | str]
    bmd: float
    """What the densitometer measured, g/cm2."""
    causes: dict[str, float]
    """What the film shows: the views of `hip_tables.VIEWS` and the site."""
    terms: dict[str, float]
    """What each of them adds to the BMD expected from the film, g/cm2; they sum to it."""
    expected: HipBayes


def sample_world(seed: int, settings: Settings) -> World:
    """The world of a seed: the same seed gives the same labels under other physics."""
    return arrange_world(seed, settings, sample_causes(seed, settings))


def arrange_world(seed: int, settings: Settings, causes: Causes) -> World:
    """A hip about these causes, its shape and place drawn from the seed."""
    rng = np.random.default_rng([seed, 1])
    femur = sample_femur(rng, causes.values["cortex"], causes.values["trabeculae"])
    body = sample_surroundings(rng, causes.values["fat"])
    technique = sample_technique(rng, site=causes.site)
    head = (HEAD_AT[0] + 3.5 * float(rng.normal()), HEAD_AT[1] + 3.5 * float(rng.normal()))
    turns = (0.05 * float(rng.normal()), 0.03 * float(rng.normal()))
    return World(seed, settings, causes, femur, body, technique, head, turns)


def whole_view() -> FieldOfView:
    """The whole film."""
    return FieldOfView((FILM_MM[0] / 2, FILM_MM[1] / 2), FILM_MM)


def draw(
    world: World,
    *,
    size: int = 224,
    field: FieldOfView | None = None,
    omit: frozenset[str] = frozenset(),
) -> Phantom:
    """The film of a world, `size` pixels high; the whole view unless a field is given.

    `omit` leaves out "femur", "trabeculae" (their groups), "pelvis", "gas", "marker" or
    "collimation" while all else, noise included, stays. Labels do not change.
    """
    grid = sample_grid(field or whole_view(), size)
    attenuation, mask = _canonical_attenuation(world, _mirrored(grid, world), omit)
    if world.technique.side == "R":
        attenuation, mask = attenuation[:, ::-1].copy(), mask[:, ::-1].copy()
    pixels, bits = develop(
        attenuation, grid, world.technique,
        seed=world.seed, shifted=world.settings.shifted, omit=omit,
    )  # fmt: skip
    causes = world.causes
    return Phantom(
        pixels, world.technique.is_inverted, bits, grid.spacing, mask, world.technique.side,
        causes.form, causes.bmd, causes.views, image_terms(causes), hip_bayes(causes),
    )  # fmt: skip


def display(phantom: Phantom) -> Floats:
    """Brightness in [0, 1], white is dense whatever the stored polarity, (H, W)."""
    top = np.float32(2**phantom.bits - 1)
    shown = phantom.pixels.astype(np.float32) / top
    return 1 - shown if phantom.is_inverted else shown


def _mirrored(grid: Grid, world: World) -> Grid:
    if world.technique.side == "L":
        return grid
    return Grid(FILM_MM[0] - grid.xs[::-1], grid.ys, grid.spacing)


def _upright(world: World, grid: Grid) -> Frame:
    """Coordinates about the femoral head that are not turned, (1, W) and (H, 1)."""
    x = (grid.x - np.float32(world.head_mm[0])) / np.float32(world.scale)
    return x, (grid.y - np.float32(world.head_mm[1])) / np.float32(world.scale)


def _frame(world: World, grid: Grid, turn: float) -> Frame:
    """Coordinates about the femoral head, turned and scaled back to the anatomy's tables."""
    x, y = _upright(world, grid)
    cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    return cosine * x + sine * y, cosine * y - sine * x


def _part(world: World, grid: Grid, reach: tuple[Point, Point]) -> tuple[slice, slice]:
    """Rows and columns that hold a box of the anatomy, however it is turned."""
    (left, top), (right, bottom) = reach
    middle = (
        world.head_mm[0] + world.scale * (left + right) / 2,
        world.head_mm[1] + world.scale * (top + bottom) / 2,
    )
    half = (world.scale * (right - left) / 2, world.scale * (bottom - top) / 2)
    return grid.window(middle, half)


def _canonical_attenuation(
    world: World, grid: Grid, omit: frozenset[str]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Attenuation over that of the exposed-for body, of a left hip, and the neck's mask."""
    stream = world.seed * 1009 + 17
    fine = 1.9 if world.settings.shifted else 1.5
    grain = smooth_noise(grid, fine, stream) + 0.7 * smooth_noise(grid, 3.4, stream + 1)
    clouds = smooth_noise(grid, 26.0, stream + 2)
    body = world.body if "gas" not in omit else replace(world.body, gas=())
    attenuation = soft_tissue(_upright(world, grid), body, clouds) - np.float32(
        SOFT_PER_MM * BODY_MM
    )
    if "pelvis" not in omit:
        part = _part(world, grid, hip_pelvis.REACH)
        frame = _frame(world, grid.part(part), world.turns[1])
        density = np.float32(MINERAL_CM2 * _apparent(world) / USUAL_CONTRAST)
        texture = 1 + 0.15 * grain[part] + 0.12 * clouds[part]
        attenuation[part] += density * pelvis_mineral(frame, texture)
    part = _part(world, grid, hip_anatomy.REACH)
    mineral, neck = _femur_layer(world, grid.part(part), grain[part], omit)
    if "femur" not in omit:
        attenuation[part] += np.float32(MINERAL_CM2) * mineral
    mask = np.zeros(grid.shape, bool)
    mask[part] = neck
    return attenuation, mask


def _apparent(world: World) -> float:
    """Mineral that the neck seems to hold on this film: the contrast of the causal graph."""
    return max(world.causes.values["contrast"], LOWEST_CONTRAST)


def _femur_layer(
    world: World, grid: Grid, grain: Floats, omit: frozenset[str]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Apparent mineral of the femur, whose mean over the neck is the contrast; and the neck."""
    frame = _frame(world, grid, world.turns[0])
    pattern = np.ones(grid.shape, np.float32)
    if "trabeculae" not in omit:
        part = _part(world, grid, hip_trabeculae.REACH)
        inner = (frame[0][part], frame[1][part])
        pattern[part] = trabecular_pattern(inner, world.femur, grain[part])
    mineral, depth = femur_mineral(frame, world.femur, pattern)
    mineral *= np.float32(_apparent(world) / neck_mean(world.femur))
    return mineral, neck_region(frame, world.femur, depth)
