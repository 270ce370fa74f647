"""Manifests that users write: what is taken, and one sentence with the row for all else."""

import math

import numpy as np
import pytest

from tests.data.datasets.trees import CHEXPERT_LABELS, write_csv, write_png
from xattn.data.clinical import Absent, Schema
from xattn.data.datasets import read_entry, read_manifest
from xattn.data.datasets.labels import Label, finding_labels
from xattn.data.fields import Flag
from xattn.data.findings import FINDINGS, U_ZEROS
from xattn.data.placement import Box
from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.errors import IntakeError, SchemaError

HEADER = ["image", "patient", "lesion_type", "density", "malignant"]


@pytest.fixture
def write(tmp_path):
    """Writes rows beside three films and returns the manifest."""
    for name in ("a.png", "b.png", "films/c.png"):
        write_png(tmp_path / "cohort" / name)
    write_png(tmp_path / "outside.png")
    return lambda *rows: write_csv(tmp_path / "cohort" / "my cohort.csv", rows)


def test_a_manifest_becomes_a_cohort(write):
    rows = [["a.png", "4711", "mass", "2", "1"], ["films\\c.png", "4712", "", "", "benign"]]
    table = write(HEADER, *rows)
    dataset = read_manifest(table, BREAST)
    assert (dataset.name, dataset.labels) == ("my cohort", ("malignant",))
    assert [e.images[0] for e in dataset] == [table.parent / "a.png", table.parent / "films/c.png"]
    assert [(e.patient, e.split, e.row, e.box) for e in dataset] == [
        ("4711", "none", 2, None),
        ("4712", "none", 3, None),
    ]
    assert dataset.label_matrix().tolist() == [[1], [0]]
    assert dataset.entries[0].form["density"] == ("2",)
    assert dataset.entries[1].form["density"] is Absent.UNKNOWN
    picture, encoding = read_entry(dataset.entries[0], BREAST, size=64, margin_mm=18)
    assert set(picture[:, 8:56].ravel()) == {100}
    assert np.flatnonzero(encoding.values).tolist() == [1]


def test_bone_density_and_any_spelling_of_the_fields(write):
    header = ["Patient", "Image", "BMD", "Age at X-ray", "HEIGHT", "weight", "Sex"]
    table = write(header, ["p", "a.png", "0.843", "71", "160", "64", "F"])
    entry = read_manifest(table, HIP).entries[0]
    assert entry.labels.tolist() == [np.float32(0.843)]
    assert entry.form["height"] == 160
    # Derived by the schema: 64 / 1.6².
    assert entry.form["bmi"] == pytest.approx(25.0)


def test_findings_without_a_column_or_a_cell_are_unknown(write):
    header = ["image", "patient", "age", "view", "Pleural Effusion", "edema", "fracture"]
    table = write(header, ["a.png", "p", "60", "frontal", "1", "-1", ""])
    labels = dict(zip(FINDINGS, read_manifest(table, CHEST).entries[0].labels, strict=True))
    assert labels.pop("pleural_effusion") == 1
    assert labels.pop("edema") == 1  # uncertain edema is present by the default policy
    assert all(math.isnan(label) for label in labels.values())
    other = read_manifest(table, CHEST, labels=finding_labels(U_ZEROS))
    assert other.entries[0].labels[FINDINGS.index("edema")] == 0


def test_all_fourteen_titles_of_chexpert_are_label_columns(write):
    table = write(["image", "patient", *CHEXPERT_LABELS], ["a.png", "p", *"01" * 7])
    assert read_manifest(table, CHEST).label_matrix().tolist() == [[0, 1] * 7]


def test_a_system_that_is_not_known_here_brings_its_own_labels(write):
    schema = Schema(name="made up", fields=(Flag(name="diabetes", label="Diabetes"),))
    table = write(["image", "patient", "diabetes", "grade"], ["a.png", "p", "yes", "3"])
    dataset = read_manifest(table, schema, labels=(Label("grade", float),))
    assert dataset.labels == ("grade",)
    assert dataset.label_matrix().tolist() == [[3]]
    assert dataset.entries[0].form["diabetes"] is True


def test_splits_and_boxes_may_be_given(write):
    header = ["image", "patient", "malignant", "split", "box"]
    rows = [
        ["a.png", "p", "1", "Train", "4 8 20 10"],
        ["a.png", "p", "0", "train", ""],
        ["b.png", "q", "0", "valid", ""],
        ["films/c.png", "r", "", "", ""],
    ]
    entries = read_manifest(write(header, *rows), BREAST).entries
    assert [e.split for e in entries] == ["train", "train", "validation", "none"]
    assert [e.box for e in entries] == [Box(4, 8, 20, 10), None, None, None]
    assert math.isnan(entries[3].labels[0])


