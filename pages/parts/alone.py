"""A case that is read first: film, form and the checks of both; nothing of what the model says."""

import time

import streamlit as st

from pages.parts import ahead, decision, gate, kept, panels, place, state, viewer
from pages.parts.follow import FILM, POLL_SECONDS
from pages.parts.given import COLUMNS
from pages.parts.kept import Kept
from pages.parts.opinion import Asked
from pages.parts.scene import Around, scene
from pages.parts.state import Reading
from pages.parts.work import PATIENCE_SECONDS
from xattn.data.clinical import Absent, Form, Schema
from xattn.records import Target
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Job
from xattn.trust.assessment import Assessment

TITLE = "Your read"
CHECKING = f'<p class="note">{gate.CHECKING}</p>'


def draw_alone(engine: Engine, current: Reading, here: Kept) -> None:
    """The page before the reader's own read; only its input's checks are asked."""
    model, case = engine.model, current.case
    target = model.find_target(here.listed.target) if here.listed.target else model.target
    left, middle, right = st.columns(COLUMNS)
    with left:
        place.draw_list(here)
        place.draw_place(here)
        st.html(panels.heading("Film") + panels.facts(case, current.title))
        checks = st.empty()
        checks.html(CHECKING)
        st.html(panels.heading("Form") + form_table(engine.schema, case.form))
    with middle:
        alone = Around(can_cover=False)
        state.see(current.texture)
        viewer.draw(current.texture, scene(case, [FILM], engine.schema, around=alone))
    with right, st.container(key="read"):
        st.html(panels.heading(TITLE))
        key = f"{here.stored.number}_{here.who.name}"
        decision.draw_first_read(here, Asked(model, target, key))
    with checks.container(key="gate"):
        _draw_checks(engine, current, target)
    ahead.begin(engine, current, here, is_hidden=True)


def form_table(schema: Schema, form: Form) -> str:
    """Every entry that applies, in words."""
    pairs = []
    if schema.variant:
        labels = {option.code: option.label for option in schema.variant.options}
        pairs.append((schema.variant.label, labels.get(form.variant or "", "unknown")))
    pairs += [
        (schema[name].label, schema.describe(form, name))
        for name, value in form.entries
        if value is not Absent.NOT_APPLICABLE
    ]
    return panels.table(pairs, "facts form")


def _draw_checks(engine: Engine, current: Reading, target: Target) -> None:
    """The gate alone of what is assessed: it speaks of film and form."""
    earlier = kept.same_films(current)
    job = engine.start_assessment(current.case, target=target, owner=state.owner(), earlier=earlier)
    end = time.monotonic() + PATIENCE_SECONDS
    while not job.done and time.monotonic() < end:
        time.sleep(0.005)
    if not job.done:
        _follow(job)
    elif job.error:
        st.html(panels.warning(f"The input could not be checked. {job.error}"))
    else:
        _draw_gate(current, job.result())


@st.fragment(run_every=POLL_SECONDS)
def _follow(job: Job[Assessment]) -> None:
    if job.done:
        st.rerun()
    st.html(CHECKING)


def _draw_gate(current: Reading, assessment: Assessment) -> None:
    found = state.seen(current.case, assessment.gate) if assessment.gate else None
    stops = "".join(panels.warning(each.reason) for each in found.pending) if found else ""
    st.html(gate.facts(found, assessment) + stops)
    if found:
        with st.popover(gate.counted(found), type="tertiary"):
            st.html(gate.every_check(found, assessment.unlike))
