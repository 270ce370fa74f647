"""Findings and their label cells: order, spellings of 1, 0, −1 and blank, and the policies."""

import csv
import io
import math

import numpy as np
import pytest

from xattn.data.findings import (
    COMPETITION,
    FINDINGS,
    LABELS,
    PER_FINDING,
    POLICIES,
    U_IGNORE,
    U_ONES,
    U_ZEROS,
    Mention,
    Uncertain,
    label_of,
    labels_of,
    read_cell,
)
from xattn.errors import SchemaError

CHEXPERT_HEADER = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,Cardiomegaly,"
    "Lung Opacity,Lung Lesion,Edema,Consolidation,Pneumonia,Atelectasis,Pneumothorax,"
    "Pleural Effusion,Pleural Other,Fracture,Support Devices"
)


def row_of(**cells: object) -> dict[str, object]:
    return {**dict.fromkeys(FINDINGS, "0.0"), **cells}


def test_the_order_is_that_of_chexperts_columns():
    headings = CHEXPERT_HEADER.split(",")[5:]
    assert tuple(heading.lower().replace(" ", "_") for heading in headings) == FINDINGS
    assert tuple(label.lower() for label in LABELS) == tuple(h.lower() for h in headings)
    assert LABELS[FINDINGS.index("pleural_effusion")] == "Pleural effusion"
    assert [FINDINGS.index(code) for code in COMPETITION] == [8, 2, 6, 5, 10]


@pytest.mark.parametrize(
    ("mention", "cells"),
    [
        (Mention.POSITIVE, [1, 1.0, "1", "1.0", " 1.0 ", "1.000", "+1", np.float32(1)]),
        (Mention.NEGATIVE, [0, 0.0, "0", "0.0", "-0.0", np.int64(0)]),
        (Mention.UNCERTAIN, [-1, -1.0, "-1", "-1.0", " -1.00", "−1", "−1.0", np.float64(-1)]),
        (Mention.BLANK, ["", "  ", None, math.nan, "nan", "NaN", np.float32("nan")]),
    ],
)
def test_a_cell_is_a_number_in_any_spelling(mention: Mention, cells: list[object]):
    assert [read_cell(cell) for cell in cells] == [mention] * len(cells)


@pytest.mark.parametrize("cell", [2, "0.5", "-2", "yes", "u", "inf", "1,0", "1 0", "--1", True])
def test_a_cell_that_is_none_of_these_is_refused(cell: object):
    with pytest.raises(SchemaError, match=r"A label must be 1, 0, -1 \(uncertain\) or blank"):
        read_cell(cell)


def test_minus_one_never_reaches_the_loss_however_the_table_spells_it():
    """The published code compared with the text "-1" while the file holds "-1.0" (PAPERS 3.8)."""
    for spelling in ("-1", "-1.0"):
        row = dict.fromkeys(FINDINGS, spelling)
        assert labels_of(row, U_ONES).tolist() == [1.0] * 14
        assert labels_of(row, U_ZEROS).tolist() == [0.0] * 14
        assert np.isnan(labels_of(row, U_IGNORE)).all()


def test_the_table_of_each_finding_is_the_stated_rule_of_thumb():
    labels = labels_of(dict.fromkeys(FINDINGS, "-1.0"))
    given = {code: float(x) for code, x in zip(FINDINGS, labels, strict=True) if not np.isnan(x)}
    assert given == {"edema": 1.0, "consolidation": 0.0, "atelectasis": 1.0}
    assert next(iter(POLICIES.values())) is PER_FINDING
    assert all(tuple(policy) == FINDINGS for policy in POLICIES.values())


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_policies_touch_nothing_but_the_uncertain(policy):
    row = row_of(edema="1.0", fracture="", pneumonia="1")
    labels = dict(zip(FINDINGS, labels_of(row, policy).tolist(), strict=True))
    assert {code for code, label in labels.items() if label == 1} == {"edema", "pneumonia"}
    assert set(labels.values()) == {0.0, 1.0}


def test_a_blank_is_zero_as_chexpert_has_it_or_ignored_on_request():
    row = row_of(edema="", fracture=math.nan, pneumonia="1.0")
    assert labels_of(row).tolist() == [float(code == "pneumonia") for code in FINDINGS]
    ignored = labels_of(row, blank="ignore")
    assert [code for code, x in zip(FINDINGS, ignored, strict=True) if np.isnan(x)] == [
        "edema",
        "fracture",
    ]


def test_labels_are_found_by_name_and_never_by_place():
    text = CHEXPERT_HEADER + "\np/1.jpg,Female,68,Frontal,AP,,,,1.0,,-1.0,0.0,,-1.0,,,,,1.0\n"
    row = next(csv.DictReader(io.StringIO(text)))
    expected = {"lung_opacity", "edema", "atelectasis", "support_devices"}
    labels = labels_of(row)
    assert labels.dtype == np.float32
    assert {code for code, x in zip(FINDINGS, labels, strict=True) if x == 1} == expected
    backwards = dict(reversed(list(row.items())))
    assert labels_of(backwards).tolist() == labels.tolist()


def test_a_finding_without_a_column_is_unknown_even_where_blanks_are_zero():
    labels = labels_of({"Edema": "1", "pleural-effusion": "", "Hernia": "1"})
    known = {code: float(x) for code, x in zip(FINDINGS, labels, strict=True) if not np.isnan(x)}
    assert known == {"edema": 1.0, "pleural_effusion": 0.0}


def test_a_row_without_any_finding_and_a_bad_cell_are_refused():
    with pytest.raises(SchemaError, match="must have columns named after findings"):
        labels_of({"age": "60"})
    with pytest.raises(SchemaError, match=r"^edema: A label must be .* however: '3'"):
        labels_of(row_of(edema="3"))


def test_one_mention_at_a_time():
    assert label_of(Mention.POSITIVE, Uncertain.ZERO) == 1.0
    assert label_of(Mention.NEGATIVE, Uncertain.ONE, blank="ignore") == 0.0
    assert math.isnan(label_of(Mention.BLANK, Uncertain.ONE, blank="ignore"))