OUTSIDE = "in the table's own folder was expected, however it lies outside"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["../outside.png", "p", "mass", "2", "1"], OUTSIDE),
        (["films/../../outside.png", "p", "mass", "2", "1"], OUTSIDE),
        (["..\\outside.png", "p", "mass", "2", "1"], OUTSIDE),
        (["/etc/hostname", "p", "mass", "2", "1"], OUTSIDE),
        (["link.png", "p", "mass", "2", "1"], OUTSIDE),
        (["absent.png", "p", "mass", "2", "1"], "there is none of that name"),
        (["films", "p", "mass", "2", "1"], "there is none of that name"),
        (["", "p", "mass", "2", "1"], "there is none of that name"),
        (["x" * 5000, "p", "mass", "2", "1"], r"however (there|it) is none"),
    ],
)
def test_an_image_elsewhere_or_nowhere_is_refused(write, cells, message):
    table = write(HEADER, ["a.png", "p", "mass", "2", "1"], cells)
    (table.parent / "link.png").symlink_to(table.parent.parent / "outside.png")
    with pytest.raises(IntakeError, match=message) as refusal:
        read_manifest(table, BREAST)
    text = str(refusal.value)
    assert text.startswith("Row 3: ")
    assert not any(secret in text for secret in ("outside.png", "hostname", str(table.parent)))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["b.png", "", "mass", "2", "1"], "A patient must be given"),
        (["b.png", "4711", "mass", "5", "1"], "Breast density must be one of"),
        (["b.png", "4711", "lump", "2", "1"], "Lesion must be one of"),
        (["b.png", "4711", "mass", "2", "0.7"], "malignant must be 1 or 0"),
        (["a.png", "4712", "mass", "2", "1"], "however Row 2 lists this one"),
        (["./a.png", "4712", "mass", "2", "1"], "however Row 2 lists this one"),
        (["b.png", "4711", "mass", "2"], "5 cells were expected"),
    ],
)
def test_an_impossible_row_is_refused_by_its_number(write, cells, message):
    table = write(HEADER, ["a.png", "4711", "mass", "2", "1"], cells)
    with pytest.raises(SchemaError, match=message) as refusal:
        read_manifest(table, BREAST)
    assert str(refusal.value).startswith("Row 3: ")
    assert "4711" not in str(refusal.value)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["image", "lesion_type", "malignant"], "must have the column 'patient'"),
        (["patient", "lesion_type", "malignant"], "must have the column 'image'"),
        (["image", "patient", "density"], "must have a label column of malignant"),
        (["image", "patient", "malignant", "colour"], "'colour' is no field of this form"),
        (["image", "patient", "malignant", "BI-RADS"], "is never an input"),
        (["image", "patient", "malignant", "pathology"], "is never an input"),
        (["image", "patient", "malignant", "bmd"], "'bmd' is no field of this form"),
        (["image", "patient", "malignant", "density", "breast_density"], "given twice"),
        (["image", "patient", "malignant", "Malignant"], "each column once"),
    ],
)
def test_an_impossible_header_is_refused_before_any_row(write, header, message):
    # The cells would be refused as well, were they read.
    with pytest.raises(SchemaError, match=message) as refusal:
        read_manifest(write(header, ["?"] * len(header)), BREAST)
    assert "Row" not in str(refusal.value)


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("split", "dev", "split must be train, validation or test"),
        ("box", "1 2 3", "box must be four whole numbers"),
        ("box", "1 2 3 -4", "box must be four whole numbers"),
        ("box", "1 2 3 4444444", "box must be four whole numbers"),
        ("box", "1.5 2 3 4", "box must be four whole numbers"),
        ("box", "1 2 0 4", "A box of at least one pixel"),
    ],
)
def test_an_impossible_split_or_box_is_refused(write, column, cell, message):
    table = write(["image", "patient", "malignant", column], ["a.png", "p", "1", cell])
    with pytest.raises((SchemaError, IntakeError), match=f"^Row 2: {message}"):
        read_manifest(table, BREAST)


def test_a_patient_in_two_splits_is_refused(write):
    header = ["image", "patient", "malignant", "split"]
    table = write(header, ["a.png", "4711", "1", "train"], ["b.png", "4711", "1", "test"])
    with pytest.raises(SchemaError, match=r"^Row 3: each patient .* train \(Row 2\)") as refusal:
        read_manifest(table, BREAST)
    assert "4711" not in str(refusal.value)
