"""How sure, and what tracks the model: the short words of the page against the records."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pages.parts import belief
from pages.parts.follow import panels_of
from pages.parts.state import Shown
from pages.parts.work import EVIDENCE, Work
from tests import tiny
from tests.app.conftest import finished, png
from xattn.data.schemas import BREAST
from xattn.records import Target
from xattn.reports.reading import CLOSING, reading
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.trust.evidence import UNJUDGED
from xattn.trust.sureness import Sureness
from xattn.trust.tries import Try
from xattn.trust.venn_abers import Range

ODDS = Target(name="malignant", unit="log-odds")
DENSITY = Target(name="BMD", unit="g/cm²")
SURE = Sureness(
    target="malignant",
    method="set",
    level=0.9,
    stratum="all",
    calibration=(9, 9),
    answers=("no", "yes"),
    range=Range(0.31, 0.44),
    cut=0.0,
    is_near_cut=True,
    sentence="All of it.",
)


def test_a_set_says_its_answers_and_its_range() -> None:
    short, whole = belief.sureness(SURE, ODDS)
    assert short == (
        '90 % set: <b>undecided</b> · calibrated 0.31 to 0.44 · <b class="warning">near the cut</b>'
    )
    assert whole == "All of it."


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (("yes",), "malignant"),
        (("no",), "not malignant; does not exclude it"),
        ((), "neither answer is usual here"),
    ],
)
def test_a_set_without_the_finding_never_excludes_it(answers: tuple[str, ...], words: str) -> None:
    assert belief.answers(replace(SURE, answers=answers), ODDS) == words


def test_an_interval_names_the_bands_it_touches() -> None:
    entry = replace(
        SURE, interval=(0.71, 0.9312), answers=None, range=None, is_near_cut=False, bands=("low",)
    )
    assert belief.sureness(entry, DENSITY)[0] == (
        "90 % interval <b>0.710 to 0.931 g/cm²</b>, touches low"
    )


def test_not_valid_gives_the_first_reason_and_no_number() -> None:
    entry = replace(SURE, reasons=("It is <new>.", "Another."), answers=None, range=None)
    short, _ = belief.sureness(entry, ODDS)
    assert short == (
        '<b>Prediction set not valid here.</b> <span class="warning">It is &lt;new&gt;.</span> '
        "(1 more)"
    )


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """One engine for all that follows: its worker keeps the maps, which take longest."""
    worker = Worker()
    yield Engine(tiny.breast_model(), worker)
    worker.close()


@pytest.fixture
def work(engine: Engine) -> Work:
    case = engine.read(png(), {"density": 2, "lesion_type": "mass", "mass_shape": "OVAL"})
    return Work(engine, case, engine.model.target, "somebody")


def test_evidence_follows_the_maps_and_stands_beside_them(work: Work, engine: Engine) -> None:
    marks = {panel.key: panel.mark for panel in panels_of(work, Shown())[1:]}
    assert marks.pop("attention") == belief.Mark("not checked")
    assert set(marks.values()) == {belief.Mark("not checked yet")}
    shown = finished(work)
    assert shown.evidence is not None
    assert set(shown.evidence.verdicts) == {"gradcam", "joint", "lime"}
    *judged, attention = panels_of(work, shown)[1:]
    assert shown.evidence.attention is not None
    assert attention.mark is not None
    assert attention.mark.sentence == shown.evidence.attention.sentence
    for panel in judged:
        assert panel.mark is not None
        verdict = shown.evidence.verdicts[panel.key]
        assert panel.mark.answer == verdict.answer
        assert panel.mark.sentence.startswith(verdict.sentence)
    html = belief.evidence_table(shown.evidence)
    assert html.count("<tr>") == 1 + len(shown.evidence.verdicts)
    assert 'data-figure="agreement"' in html
    explanation = work.explanation(shown)
    assert explanation is not None
    line = reading(explanation, work.belief(shown), engine.schema)
    assert (line[0].figure, line[-1].words) == ("shapley", CLOSING)


def test_evidence_of_an_earlier_entry_goes_with_its_own_maps(work: Work, engine: Engine) -> None:
    shown = finished(work)
    form = BREAST.check({"density": 4})
    changed = Work(engine, work.case.with_form(form), work.target, "somebody")
    assert changed.belief(shown).evidence is None
    assert shown.evidence is not None
    for panel in panels_of(changed, shown)[1:]:
        assert panel.is_stale
        assert panel.mark is not None
        verdict = shown.evidence.verdicts.get(panel.key)
        assert panel.mark.answer == (verdict.answer if verdict else "not checked")
    for name, entry in shown.attributions.items():
        origin = replace(entry.provenance, case_digest=changed.case.digest)
        shown.attributions[name] = replace(entry, provenance=origin)
    marks = {panel.key: panel.mark.answer for panel in panels_of(changed, shown)[1:] if panel.mark}
    assert marks.pop("attention") == "not checked"
    assert set(marks.values()) == {"not checked yet"}
    changed.cancel_all()


def test_evidence_can_be_stopped_and_asked_for_again(engine: Engine) -> None:
    work = Work(engine, engine.read(png(), {"density": 3}), engine.model.target, "somebody")
    work.cancel(EVIDENCE)
    shown = finished(work)
    assert shown.evidence is None
    assert work.state(EVIDENCE)[0] == "cancelled"
    marks = {panel.mark.answer for panel in panels_of(work, shown)[1:] if panel.mark}
    assert marks == {"not checked"}
    work.restart(EVIDENCE)
    assert EVIDENCE in work.unfinished
    work.cancel_all()


def test_a_further_map_is_judged_with_the_others_unless_it_is_of_something_else(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holm's step-down depends on how many are shown, so that all are judged again."""
    monkeypatch.setattr("xattn.trust.evidence.UNJUDGED", UNJUDGED | {"layercam"})
    for module in ("work", "follow"):
        monkeypatch.setattr(f"pages.parts.{module}.UNJUDGED", UNJUDGED | {"layercam"})
    work.choose(("hirescam", "layercam"))
    shown = finished(work)
    assert shown.evidence is not None
    assert set(shown.evidence.verdicts) == {"gradcam", "joint", "lime", "hirescam"}
    panel = panels_of(work, shown)[-1]
    assert (panel.key, panel.mark) == ("layercam", belief.Mark("not checked"))


