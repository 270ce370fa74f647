"""What a chest finding is drawn into, and what it may do there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms.chest_anatomy import SIDES, Lung, Thorax, soft_step
from xattn.phantoms.physics import Floats, Grid, Point, smooth_noise

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scene:
    """The grid, the chest and its lungs before any finding is laid over them."""

    grid: Grid
    thorax: Thorax
    lungs: dict[str, Lung]
    open: Floats
    """Share of the lungs' path that heart and mediastinum leave free."""
    is_shallow: bool

    def point(self, side: str, out: float, down: float) -> Point:
        """A place in a lung: `out` from the midline to the wall, `down` from apex to dome."""
        thorax = self.thorax
        y = thorax.apex + down * (thorax.domes[side == "L"] - thorax.apex)
        edge = float(thorax.lateral(np.array([y], np.float32))[0])
        return thorax.middle + SIDES[side] * out * edge, y

    def zeros(self) -> Floats:
        """An empty layer."""
        return np.zeros(self.grid.shape, np.float32)

    @property
    def inside(self) -> Floats:
        """1 in either lung."""
        return self.lungs["R"].inside + self.lungs["L"].inside


@dataclass(frozen=True, slots=True)
class Effect:
    """What one finding does to the film, (H, W) each; None where it does nothing of the kind."""

    mask: Mask
    cover: Floats | None = None
    """Share of the lung's air that is replaced by tissue or fluid."""
    added: Floats | None = None
    """Attenuation on top."""
    cleared: Floats | None = None
    """Share of the lung that air of the pleural space has taken."""


def pick_side(rng: np.random.Generator, *, left: float = 0.45) -> str:
    """L or R."""
    return "L" if rng.random() < left else "R"


def patch(
    grid: Grid, centre: Point, radii: Point, *, edge: float, rough: float, stream: int
) -> Floats:
    """An irregular soft patch, about 1 at its centre; `edge` and `rough` are shares of its size."""
    layer = np.zeros(grid.shape, np.float32)
    reach = 1 + 2.4 * rough + 2.2 * edge
    window = grid.window(centre, (reach * radii[0], reach * radii[1]))
    part = grid.part(window)
    if 0 in part.shape:
        return layer
    x = (part.x - np.float32(centre[0])) / np.float32(radii[0])
    y = (part.y - np.float32(centre[1])) / np.float32(radii[1])
    level = 1 - np.sqrt(x * x + y * y)
    if rough:
        knots = max(0.5 * min(radii), 1.2 * grid.spacing)
        level = level + np.float32(rough) * smooth_noise(part, knots, stream)
    layer[window] = soft_step(level, edge)
    return layer
