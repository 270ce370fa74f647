"""The gate on the page: one quiet line, warnings in sight, and what stops until it is seen."""

from dataclasses import replace
from html import escape

import streamlit as st

from pages.parts import state
from pages.parts.panels import dimmed, failure, heading, table, warning
from pages.parts.state import Shown
from pages.parts.work import ASSESSMENT, Work
from xattn.models.support import UNSAID
from xattn.trust.assessment import Assessment, bare_assessment
from xattn.trust.belief import Belief
from xattn.trust.finding import Finding, Gate
from xattn.trust.novelty import Novelty

STOPS = "Before the prediction"
CHECKING = "The input is being checked."
NOT_RUN = "checks could not run"
LEVELS = {"pass": "passed", "warn": "warning", "block": "stops"}


def gate_of(work: Work, shown: Shown) -> Gate | None:
    """The latest gate, with what the reader acknowledged; None before one is made, or without one.

    Checks that failed are a gate too: what could not be looked at stops until that was seen.
    """
    assessment = shown.assessment
    gate = assessment.gate if assessment else _failed(work)
    return state.seen(work.case, gate) if gate else None


def _failed(work: Work) -> Gate | None:
    note = failure(work, ASSESSMENT)
    return (
        Gate((Finding(NOT_RUN, "block", f"The input could not be checked. {note}"),))
        if note
        else None
    )


def is_open(work: Work, shown: Shown) -> bool:
    """Whether the prediction, and all that follows from it, may be seen.

    While the checks run nothing has been collected yet, so that there is nothing to hide.
    """
    gate = gate_of(work, shown)
    return gate is None or not gate.blocks


def believed(work: Work, shown: Shown) -> Belief:
    """How far this entry may be believed, with what the reader acknowledged."""
    belief, gate = work.belief(shown), gate_of(work, shown)
    is_of_earlier = belief.assessment is None and shown.assessment is not None
    if gate is None or is_of_earlier:
        return belief
    found = belief.assessment or bare_assessment(work.case.digest, work.target.name)
    return replace(belief, assessment=replace(found, gate=gate))


def draw_gate(work: Work, shown: Shown) -> None:
    """Beside the film: how many checks passed, header against form, novelty, and the warnings."""
    assessment, gate = shown.assessment, gate_of(work, shown)
    if assessment is None:
        st.html(missing(work))
        return
    is_old = not work.is_of_this(assessment)
    st.html(dimmed(facts(gate, assessment), is_earlier=is_old))
    if gate is None:
        return
    with st.popover(counted(gate), type="tertiary"):
        st.html(every_check(gate, assessment.unlike))


def draw_stops(work: Work, gate: Gate) -> None:
    """In place of the prediction: each reason, and a button to say that it was seen."""
    st.html(heading(STOPS))
    for finding in gate.pending:
        st.html(warning(finding.reason))
        if st.button(
            f"Acknowledge: {finding.check}", key=f"_acknowledge_{finding.check}", width="stretch"
        ):
            state.acknowledge(work.case, finding)
            st.rerun()
    st.html(
        '<p class="note">The prediction and what follows from it stay hidden until then. What is '
        "acknowledged stands in the report.</p>"
    )


def missing(work: Work) -> str:
    """What to say where no gate is there."""
    if note := failure(work, ASSESSMENT):
        return warning(f"The input could not be checked. {note}")
    return '<p class="note">The input is being checked.</p>'


def facts(gate: Gate | None, assessment: Assessment) -> str:
    """The header against the form, novelty, then every warning and what was acknowledged."""
    notes = [warning(sentence) for sentence in assessment.unlike if sentence != UNSAID]
    if gate is None:
        return "".join([warning("This system has no checks of its input."), *notes])
    told = [warning(finding.reason) for finding in gate.findings if finding.level == "warn"]
    told += [
        warning(f"Acknowledged: {finding.reason}")
        for finding in gate.findings
        if finding.level == "block" and finding.check in gate.acknowledged
    ]
    rows = [("Header", compared(gate))]
    if assessment.novelty:
        rows.append(("Novelty", novelty(assessment.novelty)))
    return "".join([table(rows, "facts"), *told, *notes])


def counted(gate: Gate) -> str:
    """How many checks passed and how many could not be made; no number of what is seen anyway."""
    passed = sum(each.level == "pass" and each.is_checked for each in gate.findings)
    left = sum(not each.is_checked for each in gate.findings)
    return f"{passed} checks passed, {left} could not be made"


def compared(gate: Gate) -> str:
    """Whether the header and the form say the same."""
    found = [each for each in gate.findings if each.check.endswith("against form")]
    checked = [each for each in found if each.is_checked]
    if any(each.level != "pass" for each in checked):
        return "the form disagrees"
    if not checked:
        return "shares no fact with the form"
    names = (each.check.removesuffix(" against form").removeprefix("patient ") for each in checked)
    return f"the form agrees: {', '.join(name.split(' in ')[0] for name in names)}"


def novelty(found: Novelty) -> str:
    """How far film and form lie from the training data, in percentiles."""
    return f"{', '.join(f'{name} {at:.0f}' for name, at in found.named)} pct."


def every_check(gate: Gate, unlike: tuple[str, ...]) -> str:
    """All checks with their reasons: what stops first, what could not be made last."""
    order = sorted(gate.findings, key=_place)
    rows = "".join(
        f"<tr><th>{escape(each.check)}</th><td>{_state(each, gate)}</td>"
        f"<td>{escape(each.reason)}</td></tr>"
        for each in order
    )
    notes = "".join(f'<p class="note">{escape(sentence)}</p>' for sentence in unlike)
    return f'<table class="details">{rows}</table>{notes}'


def _place(finding: Finding) -> int:
    return 3 if not finding.is_checked else ("block", "warn", "pass").index(finding.level)


def _state(finding: Finding, gate: Gate) -> str:
    if not finding.is_checked:
        return "not made"
    is_seen = finding.level == "block" and finding.check in gate.acknowledged
    return "acknowledged" if is_seen else LEVELS[finding.level]
