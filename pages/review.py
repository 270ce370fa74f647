"""Review one case: film and maps, form, gate, prediction, why, and the reader's own decision."""

import streamlit as st

from pages.parts import ahead, belief, gate, kept, panels, resources, state, viewer
from pages.parts.alone import draw_alone
from pages.parts.cover import covered_now
from pages.parts.follow import FILM, Places, act, first_sight, follow_progress, panels_of, work_on
from pages.parts.given import COLUMNS, draw_given
from pages.parts.keeping import draw_keeping
from pages.parts.opening import draw_opening
from pages.parts.outputs import draw_target
from pages.parts.person import person
from pages.parts.says import draw_read, draw_says
from pages.parts.scene import Around, scene
from pages.parts.warming import warm
from pages.parts.whatif import draw_what_if
from pages.parts.work import EVIDENCE
from xattn.reports.reading import reading as clauses_of

person()  # refuses whoever came past app.py: see there why one could

engine = resources.engine(state.system(resources.first_system()))
if problem := state.take_problem():
    st.error(problem)
reading = state.reading()
start = st.empty()  # a place of its own, so that opening is gone before the film is drawn
if reading is None:
    with start.container(key="start"):
        st.html(panels.welcome(engine.model.system))
        draw_opening(engine)
    warm(engine)
    st.stop()
here = kept.kept_of(reading)
if here and not here.may_see:
    draw_alone(engine, reading, here)
    st.stop()

left, middle, right = st.columns(COLUMNS)

with left:
    reading, checks, keeping, chosen = draw_given(engine, reading, here)

answer, below = right.empty(), st.empty()
if not state.is_seen(reading):
    first_sight(reading, engine, Places(checks, middle, answer, below))

with answer.container():
    says, read = st.container(key="says"), st.container(key="read")
with says:
    target = draw_target(engine.model)

work = work_on(engine, reading, target, chosen)
shown = state.shown()
is_open = gate.is_open(work, shown)
if here and is_open:
    kept.show(here, work, shown)
explanation = work.explanation(shown) if is_open else None
believed = gate.believed(work, shown)
with checks.container(key="gate"):
    gate.draw_gate(work, shown)
if here is None:
    with keeping:
        draw_keeping(reading, work, shown, is_seen=is_open)

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
    draw_says(work, shown)
with read:
    draw_read(work, reading, here, explanation=explanation, believed=believed)

with below.container():
    if explanation:
        with st.expander("What if: one entry varied, a part of the film covered"):
            draw_what_if(engine, work, shown)
    if is_open:
        with st.expander("Numbers behind the panels"):
            st.html(panels.details([entry for _, entry in work.results(shown)]))
            if believed.evidence:
                st.html(belief.evidence_table(believed.evidence, work.methods))

if here and not work.unfinished:
    ahead.begin(engine, reading, here, is_hidden=False)
