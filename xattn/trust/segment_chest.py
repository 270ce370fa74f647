"""Lung fields, heart and mediastinum on a frontal chest film.

A phantom's picture says where they may lie, the film's own brightness where they do: each pixel's
log-odds of being lung are the prior's, plus how much darker it is than the cut between the two.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from xattn.phantoms import chest
from xattn.phantoms.chest_anatomy import FILM_MM, SIDES, Thorax, sample_lung, silhouette
from xattn.phantoms.chest_sheet import posed_causes, posed_world
from xattn.phantoms.physics import FieldOfView, Grid, sample_grid
from xattn.trust.segment_film import Mask, Segment
from xattn.trust.segment_template import Template, fit, place

LUNGS, HEART = "lung fields", "heart and mediastinum"
LEAST_CORRELATION = 0.6
"""Below this the film does not look like a chest from the front."""
PRIOR_SPREAD = 0.025
"""How far the prior's outline is doubted, in shares of the square's side."""
PICTURE_PIXELS = 200
MIDDLE_MM, APEX_MM, DOMES_MM, HALF_MM = 200.0, 54.0, (284.0, 296.0), 140.0
FIELD = FieldOfView((MIDDLE_MM, 195.0), (300.0, 294.0))


def thorax_parts(pixels: np.ndarray, background: Mask, padding: Mask) -> tuple[Segment, Segment]:
    """Lung fields, and the heart with the mediastinum between them, on the square (S, S)."""
    found = fit(pixels, template())
    layers = {
        name: place(mask, template(), found, pixels.shape[0]) for name, mask in template().parts
    }
    lungs = _refined(pixels, layers[LUNGS]) & ~padding & ~background
    heart = (layers[HEART] > 0.5) & ~lungs & ~padding
    reason = _refusal(found.correlation, lungs)
    return Segment(LUNGS, lungs, reason), Segment(HEART, heart, reason)


def _refined(pixels: np.ndarray, lungs: np.ndarray) -> Mask:
    """Lungs (S, S) where prior and brightness say so together, in at most two pieces."""
    size = pixels.shape[0]
    prior = np.clip(ndimage.gaussian_filter(lungs, PRIOR_SPREAD * size), 1e-3, 1 - 1e-3)
    near = prior > 0.02
    if not near.any():
        return np.zeros(pixels.shape, bool)
    smooth = ndimage.median_filter(pixels, 5)
    cut = float(threshold_otsu(smooth[near]))  # type: ignore[no-untyped-call]
    spread = float(smooth[near].std()) + 1e-6
    odds = np.log(prior / (1 - prior)) + 2.0 * (cut - smooth) / spread
    mask = near & (odds > 0)
    mask = ndimage.binary_opening(ndimage.binary_closing(mask, iterations=3), iterations=3)
    labels, count = ndimage.label(ndimage.binary_fill_holes(mask))
    if not count:
        return np.zeros(pixels.shape, bool)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return np.asarray(np.isin(labels, np.argsort(sizes)[-2:][np.sort(sizes)[-2:] > 0]))


def _refusal(correlation: float, lungs: Mask) -> str:
    if correlation < LEAST_CORRELATION:
        return f"outline not found: fits a frontal chest with r = {correlation:.2f}"
    share = float(lungs.mean())
    if not 0.08 < share < 0.6:
        return f"outline not found: lungs would cover {share:.0%}"
    columns = np.flatnonzero(lungs.any(axis=0))
    middle = int(columns.mean())
    left, right = int(lungs[:, :middle].sum()), int(lungs[:, middle:].sum())
    return "outline not found: one side alone" if min(left, right) < 0.25 * max(left, right) else ""


@cache
def template() -> Template:
    """A healthy chest in the middle of all shapes."""
    causes = posed_causes(0)
    drawn = posed_world(0, causes)
    usual = Thorax(
        middle=MIDDLE_MM, apex=APEX_MM, domes=DOMES_MM, half=HALF_MM, wall=44.0, depth=230.0,
        ratio=0.46, widening=0.0, knob=6.0, bubble=(78.0, 31.0, 16.0), stream=0,
    )  # fmt: skip
    phantom = chest.draw(
        replace(drawn, thorax=usual, marker_mm=(390.0, 390.0)), size=PICTURE_PIXELS, field=FIELD
    )
    lungs, heart = chest_masks(sample_grid(FIELD, PICTURE_PIXELS), usual)
    return Template(
        picture=chest.display(phantom),
        parts=((LUNGS, lungs), (HEART, heart)),
        height=FIELD.size_mm[1] / max(FILM_MM),
        tall=(0.72, 0.82, 0.92, 1.02, 1.12, 1.22),
        wide=(0.82, 0.94, 1.06, 1.18),
        turns=(0.0,),
        sides=(False,),
    )


def chest_masks(grid: Grid, thorax: Thorax) -> tuple[Mask, Mask]:
    """Lung fields, and what heart and mediastinum hide of the thorax between apex and dome."""
    inside = np.maximum(*(sample_lung(grid, thorax, side).inside for side in SIDES)) > 0.5
    middle, _ = silhouette(grid, thorax)
    hidden = middle > 0.31  # half of the 0.62 that the silhouette's edge takes
    rows = (grid.y > thorax.apex) & (grid.y < max(thorax.domes))
    return np.asarray(inside & ~hidden), np.asarray(hidden & rows)
