"""A sheet of what the breast phantom draws: densities, every sign, every cue."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms.breast import World, arrange_world, crop_field, display, draw
from xattn.phantoms.breast_causes import SIGNS, Causes, Settings, sample_causes
from xattn.phantoms.sheet import captioned

Bytes = NDArray[np.uint8]

TILE = 128
TALL = 171
"""Rows of a whole view that is one tile wide."""
COLUMNS = 8


def breast_sheet(*, seed: int = 0) -> Bytes:
    """Whole views by site and density, a crop per sign and per cue, captions below; (H, W)."""
    tiles = [_sign_tile(seed, name, option) for name, table in SIGNS.items() for option in table]
    crops = [*tiles, *_cue_tiles(seed)]
    rows = [[_film_tile(seed, site, density) for site in (0, 1) for density in range(1, 5)]]
    rows += [crops[start : start + COLUMNS] for start in range(0, len(crops), COLUMNS)]
    return np.vstack([np.hstack(row) for row in rows])


def posed_world(seed: int, causes: Causes) -> World:
    """The world of a seed with causes of our own, read without error."""
    form = {"density": str(causes.density), **causes.signs}
    return arrange_world(seed, Settings(), replace(causes, form=form))


def plain_causes(seed: int) -> Causes:
    """The causes of a seed made plain: an oval mass of 14 mm and no cue, in density 2."""
    return replace(
        sample_causes(seed, Settings()), density=2, lesion_type="mass", is_occult=False,
        size_mm=14.0, skin="normal", has_strands=False, has_satellite=False,
        signs={"mass_shape": "OVAL", "mass_margins": "CIRCUMSCRIBED"},
    )  # fmt: skip


def _film_tile(seed: int, site: int, density: int) -> Bytes:
    seed += 10 * density + site
    causes = replace(sample_causes(seed, Settings()), site=site, density=density)
    image = display(draw(posed_world(seed, causes), size=TALL))
    return _tile(image, f"density {density}, site {site}")


def _sign_tile(seed: int, name: str, option: str) -> Bytes:
    seed += 100 + list(SIGNS[name]).index(option)
    plain = plain_causes(seed)
    if name.startswith("calc"):
        signs = {"calc_type": "PLEOMORPHIC", "calc_distribution": "CLUSTERED", name: option}
        causes = replace(plain, lesion_type="calcification", signs=signs)
    else:
        causes = replace(plain, signs={**plain.signs, name: option})
    return _crop_tile(posed_world(seed, causes), option)


def _cue_tiles(seed: int) -> list[Bytes]:
    seed += 205
    plain = plain_causes(seed)
    posed = {
        "6 mm": replace(plain, size_mm=6.0),
        "30 mm": replace(plain, size_mm=30.0),
        "occult": replace(plain, is_occult=True),
        "density 4": replace(plain, density=4),
        "strands": replace(plain, has_strands=True),
        "satellite": replace(plain, has_satellite=True),
        "skin thickened": replace(plain, skin="thickened"),
        "skin retracted": replace(plain, skin="retracted"),
    }
    return [_crop_tile(posed_world(seed, causes), text) for text, causes in posed.items()]


def _crop_tile(world: World, text: str) -> Bytes:
    return _tile(display(draw(world, size=TILE, field=crop_field(world))), text)


def _tile(image: NDArray[np.float32], text: str) -> Bytes:
    words = text.replace("_", " ").lower().replace("architectural ", "arch. ")
    return captioned(image, words.replace("asymmetric", "asym."))
