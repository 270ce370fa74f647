"""Label cells of each system: both words, units, uncertain mentions, blanks."""

import math

import pytest

from xattn.data.datasets.labels import LABELS, Label, finding_labels, parse_bmd
from xattn.data.findings import FINDINGS, U_ONES, U_ZEROS
from xattn.errors import SchemaError

MALIGNANT = LABELS["breast"][0]
BMD = LABELS["hip"][0]


@pytest.mark.parametrize(
    ("cell", "label"),
    [("1", 1), ("1.0", 1), ("Malignant", 1), ("yes", 1), ("0", 0), ("benign", 0), ("FALSE", 0)],
)
def test_malignant_is_said_in_numbers_or_words(cell, label):
    assert MALIGNANT.read(cell) == label


@pytest.mark.parametrize("label", [MALIGNANT, BMD, *finding_labels()])
@pytest.mark.parametrize("cell", ["", " ", "N/A", "unknown", "nan"])
def test_a_blank_is_unknown_and_never_zero(label, cell):
    assert math.isnan(label.read(cell))


def test_bmd_is_in_grams_per_square_centimetre():
    assert BMD.read("0.899") == 0.899
    assert (parse_bmd("0.2"), parse_bmd("2.0")) == (0.2, 2.0)
    # A T-score, mg/cm², a comma as in half of Europe, infinity.
    for cell in ("-1.5", "899", "0,899", "inf", "0.19"):
        with pytest.raises(SchemaError, match=r"bmd must lie in 0\.2 to 2 g/cm²"):
            BMD.read(cell)


def test_findings_stand_in_the_models_order_and_follow_the_policy():
    assert tuple(label.name for label in LABELS["chest"]) == FINDINGS
    for policy, label in ((U_ONES, 1), (U_ZEROS, 0)):
        assert [one.read("-1.0") for one in finding_labels(policy)] == [label] * 14
    # The default reads uncertain edema as present and leaves the rest of its kind to the policy.
    default = {one.name: one.read("-1") for one in LABELS["chest"]}
    assert default["edema"] == 1
    assert default["consolidation"] == 0
    assert math.isnan(default["fracture"])


@pytest.mark.parametrize("label", [MALIGNANT, *finding_labels()[:1]])
@pytest.mark.parametrize("cell", ["2", "maybe", "0.5"])
def test_anything_else_is_refused(label, cell):
    with pytest.raises(SchemaError, match=f"however: '{cell}'"):
        label.read(cell)


def test_a_made_up_label_reads_its_own_cells():
    assert Label("grade", float).read("3") == 3
