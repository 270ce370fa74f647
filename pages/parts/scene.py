"""What the viewer draws on a film: the maps as small arrays with their scales, box and marks."""

from dataclasses import asdict, dataclass

import numpy as np

from pages.parts.belief import Mark
from pages.parts.cover import outcome
from pages.parts.film import film_key
from pages.parts.message import JSON, pack
from pages.parts.work import State
from xattn.data.clinical import Schema
from xattn.data.placement import Placement
from xattn.explain.mxa import CORNERS
from xattn.explain.overlay import Scale, lookup_table, lowers, scale_for, ticks
from xattn.models.attention import IMAGE_TO_CLINICAL
from xattn.records import Attribution, Case
from xattn.reports.reading import Clause
from xattn.trust.tries import Try

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
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the panels: the line that reads the case, what is covered, the evidence.

    `can_cover` is False while the prediction is hidden: then no other is made.
    """

    line: tuple[Clause, ...] = ()
    covered: Try | None = None
    evidence: State = "ready"
    can_cover: bool = True


def scene(case: Case, panels: list[Panel], schema: Schema, *, around: Around = Around()) -> bytes:
    """Everything but the film: panels, their maps, the scales of their kinds, the box."""
    arrays: dict[str, np.ndarray] = {}
    film, box = case.film, case.film.box
    header: JSON = {
        "kind": "scene",
        "film": film_key(film.radiograph),
        "box": [box.x, box.y, box.width, box.height] if box else None,
        "crop": _crop(film.placement),
        "line": [asdict(clause) for clause in around.line],
        "covered": _covered(around.covered),
        "canCover": around.can_cover,
        "evidence": around.evidence,
        "panels": [_panel(panel, case, schema, arrays) for panel in panels],
        "scales": _scales({p.key: p.shown for p in panels if p.shown}, arrays),
    }
    return pack(header, arrays)


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
        "mark": asdict(panel.mark) if panel.mark else None,
    }
    if panel.shown is None:
        return entry
    shown = panel.shown
    entry |= {
        "scale": _scale_name(panel.key, shown),
        "kind": shown.kind,
        "unit": shown.unit or "no unit",
        "crop": _crop(shown.placement),
        "frame": _frame(shown),
    }
    if shown.kind == "relative" and shown.regions is None:
        entry |= {"sides": _sides(panel.key, shown)}
    if fields := _fields(panel.key, shown, case, schema, arrays):
        return entry | fields
    arrays[panel.key] = shown.maps[0].values.astype(np.float32)
    if shown.regions is not None:
        arrays[f"{panel.key}/regions"] = shown.regions.astype(np.uint8)
        arrays[panel.key] = _values(shown.maps[0].values, shown)
        return entry | {"map": panel.key, "labels": f"{panel.key}/regions"}
    return entry | {"map": panel.key, "isSmooth": True}


def _sides(key: str, shown: Attribution) -> list[JSON]:
    """Both sides of a relative map, the one that is opened on first.

    Of a number that is the side with the larger total, and its words say so; of a finding it is
    what speaks for it.
    """
    words = {side: (side, f"what speaks {side}") for side in SIDES}
    if shown.target.unit != "log-odds":
        larger, smaller = SIDES[::-1] if lowers(shown) else SIDES
        verb = {SIDES[0]: "raises", SIDES[1]: "lowers"}
        words = {
            larger: (verb[larger], f"what {verb[larger]} it, the larger side"),
            smaller: (verb[smaller], f"what {verb[smaller]} it"),
        }
    return [
        {"label": label, "words": said, "scale": f"{side}/{key}"}
        for side, (label, said) in words.items()
    ]


def _fields(
    key: str, shown: Attribution, case: Case, schema: Schema, arrays: dict[str, np.ndarray]
) -> JSON:
    """The maps by field, and by head where there are heads; nothing of a method without fields."""
    maps = {entry.name.removeprefix(f"{IMAGE_TO_CLINICAL}/"): entry.values for entry in shown.maps}
    present = [field for field in schema if field.name in maps]
    if not present:
        return {}
    first = f"{present[0].name}/"
    heads = [name.removeprefix(first) for name in maps if name.startswith(first)]
    fields = []
    for field in present:
        names = [field.name, *(f"{field.name}/{head}" for head in heads)]
        arrays |= {f"{key}/{name}": _values(maps[name], shown) for name in names}
        fields.append(
            {
                "name": field.name,
                "label": field.label,
                "isKnown": field.name in case.form.known,
                "maps": [f"{key}/{name}" for name in names],
            }
        )
    entry: JSON = {"fields": fields, "heads": ["all heads", *heads]}
    if shown.kind == "attention":
        entry["unit"] = "of its attention" if key == "attention" else shown.unit
    if shown.regions is not None:
        arrays[f"{key}/regions"] = shown.regions.astype(np.uint8)
        entry["labels"] = f"{key}/regions"
    return entry


def _values(values: np.ndarray, shown: Attribution) -> np.ndarray:
    """What is sent of a map: a number per region, or its cells."""
    if shown.regions is None:
        return values.astype(np.float32)
    return region_values(values, shown.regions)


def _covered(made: Try | None) -> JSON | None:
    if made is None or made.box is None:
        return None
    box = made.box
    return {"box": [box.x, box.y, box.width, box.height], "words": outcome(made)}


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
    """Maps of one kind and unit share a scale, but for relative maps: those have none in common."""
    return f"{SIDES[0]}/{key}" if shown.kind == "relative" else f"{shown.kind}/{shown.unit}"


def _scales(shown: dict[str, Attribution], arrays: dict[str, np.ndarray]) -> JSON:
    """One scale per kind and unit of all that is shown; each side of a relative map has its own."""
    scales: dict[str, Scale] = {}
    groups: dict[str, list[Attribution]] = {}
    for key, entry in shown.items():
        groups.setdefault(_scale_name(key, entry), []).append(entry)
    for name, group in groups.items():
        if group[0].kind != "relative":
            scales[name] = scale_for(group, group[0].kind)
            continue
        against = f"{SIDES[1]}/{name.removeprefix(f'{SIDES[0]}/')}"
        scales[name] = scale_for(group, "relative")
        scales[against] = scale_for(group, "relative", against=True)
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
