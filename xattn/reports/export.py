"""An explanation as files: numbers as JSON, maps on the film as .npy, panels as PNG.

`explanation.json` holds every number; maps of up to 1,024 cells stand in it, larger ones beside it
as `<key>.<n>.model.npy` over the square that was read. What is drawn is also there as `<key>.npy`
in the film's own pixels (float32, NaN where not read) and as `<key>.png`.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np

from xattn.data.clinical import Absent
from xattn.errors import ReportError
from xattn.explain.overlay import Scale
from xattn.records import Attribution, Explanation, Film
from xattn.reports.beliefs import of_map
from xattn.reports.content import check_together, title_of
from xattn.reports.figures import film_picture, png, read_part, scales_of, shown_maps
from xattn.reports.panels import Panel, draw, longest_picture
from xattn.reports.reading import line, reading
from xattn.reports.sentences import RESEARCH, what_it_shows, what_was_read
from xattn.systems import System, find
from xattn.trust.belief import UNASKED, Belief

NUMBERS = "explanation.json"
FORMAT = {"name": "xattn.explanation", "version": 1}
MOST_CELLS = 1024
"""Maps of more cells are files of their own, so that the JSON stays readable."""


def write_explanation(explanation: Explanation, folder: Path, belief: Belief = UNASKED) -> None:
    """Write all files of an explanation; the folder appears, or is replaced, as a whole.

    Raises:
        ReportError: if the folder cannot be written or holds anything but an earlier export, if
            results of several cases are mixed, or if a number is not finite.
    """
    check_together(explanation, explanation.prediction.provenance.model_id)
    try:
        with replacing(folder.absolute()) as fresh:
            _write_panels(explanation, belief, fresh)
            _write_maps(explanation, fresh)
            _write_numbers(explanation, belief, fresh)
    except OSError as error:
        raise ReportError(
            "The folder for the explanation could not be written; choose a new one in a place "
            "that is writable and has room."
        ) from error


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A fresh folder that takes the place of `folder` at the end, or vanishes after an error.

    Raises:
        ReportError: if `folder` holds files that are not of an earlier export.
    """
    if folder.exists() and not _is_ours(folder):
        raise ReportError(
            "The folder must be new, empty or an earlier export of an explanation, however: it "
            "holds other files. Choose another."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as place:
        fresh, earlier = Path(place) / "new", Path(place) / "earlier"
        fresh.mkdir()
        yield fresh
        if folder.exists():
            folder.rename(earlier)
        try:
            fresh.rename(folder)
        except OSError:
            if earlier.exists():
                earlier.rename(folder)
            raise


def _is_ours(folder: Path) -> bool:
    """Whether a folder is empty or holds nothing but the files that its own numbers list."""
    if not folder.is_dir():
        return False
    names = {entry.name for entry in folder.iterdir()}
    if not names:
        return True
    try:
        listed = json.loads((folder / NUMBERS).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return isinstance(listed, list) and names <= {str(name) for name in listed}


def _write_panels(explanation: Explanation, belief: Belief, folder: Path) -> None:
    case, side = explanation.case, longest_picture()
    system = find(case.system)
    use = f"{RESEARCH}. Model trained on {explanation.prediction.provenance.training_data}."
    film = film_picture(case.film, side)
    panels = {"film": Panel("Film", film, (what_was_read(case), use))}
    canvas = read_part(case.film, side)
    for shown in shown_maps(explanation):
        lines = (*what_it_shows(shown, system), *of_map(belief, shown.method), use)
        title = title_of(shown, system.schema)
        panels[shown.key] = Panel(title, canvas.draw(shown), lines, shown.scale)
    for key, panel in panels.items():
        (folder / f"{key}.png").write_bytes(png(draw(panel)))


def _write_maps(explanation: Explanation, folder: Path) -> None:
    for shown in shown_maps(explanation):
        placed = shown.attribution.placement.to_file(shown.map.values, mode=shown.mode)
        _save(folder / f"{shown.key}.npy", placed)
    for key, attribution in explanation.attributions:
        for number, entry in enumerate(attribution.maps):
            if entry.values.size > MOST_CELLS:
                _save(folder / _model_file(key, number), entry.values)
        if attribution.regions is not None:
            _save(folder / f"{key}.regions.npy", attribution.regions.astype(np.int32))


def _save(path: Path, values: np.ndarray) -> None:
    np.save(path, values, allow_pickle=False)


def _model_file(key: str, number: int) -> str:
    return f"{key}.{number}.model.npy"


def _write_numbers(explanation: Explanation, belief: Belief, folder: Path) -> None:
    system = find(explanation.case.system)
    scales = scales_of(explanation)
    content = {
        "format": FORMAT,
        "use": RESEARCH,
        "case": _case(explanation, system),
        "prediction": explanation.prediction.plain,
        "reading": line(reading(explanation, belief, system.schema)),
        **belief.plain,
        "attributions": [
            {"key": key, **_attribution(key, entry, scales.get(key))}
            for key, entry in explanation.attributions
        ],
        "drawn": [
            {"key": shown.key, "map": shown.map.name, "interpolation": shown.mode}
            for shown in shown_maps(explanation)
        ],
        "files": sorted([NUMBERS, *(entry.name for entry in folder.iterdir())]),
    }
    try:
        text = json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1)
    except ValueError as error:
        raise ReportError(
            "Every number of an explanation must be finite, however: one is not."
        ) from error
    (folder / NUMBERS).write_text(text + "\n", encoding="utf-8")


def _case(explanation: Explanation, system: System) -> dict[str, object]:
    case = explanation.case
    fields = [
        {
            "name": name,
            "state": value.value if isinstance(value, Absent) else "known",
            "value": None if isinstance(value, Absent) else value,
            "text": system.schema.describe(case.form, name),
        }
        for name, value in case.form.entries
    ]
    return {
        "system": case.system,
        "digest": case.digest,
        "films": [_film(film) for film in case.films],
        "form": {
            "variant": case.form.variant,
            "fields": fields,
            "entries": system.schema.plain(case.form),
        },
    }


def _film(film: Film) -> dict[str, object]:
    radiograph = film.radiograph
    return {
        "role": film.role,
        "shape": radiograph.shape,
        "spacing_mm": radiograph.spacing_mm,
        "facts": dict(radiograph.facts),
        "file_sha256": radiograph.file_sha256,
        "pixel_sha256": radiograph.pixel_sha256,
        "box": asdict(film.box) if film.box else None,
        "placement": asdict(film.placement),
    }


def _attribution(key: str, entry: Attribution, scale: Scale | None) -> dict[str, object]:
    return {
        "method": entry.method,
        "kind": entry.kind,
        "unit": entry.unit,
        "target": asdict(entry.target),
        "placement": asdict(entry.placement),
        "reference": entry.reference,
        "value": entry.value,
        "gap": entry.gap,
        "players": dict(entry.players),
        "figures": dict(entry.figures),
        "passes": entry.passes,
        "scale": asdict(scale) if scale else None,
        "regions": None if entry.regions is None else f"{key}.regions.npy",
        "maps": [_map(key, entry, number) for number in range(len(entry.maps))],
        "provenance": asdict(entry.provenance),
    }


def _map(key: str, entry: Attribution, number: int) -> dict[str, object]:
    values = entry.maps[number].values
    is_small = values.size <= MOST_CELLS
    return {
        "name": entry.maps[number].name,
        "shape": values.shape,
        "values": values.tolist() if is_small else None,
        "file": None if is_small else _model_file(key, number),
    }
