"""A try says both forms and both outputs, in words, in JSON and for the audit."""

import json

import pytest

from xattn.data.placement import Box
from xattn.records import Target
from xattn.trust.belief import Belief
from xattn.trust.tries import Try, audit_rows

DENSITY = Target(name="BMD", unit="g/cm²")
AGE = Try("d", DENSITY, "Age: 61 → 71", "Age 61; Sex FEMALE", "Age 71; Sex FEMALE", 0.8, 0.75)
COVERED = Try("d", DENSITY, "covered 9 × 8 px", "Age 61", "Age 61", 0.8, 0.7, Box(1, 2, 9, 8))


def test_a_try_is_told_with_both_forms() -> None:
    assert AGE.sentence == (
        "Age: 61 → 71: 0.750 g/cm² instead of 0.800 g/cm². Form as submitted: Age 61; Sex FEMALE. "
        "As tried: Age 71; Sex FEMALE."
    )
    assert COVERED.sentence.endswith("As tried: the same, a part of the film covered.")


@pytest.mark.parametrize("made", [AGE, COVERED])
def test_every_number_goes_into_the_audit_and_comes_back(made: Try) -> None:
    (row,) = audit_rows((made,))
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert (row["before"], row["after"], row["unit"]) == (made.before, made.after, "g/cm²")
    assert (row["submitted"], row["tried"]) == (made.submitted, made.tried)


def test_the_area_that_was_covered_is_kept() -> None:
    assert AGE.plain["box"] is None
    assert COVERED.plain["box"] == {"x": 1, "y": 2, "width": 9, "height": 8}


def test_tries_are_kept_in_order_with_what_is_believed() -> None:
    assert Belief(tries=(AGE, COVERED)).plain["what_if"] == [AGE.plain, COVERED.plain]
