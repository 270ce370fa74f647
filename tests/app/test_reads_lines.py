"""Reads as lines, and the number of the model on the scale on which readers find."""

from types import SimpleNamespace

from pages.parts import decision, reads
from pages.parts.alone import form_table
from pages.parts.opinion import as_read, opinion
from tests.app.archived import ANN
from xattn.archive.reading import Opinion
from xattn.archive.reads import Read
from xattn.data.schemas import BREAST, HIP
from xattn.systems import SYSTEMS

BREAST_ROW, HIP_ROW = SYSTEMS["breast"], SYSTEMS["hip"]


def read(reader: str, **changed: object) -> Read:
    plain: dict[str, object] = {
        "number": 1,
        "case": 1,
        "reader": reader,
        "role": "reader",
        "stage": "alone",
        "finding": 0.7125,
        "confidence": 0.95,
        "decision": None,
        "reason": "",
        "at": "2026-11-22T12:00:00+00:00",
    }
    return Read(**(plain | changed))


def test_a_finding_is_a_probability_or_has_its_unit() -> None:
    assert reads.finding(0.7125, BREAST_ROW.targets[0], BREAST_ROW) == "0.71"
    assert reads.finding(0.7125, HIP_ROW.targets[0], HIP_ROW) == "0.713 g/cm²"


def test_lines_name_the_person_stage_decision_and_reason() -> None:
    rows = [read("Ann"), read("B<b>", stage="with AI", decision="reject", reason="1 < 2")]
    assert reads.listed(rows, ANN, BREAST_ROW.targets[0], BREAST_ROW) == (
        '<table class="facts reads">'
        "<tr><th>you</th><td><b>0.71</b> (95 %) alone</td></tr>"
        "<tr><th>B&lt;b&gt;</th><td><b>0.71</b> (95 %) with AI, rejects"
        "<br><i>1 &lt; 2</i></td></tr>"
        "</table>"
    )


def test_the_models_number_is_read_as_readers_find() -> None:
    assert as_read(-1.5, 0.18, BREAST_ROW) == 0.18
    assert as_read(0.712, None, HIP_ROW) == 0.712


def test_an_opinion_needs_both() -> None:
    assert opinion(0.0, 0.25) == Opinion(0.0, 0.25)
    assert opinion(None, 0.25) is None
    assert opinion(0.5, None) is None


def test_decisions_are_on_the_lists_target_and_the_kept_entry() -> None:
    def here(target: str) -> SimpleNamespace:
        return SimpleNamespace(
            listed=SimpleNamespace(target=target), stored=SimpleNamespace(digest="kept")
        )

    model = SimpleNamespace(target=SimpleNamespace(name="effusion"))
    assert decision.why_not(here("edema"), model, "edema", "kept") == ""
    assert decision.why_not(here(""), model, "effusion", "kept") == ""
    assert decision.why_not(here("edema"), model, "effusion", "kept") == (
        "Decisions here are about edema; choose it above to record one."
    )
    assert decision.why_not(here("edema"), model, "edema", "edited") == decision.EDITED


def test_a_form_is_shown_in_words_without_what_does_not_apply() -> None:
    text = form_table(BREAST, BREAST.check({"lesion_type": "calcification", "density": 3}))
    assert "<th>Lesion</th><td>calcification</td>" in text
    assert "<th>Breast density</th><td>3 heterogeneous</td>" in text
    assert "Mass shape" not in text
    assert "<td>unknown</td>" in text
    assert "<th>Lesion</th><td>unknown</td>" in form_table(BREAST, BREAST.check({}))
    assert "<th>Age at X-ray</th><td>70 years</td>" in form_table(HIP, HIP.check({"age": 70}))
