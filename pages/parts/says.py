"""The right column: what the model says and why, then what the reader makes of it."""

import streamlit as st

from pages.parts import belief, decision, gate, panels, reader, state
from pages.parts.kept import Kept
from pages.parts.opinion import Asked
from pages.parts.outputs import every_output
from pages.parts.state import Reading, Shown
from pages.parts.why import draw_checks, draw_why
from pages.parts.work import Work
from xattn.records import Explanation
from xattn.trust.belief import Belief

ADJUDICATION = "Your word on the reads"


def draw_says(work: Work, shown: Shown) -> None:
    """The prediction with how far it may be believed, and its bars; first what stops it."""
    model, schema = work.engine.model, work.engine.schema
    found, is_open = gate.gate_of(work, shown), gate.is_open(work, shown)
    if found and not is_open:
        gate.draw_stops(work, found)
    elif shown.prediction:
        is_old = work.is_earlier(shown.prediction)
        said = panels.prediction(shown.prediction, model.system, work.case, is_earlier=is_old)
        st.html(said)
        if shown.assessment and not is_old:
            st.html(belief.draw_belief(shown.assessment, shown.prediction.target))
    if is_open and (why := draw_why(work, shown, schema)):
        st.html(why)
    if is_open and shown.prediction:
        st.html(panels.shares(shown.prediction))
        if listed := every_output(shown.prediction, model):
            st.html(listed)
    if is_open and (others := draw_checks(work, shown, schema)):
        st.html(others)
    if notes := panels.refused(work):
        st.html(notes)


def draw_read(
    work: Work,
    current: Reading,
    here: Kept | None,
    *,
    explanation: Explanation | None,
    believed: Belief,
) -> None:
    """The reader's decision, in the archive where the case is kept, and the report."""
    is_weighed = here is not None and here.is_adjudicator
    st.html(panels.heading(ADJUDICATION if is_weighed else reader.TITLE))
    if here is None:
        reader.draw_decision(current, work.target)
    else:
        _draw_kept(work, here, explanation)
    reader.draw_identifier(state.reading() or current)
    reader.draw_report(work.engine.model, work, explanation, believed)


def _draw_kept(work: Work, here: Kept, explanation: Explanation | None) -> None:
    model = work.engine.model
    reader.take_over(here, work.target)
    if note := decision.why_not(here, model, work.target.name, work.case.digest):
        st.html(f'<p class="note">{note}</p>')
        return
    key = f"{here.stored.number}_{here.who.name}"
    asked = Asked(model, work.target, key)
    decision.draw_decision(here, asked, explanation.prediction if explanation else None)
