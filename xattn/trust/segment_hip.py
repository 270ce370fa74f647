"""Proximal femur and femoral neck on a hip film, by the fit of a phantom's picture."""

from dataclasses import replace
from functools import cache

import numpy as np

from xattn.phantoms import hip
from xattn.phantoms.hip_anatomy import NECK_MM, Femur, femur_mineral
from xattn.phantoms.hip_film import FILM_MM
from xattn.phantoms.hip_sheet import posed_causes
from xattn.phantoms.physics import FieldOfView, sample_grid
from xattn.trust.segment_film import Segment
from xattn.trust.segment_template import Fit, Template, detail, fit, place

NECK, FEMUR = "femoral neck", "proximal femur"
LEAST_DETAIL = 0.4
"""Below this the film does not look like one hip from the front."""
BELOW_HEAD_MM = 98.0
"""The proximal femur ends this far below the head's centre: past the lesser trochanter."""
ABOVE_HEAD_MM, INWARD_MM, OUTWARD_MM = 42.0, 45.0, 72.0
"""How much about the head's centre the picture shows."""
PICTURE_PIXELS = 210


def femur(pixels: np.ndarray, padding: np.ndarray) -> tuple[Segment, Segment]:
    """Femoral neck and proximal femur (which holds it) on the square (S, S)."""
    found = fit(pixels, template())
    parts = dict(template().parts)
    neck, whole = (
        (place(parts[name], template(), found, pixels.shape[0]) > 0.5) & ~padding
        for name in (NECK, FEMUR)
    )
    likeness = detail(pixels, template(), found)
    reason = _refusal(found, likeness, padding) if neck.any() else "outline not found: no neck"
    return Segment(NECK, neck, reason), Segment(FEMUR, whole, reason)


def _refusal(found: Fit, likeness: float, padding: np.ndarray) -> str:
    if likeness < LEAST_DETAIL:
        return f"outline not found: its detail fits a hip with r = {likeness:.2f}"
    size = padding.shape[0]
    row, column = (min(int(share * size), size - 1) for share in (found.row, found.column))
    return "outline not found: it lies off the film" if padding[row, column] else ""


@cache
def template() -> Template:
    """The hip of a left side in the middle of all shapes, no marker, no gas, no blades."""
    head = hip.HEAD_AT
    width, height = INWARD_MM + OUTWARD_MM, ABOVE_HEAD_MM + BELOW_HEAD_MM
    middle = (head[0] + (OUTWARD_MM - INWARD_MM) / 2, head[1] + (BELOW_HEAD_MM - ABOVE_HEAD_MM) / 2)
    field = FieldOfView(middle, (width, height))
    usual = hip.sample_world(0, hip.Settings())
    causes = posed_causes(usual.causes, mineral=0.90, tissue=20.0)
    causes = replace(causes, values={**causes.values, "size": 1.0})
    world = hip.arrange_world(0, hip.Settings(), causes)
    femur_shape = Femur(
        world.femur.cortex, world.femur.trabeculae,
        neck_angle=127, neck_length=53, trochanter=8, waist=NECK_MM,
    )  # fmt: skip
    technique = replace(world.technique, side="L", exposure=(0.0, 1.0))
    world = replace(
        world, femur=femur_shape, technique=technique, head_mm=head, turns=(0.0, 0.0), causes=causes
    )
    phantom = hip.draw(
        world, size=PICTURE_PIXELS, field=field, omit=frozenset({"marker", "collimation", "gas"})
    )
    grid = sample_grid(field, PICTURE_PIXELS)
    frame = np.broadcast_arrays(grid.x - np.float32(head[0]), grid.y - np.float32(head[1]))
    _, depth = femur_mineral((frame[0], frame[1]), femur_shape, np.ones(grid.shape, np.float32))
    return Template(
        picture=hip.display(phantom),
        parts=((NECK, phantom.neck_mask), (FEMUR, depth > 0)),
        height=height / max(FILM_MM),
        tall=(0.65, 0.78, 0.91, 1.04, 1.17, 1.3),
        wide=(1.0,),
        turns=(-8.0, 0.0, 8.0),
        sides=(False, True),
    )
