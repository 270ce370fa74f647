"""A cohort as files: every number as JSON, cases and groups as CSV, charts as HTML, maps as PNG."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import Image

from xattn.archive.export import Line, as_csv
from xattn.data.clinical import Schema
from xattn.errors import ReportError
from xattn.explain.overlay import Scale, overlay, round_up
from xattn.runtime import cohort_charts as charts
from xattn.runtime.cohort import CohortCase
from xattn.runtime.cohort_comparison import Comparison
from xattn.runtime.cohort_frames import frame
from xattn.runtime.cohort_members import Cohort
from xattn.runtime.cohort_statistics import FEWEST, Figure, Judged
from xattn.runtime.cohort_summary import (
    Group,
    Importance,
    Interactions,
    MeanMap,
    importances,
    interactions,
    judged,
    mean_maps,
    misses,
    not_laid,
    subgroups,
)
from xattn.trust.reliability import Reliability, reliability

FORMAT = {"name": "xattn.cohort", "version": 1}
MOST_BINS = 10
ENLARGED = 4
"""Pixels of a picture per pixel of a frame."""
AROUND = ((0, 1), (0, -1), (1, 0), (-1, 0))
"""Steps to a pixel's four neighbours."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Summary:
    """All that a cohort comes to; `reliability` is None, with a remark, where it cannot be said."""

    cohort: Cohort
    cases: tuple[CohortCase, ...]
    schema: Schema
    importances: tuple[Importance, ...]
    groups: tuple[Group, ...]
    reliability: Reliability | None
    misses: tuple[tuple[int, float], ...]
    maps: tuple[MeanMap, ...]
    interactions: tuple[Interactions, ...]
    not_laid: tuple[tuple[str, int], ...]

    @property
    def unit(self) -> str:
        """The unit of contributions."""
        return self.cases[0].shares.unit

    @property
    def said_unit(self) -> str:
        """The unit of what is said; empty for a probability."""
        found = judged(self.cases)
        return "" if found.is_probability else found.unit


def summarise(
    cohort: Cohort, cases: Sequence[CohortCase], schema: Schema, *, draws: int = 1000
) -> Summary:
    """What the cases of a cohort come to, as far as they are there.

    Raises:
        ReportError: if there is no case.
    """
    if not cases:
        raise ReportError("A cohort of at least one finished case was expected, however: none.")
    found = judged(cases)
    known = found.known
    return Summary(
        cohort=cohort,
        cases=tuple(cases),
        schema=schema,
        importances=importances(cases, schema, draws=draws),
        groups=subgroups(cases, schema, draws=draws),
        reliability=_reliability(known) if len(known) >= FEWEST else None,
        misses=misses(cases),
        maps=mean_maps(cases),
        interactions=interactions(cases, schema),
        not_laid=not_laid(cases),
    )


