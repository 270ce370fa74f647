"""All that lies before the film summed to one attenuation: body, air, vessels, bones, findings."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

import numpy as np

from xattn.phantoms import chest_findings as findings
from xattn.phantoms import chest_pleura as pleura
from xattn.phantoms.chest_anatomy import (
    LUNG_DENSITY,
    SIDES,
    TISSUE_PER_MM,
    Thorax,
    body_thickness,
    sample_lung,
    silhouette,
    soft_step,
)
from xattn.phantoms.chest_bones import (
    Break,
    clavicle_layer,
    rib_layer,
    scapula_layer,
    spine_layer,
)
from xattn.phantoms.chest_causes import SIGNS, Causes
from xattn.phantoms.chest_devices import devices
from xattn.phantoms.chest_scene import Effect, Mask, Scene
from xattn.phantoms.chest_strokes import path, rod_layer
from xattn.phantoms.chest_tables import OPACITIES
from xattn.phantoms.chest_vessels import vessel_layer
from xattn.phantoms.physics import Floats, Grid, power_law_texture

Drawer = Callable[[Scene, float, np.random.Generator], Effect]

DRAWERS: dict[str, Drawer] = {
    "lung_opacity": findings.unspecific_opacity,
    "lung_lesion": findings.lung_lesion,
    "edema": findings.edema,
    "consolidation": findings.consolidation,
    "pneumonia": findings.pneumonia,
    "atelectasis": findings.atelectasis,
    "pneumothorax": pleura.pneumothorax,
    "pleural_effusion": pleura.effusion,
    "pleural_other": pleura.pleural_other,
    "support_devices": devices,
}
"""What lies over the healthy chest; heart, mediastinum and ribs change the chest itself."""


def attenuation(
    grid: Grid, thorax: Thorax, causes: Causes, *, seed: int, omit: frozenset[str]
) -> tuple[Floats, dict[str, Mask]]:
    """Attenuation before the film, (H, W), and the mask of each finding that is drawn."""
    clear = {s: c for s, c in zip(SIGNS, causes.conspicuity, strict=True) if c and s not in omit}
    thorax = _without(thorax, omit)
    lift = _lift(clear, seed)
    lungs = {side: sample_lung(grid, thorax, side, raised=lift.get(side, 0.0)) for side in SIDES}
    middle, heart = silhouette(grid, thorax)
    scene = Scene(grid, thorax, lungs, 1 - middle, causes.is_shallow)
    effects = {
        sign: DRAWERS[sign](scene, clarity, _rng(seed, sign))
        for sign, clarity in clear.items()
        if sign in DRAWERS
    }
    breaks = (
        pleura.fractures(clear["fracture"], _rng(seed, "fracture")) if "fracture" in clear else ()
    )
    total = _chest(scene, effects, clear.get("edema", 0.0))
    total += _bones(scene, causes, breaks) + _body_parts(scene, causes)
    for effect in effects.values():
        if effect.added is not None:
            total += effect.added
    masks = {sign: effect.mask for sign, effect in effects.items()}
    if "cardiomegaly" in clear:
        masks["cardiomegaly"] = (heart > 0.5) & (grid.y < np.float32(thorax.domes[1] + 14))
    if "enlarged_cardiomediastinum" in clear:
        upper = (grid.y > thorax.apex + 10) & (grid.y < thorax.hila["R"][1] + 34)
        masks["enlarged_cardiomediastinum"] = (middle > 0.3) & upper
    if breaks:
        masks["fracture"] = pleura.fracture_mask(scene, breaks)
    opaque = [masks[sign] for sign in OPACITIES if sign in masks]
    if opaque:
        masks["lung_opacity"] = reduce(np.logical_or, opaque)
    return total, masks


def _rng(seed: int, sign: str) -> np.random.Generator:
    return np.random.default_rng([seed, 20 + SIGNS.index(sign)])


def _without(thorax: Thorax, omit: frozenset[str]) -> Thorax:
    """The chest with a heart and a mediastinum of normal width where these are left out."""
    if "cardiomegaly" in omit and thorax.ratio > 0.5:
        thorax = replace(thorax, ratio=0.44)
    if "enlarged_cardiomediastinum" in omit:
        thorax = replace(thorax, widening=0.0)
    return thorax


def _lift(clear: dict[str, float], seed: int) -> dict[str, float]:
    if "atelectasis" not in clear:
        return {}
    side, lift = findings.atelectasis_lift(clear["atelectasis"], _rng(seed, "atelectasis"))
    return {side: lift}


def _chest(scene: Scene, effects: dict[str, Effect], congestion: float) -> Floats:
    """Soft tissue, lungs with their vessels, and what findings do to the lungs' air."""
    grid, thorax = scene.grid, scene.thorax
    kept, cleared = scene.open, scene.zeros()
    for effect in effects.values():
        if effect.cover is not None:
            kept = kept * (1 - effect.cover)
        if effect.cleared is not None:
            cleared = effect.cleared
    texture = power_law_texture(grid, exponent=2.6, band_mm=(3.0, 40.0), stream=thorax.stream)
    air = (scene.lungs["R"].air + scene.lungs["L"].air) * kept
    tissue = LUNG_DENSITY * (1 - cleared) * (1 + 0.22 * texture)
    vessels = vessel_layer(grid, thorax, congestion=congestion)
    total = body_thickness(grid, thorax) - air * (1 - tissue)
    total += np.float32(2.6) * vessels * kept * (1 - cleared) * (scene.inside > 0.02)
    return np.asarray(TISSUE_PER_MM * np.maximum(total, 0), np.float32)


