"""Synthetic mammograms: a world drawn from the causal graph, and its film on any grid."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from xattn.phantoms import breast_masses as masses
from xattn.phantoms import film
from xattn.phantoms.breast_anatomy import (
    CONTRAST_PER_MM,
    FAT_PER_MM,
    FILM_MM,
    Breast,
    SkinChange,
    sample_breast,
    sample_tissue,
)
from xattn.phantoms.breast_bayes import BayesProbabilities, bayes, image_log_odds
from xattn.phantoms.breast_calcifications import calcification_strokes, calcium_layer
from xattn.phantoms.breast_causes import Causes, Settings, sample_causes
from xattn.phantoms.physics import (
    FieldOfView,
    Floats,
    Grid,
    Point,
    digitise,
    expose,
    sample_grid,
)

__all__ = [
    "Box",
    "Phantom",
    "Settings",
    "World",
    "arrange_world",
    "crop_field",
    "display",
    "draw",
    "sample_world",
    "whole_view",
]

LESION_CONTRAST = (1.25, 1.15, 1.00, 0.85)
"""Depth of a mass by density, relative to the gland it replaces."""
TEXTURE_EXPONENT = 3.0
SHIFTED_EXPONENT = 2.5
SKIN_CHANGES = {"normal": (0.0, 0.0), "thickened": (0.0, 2.6), "retracted": (6.0, 1.2)}
"""Retraction and thickening in mm of each state of the skin."""


@dataclass(frozen=True, slots=True)
class World:
    """One patient's film before it is sampled: causes, geometry, and the streams of chance."""

    seed: int
    settings: Settings
    causes: Causes
    breast: Breast
    lesion_mm: Point
    """The lesion's centre in the canonical frame (x from the chest wall)."""
    skin_mm: Point
    """The skin nearest to the lesion."""
    satellite_mm: Point
    is_inverted: bool
    exposure: tuple[float, float]

    @property
    def form(self) -> dict[str, str]:
        """The reader's form; fields that do not apply are absent."""
        return self.causes.form


