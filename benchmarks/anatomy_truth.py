"""Where a phantom's anatomy lies on the model's square, from its geometry alone."""

from dataclasses import dataclass

import numpy as np

from xattn.data.placement import Placement
from xattn.phantoms import breast, chest, film, hip
from xattn.phantoms.breast_anatomy import FILM_MM as BREAST_MM
from xattn.phantoms.breast_anatomy import SkinChange, depth_below_skin
from xattn.phantoms.chest_film import SITES as CHEST_SITES
from xattn.phantoms.hip_anatomy import femur_mineral
from xattn.phantoms.hip_film import FILM_MM as HIP_MM
from xattn.phantoms.hip_film import SITES as HIP_SITES
from xattn.phantoms.physics import Grid, sample_grid
from xattn.trust.segment_chest import HEART, LUNGS, chest_masks
from xattn.trust.segment_hip import BELOW_HEAD_MM, FEMUR, NECK

SIZE = 224
Truth = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A phantom's picture (S, S) on the square, what of it is no film, and the true parts."""

    pixels: np.ndarray
    padding: np.ndarray
    truth: Truth
    is_crop: bool = False


def drawn(system: str, seed: int, *, shifted: bool = False) -> Drawn:
    """The phantom of a seed."""
    return {"hip": _hip, "breast": _breast, "chest": _chest}[system](seed, shifted=shifted)


def _hip(seed: int, *, shifted: bool) -> Drawn:
    world = hip.sample_world(seed, hip.Settings(shifted=shifted))
    phantom = hip.draw(world, size=SIZE)
    grid = sample_grid(hip.whole_view(), SIZE)
    is_right = world.technique.side == "R"
    canonical = Grid(HIP_MM[0] - grid.xs[::-1], grid.ys, grid.spacing) if is_right else grid
    x = (canonical.x - np.float32(world.head_mm[0])) / np.float32(world.scale)
    y = (canonical.y - np.float32(world.head_mm[1])) / np.float32(world.scale)
    cosine, sine = np.float32(np.cos(world.turns[0])), np.float32(np.sin(world.turns[0]))
    frame = cosine * x + sine * y, cosine * y - sine * x
    _, depth = femur_mineral(frame, world.femur, np.ones(grid.shape, np.float32))
    femur = (depth > 0) & (frame[1] < BELOW_HEAD_MM)
    side, site = world.technique.side, HIP_SITES[world.technique.site]
    letter = _letters(grid, side, site=site, corner=_hip_corner(world))
    return _on_square(
        hip.display(phantom),
        {
            NECK: phantom.neck_mask,
            FEMUR: femur[:, ::-1] if is_right else femur,
            "markers": letter,
        },
    )


def _hip_corner(world: hip.World) -> tuple[float, float]:
    x, y = world.technique.marker
    block = HIP_SITES[world.technique.site].letter_mm
    return (x if world.technique.side == "L" else HIP_MM[0] - x - 6 * block, y)


def _breast(seed: int, *, shifted: bool) -> Drawn:
    world = breast.sample_world(seed, breast.Settings(shifted=shifted))
    is_crop = seed % 2 == 1
    field = breast.crop_field(world) if is_crop else breast.whole_view()
    phantom = breast.draw(world, size=SIZE, field=field)
    grid = sample_grid(field, SIZE)
    is_right = world.breast.side == "R"
    canonical = Grid(BREAST_MM[0] - grid.xs[::-1], grid.ys, grid.spacing) if is_right else grid
    retraction, thickening = breast.SKIN_CHANGES[world.causes.skin]
    change = SkinChange(world.skin_mm, retraction, thickening)
    depth, _ = depth_below_skin(canonical, world.breast, change)
    inside = depth[:, ::-1] > 0 if is_right else depth > 0
    site = film.SITES[world.causes.site]
    shape, view = world.breast, world.breast.view
    text = f"{shape.side} {view}" if world.causes.site == 0 else shape.side + view
    length = 6 * len(text) * site.letter_mm
    corner = (BREAST_MM[0] - length - 9.0 if shape.side == "L" else 9.0, 10.0)
    border = np.zeros((len(canonical.ys), len(canonical.xs)), np.float32)
    film.add_border(border, canonical, width_mm=site.border_mm, film_mm=BREAST_MM)
    border = border[:, ::-1] if is_right else border
    truth = {
        "breast": inside & (border == 0),
        "border": border > 0,
        "markers": _letters(grid, text, site=site, corner=corner),
    }
    return _on_square(breast.display(phantom), truth, is_crop=is_crop)


def _chest(seed: int, *, shifted: bool) -> Drawn:
    world = chest.sample_world(seed, chest.Settings(shifted=shifted))
    phantom = chest.draw(world, size=SIZE)
    grid = sample_grid(chest.whole_view(), SIZE)
    lungs, heart = chest_masks(grid, world.thorax)
    site = CHEST_SITES[world.causes.site]
    width = site.border_mm
    border = np.zeros(grid.shape, bool)
    if width:
        border[(grid.ys < width) | (grid.ys > 400 - width), :] = True
        border[:, (grid.xs < width) | (grid.xs > 400 - width)] = True
    letters = _letters(grid, "L", site=site, corner=world.marker_mm)
    if world.causes.is_marked:
        below = world.marker_mm[0], world.marker_mm[1] + 10 * site.letter_mm
        letters |= _letters(grid, "MM", site=site, corner=below)
    truth = {LUNGS: lungs, HEART: heart, "border": border, "markers": letters}
    return _on_square(chest.display(phantom), truth)


def _letters(grid: Grid, text: str, *, site: film.Site, corner: tuple[float, float]) -> np.ndarray:
    """The rectangle that a line of letters fills."""
    right = corner[0] + (6 * len(text) - 1) * site.letter_mm
    bottom = corner[1] + 7 * site.letter_mm
    columns = (grid.x > corner[0]) & (grid.x < right)
    return np.asarray(columns & (grid.y > corner[1]) & (grid.y < bottom))


def _on_square(shown: np.ndarray, truth: Truth, *, is_crop: bool = False) -> Drawn:
    whole = Placement.whole((shown.shape[0], shown.shape[1]), SIZE)

    def square(layer: np.ndarray) -> np.ndarray:
        return whole.to_model(layer.astype(np.float32), fill=0.0)

    return Drawn(
        square(shown),
        square(np.ones(shown.shape)) < 0.5,
        {name: square(mask) > 0.5 for name, mask in truth.items()},
        is_crop,
    )
