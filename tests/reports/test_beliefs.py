"""How far to believe a case, in words: every number comes from a record, none says "right"."""

from dataclasses import replace

import numpy as np
import pytest

from xattn.explain.attention_control import FieldAgreement, ShuffledAttention
from xattn.records import Target
from xattn.reports.beliefs import NOT_CHECKED, noted, of_map, rows, stays, tracks, where
from xattn.reports.reading import CLOSING, line, reading
from xattn.reports.sections import Row
from xattn.trust.agreement import Agreement
from xattn.trust.anatomy import Anatomy, PartShare
from xattn.trust.assessment import Assessment
from xattn.trust.attention_check import AttentionCheck
from xattn.trust.belief import UNASKED, Belief
from xattn.trust.evidence import MapEvidence
from xattn.trust.finding import Finding, Gate, passed
from xattn.trust.stability import HALVES, UNSEEN, Stability
from xattn.trust.tries import Try
from xattn.trust.verdict import Evidence, Verdict

POLARITY = Finding("polarity", "block", "The film looks inverted.")
METAL = Finding("metal", "warn", "A sharp bright area was found.")
EVEN = ((None, 0.6), (0.6, None))
PLACE = Anatomy(
    "Grad-CAM",
    (
        PartShare("body", 0.7, 0.8, None),
        PartShare("background", 0.1, 0.1, None),
        PartShare("border", 0.1, 0.05, None),
        PartShare("markers", 0.1, 0.05, None),
        PartShare("padding", 0.0, 0.0, None),
        PartShare("breast", 0.6, 0.25, (0.99, 0.98)),
    ),
)


def verdict(answer: str, reason: str = "") -> Verdict:
    found = Evidence(method="gradcam", reason=reason)
    return Verdict(method="gradcam", answer=answer, sentence="", evidence=found)


def belief(*findings: Finding, acknowledged: frozenset[str] = frozenset()) -> Belief:
    assessment = Assessment(
        case_digest="c",
        target="malignant",
        gate=Gate((passed("size", "fine"), *findings), acknowledged),
        novelty=None,
        sureness=None,
        missing=None,
        fragility=None,
        unlike=(),
    )
    evidence = MapEvidence(
        case_digest="c",
        target="malignant",
        verdicts={"gradcam": verdict("unclear"), "joint": verdict("yes")},
        places={"gradcam": PLACE, "joint": PLACE},
        agreement=Agreement(methods=("gradcam", "joint"), correlations=EVEN, overlaps=EVEN, top=5),
    )
    return Belief(assessment, evidence)


def test_what_passed_is_not_told_and_what_did_not_is():
    assert noted(belief(POLARITY, METAL)) == (POLARITY, METAL)
    told = rows(belief(POLARITY, METAL))
    assert told[0] == Row("Blocked: polarity", "The film looks inverted.")
    assert told[1] == Row("Warning: metal", "A sharp bright area was found.")
    assert told[2].label == "Methods together"
    acknowledged = rows(belief(POLARITY, acknowledged=frozenset({"polarity"})))
    assert acknowledged[0].label == "Acknowledged: polarity"


def test_nothing_asked_says_not_checked_under_every_map():
    assert rows(UNASKED) == ()
    assert of_map(UNASKED, "gradcam") == (NOT_CHECKED,)
    assert of_map(belief(), "lime") == (NOT_CHECKED,)


def test_a_map_s_lines_are_its_verdict_and_its_place():
    # 0.6 of the map on 0.25 of the area; 0.1 + 0.1 + 0.1 of it off the patient.
    assert of_map(belief(), "gradcam") == (
        "Tracks the model: unclear.",
        "Stability not checked.",
        "For its area: breast 2.4 ×. 30 % of it lies outside the patient.",
    )


def test_stability_is_told_with_what_was_changed():
    changes = (("noise 1", 0.9), ("2 px left", 0.5))
    assert stays(Stability("Grad-CAM", changes)) == (
        f"Stability: rank correlation 0.70 on average, 0.50 at worst, {UNSEEN}."
    )
    assert stays(Stability("Joint", (("seeds 1 and 2", -0.25),), under=HALVES)) == (
        f"Stability: rank correlation −0.25, {HALVES}."
    )
    assert stays(Stability("m", (), reason="too dear")) == "Stability not checked: too dear."
    assert stays(Stability("m", (("noise 1", None),))) == (
        "Stability not checked: the map is constant."
    )


def test_attention_is_not_judged_and_says_what_it_was_compared_with():
    shuffled = ShuffledAttention(1.0, "log-odds", (0.25,), 2.0)
    check = AttentionCheck(shuffled, (("Age", FieldAgreement("age", 0.5, None, 0.25)),))
    found = belief()
    found = replace(found, evidence=replace(found.evidence, attention=check))
    assert of_map(found, "attention") == (NOT_CHECKED, check.summary)
    assert Row("Attention", check.sentence) in rows(found)


def test_every_what_if_has_a_row():
    made = Try("c", Target(name="malignant", unit="log-odds"), "Age: 1 → 2", "1", "2", 0.0, 1.0)
    assert rows(replace(UNASKED, tries=(made,))) == (Row("What if", made.sentence),)


def test_what_was_not_tested_gives_its_reason():
    said = tracks(verdict("not checked", "the map is the same everywhere"))
    assert said == (
        "Not checked whether this map tracks the model: the map is the same everywhere."
    )


def test_a_part_that_was_not_found_has_no_number():
    lost = replace(PLACE, parts=(*PLACE.parts[:-1], PartShare("breast", None, None, None)))
    assert where(lost) == "30 % of it lies outside the patient."


def test_the_reading_is_made_of_numbers_and_never_says_right(explanation, model):
    clauses = reading(explanation, belief(), model.system.schema)
    said = line(clauses)
    assert said.endswith(f"; {CLOSING}.")
    assert "the map of contributions tracks the model: yes" in said
    assert "the methods agree" in said
    assert clauses[0].figure == "shapley"


def test_the_reading_without_evidence_says_so(explanation, model):
    said = line(reading(explanation, UNASKED, model.system.schema))
    assert "was not checked" in said


def test_the_json_of_nothing_is_null():
    assert UNASKED.plain == {"assessment": None, "evidence": None, "what_if": []}
    found = belief(METAL).plain
    assert found["assessment"]["gate"][1]["check"] == "metal"
    assert np.isclose(found["evidence"]["agreement"]["correlations"][0][1], 0.6, rtol=0)


@pytest.mark.parametrize("answer", ["yes", "unclear", "not shown"])
def test_a_verdict_in_short(answer):
    assert tracks(verdict(answer)) == f"Tracks the model: {answer}."


def test_a_method_that_is_unfit_says_why():
    assert tracks(verdict("unfit")) == (
        "Unfit for this model: the method's maps stay alike with every weight random."
    )
