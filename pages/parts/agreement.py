"""Readers against each other and with the result against alone: figures, intervals and plots."""

from collections.abc import Iterable

import numpy as np
import plotly.graph_objects as plot
import streamlit as st

from pages.parts import panels
from pages.parts.person import person
from xattn.archive.readers import CUT, Comparison, Pair, agreement, benefit
from xattn.archive.store import Archive
from xattn.archive.worklist import Worklist
from xattn.systems import SYSTEMS
from xattn.training.metrics import Estimate

FOUND = "agreement"
"""By worklist and person, what was computed last in this session."""
HEIGHT = 300
LINE, MUTED, CUT_COLOUR = "#5fb8ad", "#8f9aa3", "#e0b04c"
WHOLE = (-0.03, 1.03)
"""All probabilities, with room for half a mark."""
SHOWN = (
    "Of cases whose reads you may see: after your own decision, as adjudicator once two readers "
    "have decided. What is shown here counts as shown to you."
)
NONE = "No two readers share a case yet whose reads you may see."
NO_BENEFIT = (
    "With the result against alone: needs cases with a reference standard that were read both ways."
)


def draw_agreement(archive: Archive, listed: Worklist) -> None:
    """Computed when it is asked for: it shows the person what others found."""
    key = (listed.number, person().name)
    with st.expander("Agreement of readers, and reading with the result against alone"):
        st.html(f'<p class="note">{SHOWN}</p>')
        if st.button("Compute", key="_agreement"):
            with st.spinner("Drawing the cases again and again for the intervals"):
                pairs = agreement(archive, person(), listed.number)
                gain = benefit(archive, person(), listed.number)
            st.session_state[FOUND] = (key, pairs, gain)
        known, pairs, gain = st.session_state.get(FOUND, (None, (), None))
        if known == key:
            _draw(listed, pairs, gain)


def _draw(listed: Worklist, pairs: tuple[Pair, ...], gain: Comparison | None) -> None:
    system = SYSTEMS[listed.system]
    unit = "" if system.is_probability else system.targets[system.default_target].unit
    if not pairs:
        st.html(f'<p class="note">{NONE}</p>')
    for place, pair in enumerate(pairs):
        table, drawing = st.columns([2, 3])
        table.html(pair_table(pair, unit))
        figure = crossed(pair) if system.is_probability else bland_altman(pair, unit)
        drawing.plotly_chart(figure, key=f"_pair_{place}", config={"displayModeBar": False})
    if gain is None:
        st.html(f'<p class="note">{NO_BENEFIT}</p>')
        return
    table, drawing = st.columns([2, 3])
    table.html(gain_table(gain, unit))
    drawing.plotly_chart(gained(gain, unit), key="_gain", config={"displayModeBar": False})


def pair_table(pair: Pair, unit: str) -> str:
    """Each figure with its 95 % interval."""
    title = f"{pair.first} and {pair.second}, {_cases(len(pair.cases))} read alone by both"
    rows = ((f"{name}{_in(unit)}", with_interval(found)) for name, found in pair.figures)
    return _table(title, rows)


def gain_table(gain: Comparison, unit: str) -> str:
    """The metric alone, with the result, and the difference, each with its 95 % interval."""
    readers = "1 reader" if gain.readers == 1 else f"{gain.readers} readers"
    title = f"{gain.metric}{_in(unit)} of {readers} over {_cases(gain.cases)}"
    named = {"alone": gain.alone, "with the result": gain.with_ai, "difference": gain.difference}
    return _table(title, ((name, with_interval(found)) for name, found in named.items()))


def with_interval(found: Estimate) -> str:
    """A number and its interval; a dash where it has none."""
    if np.isnan(found.value):
        return "–"
    value, low, high = (f"{x:.3f}".replace("-", "−") for x in (found.value, found.low, found.high))
    return f"{value} (95 % {low} to {high})"


def crossed(pair: Pair) -> plot.Figure:
    """Both readers' probabilities against each other, with the cut of kappa."""
    first, second = pair.findings.T
    figure = _scatter(first, second, pair)
    line = {"color": CUT_COLOUR, "dash": "dot", "width": 1}
    figure.add_hline(CUT, line=line)
    figure.add_vline(CUT, line=line, annotation_text="cut of kappa")
    figure.update_xaxes(range=WHOLE)
    figure.update_yaxes(range=WHOLE)
    return _laid_out(figure, f"{pair.first}: probability", f"{pair.second}: probability")


def bland_altman(pair: Pair, unit: str) -> plot.Figure:
    """Differences over means, with the bias and its 95 % limits (Bland and Altman 1986)."""
    first, second = pair.findings.T
    figure = _scatter((first + second) / 2, second - first, pair)
    figures = dict(pair.figures)
    for name, dash in (("bias", "solid"), ("lower limit", "dash"), ("upper limit", "dash")):
        if not np.isnan(figures[name].value):
            line = {"color": CUT_COLOUR, "dash": dash, "width": 1}
            figure.add_hline(figures[name].value, line=line, annotation_text=name)
    difference = f"{pair.second} − {pair.first} ({unit})"
    return _laid_out(figure, f"mean of both ({unit})", difference)


def gained(gain: Comparison, unit: str) -> plot.Figure:
    """Alone and with the result, each with its interval."""
    sides = (("alone", gain.alone), ("with the result", gain.with_ai))
    values = [found.value for _, found in sides]
    figure = plot.Figure(
        plot.Scatter(
            x=values,
            y=[name for name, _ in sides],
            mode="markers",
            marker={"size": 10, "color": LINE},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [found.high - found.value for _, found in sides],
                "arrayminus": [found.value - found.low for _, found in sides],
                "color": MUTED,
            },
        )
    )
    return _laid_out(figure, f"{gain.metric}{_in(unit)}, 95 % interval", "")


def _scatter(x: np.ndarray, y: np.ndarray, pair: Pair) -> plot.Figure:
    text = [f"case {number}" for number in pair.cases]
    marker = {"size": 9, "color": LINE, "opacity": 0.8}
    return plot.Figure(plot.Scatter(x=x, y=y, mode="markers", marker=marker, text=text))


def _laid_out(figure: plot.Figure, x: str, y: str) -> plot.Figure:
    margin = {"l": 8, "r": 8, "t": 24, "b": 8}
    figure.update_layout(
        height=HEIGHT, margin=margin, xaxis_title=x, yaxis_title=y, showlegend=False
    )
    return figure


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    return panels.heading(title) + panels.table(rows, "facts")


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count:,} cases"


def _in(unit: str) -> str:
    return f" ({unit})" if unit else ""
