"""The gate's words from hand-made findings: what is in sight, what folds, what was acknowledged."""

from dataclasses import dataclass, replace
from typing import cast

import pytest

from pages.parts import gate, state
from pages.parts.state import Shown
from pages.parts.work import ASSESSMENT, Work
from tests import tiny
from xattn.models.support import UNSAID
from xattn.records import Case, Target
from xattn.trust.assessment import Assessment
from xattn.trust.belief import Belief
from xattn.trust.finding import Finding, Gate, Level, passed, unchecked
from xattn.trust.novelty import Novelty

SEX = Finding("patient sex against form", "block", "The header says M, the form <F>.")
METAL = Finding("metal", "warn", "A sharp <bright> area was found.")
SIZE = passed("size", "The film has enough pixels.")
IMPLANT = unchecked("implant", "nobody looks for one.")
ODDS = Target(name="malignant", unit="log-odds")
FOUND = Gate((SIZE, IMPLANT, METAL, SEX))
BARE = Assessment(
    case_digest="",
    target="malignant",
    gate=FOUND,
    novelty=None,
    sureness=None,
    missing=None,
    fragility=None,
    unlike=(),
)


@dataclass
class Asked:
    """What the gate asks of the work on a case: the case, its belief, and how the check went."""

    case: Case
    found: Belief
    outcome: tuple[str, str] = ("pending", "")
    target: Target = ODDS

    def belief(self, shown: Shown) -> Belief:
        return self.found

    def state(self, name: str) -> tuple[str, str]:
        return self.outcome if name == ASSESSMENT else ("ready", "")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Work:
    monkeypatch.setattr(state.st, "session_state", {})
    return cast("Work", Asked(tiny.case(), Belief(BARE, None)))


def test_a_warning_is_in_sight_and_a_pass_folds() -> None:
    assert gate.facts(FOUND, BARE) == (
        '<table class="facts"><tr><th>Header</th><td>the form disagrees</td></tr></table>'
        '<p class="warning">A sharp &lt;bright&gt; area was found.</p>'
    )


def test_what_stops_is_repeated_beside_the_film_only_once_acknowledged() -> None:
    said = '<p class="warning">Acknowledged: The header says M, the form &lt;F&gt;.</p>'
    assert said not in gate.facts(FOUND, BARE)
    assert gate.facts(FOUND.acknowledge(SEX.check), BARE).endswith(said)


def test_to_acknowledge_a_warning_changes_nothing() -> None:
    assert gate.facts(FOUND.acknowledge(METAL.check), BARE) == gate.facts(FOUND, BARE)


def test_unlike_entries_warn_and_what_no_checkpoint_says_only_folds() -> None:
    entry = replace(BARE, unlike=("Age <30> is new.", UNSAID))
    in_sight = gate.facts(FOUND, entry)
    assert '<p class="warning">Age &lt;30&gt; is new.</p>' in in_sight
    assert UNSAID not in in_sight
    assert gate.every_check(FOUND, entry.unlike).endswith(f'<p class="note">{UNSAID}</p>')


def test_a_system_without_checks_says_so_before_what_is_unlike() -> None:
    html = gate.facts(None, replace(BARE, unlike=("New.",)))
    assert html == (
        '<p class="warning">This system has no checks of its input.</p><p class="warning">New.</p>'
    )


def test_novelty_is_a_row_where_there_is_a_reference() -> None:
    html = gate.facts(FOUND, replace(BARE, novelty=Novelty(99.6, 0.4)))
    assert "<tr><th>Novelty</th><td>film 100, form 0 pct.</td></tr>" in html
    assert "Novelty" not in gate.facts(FOUND, BARE)


@pytest.mark.parametrize(
    ("level", "words"), [("warn", "the form disagrees"), ("block", "the form disagrees")]
)
def test_one_disagreement_outweighs_any_agreement(level: str, words: str) -> None:
    agrees = passed("patient age in years against form", "Agree.")
    differs = Finding("laterality against form", cast("Level", level), "Differ.")
    assert gate.compared(Gate((agrees, differs))) == words


def test_a_comparison_that_was_not_made_is_no_agreement() -> None:
    agrees = passed("laterality against form", "Agree.")
    left = unchecked("patient sex against form", "not stated.")
    assert gate.compared(Gate((left, agrees))) == "the form agrees: laterality"
    assert gate.compared(Gate(())) == "shares no fact with the form"


