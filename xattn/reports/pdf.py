"""A report as PDF, set by typst without a browser; the same report gives the same bytes."""

import json
import shutil
import tempfile
from dataclasses import asdict
from datetime import date
from itertools import accumulate
from pathlib import Path

import typst

from xattn.errors import ReportError
from xattn.explain.overlay import LOWERS, RAISES, Scale, ticks
from xattn.reports.figures import png, strip
from xattn.reports.fonts import FOLDER, fonts
from xattn.reports.institution import NOBODY, Institution
from xattn.reports.sections import Decision, Figure, Report, Row, Sum
from xattn.reports.sentences import DEMONSTRATION, amount

TEMPLATE, WATERMARK = "case.typ", "watermark.svg"
NO_DATE = date(1970, 1, 1)
"""PDF/A wants a date; a report without a dated decision carries no clock, so it says this one."""
STRIP_PIXELS = 255
VERDICTS = {
    "accept": "accepts the result",
    "change": "changes the result",
    "reject": "rejects the result",
    "adjudicate": "weighed the reads of others; this finding stands",
}


def render(report: Report, *, archival: bool = False, institution: Institution = NOBODY) -> bytes:
    """Few A4 pages of selectable text with tagged pictures (PDF/UA-1), headed by an institution.

    `archival` adds PDF/A-2a, whose metadata must hold a date: the decision's day, else 1970-01-01.

    Raises:
        ReportError: if a text holds characters that the report's fonts do not have.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        content = _content(report, root, archival=archival)
        content["institution"] = _institution(institution, root)
        (root / "report.json").write_text(json.dumps(content, allow_nan=False), encoding="utf-8")
        for name in (TEMPLATE, WATERMARK):
            shutil.copyfile(FOLDER / name, root / name)
        try:
            pages = typst.compile(
                root / TEMPLATE,
                root=root,
                font_paths=fonts(),
                ignore_system_fonts=True,
                pdf_standards=["a-2a", "ua-1"] if archival else ["ua-1"],
            )
        except typst.TypstError as error:
            raise ReportError(
                "The report could not be set; write identifier and note in letters of its fonts "
                "(Latin, Greek, Cyrillic)."
            ) from error
    return pages


def _institution(institution: Institution, root: Path) -> dict[str, str]:
    """Name, and the logo's file in `root` with the words that stand for it."""
    logo = f"logo.{institution.kind}" if institution.logo else ""
    if logo:
        (root / logo).write_bytes(institution.logo)
    words = f"Logo of {institution.name}" if institution.name else "Logo of the institution"
    return {"name": institution.name, "logo": logo, "alternative": words}


def _content(report: Report, root: Path, *, archival: bool) -> dict[str, object]:
    """What the template reads: texts, places from 0 to 1, and the names of pictures in `root`."""
    return {
        "title": report.title,
        "use": report.use,
        "identifier": report.identifier,
        "date": _date(report.decision, archival=archival),
        "is-demonstration": report.is_demonstration,
        "footer": _footer(report),
        "colours": {"raises": _hex(RAISES[-1]), "lowers": _hex(LOWERS[-1])},
        "header": _rows(report.header),
        "headline": asdict(report.headline),
        "condition": report.condition,
        "result": _rows(report.result),
        "cautions": report.cautions,
        "line": report.line,
        "beliefs": _rows(report.beliefs),
        "reading": report.reading,
        "form": _rows(report.form),
        "sum": _sum(report.sum) if report.sum else None,
        "figures": [_figure(entry, root, number) for number, entry in enumerate(report.figures)],
        "decision": _rows(_decision(report.decision)),
        "limits": report.limits,
        "methods": _rows(report.methods),
        "provenance": _rows(report.provenance),
    }


def _rows(rows: tuple[Row, ...]) -> list[dict[str, str]]:
    return [{"label": row.label, "text": row.text} for row in rows]


def _date(decision: Decision | None, *, archival: bool) -> dict[str, int] | None:
    day = decision.day if decision else None
    day = NO_DATE if archival and day is None else day
    return None if day is None else {"year": day.year, "month": day.month, "day": day.day}


def _footer(report: Report) -> str:
    parts = [report.use, *(row.text for row in report.header if row.label == "Model")]
    return " · ".join([*parts, DEMONSTRATION] if report.is_demonstration else parts)


def _hex(rgb: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def _sum(total: Sum) -> dict[str, object]:
    """Terms as bars that start where the one before ended, on an axis that holds zero."""
    ends = list(accumulate(term.value for term in total.terms[:-1]))
    starts = [0.0, *ends]
    ends.append(total.terms[-1].value)
    low, high = min(0.0, *ends), max(0.0, *ends)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return 0.02 + 0.96 * (value - low) / width

    terms = [
        {
            "label": term.label,
            "detail": term.detail,
            "text": amount(term.value, total.unit),
            "role": term.role,
            "start": place(start),
            "end": place(end),
        }
        for term, start, end in zip(total.terms, starts, ends, strict=True)
    ]
    return {"terms": terms, "unit": total.unit, "note": total.note, "zero": place(0.0)}


def _figure(figure: Figure, root: Path, number: int) -> dict[str, object]:
    picture = f"figure-{number}.png"
    (root / picture).write_bytes(png(figure.picture))
    return {
        "title": figure.title,
        "picture": picture,
        "aspect": figure.picture.shape[1] / figure.picture.shape[0],
        "lines": figure.lines,
        "alternative": figure.alternative,
        "scale": figure.scale and _scale(figure.scale, root, number),
    }


def _scale(scale: Scale, root: Path, number: int) -> dict[str, object]:
    name = f"scale-{number}.png"
    (root / name).write_bytes(png(strip(scale, STRIP_PIXELS, 1)))
    marks = ticks(scale)
    return {
        "strip": name,
        "unit": scale.unit,
        "alternative": f"Scale from {marks[0][1]} to {marks[-1][1]}, {scale.unit}.",
        "ticks": [
            {"place": (value - scale.low) / (scale.high - scale.low), "text": text}
            for value, text in marks
        ],
    }


def _decision(decision: Decision | None) -> tuple[Row, ...]:
    if decision is None:
        return (Row("Decision", "none recorded"),)
    rows = (
        Row("Reader", decision.reader),
        Row("Decision", VERDICTS[decision.verdict]),
        Row("Finding", decision.finding),
        Row("Note", decision.note),
        Row("Day", decision.day.isoformat() if decision.day else ""),
    )
    return tuple(row for row in rows if row.text)
