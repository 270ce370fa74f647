"""What if one entry were another: its curve, a try on it, and the list of all tries."""

from html import escape

import plotly.graph_objects as plot
import streamlit as st

from pages.parts import state
from pages.parts.cover import difference, in_words
from pages.parts.state import Shown
from pages.parts.work import Work
from xattn.data.clinical import Absent
from xattn.records import Target
from xattn.runtime.engine import Engine
from xattn.trust.edits import edited
from xattn.trust.sureness import default_cut
from xattn.trust.tries import Try
from xattn.trust.whatif import Curve
from xattn.trust.wording import said

HEIGHT = 240
LINE, MUTED, CUT = "#5fb8ad", "#8f9aa3", "#e0b04c"
NOTE = (
    "How the model reads an entry, all else as submitted: neither cause nor advice. To cover a "
    "part of the film press c on it and drag. The case itself is not changed by either."
)


def draw_what_if(engine: Engine, work: Work, shown: Shown) -> None:
    """Choose an entry, see the output along it, try a value; the tries are listed below."""
    schema = engine.schema
    names = varied(work)
    choice, drawing = st.columns([1, 2.4])
    with choice:
        st.html(f'<p class="note">{NOTE}</p>')
        name = st.selectbox(
            "Entry that is varied",
            names,
            index=None,
            format_func=lambda each: schema[each].label,
            placeholder="choose",
            key=state.widget("varied"),
        )
    if name:
        job = engine.start_curve(work.case, name, target=work.target, owner=work.owner)
        curve = job.result()
        with choice:
            place = _draw_value(work, curve)
            if place is not None:
                shown.note(made := tried(engine, work, curve, place))
                st.html(f'<p class="whatif">{_told(made)}</p>')
        with drawing:
            st.plotly_chart(
                chart(curve, work.target, place),
                key=f"_curve_{name}",
                config={"displayModeBar": False},
                height=HEIGHT,
            )
            st.html(f'<p class="note">{escape(curve.sentence)}</p>')
    if shown.tries:
        st.html(listed(shown.tries))


def varied(work: Work) -> tuple[str, ...]:
    """The entries that can be varied: those that apply and follow from no others."""
    form = work.case.form
    return tuple(
        name
        for name, value in form.entries
        if value is not Absent.NOT_APPLICABLE and name not in form.derived
    )


def tried(engine: Engine, work: Work, curve: Curve, place: int) -> Try:
    """The try of one point of a curve, with the form as submitted and as it would be."""
    schema, form = engine.schema, work.case.form
    changed = edited(schema, form, curve.field, schema[curve.field].parse(curve.entries[place]))
    assert changed is not None  # the curve left out what the form refuses
    before = schema.describe(form, curve.field)
    change = f"{curve.label}: {before} → {schema.describe(changed, curve.field)}"
    forms = in_words(schema, form), in_words(schema, changed)
    values = curve.own_value, curve.values[place]
    return Try(work.case.digest, work.target, change, *forms, *values)


def chart(curve: Curve, target: Target, place: int | None) -> plot.Figure:
    """The output along an entry: training range shaded, the cut, this patient, and the try."""
    is_number = curve.range is not None or all(isinstance(x, float) for x in curve.entries)
    mode = "lines" if is_number else "markers"
    figure = plot.Figure(
        plot.Scatter(x=curve.entries, y=curve.values, mode=mode, line_color=LINE, name="output")
    )
    if curve.range:
        low, high = curve.range
        figure.add_vrect(low, high, fillcolor=MUTED, opacity=0.14, line_width=0, layer="below")
    line = {"color": CUT, "dash": "dot", "width": 1}
    figure.add_hline(default_cut(target), line=line, annotation_text="decision cut")
    marks = [("as submitted", curve.own, curve.own_value, "circle", "#d3dae0")]
    if place is not None:
        marks.append(("what if", curve.entries[place], curve.values[place], "diamond", CUT))
    for name, x, y, symbol, colour in marks:
        if x is not None:
            marker = {"size": 11, "symbol": symbol, "color": colour}
            figure.add_scatter(x=[x], y=[y], mode="markers", marker=marker, name=name)
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
        xaxis_title=f"{curve.label}{f' ({curve.unit})' if curve.unit else ''}",
        yaxis_title=target.unit,
        legend={"orientation": "h", "y": 1.25},
    )
    return figure


def listed(tries: list[Try]) -> str:
    """Every what-if of this film, with both forms and both outputs."""
    names = ("What if", "As submitted", "As tried", "Output submitted", "Output tried", "Change")
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _row(made)) + "</tr>"
        for made in tries
    )
    return f'<table class="details"><tr>{head}</tr>{body}</table>'


def _row(made: Try) -> tuple[str, ...]:
    change = difference(made.target, made.after - made.before)
    same = "the same form, film covered" if made.box else made.tried
    outputs = said(made.target, made.before), said(made.target, made.after)
    return f"{made.target.name}: {made.change}", made.submitted, same, *outputs, change


def _told(made: Try) -> str:
    change = difference(made.target, made.after - made.before)
    return (
        f"What if: <b>{escape(said(made.target, made.after))}</b><br>as submitted: "
        f"{escape(said(made.target, made.before))} ({escape(change)})"
    )


def _draw_value(work: Work, curve: Curve) -> int | None:
    """The point of the curve that is tried; None while it is the patient's own."""
    key = f"_tried_{curve.field}_{work.case.digest[:16]}_{work.target.name}"
    numbers = [x for x in curve.entries if isinstance(x, float)]
    places = range(len(curve.entries))
    if len(numbers) < len(curve.entries):
        others = [place for place in places if curve.entries[place] != curve.own]
        return st.selectbox(
            "Tried", others, index=None, format_func=lambda at: str(curve.entries[at]), key=key
        )
    own = curve.own if isinstance(curve.own, float) else numbers[len(numbers) // 2]
    first = min(places, key=lambda place: abs(numbers[place] - own))
    words = {place: f"{numbers[place]:.4g}" for place in places} | {first: f"{own:.4g}"}
    chosen: int = st.select_slider(
        "Tried", places, value=first, format_func=words.__getitem__, key=key
    )
    return None if chosen == first else chosen
