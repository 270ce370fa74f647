"""The bones of the chest phantom: ribs, clavicles, spine, scapulae; attenuation, (H, W)."""

from dataclasses import dataclass

import numpy as np

from xattn.phantoms.chest_anatomy import SIDES, Thorax, soft_step
from xattn.phantoms.physics import Floats, Grid, lattice_normal

MINERAL = (0.38, 0.32, 0.25)
"""Attenuation across a rib's middle by the look of age."""


@dataclass(frozen=True, slots=True)
class Break:
    """A broken rib; `out` is its place as a share of the thorax's half-width, lengths in mm."""

    side: str
    rib: int
    out: float
    step: float
    """How far the outer piece is shifted down."""
    gap: float


@dataclass(frozen=True, slots=True)
class Comb:
    """All ribs of one family as one field: rib k runs where (y - first - drop) / pitch = k."""

    first: float
    pitch: float
    half: float
    count: int
    strength: float


def posterior_comb(thorax: Thorax) -> Comb:
    """The posterior arcs: from the spine outwards, then down."""
    height = thorax.domes[0] - thorax.apex
    return Comb(thorax.apex + 4, height / 9.6, 4.7, 10, 1.0)


def anterior_comb(thorax: Thorax) -> Comb:
    """The anterior arcs: from the chest wall inwards and down, to where cartilage begins."""
    height = thorax.domes[0] - thorax.apex
    return Comb(thorax.apex + 34, height / 7.4, 6.6, 7, 0.42)


def posterior_drop(out: Floats) -> tuple[Floats, Floats]:
    """How far in mm a posterior rib has come down at `out`, and its steepness dy/d(out)."""
    inner = np.minimum(out, np.float32(0.985))
    root = np.sqrt(1 - inner * inner)
    hump = np.float32(-9) * np.sin(np.float32(np.pi) * inner)
    steep = np.float32(62) * inner / root - 28.3 * np.cos(np.float32(np.pi) * inner)
    return np.asarray(62 * (1 - root) + hump, np.float32), np.asarray(steep, np.float32)


def anterior_drop(out: Floats) -> tuple[Floats, Floats]:
    """The same for an anterior rib."""
    inner = np.minimum(out, np.float32(0.985))
    root = np.sqrt(1 - inner * inner)
    drop = 74 * (1 - inner) - 26 * (1 - root)
    return np.asarray(drop, np.float32), np.asarray(-74 - 26 * inner / root, np.float32)


def rib_layer(grid: Grid, thorax: Thorax, *, ageing: int, breaks: tuple[Break, ...] = ()) -> Floats:
    """All ribs of both sides."""
    layer = np.zeros(grid.shape, np.float32)
    top, bottom = thorax.apex - 16, thorax.angle_y("L") + 30
    window = grid.window((thorax.middle, (top + bottom) / 2), (1000.0, (bottom - top) / 2))
    part = grid.part(window)
    if 0 not in part.shape:
        layer[window] = np.float32(MINERAL[ageing]) * _ribs(part, thorax, breaks)
    return layer


def _ribs(grid: Grid, thorax: Thorax, breaks: tuple[Break, ...]) -> Floats:
    """Both families over one another, relative to a rib's mineral."""
    u, y = thorax.u(grid), grid.y
    edge = np.maximum(thorax.lateral(y), np.float32(8)) + 3
    out = np.abs(u) / edge
    within = soft_step(1.035 - out, 0.03) * (0.25 + 0.75 * soft_step(out - 0.2, 0.12))
    shift, gap = _broken(grid, thorax, breaks)
    drop, steep = posterior_drop(out)
    comb = posterior_comb(thorax)
    total = _comb_layer(y - shift - drop, steep / edge, comb, thorax.stream) * (1 - gap)
    drop, steep = anterior_drop(out)
    front = soft_step(out - 0.40, 0.10)
    total += _comb_layer(y - drop, steep / edge, anterior_comb(thorax), thorax.stream + 1) * front
    return np.asarray(within * total, np.float32)


def _comb_layer(height: Floats, slope: Floats, comb: Comb, stream: int) -> Floats:
    """Hollow bars about every whole rib: a body and two bright cortical edges."""
    phase = (height - np.float32(comb.first)) / np.float32(comb.pitch)
    rib = np.clip(np.rint(phase), 0, comb.count - 1)
    away = (phase - rib) * np.float32(comb.pitch) / np.sqrt(1 + slope * slope)
    index = rib.astype(np.int64)
    lots = lattice_normal(np.arange(comb.count), np.zeros(1, np.int64), stream)
    half = np.float32(comb.half) * (1 + 0.06 * lots[index])
    level = np.abs(away) / half
    body = soft_step(1 - level, 0.28)
    cortex = np.exp(-(((level - 0.82) / 0.2) ** 2))
    return np.asarray(np.float32(comb.strength) * (0.72 * body + 0.5 * cortex), np.float32)


def break_place(thorax: Thorax, fault: Break) -> tuple[float, float]:
    """Where a break lies, (x, y)."""
    comb = posterior_comb(thorax)
    drop = float(posterior_drop(np.array([fault.out], np.float32))[0][0])
    y = comb.first + fault.rib * comb.pitch + drop
    edge = float(thorax.lateral(np.array([y], np.float32))[0]) + 3
    return thorax.middle + SIDES[fault.side] * fault.out * edge, y


