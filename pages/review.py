"""Review one case: film and maps, form, gate, prediction, why, and the reader's own decision."""

import streamlit as st

from pages.parts import belief, gate, panels, reader, resources, state, viewer
from pages.parts.cover import covered_now
from pages.parts.follow import FILM, act, panels_of, work_on
from pages.parts.given import draw_given
from pages.parts.opening import draw_opening
from pages.parts.outputs import draw_target, every_output
from pages.parts.scene import Around, scene
from pages.parts.whatif import draw_what_if
from pages.parts.why import draw_checks, draw_why
from pages.parts.work import EVIDENCE, Work
from xattn.reports.reading import reading as clauses_of

POLL_SECONDS = 0.4


@st.fragment(run_every=POLL_SECONDS)
def follow_progress(work: Work, drawn: frozenset[str]) -> None:
    """Tell the viewer how far each panel is; when one is done, draw the page again."""
    work.ask()
    if frozenset(work.unfinished) != drawn:
        st.rerun()
    viewer.send_progress(work.unfinished)


engine = resources.engine(state.system(resources.first_system()))
model, system = engine.model, engine.model.system
if problem := state.take_problem():
    st.error(problem)
reading = state.reading()
if reading is None:
    with st.container(key="start"):
        st.html(panels.welcome(system))
        draw_opening(engine)
    st.stop()

left, middle, right = st.columns([2.4, 8.2, 3.2])

with left:
    reading, checks, chosen = draw_given(engine, reading)

with right:
    says, read = st.container(key="says"), st.container(key="read")
with says:
    target = draw_target(model)

work = work_on(engine, reading, target, chosen)
shown = state.shown()
found, is_open = gate.gate_of(work, shown), gate.is_open(work, shown)
explanation = work.explanation(shown) if is_open else None
believed = gate.believed(work, shown)
with checks:
    gate.draw_gate(work, shown)

with middle:
    around = Around(
        line=clauses_of(explanation, believed, engine.schema) if explanation else (),
        covered=covered_now(work, shown) if is_open else None,
        evidence=work.state(EVIDENCE)[0],
        can_cover=explanation is not None,
    )
    drawn = panels_of(work, shown) if is_open else [FILM]
    packed = scene(reading.case, drawn, engine.schema, around=around)
    if act(engine, work, viewer.draw(reading.texture, packed)):
        st.rerun()
    if work.awaited:
        follow_progress(work, work.awaited)

with says:
    if found and not is_open:
        gate.draw_stops(work, found)
    elif shown.prediction:
        is_old = work.is_earlier(shown.prediction)
        st.html(panels.prediction(shown.prediction, system, reading.case, is_earlier=is_old))
        if shown.assessment and not is_old:
            st.html(belief.draw_belief(shown.assessment, shown.prediction.target))
    if is_open and (why := draw_why(work, shown, engine.schema)):
        st.html(why)
    if is_open and shown.prediction:
        st.html(panels.shares(shown.prediction))
        if listed := every_output(shown.prediction, model):
            st.html(listed)
    if is_open and (others := draw_checks(work, shown, engine.schema)):
        st.html(others)
    if notes := panels.refused(work):
        st.html(notes)
with read:
    st.html(panels.heading(reader.TITLE))
    reader.draw_decision(reading)
    reader.draw_report(model, work, explanation, believed)

if explanation:
    with st.expander("What if: one entry varied, a part of the film covered"):
        draw_what_if(engine, work, shown)
if is_open:
    with st.expander("Numbers behind the panels"):
        st.html(panels.details([entry for _, entry in work.results(shown)]))
        if believed.evidence:
            st.html(belief.evidence_table(believed.evidence))
