"""Checks of the file: every level of every check, by its sentence, on radiographs made by hand."""

import numpy as np
import pytest

from xattn.data.radiograph import Radiograph
from xattn.trust.checks_file import LONGEST_ASPECT, SMALLEST_SIDE, check_file
from xattn.trust.expectations import EXPECTATIONS, Expectation
from xattn.trust.finding import Finding

CHECKS = (
    "modality", "body part", "view position", "age", "size", "bit depth", "lossy compression",
    "stated text", "stated polarity",
)  # fmt: skip


def found(
    facts: dict[str, str],
    expectation: Expectation = EXPECTATIONS["hip"],
    shape: tuple[int, int] = (32, 32),
) -> dict[str, Finding]:
    film = Radiograph(np.zeros(shape, np.uint16), facts=tuple(facts.items()))
    return {finding.check: finding for finding in check_file(film, expectation)}


@pytest.mark.parametrize("system", EXPECTATIONS)
def test_the_same_nine_checks_are_made_in_order_whatever_the_file_says(system):
    for facts in ({}, {"modality": "MG", "source kind": "jpeg", "bits stored": "8"}):
        assert tuple(found(facts, EXPECTATIONS[system])) == CHECKS


@pytest.mark.parametrize("system", EXPECTATIONS)
@pytest.mark.parametrize("name", ["modality", "body part", "view position"])
def test_every_code_of_the_table_has_its_level(system, name):
    expectation = EXPECTATIONS[system]
    codes = {
        "modality": expectation.modality,
        "body part": expectation.body_part,
        "view position": expectation.view,
    }[name]
    for code in codes.expected:
        finding = found({name: code}, expectation)[name]
        assert finding == Finding(
            name, "pass", f"The header's {name} {code} fits a {expectation.noun}."
        )
    known = ", ".join(sorted(codes.expected))
    for code in (*codes.tolerated, "ELSE"):
        level = "warn" if code in codes.tolerated else "block"
        reason = (
            f"The header's {name} is {code}, however {known} is expected of a {expectation.noun}."
        )
        assert found({name: code}, expectation)[name] == Finding(name, level, reason)


@pytest.mark.parametrize("name", ["modality", "body part", "view position"])
def test_an_unstated_code_is_not_checked(name):
    reason = f"Not checked: the file does not state its {name}."
    assert found({})[name] == Finding(name, "pass", reason, is_checked=False)


@pytest.mark.parametrize(
    ("system", "age", "level"),
    [
        ("hip", 18, "warn"),
        ("hip", 49, "warn"),
        ("hip", 17, "block"),
        ("hip", 50, "pass"),
        ("breast", 17, "block"),
        ("breast", 18, "pass"),
        ("chest", 17, "block"),
        ("chest", 18, "pass"),
    ],
)
def test_an_age_below_those_trained_on_warns_and_a_child_blocks(system, age, level):
    finding = found({"patient age in years": str(age)}, EXPECTATIONS[system])["age"]
    lowest = EXPECTATIONS[system].lowest_age
    below = f"The header says {age} years; no one below {lowest} was trained on."
    fine = f"The header's age is not below {lowest}, as trained on."
    assert finding == Finding("age", level, fine if level == "pass" else below)


def test_an_age_is_not_checked_where_none_is_stated():
    reason = "Not checked: the file does not state the patient's age."
    assert found({})["age"] == Finding("age", "pass", reason, is_checked=False)


@pytest.mark.parametrize("turned", [False, True], ids=["upright", "lying"])
@pytest.mark.parametrize(
    ("long", "short", "level", "words"),
    [
        (SMALLEST_SIDE, SMALLEST_SIDE, "pass", "The film has {}."),
        (500, SMALLEST_SIDE - 1, "warn", "The film has only {}: fine detail is lost."),
        (int(SMALLEST_SIDE * LONGEST_ASPECT), SMALLEST_SIDE, "pass", "The film has {}."),
        (1001, SMALLEST_SIDE, "warn", "The film of {} is longer than any detector."),
        (2000, SMALLEST_SIDE - 1, "warn", "The film has only {}: fine detail is lost."),
    ],
)
def test_a_size_is_said_as_columns_by_rows_and_does_not_depend_on_the_turn(
    turned, long, short, level, words
):
    shape = (short, long) if turned else (long, short)
    size = f"{shape[1]} x {shape[0]} pixels"
    assert found({}, shape=shape)["size"] == Finding("size", level, words.format(size))


@pytest.mark.parametrize("bits", [1, 8, 9, 10, 12, 16])
def test_fewer_than_ten_bits_warn(bits):
    finding = found({"bits stored": str(bits)})["bit depth"]
    windowed = f"The film holds {bits} bits: it was windowed before it came here."
    expected = ("warn", windowed) if bits < 10 else ("pass", f"The film holds {bits} bits.")
    assert (finding.level, finding.reason) == expected


@pytest.mark.parametrize(
    ("facts", "level", "is_checked"),
    [
        ({"lossy compression": "yes"}, "warn", True),
        ({"source kind": "jpeg"}, "warn", True),
        ({"source kind": "jpeg", "lossy compression": "no"}, "warn", True),
        ({"source kind": "dicom", "lossy compression": "no"}, "pass", True),
        ({"source kind": "png"}, "pass", False),
        ({}, "pass", False),
    ],
)
def test_loss_is_told_by_the_header_or_by_the_kind_of_file(facts, level, is_checked):
    finding = found(facts)["lossy compression"]
    assert (finding.level, finding.is_checked) == (level, is_checked)


@pytest.mark.parametrize(
    ("stated", "level", "is_checked"),
    [("YES", "warn", True), ("NO", "pass", True), ("UNKNOWN", "pass", False)],
)
def test_burnt_in_text_is_as_the_file_says(stated, level, is_checked):
    finding = found({"burned in annotation": stated})["stated text"]
    assert (finding.level, finding.is_checked) == (level, is_checked)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (
            {"source kind": "dicom", "polarity conflict": "MONOCHROME1 with IDENTITY"},
            ("warn", "The header contradicts itself: MONOCHROME1 with IDENTITY.", True),
        ),
        (
            {"source kind": "dicom", "polarity conflict": ""},
            ("pass", "The header's polarity does not contradict itself.", True),
        ),
        (
            {"source kind": "png"},
            ("pass", "Not checked: such a file does not state its polarity.", False),
        ),
    ],
)
def test_polarity_is_stated_by_dicom_alone(facts, expected):
    finding = found(facts)["stated polarity"]
    assert (finding.level, finding.reason, finding.is_checked) == expected
