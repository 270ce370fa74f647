"""What a session remembers between runs, under keys named here; widget keys begin with "_"."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import streamlit as st

from pages.parts import uploads
from pages.parts.film import Texture
from xattn.archive.worklist import Query
from xattn.errors import XattnError
from xattn.records import Attribution, Case, Prediction
from xattn.reports.content import Decision
from xattn.trust.assessment import Assessment
from xattn.trust.evidence import MapEvidence
from xattn.trust.finding import Finding, Gate
from xattn.trust.tries import Try

READING, SHOWN, WORK, REPORT = "reading", "shown", "work", "report"
AHEAD, SEEN = "ahead", "seen"
GENERATION, PROBLEM, TOLD, OWNER = "generation", "problem", "told", "owner"
SYSTEM, TARGET, METHODS = "system", "target", "methods"
ACKNOWLEDGED = "acknowledged"
QUERY, GIVEN = "query", "given"


@dataclass(frozen=True, slots=True)
class Reading:
    """The case in hand, its film as the viewer takes it, and what the reader decided and typed.

    `number` is the case's in the archive; None where it is not kept.
    """

    case: Case
    title: str
    texture: Texture
    decision: Decision | None = None
    identifier: str = ""
    number: int | None = None


@dataclass(slots=True)
class Shown:
    """The latest results of this film; they stay, dimmed, until those of a changed entry come."""

    prediction: Prediction | None = None
    attributions: dict[str, Attribution] = field(default_factory=dict)
    assessment: Assessment | None = None
    evidence: MapEvidence | None = None
    tries: list[Try] = field(default_factory=list)
    covered: Try | None = None
    """The area that is covered now, for as long as the entry is the same."""

    def note(self, made: Try) -> None:
        """List a try once."""
        if made not in self.tries:
            self.tries.append(made)


def system(first: str) -> str:
    """The system that reads; `first` until another is chosen."""
    name: str = st.session_state.setdefault(SYSTEM, first)
    return name


def choose_system(name: str) -> None:
    """Let another system read: a film of one is no film of another, so the case is closed."""
    for key in (READING, SHOWN, WORK, REPORT, TARGET, GIVEN):
        st.session_state.pop(key, None)
    st.session_state[SYSTEM] = name
    renew_widgets()


def target(names: tuple[str, ...], first: str) -> str:
    """The name of the target that is explained; `first` unless another of them is chosen."""
    chosen = st.session_state.get(TARGET)
    return chosen if chosen in names else first


def choose_target(name: str) -> None:
    """Explain another output of the same model; a decision on the earlier one is dropped."""
    current = reading()
    if current and st.session_state.get(TARGET) != name:
        st.session_state[READING] = replace(current, decision=None)
    st.session_state[TARGET] = name


def methods() -> tuple[str, ...]:
    """The further methods that the reader chose, of any system."""
    chosen: tuple[str, ...] = st.session_state.get(METHODS, ())
    return chosen


def choose_methods(names: tuple[str, ...]) -> None:
    """Let these run beside those that always do."""
    st.session_state[METHODS] = names


def reading() -> Reading | None:
    """The case in hand, or None before one is opened."""
    return st.session_state.get(READING)


def shown() -> Shown:
    """The latest results of the film in hand."""
    results: Shown = st.session_state.setdefault(SHOWN, Shown())
    return results


def open_case(case: Case, *, title: str, texture: Texture, number: int | None = None) -> None:
    """Begin another case: nothing of the last one stays."""
    if work := st.session_state.pop(WORK, None):
        work.cancel_all()
    stop_ahead()
    st.session_state[READING] = Reading(case, title, texture, number=number)
    st.session_state[SHOWN] = Shown()
    renew_widgets()


def stop_ahead() -> None:
    """Stop what was begun for the next case."""
    if ahead := st.session_state.pop(AHEAD, None):
        ahead.stop.set()


def is_seen(current: Reading) -> bool:
    """Whether the browser has this film already."""
    return st.session_state.get(SEEN) == current.texture.key


def see(film: Texture) -> None:
    """Note that the browser is sent this film in this run."""
    st.session_state[SEEN] = film.key


def query() -> Query | None:
    """Which cases are gone through, and in what order; None before a worklist is chosen."""
    return st.session_state.get(QUERY)


def choose_query(wanted: Query | None) -> None:
    """Go through these cases, in this order."""
    st.session_state[QUERY] = wanted


def change_case(case: Case) -> None:
    """The same film with another form or box; a decision on the earlier entry is dropped."""
    st.session_state[READING] = replace(st.session_state[READING], case=case, decision=None)


def seen(case: Case, gate: Gate) -> Gate:
    """The gate with what the reader acknowledged of this film, for the very same reasons."""
    known: frozenset[tuple[str, str, str]] = st.session_state.get(ACKNOWLEDGED, frozenset())
    findings = gate.findings
    return gate.acknowledge(*(each.check for each in findings if _name(case, each) in known))


def acknowledge(case: Case, finding: Finding) -> None:
    """Keep for the session that the reader has seen what stops this film."""
    known: frozenset[tuple[str, str, str]] = st.session_state.get(ACKNOWLEDGED, frozenset())
    st.session_state[ACKNOWLEDGED] = known | {_name(case, finding)}


def _name(case: Case, finding: Finding) -> tuple[str, str, str]:
    """Of the pixels and the reason: an edit that gives another reason asks again."""
    return case.film.radiograph.pixel_sha256, finding.check, finding.reason


def record(decision: Decision | None, identifier: str) -> None:
    """Keep what the reader decided and typed."""
    current = st.session_state[READING]
    st.session_state[READING] = replace(current, decision=decision, identifier=identifier)


def widget(name: str) -> str:
    """The key of a widget whose content goes when film or form are replaced."""
    return f"_{name}_{st.session_state.get(GENERATION, 0)}"


def renew_widgets() -> None:
    """Give all such widgets a fresh start; what was uploaded leaves memory with them."""
    st.session_state[GENERATION] = st.session_state.get(GENERATION, 0) + 1
    uploads.forget()


def owner() -> str:
    """A name for this session's work, so that nobody cancels another's."""
    name: str = st.session_state.setdefault(OWNER, secrets.token_hex(8))
    return name


@contextmanager
def refusals() -> Iterator[None]:
    """Keep the sentence of a refusal for the next run; what was refused is not tried again."""
    try:
        yield
    except XattnError as error:
        st.session_state[PROBLEM] = str(error)
        renew_widgets()


def tell(sentence: str) -> None:
    """Say this above the page, once."""
    st.session_state[PROBLEM] = sentence


def take_problem() -> str:
    """The sentence of the last refusal, once."""
    sentence: str = st.session_state.pop(PROBLEM, "")
    st.session_state[TOLD] = sentence
    return sentence


def tell_again() -> None:
    """Say in the next run what this one said: it is drawn for a result, not for the reader."""
    st.session_state[PROBLEM] = st.session_state.get(TOLD, "")