class Box(NamedTuple):
    """A rectangle in pixels; all zero where the field misses the lesion."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Phantom:
    """One film and the truth behind it."""

    pixels: NDArray[np.uint16]
    is_inverted: bool
    """MONOCHROME1: the lowest stored value is white."""
    bits: int
    spacing_mm: float
    lesion_mask: NDArray[np.bool_]
    """Where the lesion and its satellite lie, drawn or occult."""
    box: Box
    lesion_type: str
    form: dict[str, str]
    malignant: bool
    causes: dict[str, float]
    """What each cause on the film adds to the log-odds of malignancy, the prior included."""
    bayes: BayesProbabilities


def sample_world(seed: int, settings: Settings) -> World:
    """The world of a seed: the same seed gives the same labels under other physics."""
    return arrange_world(seed, settings, sample_causes(seed, settings))


def arrange_world(seed: int, settings: Settings, causes: Causes) -> World:
    """A breast about these causes, its shape and place drawn from the seed."""
    rng = np.random.default_rng([seed, 1])
    breast = sample_breast(rng)
    height = -0.5 + rng.random() if breast.view == "CC" else -0.3 + 0.9 * rng.random()
    skin, normal = breast.skin_point(height)
    depth = causes.size_mm / 2 + 6 + 8 * rng.random()
    lesion = (skin[0] + depth * normal[0], skin[1] + depth * normal[1])
    away = np.arctan2(normal[1], normal[0]) + (rng.random() - 0.5) * np.pi
    apart = causes.size_mm / 2 + 7 + 4 * rng.random()
    satellite = (lesion[0] + apart * float(np.cos(away)), lesion[1] + apart * float(np.sin(away)))
    return World(
        seed, settings, causes, breast, lesion, skin, satellite,
        is_inverted=bool(rng.random() < 0.5),
        exposure=(0.06 * float(rng.normal()), float(np.exp(0.07 * rng.normal()))),
    )  # fmt: skip


def whole_view() -> FieldOfView:
    """The whole film."""
    return FieldOfView((FILM_MM[0] / 2, FILM_MM[1] / 2), FILM_MM)


def crop_field(
    world: World, *, margin_mm: float = 18.0, jitter: float = 0.0, seed: int = 0
) -> FieldOfView:
    """A square around the lesion, 46 to 80 mm wide, kept inside the film.

    `jitter` moves and scales it by up to that share of its width. The margin is in mm and not a
    share of the lesion, so that the lesion's size stays visible.
    """
    rng = np.random.default_rng([world.seed, 5, seed])
    scale, right, down = 1 + jitter * (2 * rng.random(3) - 1) - [0, 1, 1]
    width = float(np.clip((world.causes.size_mm + 2 * margin_mm) * scale, 46, 80))
    x, y = world.lesion_mm
    x = x if world.breast.side == "L" else FILM_MM[0] - x
    centre = (x + width * right, y + width * down)
    return FieldOfView(
        tuple(  # type: ignore[arg-type]
            float(np.clip(place, width / 2, limit - width / 2))
            for place, limit in zip(centre, FILM_MM, strict=True)
        ),
        (width, width),
    )


def draw(
    world: World,
    *,
    size: int = 224,
    field: FieldOfView | None = None,
    omit: frozenset[str] = frozenset(),
) -> Phantom:
    """The film of a world, `size` pixels high; the whole view unless a field is given.

    `omit` leaves out what is drawn of "lesion", "satellite", "strands" or "skin" while all else,
    noise included, stays: the truth of what that cause does to the pixels. Labels do not change.
    """
    grid = sample_grid(field or whole_view(), size)
    attenuation, mask = _canonical_attenuation(world, _mirrored(grid, world), omit)
    if world.breast.side == "R":
        attenuation, mask = attenuation[:, ::-1].copy(), mask[:, ::-1].copy()
    pixels, bits = _develop(world, grid, attenuation)
    causes = world.causes
    return Phantom(
        pixels, world.is_inverted, bits, grid.spacing, mask, _bounding_box(mask),
        causes.lesion_type, dict(causes.form), causes.malignant,
        image_log_odds(causes), bayes(causes),
    )  # fmt: skip


def display(phantom: Phantom) -> Floats:
    """Brightness in [0, 1], white is dense whatever the stored polarity, (H, W)."""
    top = np.float32(2**phantom.bits - 1)
    shown = phantom.pixels.astype(np.float32) / top
    return 1 - shown if phantom.is_inverted else shown


def _mirrored(grid: Grid, world: World) -> Grid:
    if world.breast.side == "L":
        return grid
    return Grid(FILM_MM[0] - grid.xs[::-1], grid.ys, grid.spacing)


def _canonical_attenuation(
    world: World, grid: Grid, omit: frozenset[str]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Attenuation of breast and lesion, chest wall left, and the lesion's mask."""
    causes, settings = world.causes, world.settings
    change = SkinChange(world.skin_mm, *SKIN_CHANGES["normal" if "skin" in omit else causes.skin])
    tissue = sample_tissue(
        grid, world.breast, change, density=causes.density, stream=world.seed * 1009 + 17,
        exponent=SHIFTED_EXPONENT if settings.shifted else TEXTURE_EXPONENT,
    )  # fmt: skip
    soft, calcium, mask = _lesion_layers(world, grid, omit)
    inside = np.clip(tissue.thickness / 8, 0, 1)
    strength = CONTRAST_PER_MM * LESION_CONTRAST[causes.density - 1]
    added = soft * np.float32(strength) + calcium
    if causes.has_strands and "strands" not in omit:
        rng = np.random.default_rng([world.seed, 6])
        strands = masses.strands_layer(grid, world.lesion_mm, causes.size_mm / 2, rng)
        added += np.float32(CONTRAST_PER_MM * 9.0) * strands
    return tissue.attenuation + inside * added, mask & (tissue.thickness > 0)


