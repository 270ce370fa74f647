"""The figures of a cohort: charts whose points open cases, the gallery of errors, two models."""

import itertools
from html import escape
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.parts import bars, cohort, gate, panels
from pages.parts.cohort_run import CohortRun
from xattn.explain.overlay import signed
from xattn.runtime import cohort_charts as charts
from xattn.runtime.cohort import CohortCase
from xattn.runtime.cohort_comparison import Comparison
from xattn.runtime.cohort_files import Summary
from xattn.runtime.cohort_statistics import FEWEST
from xattn.runtime.cohort_summary import Group
from xattn.trust import wording

NO_REGIONS = (
    '<p class="note">Asked without regions: tick “With regions” for the mean map and the '
    "interactions.</p>"
)
PLAIN: dict[str, Any] = {"displayModeBar": False}


def draw_importances(run: CohortRun, summary: Summary) -> None:
    """What each player adds, case by case; a click on a point opens its case."""
    st.html(panels.heading(f"What each entry adds, in {summary.unit}, one point per case"))
    names = [case.member.name for case in summary.cases]
    chart = charts.beeswarm(summary.importances, summary.unit, names)
    _clickable(run, chart, "importances")
    st.html(
        '<p class="note">Numbers: dark least to bright largest in this cohort. Choices: one colour '
        "per answer, named on hover. Entries that go together share their credit. A click opens "
        "the case.</p>"
    )


def draw_groups(summary: Summary) -> None:
    """Performance and calibration by subgroup, with intervals."""
    st.html(panels.heading("By subgroup, 95 % intervals over resampled patients or films"))
    if not summary.cohort.has_truth:
        st.html(panels.warning("No reference standard: nothing can be said of performance."))
        return
    st.plotly_chart(charts.forest(summary.groups), config=PLAIN, key="_cohort_groups")
    if few := [group for group in summary.groups if not group.is_judged]:
        words = f"Too few to be judged, below {FEWEST} cases or of one answer: {_listed(few)}."
        st.html(f'<p class="note">{escape(words)}</p>')


def draw_reliability(summary: Summary) -> None:
    """Said against found."""
    st.html(panels.heading("Reliability"))
    if summary.reliability is None:
        why = summary.groups[0].figures[-1].remark
        st.html(panels.warning(f"Not drawn: {why}."))
        return
    chart = charts.reliability_chart(summary.reliability, summary.said_unit)
    st.plotly_chart(chart, config=PLAIN, key="_cohort_reliability")
    st.html(f'<p class="note">{escape(summary.reliability.sentence)}</p>')


def draw_maps(summary: Summary) -> None:
    """The mean map of every frame, with how well outlines fit and who is left out."""
    st.html(panels.heading("Mean contribution on the registered anatomy"))
    for found in summary.maps:
        chart = charts.mean_map_chart(found, summary.unit)
        st.plotly_chart(chart, config=PLAIN, key=f"_cohort_map_{found.frame}")
        fit = "laid by the reader's box"
        if found.dice:
            mean, low = found.dice
            fit = f"outlines fit with Dice {mean:.2f} (10th percentile {low:.2f})"
        st.html(f'<p class="note">{escape(found.frame)}: {found.cases} cases, {fit}</p>')
    for reason, count in summary.not_laid:
        st.html(panels.warning(f"{count} left out: {reason}"))


def draw_interactions(summary: Summary) -> None:
    """Field by area, averaged."""
    st.html(
        panels.heading(f"Film, and how each entry changes its reading, by area, {summary.unit}")
    )
    for number, table in enumerate(summary.interactions):
        chart = charts.interactions_chart(table, summary.unit)
        st.plotly_chart(chart, config=PLAIN, key=f"_cohort_interactions_{number}")
    st.html(
        '<p class="note">Mean over cases of the sums over each area. First row: the regions\' '
        "contributions; below: how much more they contribute because the entry is known.</p>"
    )


