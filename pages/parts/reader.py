"""What the reader does with the result: accept, change or reject it, note why, take a report."""

from datetime import date
from typing import Literal

import streamlit as st

from pages.parts import state
from pages.parts.state import Reading
from pages.parts.work import Work
from xattn.records import Explanation
from xattn.reports.content import MOST_IDENTIFIER, Decision, compose
from xattn.systems import LoadedModel

VERDICTS: tuple[Literal["accept", "change", "reject"], ...] = ("accept", "change", "reject")
MOST_NOTE = 500


def draw_decision(reading: Reading) -> None:
    """Verdict, note and an identifier for the report; kept with the entry they were made on."""
    entry = reading.case.digest[:16]
    decision = reading.decision
    verdict = st.segmented_control(
        "Your read of the result",
        VERDICTS,
        default=decision.verdict if decision else None,
        key=f"_verdict_{entry}",
        width="stretch",
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


def draw_report(model: LoadedModel, work: Work, explanation: Explanation | None) -> None:
    """The button that gives the PDF; it waits for what is under way."""
    is_waiting = explanation is None or bool(work.unfinished)
    st.download_button(
        "PDF report (when all panels are there)" if is_waiting else "PDF report",
        b"" if is_waiting or explanation is None else _pdf(model, explanation),
        file_name="xattn-report.pdf",
        mime="application/pdf",
        key="_report",
        disabled=is_waiting,
        on_click="ignore",
        width="stretch",
    )


def _pdf(model: LoadedModel, explanation: Explanation) -> bytes:
    """The report of this very entry and decision, made once.

    Made before the click: Streamlit forgets a report that is to be made at the click as soon as the
    page is drawn again.
    """
    from xattn.reports.pdf import render

    reading = state.reading()
    assert reading is not None
    methods = tuple(name for name, _ in explanation.attributions)
    key = (explanation.case.digest, methods, reading.decision, reading.identifier)
    kept: tuple[object, bytes] | None = st.session_state.get(state.REPORT)
    if kept is None or kept[0] != key:
        content = compose(
            explanation,
            model,
            decision=reading.decision,
            typed_identifier=reading.identifier,
        )
        kept = (key, render(content))
        st.session_state[state.REPORT] = kept
    return kept[1]