def _broken(grid: Grid, thorax: Thorax, breaks: tuple[Break, ...]) -> tuple[Floats, Floats]:
    """How far posterior ribs are shifted down, and which share of them is missing, (H, W)."""
    shift, gap = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    half = 0.5 * posterior_comb(thorax).pitch
    for fault in breaks:
        x, y = break_place(thorax, fault)
        window = grid.window((x, y), (60.0, 44.0))
        part = grid.part(window)
        if 0 in part.shape:
            continue
        away = (part.x - np.float32(x)) * np.float32(SIDES[fault.side])
        tilt = part.y - np.float32(y) - 0.55 * away
        near = soft_step(half - np.abs(tilt), 3.0) * np.exp(-((np.maximum(away, 0) / 22) ** 2))
        shift[window] += np.float32(fault.step) * near * soft_step(away, 0.6)
        line = np.exp(-(((away + 0.35 * tilt) / np.float32(0.5 * fault.gap)) ** 2))
        gap[window] = np.maximum(gap[window], line * soft_step(half - np.abs(tilt), 3.0))
    return shift, gap


def spine_layer(grid: Grid, thorax: Thorax) -> Floats:
    """Vertebral bodies with their discs, pedicles and spinous processes."""
    u, y = thorax.u(grid), grid.y
    width = 13.5 + 0.022 * (y - np.float32(thorax.apex))
    bodies = soft_step(width - np.abs(u), 2.0) * np.clip(0.7 + 0.3 * (np.abs(u) / width) ** 4, 0, 1)
    phase = (y - np.float32(thorax.apex)) / 23.5
    disc = np.exp(-(((phase - np.rint(phase)) * 23.5 / 3.0) ** 2))
    pedicle = (phase - np.floor(phase) - 0.4) * 23.5
    knots = np.exp(-(((np.abs(u) - 9.5) / 2.6) ** 2) - (pedicle / 4.2) ** 2)
    spinous = np.exp(-((u / 2.4) ** 2) - ((pedicle - 5) / 5.5) ** 2)
    return np.asarray(0.52 * bodies * (1 - 0.33 * disc) + 0.22 * knots + 0.2 * spinous, np.float32)


def clavicle_layer(grid: Grid, thorax: Thorax, *, is_shallow: bool) -> Floats:
    """Both clavicles, from the breastbone up and out."""
    layer = np.zeros(grid.shape, np.float32)
    u = np.abs(thorax.u(grid))
    rise = 26.0 if is_shallow else 34.0
    along = np.clip((u - 14) / 145, 0, 1)
    middle = np.float32(thorax.apex + 40) - rise * along**0.85
    middle = middle + 7 * np.sin(2 * np.pi * along)
    half = 5.2 + 3.2 * np.exp(-((along / 0.1) ** 2))
    level = np.abs(grid.y - middle) / half
    body = 0.7 * soft_step(1 - level, 0.25) + 0.5 * np.exp(-(((level - 0.8) / 0.22) ** 2))
    layer += body * soft_step(u - 14, 2.0) * soft_step(160 - u, 4.0)
    return np.asarray(0.34 * layer, np.float32)


def scapula_layer(grid: Grid, thorax: Thorax, *, is_shallow: bool) -> Floats:
    """Blades, spines and shoulder joints; over the lungs where the arms could not be turned."""
    layer = np.zeros(grid.shape, np.float32)
    top, tip = np.float32(thorax.apex + 18), np.float32(thorax.apex + 150)
    window = grid.window((thorax.middle, float(top + tip) / 2), (1000.0, 92.0))
    part = grid.part(window)
    if 0 not in part.shape:
        inner = np.float32(thorax.half * (0.70 if is_shallow else 0.94))
        layer[window] = _scapulae(np.abs(thorax.u(part)), part.y, inner, top=top, tip=tip)
    return layer


def _scapulae(
    u: Floats, y: Floats, inner: np.float32, *, top: np.float32, tip: np.float32
) -> Floats:
    down = (y - top) / (tip - top)
    medial = inner + 16 * down**2
    lateral = inner + 74 - 66 * down
    inside = soft_step(u - medial, 1.8) * soft_step(lateral - u, 2.4) * soft_step(y - top, 6.0)
    rims = np.exp(-(((lateral - 3 - u) / 3.4) ** 2)) + 0.5 * np.exp(
        -(((u - medial - 1) / 1.6) ** 2)
    )
    ridge = np.exp(-(((y - top - 26 + 0.22 * (u - inner)) / 4.5) ** 2)) * soft_step(u - inner, 4.0)
    blade = inside * (0.09 + 0.17 * rims * (down < 1) + 0.12 * ridge)
    head = np.hypot(u - (inner + 62), y - (top + 20)) / 21
    humerus = soft_step(1 - head, 0.12) * 0.32
    shaft = soft_step(11 - np.abs(u - (inner + 70) - 0.16 * (y - top)), 1.6)
    arm = np.maximum(humerus, 0.3 * shaft * (y > top + 18)) * soft_step(tip + 20 - y, 12.0)
    return np.asarray(blade + arm, np.float32)
