"""A sheet of what the hip phantom draws: mineral, body size, sites and sides, random patients."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms.hip import World, arrange_world, display, draw, sample_world
from xattn.phantoms.hip_causes import Causes, Settings, sample_causes
from xattn.phantoms.hip_film import FILM_MM
from xattn.phantoms.hip_tables import COVARIATES, EQUATIONS, VIEWS
from xattn.phantoms.sheet import captioned

Bytes = NDArray[np.uint8]

TALL = 195
WIDE = round(TALL * FILM_MM[0] / FILM_MM[1])
COLUMNS = 6
MINERALS = (0.50, 0.65, 0.80, 0.95, 1.10, 1.25)
TISSUES = (13.0, 16.0, 20.0, 24.0, 28.0)


def hip_sheet(*, seed: int = 0) -> Bytes:
    """Films by mineral, by body, by site and side, and random patients, captions below; (H, W)."""
    usual = sample_causes(seed, Settings())
    tiles = [
        _tile(_posed(seed, usual, mineral=mineral), f"BMD {mineral:.2f}") for mineral in MINERALS
    ]
    tiles += [
        _tile(_posed(seed, usual, tissue=tissue), f"BMD 0.90, body {tissue:.0f} cm")
        for tissue in TISSUES
    ]
    tiles.append(_tile(_other_site(_posed(seed, usual)), "BMD 0.90, other site and side"))
    tiles += [_patient_tile(seed + 1 + index) for index in range(COLUMNS)]
    rows = [tiles[start : start + COLUMNS] for start in range(0, len(tiles), COLUMNS)]
    return np.vstack([np.hstack(row) for row in rows])


def posed_causes(causes: Causes, *, mineral: float, tissue: float) -> Causes:
    """These causes with the views that this mineral and body give without chance."""
    values = {**causes.values, "mineral": mineral, "tissue": tissue, "bmd": mineral}
    known = dict.fromkeys(COVARIATES, 0.0) | {"site": float(causes.site)} | values
    for name in VIEWS:
        equation = EQUATIONS[name]
        values[name] = equation.start + sum(
            factor * known[parent] for parent, factor in equation.parents.items()
        )
    return replace(causes, values=values)


def _posed(seed: int, causes: Causes, *, mineral: float = 0.90, tissue: float = 20.0) -> World:
    world = arrange_world(seed, Settings(), posed_causes(causes, mineral=mineral, tissue=tissue))
    technique = replace(world.technique, side="L", exposure=(0.0, 1.0))
    return replace(world, technique=technique)


def _other_site(world: World) -> World:
    site = 1 - world.causes.site
    technique = replace(world.technique, site=site, side="R")
    return replace(world, technique=technique, causes=replace(world.causes, site=site))


def _patient_tile(seed: int) -> Bytes:
    world = sample_world(seed, Settings())
    form = world.form
    words = f"{form['age_at_xray']} y {str(form['sex'])[0]}, BMI {form['bmi']:.0f}"
    return _tile(world, f"{words}, BMD {world.causes.bmd:.2f}")


def _tile(world: World, text: str) -> Bytes:
    return captioned(display(draw(world, size=TALL)), text)
