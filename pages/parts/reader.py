"""What the reader does with the result: accept, change or reject it, note why, take a report."""

from datetime import date
from typing import Literal

import streamlit as st

from pages.parts import state
from pages.parts.state import Reading
from pages.parts.work import EVIDENCE, Work
from xattn.records import Explanation
from xattn.reports.content import MOST_IDENTIFIER, Decision, compose
from xattn.systems import LoadedModel
from xattn.trust.belief import Belief

VERDICTS: tuple[Literal["accept", "change", "reject"], ...] = ("accept", "change", "reject")
MOST_NOTE = 500
TITLE = "Your read of the result"


def draw_decision(reading: Reading) -> None:
    """Verdict, note and an identifier for the report; kept with the entry they were made on."""
    entry = reading.case.digest[:16]
    decision = reading.decision
    verdict = st.segmented_control(
        TITLE,
        VERDICTS,
        default=decision.verdict if decision else None,
        key=f"_verdict_{entry}",
        width="stretch",
        label_visibility="collapsed",
    )
    note = st.text_input(
        "Note",
        value=decision.note if decision else "",
        max_chars=MOST_NOTE,
        key=f"_note_{entry}",
        placeholder="why; goes into the report",
        disabled=verdict is None,
    )
    identifier = st.text_input(
        "Identifier on the report",
        value=reading.identifier,
        max_chars=MOST_IDENTIFIER,
        key=state.widget("identifier"),
        placeholder="none unless you type one",
    )
    made = Decision(verdict, note, day=date.today()) if verdict else None
    if (made, identifier) != (decision, reading.identifier):
        state.record(made, identifier)


def draw_report(
    model: LoadedModel, work: Work, explanation: Explanation | None, belief: Belief
) -> None:
    """Make the PDF, then save it: two clicks, so that no report misses what was typed just before.

    A click that both makes and saves would race with the entry that it ends.
    """
    is_waiting = explanation is None or bool(set(work.unfinished) - {EVIDENCE})
    label = "PDF report (when all panels are there)" if is_waiting else "PDF report"
    if not is_waiting and belief.evidence is None:
        label = "PDF report (maps not checked yet)"
    wanted = st.button(label, key="_make_report", disabled=is_waiting, width="stretch")
    reading = state.reading()
    if is_waiting or explanation is None or reading is None:
        return
    methods = tuple(name for name, _ in explanation.attributions)
    judged = tuple(belief.evidence.verdicts) if belief.evidence else ()
    key = (explanation.case.digest, methods, judged, reading.decision, reading.identifier)
    if wanted:
        st.session_state[state.REPORT] = (key, _pdf(model, explanation, reading, belief))
    kept_key, pdf = st.session_state.get(state.REPORT, (None, b""))
    if kept_key == key:
        st.download_button(
            "Save the PDF",
            pdf,
            file_name="xattn-report.pdf",
            mime="application/pdf",
            key="_report",
            on_click="ignore",
            width="stretch",
        )


def _pdf(
    model: LoadedModel, explanation: Explanation, reading: state.Reading, belief: Belief
) -> bytes:
    from xattn.reports.pdf import render

    content = compose(
        explanation,
        model,
        belief=belief,
        decision=reading.decision,
        typed_identifier=reading.identifier,
    )
    return render(content)
