"""What a worklist sorts by, for each thing that may be known of a case or not."""

from dataclasses import replace

import pytest

from tests.archive import bare
from xattn.archive.store import Grades
from xattn.runtime.grading import grades
from xattn.trust.assessment import Assessment
from xattn.trust.finding import LEVELS, Finding, Gate
from xattn.trust.novelty import Novelty
from xattn.trust.sureness import Sureness

# Film alone says 0.25, form alone 0.125; all numbers here are dyadic, so differences are exact.
SAID = bare.prediction(bare.case())
NUMBER = replace(SAID, probability=None)
UNKNOWN = Assessment(
    case_digest="",
    target="malignant",
    gate=None,
    novelty=None,
    sureness=None,
    missing=None,
    fragility=None,
    unlike=(),
)
SURE = Sureness(
    target="malignant",
    method="split conformal",
    level=0.9,
    stratum="all",
    calibration=(100,),
    interval=(-2.75, -1.5),
    cut=0.0,
    sentence="",
)


def finding(level) -> Finding:
    return Finding(f"a check that is {level}", level, "a reason")


def test_of_a_number_without_an_assessment_only_the_disagreement_is_known():
    assert grades(NUMBER, UNKNOWN) == Grades(disagreement=0.125)


@pytest.mark.parametrize(
    ("probability", "uncertainty"),
    [(0.0, 0.0), (0.125, 0.25), (0.25, 0.5), (0.5, 1.0), (0.75, 0.5), (1.0, 0.0)],
)
def test_a_probability_is_least_sure_at_even_odds(probability, uncertainty):
    said = replace(SAID, probability=probability)
    # Zero is a probability, not the lack of one; and it counts before any interval.
    for assessment in (UNKNOWN, replace(UNKNOWN, sureness=SURE)):
        assert grades(said, assessment).uncertainty == uncertainty


@pytest.mark.parametrize(
    ("interval", "width"), [((-2.75, -1.5), 1.25), ((0.5, 0.5), 0.0), (None, None)]
)
def test_a_number_is_as_unsure_as_its_interval_is_wide(interval, width):
    sure = replace(SURE, interval=interval)
    assert grades(NUMBER, replace(UNKNOWN, sureness=sure)).uncertainty == width


@pytest.mark.parametrize(
    ("film", "form", "novelty"), [(10.0, 90.0, 90.0), (99.5, 3.0, 99.5), (0.0, 0.0, 0.0)]
)
def test_a_case_is_as_new_as_its_newer_half(film, form, novelty):
    found = grades(SAID, replace(UNKNOWN, novelty=Novelty(film, form)))
    assert found.novelty == novelty


@pytest.mark.parametrize("worst", LEVELS)
def test_the_level_is_the_gates_worst_even_if_acknowledged(worst):
    gate = Gate((finding("pass"), finding(worst), finding("pass")))
    assert grades(SAID, replace(UNKNOWN, gate=gate)).level == worst
    acknowledged = gate.acknowledge(finding(worst).check)
    assert grades(SAID, replace(UNKNOWN, gate=acknowledged)).level == worst


def test_a_gate_that_found_nothing_passes_and_no_gate_has_no_level():
    assert grades(SAID, replace(UNKNOWN, gate=Gate(()))).level == "pass"
    assert grades(SAID, UNKNOWN).level is None


@pytest.mark.parametrize(
    ("image_only", "form_only", "apart"), [(0.5, -1.5, 2.0), (-1.5, 0.5, 2.0), (0.5, 0.5, 0.0)]
)
def test_disagreement_has_no_side(image_only, form_only, apart):
    said = replace(NUMBER, image_only=image_only, form_only=form_only)
    assert grades(said, UNKNOWN).disagreement == apart


def test_all_that_is_known_comes_together():
    whole = replace(UNKNOWN, gate=Gate((finding("warn"),)), novelty=Novelty(7, 8), sureness=SURE)
    assert grades(NUMBER, whole) == Grades(
        level="warn", novelty=8, uncertainty=1.25, disagreement=0.125
    )
