"""Pictures of a case at the size they are shown: the film, and its maps on what was read."""

import io
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from xattn.data.clinical import Absent
from xattn.data.placement import Box, Placement
from xattn.explain.overlay import STEPS, Scale, hatched, lowers, overlay, scale_for
from xattn.models.attention import IMAGE_TO_CLINICAL
from xattn.records import Attribution, Explanation, Film, Kind, Map

SURROUND = 0.06
"""Share of the square that was read which is drawn around it, hatched where it was not read."""
OPACITY = 0.7
FRAME, LINE = (255, 255, 255), 2
STRIP_GREY = 96
"""Grey under a scale's colours, between tissue and background."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class ShownMap:
    """A map that is drawn and exported; `key` is unique in its explanation and fit for a file."""

    key: str
    attribution: Attribution
    map: Map
    scale: Scale
    field: str = ""
    method: str = ""
    """The key of its explainer."""

    @property
    def mode(self) -> Literal["linear", "nearest"]:
        """How it is put on the film: regions keep their borders, cells are joined."""
        return "linear" if self.attribution.regions is None else "nearest"

    @property
    def is_empty(self) -> bool:
        """Whether no value reaches half a step of the scale, so that nothing is drawn."""
        low, high = self.scale.low, self.scale.high
        drawn = np.abs(np.clip(self.map.values, low, high))
        return bool(drawn.max() < (high - low) / STEPS / 2)


def shown_maps(explanation: Explanation) -> tuple[ShownMap, ...]:
    """The first map of each method; of attention one per field that applies, mean over heads."""
    scales = scales_of(explanation)
    shown: list[ShownMap] = []
    for key, attribution in explanation.attributions:
        if attribution.kind == "attention":
            shown += _by_field(explanation, key, scales)
        elif attribution.maps:
            first = attribution.maps[0]
            shown.append(ShownMap(key, attribution, first, scales[key], method=key))
            shown += _other_side(shown[-1])
    return tuple(shown)


def _other_side(shown: ShownMap) -> list[ShownMap]:
    """Of a relative map of a number, what points the other way: a number goes up and down.

    Where it lies was asked of the larger side alone, so that the other has no evidence of its own.
    """
    entry, is_lower = shown.attribution, shown.scale.low < 0
    is_number = entry.target.unit != "log-odds"
    if entry.kind != "relative" or not is_number or entry.regions is not None:
        return []
    scale = scale_for([entry], entry.kind, against=not is_lower)
    key = f"{shown.key}-{'raises' if is_lower else 'lowers'}"
    other = replace(shown, key=key, scale=scale, method=key)
    return [] if other.is_empty else [other]


def scales_of(explanation: Explanation) -> dict[str, Scale]:
    """The scale of each method that has maps: one for a kind and unit, but for relative maps."""
    drawn = {key: entry for key, entry in explanation.attributions if entry.maps}
    groups: dict[tuple[Kind, str], list[Attribution]] = {}
    for entry in drawn.values():
        if entry.kind != "relative":
            groups.setdefault((entry.kind, entry.unit), []).append(entry)
    shared = {each: scale_for(group, each[0]) for each, group in groups.items()}
    return {
        key: shared.get((entry.kind, entry.unit))
        or scale_for([entry], entry.kind, against=lowers(entry))
        for key, entry in drawn.items()
    }


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A part of a film at the size it is drawn: its picture (h, w) uint8, and where on it was read.

    `placement` is the film's own in canvas pixels, `zoom` canvas pixels per file pixel from the
    file's (`left`, `top`).
    """

    display: np.ndarray
    placement: Placement
    zoom: float
    left: int
    top: int

    def draw(self, shown: ShownMap) -> np.ndarray:
        """The map on the film (h, w, 3) uint8; what was not read is hatched."""
        values = self.placement.to_file(shown.map.values, mode=shown.mode)
        return overlay(self.display, values, shown.scale, OPACITY)


def read_part(film: Film, side: int) -> Canvas:
    """What the model read of a film, with a narrow surround where there was a box."""
    placement = film.placement
    margin = SURROUND * placement.side if film.box else 0
    spans = (
        (max(0, round(start - margin)), min(length, round(start + placement.side + margin)))
        for start, length in ((placement.top, placement.height), (placement.left, placement.width))
    )
    return _canvas(film, *spans, side=side)


def film_picture(film: Film, side: int) -> np.ndarray:
    """The whole film (h, w, 3) uint8: the reader's box framed, what was not read hatched."""
    height, width = film.radiograph.shape
    canvas = _canvas(film, (0, height), (0, width), side=side)
    picture = hatched(canvas.display, ~canvas.placement.read_mask())
    return _framed(picture, film.box, canvas) if film.box else picture


def strip(scale: Scale, width: int, height: int) -> np.ndarray:
    """The colours of a scale from low to high (height, width, 3) uint8, as they lie on a film."""
    values = np.tile(np.linspace(scale.low, scale.high, width), (height, 1))
    return overlay(np.full_like(values, STRIP_GREY, dtype=np.uint8), values, scale, OPACITY)


def png(picture: np.ndarray) -> bytes:
    """A picture (h, w, 3) uint8 as a PNG file without metadata, packed fast rather than small."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG", compress_level=1)
    return content.getvalue()


def _by_field(explanation: Explanation, key: str, scales: dict[str, Scale]) -> list[ShownMap]:
    maps = {entry.name: entry for entry in explanation[key].maps}
    form = explanation.case.form
    return [
        ShownMap(f"{key}-{field}", explanation[key], maps[name], scales[key], field, key)
        for field, value in form.entries
        if value is not Absent.NOT_APPLICABLE and (name := f"{IMAGE_TO_CLINICAL}/{field}") in maps
    ]


def _canvas(film: Film, rows: Span, columns: Span, *, side: int) -> Canvas:
    """The film's pixels averaged to the canvas, whose longer side has `side` pixels."""
    part = film.radiograph.display()[slice(*rows), slice(*columns)]
    zoom = side / max(part.shape)
    height, width = (max(1, round(length * zoom)) for length in part.shape)
    display = Image.fromarray(part).resize((width, height), Image.Resampling.LANCZOS)
    left, top = columns[0], rows[0]
    read = film.placement
    placement = replace(
        read,
        height=height,
        width=width,
        left=(read.left - left) * zoom,
        top=(read.top - top) * zoom,
        side=read.side * zoom,
    )
    return Canvas(np.asarray(display), placement, zoom, left, top)


def _framed(picture: np.ndarray, box: Box, canvas: Canvas) -> np.ndarray:
    corner = np.array([box.x - canvas.left, box.y - canvas.top]) * canvas.zoom
    size = np.array([box.width, box.height]) * canvas.zoom
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).rectangle([*corner, *(corner + size)], outline=FRAME, width=LINE)
    return np.asarray(image)