def draw_gallery(run: CohortRun, summary: Summary, *, in_a_row: int) -> None:
    """The largest misses with what was known against them."""
    st.html(panels.heading("Largest misses: said against the reference standard"))
    if not summary.misses:
        why = "no reference standard of a case may be shown here yet"
        why = why if summary.cohort.has_truth else "no reference standard"
        st.html(panels.warning(f"None shown: {why}."))
        return
    for first in range(0, len(summary.misses), in_a_row):
        row = summary.misses[first : first + in_a_row]
        for column, (place, miss) in zip(st.columns(in_a_row), row, strict=False):
            with column:
                _draw_miss(run, summary, place, miss)


def draw_comparison(run: CohortRun, summary: Summary, found: Comparison) -> None:
    """Two checkpoints on the same cases: differences with intervals, and one case side by side."""
    st.html(panels.heading("Two checkpoints on the same cases: second minus first"))
    left, right = st.columns([2, 3], gap="medium")
    with left:
        chart = charts.comparison_chart(found, summary.said_unit)
        _clickable(run, chart, "comparison")
        st.html(panels.table(_differences(found), "facts"))
    with right:
        names = [name for name, _, _ in found.rows]
        chosen = st.selectbox("One case, side by side", names, key="_cohort_pair")
        for column, cases, title in zip(st.columns(2), run.cases, ("First", "Second"), strict=True):
            case = next(each for each in cases if each.member.name == chosen)
            with column:
                st.html(panels.heading(f"{title}: {_model(case)}") + _said(case))
                schema = summary.schema
                st.html(bars.draw_bars(case.shares, schema, case.member.form))
        words = f"In {summary.unit}; each side has its own axis: compare the numbers."
        st.html(f'<p class="note">{escape(words)}</p>')


def _draw_miss(run: CohortRun, summary: Summary, place: int, miss: float) -> None:
    case = summary.cases[place]
    if (picture := run.pictures.get(place)) is not None:
        st.image(picture, width="stretch")
    st.html(panels.table(_facts(case, miss, summary.said_unit), "facts"))
    if st.button(f"Open {case.member.name}", key=f"_cohort_open_{place}", width="stretch"):
        cohort.open_case(run, case)


def _facts(case: CohortCase, miss: float, unit: str) -> list[tuple[str, str]]:
    grades = case.checks.grades
    truth = f"{case.member.truth:g}" if not unit else f"{case.member.truth:.3f} {unit}"
    novelty = "not known" if grades.novelty is None else f"{grades.novelty:.0f}th percentile"
    return [
        ("says", _number(case.said, unit)),
        ("reference", truth),
        ("miss", signed(miss)),
        ("gate", gate.LEVELS[grades.level] if grades.level else "not checked"),
        ("novelty", novelty),
        ("map tracks", case.checks.tracks or "not asked"),
    ]


def _listed(groups: list[Group]) -> str:
    """Groups with their numbers of cases, by field."""
    parts = []
    for field, own in itertools.groupby(groups, key=lambda group: group.field):
        named = ", ".join(f"{group.name} {group.cases}" for group in own)
        parts.append(f"{field}: {named}" if field else named)
    return "; ".join(parts)


def _differences(found: Comparison) -> list[tuple[str, str]]:
    rows = [(f"{each.name}{_in(each.unit)}", str(each)) for each in found.figures]
    rows += [(f"mean |{each.name}|{_in(each.unit)}", str(each)) for each in found.importances]
    return rows


def _said(case: CohortCase) -> str:
    unit = "" if case.prediction.probability is not None else case.prediction.target.unit
    return f'<p class="note">says {escape(_number(case.said, unit))}</p>'


def _model(case: CohortCase) -> str:
    source = case.prediction.provenance
    return f"{source.preset} {source.model_version} ({source.model_id[:8]})"


def _number(value: float, unit: str) -> str:
    return f"{value:.3f} {unit}" if unit else wording.probability(value)


def _in(unit: str) -> str:
    return f", {unit}" if unit else ""


def _clickable(run: CohortRun, chart: go.Figure, name: str) -> None:
    """A chart whose points open their cases."""
    event: Any = st.plotly_chart(
        chart, on_select="rerun", selection_mode="points", config=PLAIN, key=f"_cohort_{name}"
    )
    places = [point["customdata"][0] for point in event.selection.points if "customdata" in point]
    if places and run.summary:
        cohort.open_case(run, run.summary.cases[int(places[0])])