def _reliability(known: Judged) -> Reliability:
    """In bins of at least ten cases, ten bins at most."""
    return reliability(known.said, known.truth, bins=min(MOST_BINS, len(known) // MOST_BINS))


def write_cohort(summary: Summary, folder: Path, comparison: Comparison | None = None) -> None:
    """Write all files into a folder; those of the same names are replaced.

    Raises:
        ReportError: if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbers = plain(summary, comparison)
        text = json.dumps(numbers, indent=2, allow_nan=False, ensure_ascii=False)
        (folder / "cohort.json").write_text(text + "\n", "utf-8")
        _write_table(lines(summary), folder / "cases.csv")
        _write_table(group_lines(summary.groups), folder / "groups.csv")
        for name, chart in _charts(summary, comparison):
            # One copy of the script for all charts, beside them: nothing is fetched to show them.
            chart.write_html(folder / f"{name}.html", include_plotlyjs="directory")
        for entry in summary.maps:
            name = f"mean-map-{entry.frame.replace(' ', '-')}.png"
            Image.fromarray(picture(entry, summary.unit)).save(folder / name)
    except OSError:
        raise ReportError(
            "The figures need a folder that can be written; choose another."
        ) from None


def lines(summary: Summary) -> tuple[Line, ...]:
    """One line per case; the reference standard only where it may be shown."""
    found = []
    for case in summary.cases:
        truth, checks = case.member.truth, case.checks
        is_known = case.member.shows_truth and not math.isnan(truth)
        line: dict[str, object] = {
            "case": case.member.name,
            "model": case.prediction.provenance.model_id,
            "target": case.prediction.target.name,
            "value": case.prediction.value,
            "said": case.said,
            "truth": truth if is_known else None,
            "gate": checks.grades.level,
            "novelty": checks.grades.novelty,
            "map tracks the model": checks.tracks,
        }
        line |= {f"share of {name}": value for name, value in case.shares.players}
        found.append(line)
    columns = dict.fromkeys(name for line in found for name in line)
    return tuple({name: line.get(name) for name in columns} for line in found)


def group_lines(groups: Sequence[Group]) -> tuple[Line, ...]:
    """One line per group and figure."""
    return tuple(
        {"field": group.field, "group": group.name, "cases": group.cases, **_figure(each)}
        for group in groups
        for each in group.figures
    )


def plain(summary: Summary, comparison: Comparison | None = None) -> dict[str, object]:
    """Every number, ready for JSON."""
    cohort = summary.cohort
    return {
        "format": FORMAT,
        "system": cohort.system,
        "target": cohort.target,
        "model": summary.cases[0].prediction.provenance.model_id,
        "cases": [dict(line) for line in lines(summary)],
        "left_out": dict(cohort.left_out),
        "reference_standard": "known in part" if cohort.has_truth else "none",
        "importances": [
            {"player": each.label, "cases": len(each.dots), **_figure(each.mean)}
            for each in summary.importances
        ],
        "groups": [dict(line) for line in group_lines(summary.groups)],
        "reliability": summary.reliability.plain if summary.reliability else None,
        "misses": [
            {"case": summary.cases[place].member.name, "said − found": miss}
            for place, miss in summary.misses
        ],
        "interactions": [
            {
                "areas": list(table.areas),
                "rows": [
                    {"player": label, "cases": count, "mean": list(means)}
                    for label, count, means in table.rows
                ],
            }
            for table in summary.interactions
        ],
        "mean_maps": [
            {"frame": each.frame, "cases": each.cases, "dice": each.dice,
             "values": np.round(each.values, 7).tolist()}
            for each in summary.maps
        ],
        "not_laid": dict(summary.not_laid),
        "comparison": _compared(comparison) if comparison else None,
    }  # fmt: skip


def picture(found: MeanMap, unit: str) -> np.ndarray:
    """The mean map over its standard outline (H, W, 3) uint8, four pixels to one."""
    standard = frame(found.frame)
    grey = np.rint(255 * np.clip(standard.picture, 0, 1)).astype(np.uint8)
    limit = round_up(max(float(np.abs(found.values).max()), 1e-6))
    drawn = overlay(grey, found.values, Scale("contribution", -limit, limit, unit), 0.85)
    inner = np.logical_and.reduce([np.roll(standard.outline, each, (0, 1)) for each in AROUND])
    drawn[standard.outline & ~inner] = 255
    return np.asarray(drawn.repeat(ENLARGED, axis=0).repeat(ENLARGED, axis=1))


def _charts(summary: Summary, comparison: Comparison | None) -> list[tuple[str, go.Figure]]:
    names = [case.member.name for case in summary.cases]
    found = [
        ("importances", charts.beeswarm(summary.importances, summary.unit, names)),
        ("groups", charts.forest(summary.groups)),
    ]
    if summary.reliability:
        chart = charts.reliability_chart(summary.reliability, summary.said_unit)
        found.append(("reliability", chart))
    for number, table in enumerate(summary.interactions, start=1):
        chart = charts.interactions_chart(table, summary.unit)
        found.append((f"interactions-{number}", chart))
    for entry in summary.maps:
        name = f"mean-map-{entry.frame.replace(' ', '-')}"
        found.append((name, charts.mean_map_chart(entry, summary.unit)))
    if comparison:
        found.append(("comparison", charts.comparison_chart(comparison, summary.said_unit)))
    return found


def _figure(found: Figure) -> dict[str, Any]:
    values: dict[str, float | None] = dict.fromkeys(("value", "low", "high"))
    if found.estimate:
        estimate = found.estimate
        values = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {"figure": found.name, "unit": found.unit, **values, "remark": found.remark}


def _compared(found: Comparison) -> dict[str, object]:
    return {
        "first": found.first,
        "second": found.second,
        "cases": [{"case": name, "first": a, "second": b} for name, a, b in found.rows],
        "differences": [_figure(each) for each in found.figures],
        "importances": [_figure(each) for each in found.importances],
    }


def _write_table(table: Sequence[Line], path: Path) -> None:
    columns = list(table[0])
    path.write_text(as_csv(table, columns), encoding="utf-8", newline="")