def test_the_count_is_of_passes_alone() -> None:
    assert gate.counted(Gate(())) == "0 checks passed, 0 could not be made"
    assert gate.counted(Gate((METAL, SEX))) == "0 checks passed, 0 could not be made"
    assert gate.counted(Gate((*FOUND.findings, *FOUND.findings))) == (
        "2 checks passed, 2 could not be made"
    )


def test_the_fold_gives_each_check_its_state() -> None:
    html = gate.every_check(FOUND.acknowledge(SEX.check), ())
    rows = html.removeprefix('<table class="details"><tr>').split("<tr>")
    states = [row.split("</th><td>")[1].split("</td>")[0] for row in rows]
    assert states == ["acknowledged", "warning", "passed", "not made"]
    assert "stops" in gate.every_check(FOUND, ())


def test_names_of_checks_are_escaped_in_the_fold() -> None:
    html = gate.every_check(Gate((Finding("<b>", "warn", "<i>"),)), ())
    assert "<th>&lt;b&gt;</th><td>warning</td><td>&lt;i&gt;</td>" in html


def test_checks_of_one_level_keep_the_order_they_were_made_in() -> None:
    names = ("third", "first", "second")
    html = gate.every_check(Gate(tuple(passed(name, "") for name in names)), ())
    assert [html.index(name) for name in names] == sorted(html.index(name) for name in names)


def test_without_a_gate_the_page_waits_or_says_why_there_is_none(asked: Work) -> None:
    assert gate.missing(asked) == '<p class="note">The input is being checked.</p>'
    failed = cast("Work", Asked(asked.case, Belief(BARE, None), ("failed", "No <memory>.")))
    assert gate.missing(failed) == (
        '<p class="warning">The input could not be checked. No &lt;memory&gt;.</p>'
    )


def test_the_prediction_opens_once_each_stop_is_seen(asked: Work) -> None:
    side = Finding("laterality against form", "block", "Left and right.")
    shown = Shown(assessment=replace(BARE, gate=Gate((SEX, METAL, side))))
    assert not gate.is_open(asked, shown)
    state.acknowledge(asked.case, SEX)
    assert not gate.is_open(asked, shown)
    state.acknowledge(asked.case, side)
    assert gate.is_open(asked, shown)


def test_nothing_stops_where_there_is_no_gate(asked: Work) -> None:
    assert gate.gate_of(asked, Shown()) is None
    assert gate.is_open(asked, Shown())
    assert gate.is_open(asked, Shown(assessment=replace(BARE, gate=None)))


def test_checks_that_failed_stop_until_that_was_seen(asked: Work) -> None:
    failed = cast("Work", Asked(asked.case, Belief(), ("failed", "No memory.")))
    found = gate.gate_of(failed, Shown())
    assert found is not None
    stops = Finding(gate.NOT_RUN, "block", "The input could not be checked. No memory.")
    assert found.pending == (stops,)
    assert not gate.is_open(failed, Shown())
    state.acknowledge(asked.case, stops)
    assert gate.is_open(failed, Shown())
    told = gate.believed(failed, Shown()).assessment
    assert told is not None
    assert told.gate is not None
    assert told.gate.acknowledged == {gate.NOT_RUN}


def test_another_check_with_the_same_reason_is_asked_for_itself(asked: Work) -> None:
    state.acknowledge(asked.case, SEX)
    other = replace(SEX, check="patient name against form")
    assert state.seen(asked.case, Gate((SEX, other))).pending == (other,)


def test_what_is_acknowledged_holds_for_the_pixels_whatever_the_form(asked: Work) -> None:
    state.acknowledge(asked.case, SEX)
    edited = tiny.case({"density": 4})
    assert edited.digest != asked.case.digest
    assert not state.seen(edited, FOUND).blocks
    moved = tiny.case_of_pixels(asked.case.film.radiograph.values[::-1])
    assert state.seen(moved, FOUND).blocks


def test_the_belief_of_the_report_holds_what_was_acknowledged(asked: Work) -> None:
    state.acknowledge(asked.case, SEX)
    found = gate.believed(asked, Shown(assessment=BARE)).assessment
    assert found is not None
    assert found.gate == FOUND.acknowledge(SEX.check)
    assert BARE.gate is FOUND
    assert not FOUND.acknowledged


def test_a_belief_without_an_assessment_stays_as_it_is(asked: Work) -> None:
    empty = Belief(None, None)
    work = cast("Work", Asked(asked.case, empty))
    assert gate.believed(work, Shown(assessment=BARE)) is empty