def test_what_was_tried_goes_with_what_is_believed(work: Work) -> None:
    made = Try("d", ODDS, "Age: 61 → 71", "Age 61", "Age 71", 0.5, 0.25)
    shown = Shown()
    shown.note(made)
    shown.note(made)
    assert work.belief(shown).tries == (made,)
    assert work.belief(shown).plain["what_if"] == [made.plain]
    work.cancel_all()


def test_where_all_maps_were_cancelled_nothing_is_waited_for(engine: Engine) -> None:
    case = engine.read(png(seed=5), {"density": 3})
    work = Work(engine, case, engine.model.target, "somebody")
    assert work.state(EVIDENCE)[0] == "pending"
    for name in ("gradcam", "attention", "joint", "lime"):
        work.cancel(name)
        work.jobs[name] = type(work.jobs[name])(iter)
        work.jobs[name].cancel()
        work.jobs[name].advance()
    work.jobs["shapley"].result(timeout=60)
    assert work.state(EVIDENCE)[0] == "ready"
    assert EVIDENCE not in work.unfinished
    work.cancel_all()


def test_nothing_is_shown_before_the_gate(engine: Engine) -> None:
    work = Work(engine, engine.read(png(seed=8)), engine.model.target, "somebody")
    work.jobs["prediction"].result(timeout=60)
    gate, work.jobs["assessment"] = work.jobs["assessment"], type(work.jobs["assessment"])(iter)
    shown = Shown()
    work.collect(shown)
    assert shown.prediction is None
    work.jobs["assessment"] = gate
    gate.result(timeout=60)
    work.collect(shown)
    assert shown.prediction is not None
    work.cancel_all()
