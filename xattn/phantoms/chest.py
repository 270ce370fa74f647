"""Synthetic frontal chest films: a world drawn from the causal graph, and its film on any grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms import chest_film
from xattn.phantoms.chest_anatomy import (
    FILM_MM,
    LUNG_DENSITY,
    TISSUE_PER_MM,
    Thorax,
    sample_thorax,
)
from xattn.phantoms.chest_bayes import expected
from xattn.phantoms.chest_causes import SIGNS, Causes, Scalars, Settings, sample_causes
from xattn.phantoms.chest_layers import attenuation
from xattn.phantoms.chest_scene import Mask
from xattn.phantoms.physics import FieldOfView, Floats, sample_grid

__all__ = [
    "LOOKS",
    "Phantom",
    "Settings",
    "World",
    "arrange_world",
    "display",
    "draw",
    "sample_world",
    "whole_view",
]


LOOKS = (
    "cardiothoracic_ratio", "ageing", "breasts", "shallow", "marked_projection", "site",
)  # fmt: skip
"""What a film shows beside its signs: the marker reads -1 PA, 1 AP, 0 where it does not say."""


@dataclass(frozen=True, slots=True)
class World:
    """One patient's film before it is sampled: causes, geometry, and the streams of chance."""

    seed: int
    settings: Settings
    causes: Causes
    thorax: Thorax
    is_inverted: bool
    curve: tuple[float, float]
    """This film's own shift of the characteristic curve and factor on its slope."""
    marker_mm: tuple[float, float]

    @property
    def form(self) -> dict[str, str | float]:
        """Age in years, sex, projection and view."""
        return self.causes.form


@dataclass(frozen=True, slots=True)
class Phantom:
    """One film and the truth behind it."""

    pixels: NDArray[np.uint16]
    is_inverted: bool
    """MONOCHROME1: the lowest stored value is white."""
    bits: int
    spacing_mm: float
    masks: dict[str, Mask]
    """Where each drawn finding lies, by code; what is occult has none."""
    form: dict[str, str | float]
    labels: Scalars
    """The truth, (14,) zeros and ones in the order of `FINDINGS`."""
    causes: dict[str, float]
    """Conspicuity of every sign (0 where the film does not show it) and what else it shows."""
    expected: Scalars
    """P(finding | image causes, form, both), (3, 14)."""


def sample_world(seed: int, settings: Settings) -> World:
    """The world of a seed: the same seed gives the same labels under other physics."""
    return arrange_world(seed, settings, sample_causes(seed, settings))


def arrange_world(seed: int, settings: Settings, causes: Causes) -> World:
    """A chest about these causes, its shape drawn from the seed."""
    rng = np.random.default_rng([seed, 1])
    is_inverted, shift, slope, across, down = (
        rng.random() < 0.5,
        *rng.normal(size=2),
        *rng.random(2),
    )
    return World(
        seed, settings, causes, sample_thorax(rng, causes),
        is_inverted=bool(is_inverted),
        curve=(0.05 * float(shift), float(np.exp(0.08 * slope))),
        marker_mm=(326.0 + 20 * across, 10.0 + 12 * down),
    )  # fmt: skip


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

    `omit` leaves out what is drawn of these findings while all else, noise included, stays: the
    truth of what they do to the pixels. Labels and `expected` do not change. Omitting
    "lung_opacity" omits the unspecific patch alone.
    """
    grid = sample_grid(field or whole_view(), size)
    causes, thorax = world.causes, world.thorax
    layers, masks = attenuation(grid, thorax, causes, seed=world.seed, omit=omit)
    site = chest_film.SITES[causes.site]
    lung = thorax.depth - (1 - LUNG_DENSITY) * 0.9 * (thorax.depth - 62)
    exposure = chest_film.Exposure(
        lung * TISSUE_PER_MM, thorax.depth * TISSUE_PER_MM, world.curve, _marker(causes),
        world.marker_mm, causes.is_shallow, world.is_inverted, world.seed,
    )  # fmt: skip
    pixels = chest_film.develop(
        layers, grid, site=site, exposure=exposure, shifted=world.settings.shifted
    )
    return Phantom(
        pixels, world.is_inverted, site.bits, grid.spacing, masks, dict(causes.form),
        causes.labels, shown_causes(world), expected(causes),
    )  # fmt: skip


def _marker(causes: Causes) -> tuple[str, ...]:
    return ("L", str(causes.form["projection"])) if causes.is_marked else ("L",)


def shown_causes(world: World) -> dict[str, float]:
    """What an image encoder can learn to see: each sign's conspicuity, then the film's look."""
    causes = world.causes
    signs = dict(zip(SIGNS, causes.conspicuity, strict=True))
    named = (2.0 * causes.projection - 1) if causes.is_marked else 0.0
    looks = (
        world.thorax.ratio, float(causes.ageing), float(causes.has_breasts),
        float(causes.is_shallow), named, float(causes.site),
    )  # fmt: skip
    return signs | dict(zip(LOOKS, looks, strict=True))


def display(phantom: Phantom) -> Floats:
    """Brightness in [0, 1], white is dense whatever the stored polarity, (H, W)."""
    top = np.float32(2**phantom.bits - 1)
    shown = phantom.pixels.astype(np.float32) / top
    return 1 - shown if phantom.is_inverted else shown