def _lesion_layers(
    world: World, grid: Grid, omit: frozenset[str]
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Soft tissue in mm of gland, calcium in attenuation, and where the lesion lies."""
    causes = world.causes
    soft, calcium = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    mask = np.zeros(grid.shape, bool)
    if causes.has_mass:
        mass = _mass(world, grid)
        mask |= mass > 0
        if causes.shows_mass and "lesion" not in omit:
            soft += np.float32(12.0 + 0.45 * causes.size_mm) * mass
    if causes.has_calcifications:
        particles = _calcium(world, grid)
        reach = 2 * int(np.ceil(1.5 / grid.spacing)) + 1
        mask |= uniform_filter((particles > 0.01).astype(np.float32), reach) > 1e-6
        if "lesion" not in omit:
            calcium += particles
    if causes.has_satellite:
        satellite = _satellite(world, grid)
        mask |= satellite > 0
        if "satellite" not in omit:
            soft += np.float32(15.0) * satellite
    return soft, calcium, mask


def _mass(world: World, grid: Grid) -> Floats:
    causes, rng = world.causes, np.random.default_rng([world.seed, 4])
    shape, margins = causes.signs["mass_shape"], causes.signs["mass_margins"]
    outline = masses.draw_outline(rng, shape, margins, world.lesion_mm, causes.size_mm / 2)
    return masses.mass_layer(grid, outline, shape=shape, margins=margins, rng=rng)


def _satellite(world: World, grid: Grid) -> Floats:
    rng = np.random.default_rng([world.seed, 7])
    radius = 2.8 + 1.4 * rng.random()
    outline = masses.draw_outline(rng, "OVAL", "ILL_DEFINED", world.satellite_mm, radius)
    return masses.mass_layer(grid, outline, shape="OVAL", margins="ILL_DEFINED", rng=rng)


def _calcium(world: World, grid: Grid) -> Floats:
    causes, rng = world.causes, np.random.default_rng([world.seed, 8])
    (x, y), (skin_x, skin_y), nipple = world.lesion_mm, world.skin_mm, world.breast.nipple
    kind = causes.signs["calc_type"]
    # Calcium of the skin lies in it, not in the lesion: a fifth of the way in.
    centre = (0.8 * skin_x + 0.2 * x, 0.8 * skin_y + 0.2 * y) if kind == "SKIN" else (x, y)
    strokes = calcification_strokes(
        rng, kind, causes.signs["calc_distribution"], centre=centre, size_mm=causes.size_mm,
        towards=float(np.arctan2(nipple[1] - y, nipple[0] - x)),
    )  # fmt: skip
    return calcium_layer(grid, strokes)


def _develop(world: World, grid: Grid, attenuation: Floats) -> tuple[NDArray[np.uint16], int]:
    """Marker, exposure, characteristic curve, border and digits of the world's site."""
    site, shifted = film.SITES[world.causes.site], world.settings.shifted
    energy = film.SHIFTED_ENERGY if shifted else 1.0
    detector = film.SHIFTED_DETECTOR if shifted else site.detector
    breast = world.breast
    text = f"{breast.side} {breast.view}" if world.causes.site == 0 else breast.side + breast.view
    length = 6 * len(text) * site.letter_mm
    corner = (FILM_MM[0] - length - 9.0 if breast.side == "L" else 9.0, 10.0)
    film.add_marker(attenuation, grid, text=text, corner=corner, block_mm=site.letter_mm)
    measured = expose(attenuation * np.float32(energy), grid.spacing, detector, world.seed)
    shown = film.brightness(
        measured, site, fat=FAT_PER_MM * breast.thickness * energy,
        contrast=CONTRAST_PER_MM * breast.thickness, exposure=world.exposure,
    )  # fmt: skip
    canonical = _mirrored(grid, world)
    if breast.side == "L":
        film.add_border(shown, canonical, width_mm=site.border_mm, film_mm=FILM_MM)
    else:
        film.add_border(shown[:, ::-1], canonical, width_mm=site.border_mm, film_mm=FILM_MM)
    return digitise(shown, site.bits, is_inverted=world.is_inverted), site.bits


def _bounding_box(mask: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return Box(0, 0, 0, 0)
    left, top = int(columns[0]), int(rows[0])
    return Box(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)
