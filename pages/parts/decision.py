"""What is recorded of a kept case: a first read, a decision, a change of mind, an adjudication."""

import streamlit as st

from pages.parts import kept, panels, reads, state
from pages.parts.kept import Kept
from pages.parts.opinion import (
    MISSING,
    Asked,
    as_read,
    draw_confidence,
    draw_finding,
    opinion,
)
from pages.parts.reader import MOST_NOTE, VERDICTS
from xattn.archive.reading import adjudicate, record_read
from xattn.archive.reads import Decision
from xattn.records import Prediction
from xattn.systems import LoadedModel

FIRST = "Read it first: what the model says is shown once yours is recorded."
NOBODY = (
    "The result is shown to adjudicators once two readers have decided, to readers after a read."
)
OTHER = "Decisions here are about {}; choose it above to record one."
EDITED = "The form or the box was changed here; decisions are about the case as it was kept."


def draw_first_read(here: Kept, asked: Asked) -> None:
    """The reader's own finding, before anything of the model is shown."""
    if "reader" not in here.who.roles:
        st.html(f'<p class="note">{NOBODY}</p>')
        return
    st.html(f'<p class="note">{FIRST}</p>')
    with st.form(f"_first_{asked.key}", border=False):
        finding, confidence = draw_finding(asked), draw_confidence(asked)
        is_sent = st.form_submit_button("Record my read", type="primary", width="stretch")
    if is_sent:
        if made := opinion(finding, confidence):
            with state.refusals():
                record_read(here.archive, here.who, here.stored.number, made)
            st.rerun()
        st.html(panels.warning(MISSING))
    if here.may_adjudicate:
        st.html('<p class="note">Two readers have decided this case.</p>')
        if st.button("Adjudicate, in place of reading", width="stretch"):
            kept.adjudicate(here.stored.number)
            st.rerun()


def draw_decision(here: Kept, asked: Asked, prediction: Prediction | None) -> None:
    """The reads that the person may see, then what they have to say."""
    if here.reads:
        st.html(reads.listed(here.reads, here.who, asked.target, asked.model.system))
    if prediction is None:
        return
    if here.is_adjudicator:
        _draw_adjudication(here, asked)
    elif "reader" in here.who.roles and _is_decided(here):
        with st.popover("Change my mind", width="stretch"):
            _draw_verdict(here, asked, prediction)
    elif "reader" in here.who.roles:
        _draw_verdict(here, asked, prediction)


def why_not(here: Kept, model: LoadedModel, name: str, digest: str) -> str:
    """Why no decision can be recorded on what is shown; empty where one can."""
    wanted = here.listed.target or model.target.name
    if name != wanted:
        return OTHER.format(wanted)
    return EDITED if digest != here.stored.digest else ""


def _is_decided(here: Kept) -> bool:
    return any(row.decision for row in here.own)


def _draw_verdict(here: Kept, asked: Asked, prediction: Prediction) -> None:
    """Accept takes the model's number as the reader's; change and reject ask for theirs."""
    key = f"{asked.key}_{len(here.own)}"
    verdict: Decision | None = st.segmented_control(
        "The model's result",
        VERDICTS,
        key=f"_kept_verdict_{key}",
        width="stretch",
        label_visibility="collapsed",
    )
    if verdict is None:
        return
    asked = asked._replace(key=f"{key}_{verdict}")
    last = here.own[-1].finding if here.own else None
    said = as_read(prediction.value, prediction.probability, asked.model.system)
    with st.form(f"_decide_{asked.key}", border=False):
        finding = said if verdict == "accept" else draw_finding(asked, before=last)
        confidence = draw_confidence(asked)
        reason = st.text_input("Reason" if verdict != "accept" else "Reason, if you like",
                               max_chars=MOST_NOTE, key=f"_reason_{asked.key}")  # fmt: skip
        is_sent = st.form_submit_button("Record", type="primary", width="stretch")
    if not is_sent:
        return
    if made := opinion(finding, confidence):
        with state.refusals():
            record_read(
                here.archive,
                here.who,
                here.stored.number,
                made,
                decision=verdict,
                reason=reason,
                tries=state.shown().tries,
            )
        st.rerun()
    st.html(panels.warning(MISSING))


def _draw_adjudication(here: Kept, asked: Asked) -> None:
    asked = asked._replace(key=f"{asked.key}_adjudicate_{len(here.reads)}")
    with st.form(f"_adjudicate_{asked.key}", border=False):
        finding, confidence = draw_finding(asked), draw_confidence(asked)
        reason = st.text_input("Reason", max_chars=MOST_NOTE, key=f"_reason_{asked.key}")
        is_sent = st.form_submit_button("Record the adjudication", type="primary", width="stretch")
    if not is_sent:
        return
    if made := opinion(finding, confidence):
        with state.refusals():
            tries = state.shown().tries
            adjudicate(here.archive, here.who, here.stored.number, made, reason=reason, tries=tries)
        st.rerun()
    st.html(panels.warning(MISSING))
