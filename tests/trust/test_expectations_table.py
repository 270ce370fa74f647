"""The table of expectations: codes as DICOM writes them, sentences as the gate says them."""

import re

import pytest

from xattn.systems import SYSTEMS
from xattn.trust.expectations import EXPECTATIONS, Expectation

CODE_STRING = re.compile(r"[A-Z0-9][A-Z0-9 _]{0,15}")
"""A code string of DICOM (PS3.5, table 6.2-1): CS, at most 16 characters."""


def codes_of(row: Expectation):
    return row.modality, row.body_part, row.view


@pytest.mark.parametrize("system", SYSTEMS)
def test_codes_are_upper_case_code_strings(system):
    for codes in codes_of(EXPECTATIONS[system]):
        for code in codes.expected | codes.tolerated:
            assert CODE_STRING.fullmatch(code)


@pytest.mark.parametrize("system", SYSTEMS)
def test_something_is_expected_and_nothing_is_expected_and_tolerated(system):
    for codes in codes_of(EXPECTATIONS[system]):
        assert codes.expected
        assert not codes.expected & codes.tolerated


@pytest.mark.parametrize("system", SYSTEMS)
def test_reasons_follow_not_checked_and_end_with_a_stop(system):
    row = EXPECTATIONS[system]
    for fault, reason in row.unchecked.items():
        assert fault == fault.lower()
        assert reason[0].islower()
        assert reason.endswith(".")
    for words in (row.noun, row.metal):
        assert words[0].islower()
        assert not words.endswith(".")
    assert row.metal.startswith("a ")


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_two_header_facts_state_the_same_field(system):
    facts = EXPECTATIONS[system].form_facts
    assert len(set(facts.values())) == len(facts)


def test_no_body_part_is_expected_of_two_systems_and_only_a_mammogram_is_mg():
    parts = [code for row in EXPECTATIONS.values() for code in row.body_part.expected]
    assert len(parts) == len(set(parts))
    with_mg = [name for name, row in EXPECTATIONS.items() if "MG" in row.modality.expected]
    assert with_mg == ["breast"]
    assert not any("MG" in row.modality.tolerated for row in EXPECTATIONS.values())


def test_the_projections_of_the_chest_form_are_the_views_expected():
    codes = SYSTEMS["chest"].schema["projection"].codes
    assert EXPECTATIONS["chest"].view.expected <= set(codes)
