"""What the reader does with the result: accept, change or reject it, note why, take a report."""

from datetime import date
from typing import Literal

import streamlit as st

from pages.parts import resources, state
from pages.parts.kept import Kept
from pages.parts.person import person
from pages.parts.state import Reading
from pages.parts.work import EVIDENCE, Work
from xattn.records import Explanation, Target
from xattn.reports.content import MOST_IDENTIFIER, Decision, compose
from xattn.systems import LoadedModel
from xattn.trust.belief import Belief

VERDICTS: tuple[Literal["accept", "change", "reject"], ...] = ("accept", "change", "reject")
MOST_NOTE = 500
TITLE = "Your read of the result"


def draw_decision(reading: Reading, target: Target) -> None:
    """Verdict and note of a case that is not kept, for its report; of this entry and target."""
    entry = f"{reading.case.digest[:16]}_{target.name}"
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
    made = Decision(verdict, note, day=date.today()) if verdict else None
    if made != decision:
        state.record(made, reading.identifier)


def draw_identifier(reading: Reading) -> None:
    """What the reader types for the report, and nothing else names anybody."""
    identifier = st.text_input(
        "Identifier on the report",
        value=reading.identifier,
        max_chars=MOST_IDENTIFIER,
        key=state.widget("identifier"),
        placeholder="none unless you type one",
    )
    if identifier != reading.identifier:
        state.record(reading.decision, identifier)


def take_over(here: Kept, target: Target) -> None:
    """Let the report say what was last decided of a kept case, on this target."""
    current, made = state.reading(), None
    last = next((row for row in reversed(here.own) if row.decision), None)
    wanted = here.listed.target in ("", target.name)
    if last and last.decision and wanted:
        made = Decision(last.decision, last.reason, day=date.fromisoformat(last.at[:10]))
    if current and current.decision != made:
        state.record(made, current.identifier)


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
    said = (reading.decision, reading.identifier, belief.tries)
    entry = (explanation.case.digest, explanation.prediction.target.name)
    key = (*entry, methods, judged, *said)
    if wanted:
        pdf = _pdf(model, explanation, reading, belief)
        st.session_state[state.REPORT] = (key, pdf)
        if reading.number is not None:
            resources.archive().keep_report(person(), reading.number, pdf)
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
    from xattn.reports.institution import institution
    from xattn.reports.pdf import render

    house = institution()
    if house.problem:
        st.caption(house.problem)
    content = compose(
        explanation,
        model,
        belief=belief,
        decision=reading.decision,
        typed_identifier=reading.identifier,
    )
    return render(content, institution=house)
