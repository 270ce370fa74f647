"""A sheet of what the chest phantom draws: healthy chests, and every finding."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms.chest import World, arrange_world, display, draw
from xattn.phantoms.chest_causes import SIGNS, Causes, Settings, sample_causes
from xattn.phantoms.chest_tables import PROJECTIONS, SEXES
from xattn.phantoms.physics import FieldOfView
from xattn.phantoms.sheet import captioned

Bytes = NDArray[np.uint8]

TILE = 200
COLUMNS = 6
CLARITY = 0.85
CLOSE = ("lung_lesion", "fracture")
"""Findings that are shown from near."""


def chest_sheet(*, seed: int = 0) -> Bytes:
    """Healthy men and women, PA and AP, then each finding, captions below; (H, W)."""
    tiles = [_healthy_tile(seed + 1, sex, projection) for projection in (0, 1) for sex in (1, 0)]
    tiles += [_finding_tile(seed + 100 + index, sign) for index, sign in enumerate(SIGNS)]
    tiles.append(_tile(_occult(seed + 300), "pneumonia, occult"))
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    return np.vstack([np.hstack(row) for row in rows])


def posed_causes(
    seed: int, clarity: dict[str, float] | None = None, *, sex: int = 1, projection: int = 0
) -> Causes:
    """The causes of a seed made plain: no finding but those given, drawn as clearly as given."""
    conspicuity = tuple((clarity or {}).get(sign, 0.0) for sign in SIGNS)
    usual = sample_causes(seed, Settings())
    form = {**usual.form, "sex": SEXES[sex], "projection": PROJECTIONS[projection]}
    return replace(
        usual, sex=sex, projection=projection, diseases=(False,) * 5, conspicuity=conspicuity,
        present=tuple(value > 0 for value in conspicuity), ageing=1, has_breasts=sex == 0,
        is_shallow=projection == 1, is_marked=False, form=form,
    )  # fmt: skip


def posed_world(seed: int, causes: Causes) -> World:
    """The world of a seed with causes of our own, exposed as the site means to."""
    return replace(arrange_world(seed, Settings(), causes), curve=(0.0, 1.0))


def _healthy_tile(seed: int, sex: int, projection: int) -> Bytes:
    causes = posed_causes(seed + 2 * projection + sex, sex=sex, projection=projection)
    causes = replace(causes, is_marked=True, ageing=2 * projection)
    words = f"{SEXES[sex]}, {PROJECTIONS[projection]}"
    return _tile(posed_world(seed + 2 * projection + sex, causes), words)


def _finding_tile(seed: int, sign: str) -> Bytes:
    causes = posed_causes(seed, {sign: CLARITY}, sex=seed % 2)
    world = posed_world(seed, replace(causes, has_breasts=False))
    if sign not in CLOSE:
        return _tile(world, sign)
    rows, columns = np.nonzero(draw(world, size=400).masks[sign])
    return _tile(world, f"{sign}, 140 mm", _close(float(columns.mean()), float(rows.mean())))


def _close(x: float, y: float) -> FieldOfView:
    return FieldOfView((x, y), (140.0, 140.0))


def _occult(seed: int) -> World:
    causes = posed_causes(seed)
    present = tuple(sign == "pneumonia" for sign in SIGNS)
    return posed_world(seed, replace(causes, present=present))


def _tile(world: World, text: str, field: FieldOfView | None = None) -> Bytes:
    words = text.replace("_", " ").lower().replace(" pa", " PA").replace(" ap", " AP")
    return captioned(display(draw(world, size=TILE, field=field)), words)