def _bones(scene: Scene, causes: Causes, breaks: tuple[Break, ...]) -> Floats:
    grid, thorax = scene.grid, scene.thorax
    return (
        rib_layer(grid, thorax, ageing=causes.ageing, breaks=breaks)
        + spine_layer(grid, thorax)
        + clavicle_layer(grid, thorax, is_shallow=causes.is_shallow)
        + scapula_layer(grid, thorax, is_shallow=causes.is_shallow)
    )


def _body_parts(scene: Scene, causes: Causes) -> Floats:
    """Airway, gastric bubble, breasts and the calcium of an old aorta, in attenuation."""
    grid, thorax = scene.grid, scene.thorax
    total = -_airway(grid, thorax) - _bubble(grid, thorax)
    if causes.has_breasts:
        total += _breasts(grid, thorax, causes.ageing)
    total = np.asarray(TISSUE_PER_MM * total, np.float32)
    if causes.ageing == 2:
        total += _aortic_calcium(grid, thorax)
    return total


def _airway(grid: Grid, thorax: Thorax) -> Floats:
    """Path of air in mm in the windpipe and the main bronchi."""
    x, (right, left) = thorax.middle + 2.0, (thorax.hila["R"], thorax.hila["L"])
    fork = right[1] - 22
    trunk = path(np.array([(x, -20.0), (x, fork)]), 7.6)
    forks = [
        path(np.array([(x, fork), (x - 16, fork + 13), (right[0] + 4, right[1] + 6)]), 5.2),
        path(np.array([(x, fork), (x + 19, fork + 13), (left[0] - 3, left[1] + 6)]), 5.2),
    ]
    return rod_layer(grid, [trunk, *forks])


def _bubble(grid: Grid, thorax: Thorax) -> Floats:
    """Air of the stomach in mm, flat at its fluid level."""
    x, below, radius = thorax.bubble
    u = (grid.x - np.float32(thorax.middle + x)) / np.float32(1.5 * radius)
    v = (grid.y - np.float32(thorax.domes[1] + below)) / np.float32(radius)
    depth = np.sqrt(np.clip(1 - u * u - v * v, 0, 1)) * soft_step(0.45 - v, 0.08)
    return np.asarray(2.6 * radius * depth, np.float32)


def _breasts(grid: Grid, thorax: Thorax, ageing: int) -> Floats:
    """Both breasts in mm: round below, faint above."""
    u = (np.abs(thorax.u(grid)) - np.float32(0.60 * thorax.half)) / 66
    v = (grid.y - np.float32(thorax.domes[0] - 30 + 8 * ageing)) / np.where(
        grid.y > thorax.domes[0] - 30 + 8 * ageing, np.float32(50), np.float32(120)
    )
    return np.asarray(27 * np.clip(1 - u * u - v * v, 0, 1) ** 0.7, np.float32)


def _aortic_calcium(grid: Grid, thorax: Thorax) -> Floats:
    """A thin arc in the wall of the knob."""
    y = thorax.apex + 0.24 * (thorax.domes[0] - thorax.apex)
    turn = np.linspace(-1.2, 0.9, 12)
    x = thorax.middle + 12 + thorax.knob
    arc = np.stack([x + 14 * np.cos(turn), y + 15 * np.sin(turn)], axis=1)
    return np.float32(0.10) * rod_layer(grid, [path(arc, 0.9)])
