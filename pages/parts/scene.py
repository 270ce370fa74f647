"""What the viewer is sent: the film once, and the maps as small arrays with their scales."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from pages.parts.work import State
from xattn.data.clinical import Schema
from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.explain.mxa import CORNERS
from xattn.explain.overlay import Scale, lookup_table, scale_for, ticks
from xattn.models.attention import IMAGE_TO_CLINICAL
from xattn.records import Attribution, Case, Kind

TEXTURE_SIDE = 2048
"""Long side of the display texture in pixels: more than a screen shows of a whole film."""

JSON = dict[str, Any]

SIDES = ("for", "against")
"""A relative map is drawn one side at a time."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what it shows, if anything yet, and how far the work on it is."""

    key: str
    title: str
    state: State = "ready"
    note: str = ""
    shown: Attribution | None = None
    is_stale: bool = False


def texture(radiograph: Radiograph) -> bytes:
    """The film for the screen: 8 bit through its own window, its long side at most 2,048 pixels."""
    rows, columns = radiograph.shape
    share = min(1.0, TEXTURE_SIDE / max(rows, columns))
    size = max(1, round(columns * share)), max(1, round(rows * share))
    picture = Image.fromarray(radiograph.display())
    if share < 1:
        picture = picture.resize(size, Image.Resampling.BOX)
    film: JSON = {"kind": "film", "hash": film_key(radiograph), "width": columns, "height": rows}
    return pack(film, {"texture": np.asarray(picture)})


def film_key(radiograph: Radiograph) -> str:
    """The name under which the viewer keeps a texture: of the content, of nobody."""
    return radiograph.pixel_sha256[:24]


def scene(case: Case, panels: list[Panel], schema: Schema) -> bytes:
    """Everything but the film: panels, their maps, the scales of their kinds, the box."""
    arrays: dict[str, np.ndarray] = {}
    film, box = case.film, case.film.box
    header: JSON = {
        "kind": "scene",
        "film": film_key(film.radiograph),
        "box": [box.x, box.y, box.width, box.height] if box else None,
        "crop": _crop(film.placement),
        "panels": [_panel(panel, case, schema, arrays) for panel in panels],
        "scales": _scales({p.key: p.shown for p in panels if p.shown}, arrays),
    }
    return pack(header, arrays)


def pack(header: JSON, arrays: dict[str, np.ndarray]) -> bytes:
    """One blob: the header's length, the header as JSON, the arrays, each part on 4 bytes."""
    places, parts, offset = {}, [], 0
    for name, array in arrays.items():
        places[name] = {
            "dtype": array.dtype.name,
            "shape": list(array.shape),
            "count": array.size,
            "offset": offset,
        }
        parts.append(_padded(np.ascontiguousarray(array).tobytes()))
        offset += len(parts[-1])
    text = _padded(json.dumps({**header, "arrays": places}, allow_nan=False).encode(), b" ")
    return b"".join([len(text).to_bytes(4, "little"), text, *parts])


def region_values(painted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The number of each region (R,) of a map (S, S) that is constant on regions."""
    values = np.zeros(int(labels.max()) + 1, dtype=np.float32)
    values[labels] = painted
    return values


def _panel(panel: Panel, case: Case, schema: Schema, arrays: dict[str, np.ndarray]) -> JSON:
    entry: JSON = {
        "key": panel.key,
        "title": panel.title,
        "state": panel.state,
        "note": panel.note,
        "isStale": panel.is_stale,
        "isSmooth": False,
    }
    if panel.shown is None:
        return entry
    shown = panel.shown
    entry |= {
        "scale": _scale_name(panel.key, shown),
        "unit": shown.unit or "no unit",
        "crop": _crop(shown.placement),
        "frame": _frame(shown),
    }
    if shown.kind == "attention":
        return entry | _attention(panel.key, shown, case, schema, arrays)
    arrays[panel.key] = shown.maps[0].values.astype(np.float32)
    if shown.regions is not None:
        arrays[f"{panel.key}/regions"] = shown.regions.astype(np.uint8)
        arrays[panel.key] = region_values(shown.maps[0].values, shown.regions)
        return entry | {"map": panel.key, "labels": f"{panel.key}/regions"}
    sides = [{"label": side, "scale": f"{side}/{panel.key}"} for side in SIDES]
    return entry | {"map": panel.key, "isSmooth": True, "sides": sides}


def _attention(
    key: str, shown: Attribution, case: Case, schema: Schema, arrays: dict[str, np.ndarray]
) -> JSON:
    maps = {entry.name: entry.values.astype(np.float32) for entry in shown.maps}
    first = f"{IMAGE_TO_CLINICAL}/{schema.names[0]}/"
    heads = [name.removeprefix(first) for name in maps if name.startswith(first)]
    fields = []
    for field in schema:
        name = f"{IMAGE_TO_CLINICAL}/{field.name}"
        names = [name, *(f"{name}/{head}" for head in heads)]
        arrays |= {f"{key}/{each}": maps[each] for each in names}
        fields.append(
            {
                "name": field.name,
                "label": field.label,
                "isKnown": field.name in case.form.known,
                "maps": [f"{key}/{each}" for each in names],
            }
        )
    return {"fields": fields, "heads": ["all heads", *heads], "unit": "of its attention"}


def _crop(placement: Placement) -> JSON:
    return {"left": placement.left, "top": placement.top, "side": placement.side}


def _frame(shown: Attribution) -> list[float] | None:
    """The box that the encoder chose, in file pixels; None where it chooses none."""
    figures, place = dict(shown.figures), shown.placement
    if CORNERS[0] not in figures:
        return None
    left, top, right, bottom = (place.side * figures[corner] for corner in CORNERS)
    return [place.left + left, place.top + top, right - left, bottom - top]


def _scale_name(key: str, shown: Attribution) -> str:
    """Maps of one kind share a scale, but for relative maps: those have no common unit."""
    return f"{SIDES[0]}/{key}" if shown.kind == "relative" else shown.kind


def _scales(shown: dict[str, Attribution], arrays: dict[str, np.ndarray]) -> JSON:
    """One scale per kind over all that is shown; each side of a relative map has its own."""
    scales: dict[str, Scale] = {}
    shared: tuple[Kind, ...] = ("contribution", "attention")
    for kind in shared:
        if group := [entry for entry in shown.values() if entry.kind == kind]:
            scales[kind] = scale_for(group, kind)
    for key, entry in shown.items():
        if entry.kind == "relative":
            for side in SIDES:
                is_against = side == SIDES[1]
                scales[f"{side}/{key}"] = scale_for([entry], "relative", against=is_against)
    return {name: _scale(name, scale, arrays) for name, scale in scales.items()}


def _scale(name: str, scale: Scale, arrays: dict[str, np.ndarray]) -> JSON:
    arrays[f"table/{name}"] = lookup_table(scale)
    return {
        "label": scale.kind,
        "unit": scale.unit,
        "low": scale.low,
        "high": scale.high,
        "ticks": ticks(scale),
        "table": f"table/{name}",
    }


def _padded(content: bytes, filler: bytes = b"\0") -> bytes:
    return content + filler * (-len(content) % 4)
