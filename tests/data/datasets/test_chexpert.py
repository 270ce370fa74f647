"""CheXpert: its tables and archives, the three policies, ages, laterals, and who is who."""

import numpy as np
import pytest

from tests.data.datasets.trees import (
    CHEXPERT_HEADER,
    CHEXPERT_LABELS,
    chexpert_row,
    write_csv,
    write_png,
)
from xattn.data.clinical import Absent
from xattn.data.datasets import DATASETS
from xattn.data.datasets.chest_form import chest_form
from xattn.data.datasets.chexpert import read_chexpert
from xattn.data.findings import FINDINGS, U_IGNORE, U_ONES, U_ZEROS
from xattn.errors import IntakeError, SchemaError

PREFIX = "CheXpert-v1.0-small"
FILMS = (
    "train/patient00001/study1/view1_frontal.jpg",
    "train/patient00001/study1/view2_lateral.jpg",
    "train/patient00002/study2/view1_frontal.jpg",
    "valid/patient64541/study1/view1_frontal.jpg",
)
TRAIN = [
    chexpert_row(FILMS[0], "Female", "68", "Frontal", "AP", Edema="-1.0", Fracture="1.0"),
    chexpert_row(FILMS[1], "Female", "68", "Lateral", "", Edema="-1.0", Fracture="1.0"),
    chexpert_row(FILMS[2], "Unknown", "0", "Frontal", "LL", No_Finding="1.0", Edema="0.0"),
]
VALID = [chexpert_row(FILMS[3], "Male", "73", "Frontal", "PA", Cardiomegaly="1.0")]


def write_tables(folder, train=TRAIN, valid=VALID):
    """The tables, whose paths begin with the archive's name."""
    for name, rows in (("train.csv", train), ("valid.csv", valid)):
        write_csv(folder / name, [CHEXPERT_HEADER, *([f"{PREFIX}/{r[0]}", *r[1:]] for r in rows)])


def write_films(folder, films=FILMS):
    for film in films:
        write_png(folder / film)


def labels(entry, *names):
    return [entry.labels[FINDINGS.index(name)] for name in names]


def test_rows_become_films_of_patients_and_studies(tmp_path):
    write_tables(tmp_path)
    write_films(tmp_path)
    dataset = read_chexpert(tmp_path)
    assert dataset.labels == FINDINGS
    assert [(e.patient, e.study, e.split, e.table, e.row) for e in dataset] == [
        ("patient00001", "patient00001/study1", "train", "train.csv", 2),
        ("patient00001", "patient00001/study1", "train", "train.csv", 3),
        ("patient00002", "patient00002/study2", "train", "train.csv", 4),
        ("patient64541", "patient64541/study1", "validation", "valid.csv", 2),
    ]
    assert [e.images for e in dataset] == [(tmp_path / film,) for film in FILMS]


def test_age_0_sex_unknown_and_lateral_projections_are_no_values(tmp_path):
    write_tables(tmp_path)
    forms = [dict(e.form.entries) for e in read_chexpert(tmp_path, "keep")]
    unknown, none = Absent.UNKNOWN, Absent.NOT_APPLICABLE
    female, frontal = ("FEMALE",), ("FRONTAL",)
    assert forms[0] == {"age": 68, "sex": female, "projection": ("AP",), "view": frontal}
    assert forms[1] == {"age": 68, "sex": female, "projection": none, "view": ("LATERAL",)}
    assert forms[2] == {"age": unknown, "sex": unknown, "projection": unknown, "view": frontal}
    assert forms[3] == {"age": 73, "sex": ("MALE",), "projection": ("PA",), "view": frontal}


def test_a_projection_that_is_said_of_a_lateral_does_not_apply():
    assert chest_form("LATERAL", projection="AP")["projection"] is Absent.NOT_APPLICABLE
    with pytest.raises(SchemaError, match="Projection must be one of"):
        chest_form("FRONTAL", projection="XX")


@pytest.mark.parametrize(("policy", "edema"), [(U_ONES, 1.0), (U_ZEROS, 0.0), (U_IGNORE, np.nan)])
def test_uncertain_mentions_follow_the_policy_and_blanks_are_negative(tmp_path, policy, edema):
    write_tables(tmp_path)
    entries = read_chexpert(tmp_path, "keep", policy=policy).entries
    np.testing.assert_array_equal(
        labels(entries[0], "edema", "fracture", "pneumonia"), [edema, 1, 0]
    )
    np.testing.assert_array_equal(labels(entries[2], "no_finding", "edema"), [1, 0])


@pytest.mark.parametrize(
    "homes",
    [
        ("train", "valid"),
        (f"{PREFIX}/train", f"{PREFIX}/valid"),
        ("renamed/train", "renamed/valid"),
        ("CheXpert-v1.0 batch 2 (train 1)", "CheXpert-v1.0 batch 1 (validate & csv)/valid"),
    ],
)
def test_only_the_tail_of_a_path_is_matched(tmp_path, homes):
    write_tables(tmp_path)
    places = [f"{homes[n > 2]}/{film.partition('/')[2]}" for n, film in enumerate(FILMS)]
    write_films(tmp_path, places)
    assert [e.images[0] for e in read_chexpert(tmp_path)] == [tmp_path / p for p in places]


def test_tables_may_lie_in_the_archives_folder(tmp_path):
    write_tables(tmp_path / "CheXpert-v1.0 batch 1 (validate & csv)")
    assert len(read_chexpert(tmp_path, "keep")) == 4


def test_of_two_sizes_side_by_side_the_tables_own_is_read(tmp_path):
    write_tables(tmp_path)
    # One name sorts before the table's own and one behind it.
    for name in (PREFIX, "CheXpert-v1.0", "resized"):
        write_films(tmp_path / name)
    expected = [(tmp_path / PREFIX / film,) for film in FILMS]
    assert [e.images for e in read_chexpert(tmp_path)] == expected


def test_the_test_table_has_labels_alone(tmp_path):
    film = "test/patient64741/study1/view1_frontal.jpg"
    lateral = "test/patient64741/study1/view2_lateral.jpg"
    header = ["Path", *CHEXPERT_LABELS]
    cells = [str(float(name == "Pleural Effusion")) for name in CHEXPERT_LABELS]
    write_csv(tmp_path / "test_labels.csv", [header, *([p, *cells] for p in (film, lateral))])
    write_films(tmp_path, [film, lateral])
    dataset = read_chexpert(tmp_path)
    assert {e.split for e in dataset} == {"test"}
    assert [e.form["view"] for e in dataset] == [("FRONTAL",), ("LATERAL",)]
    assert dataset.entries[0].form["age"] is Absent.UNKNOWN
    expected = [float(code == "pleural_effusion") for code in FINDINGS]
    assert dataset.label_matrix().tolist() == [expected, expected]


@pytest.mark.parametrize("prefix", ["CheXpert-v1.0/test/", "test/"])
def test_a_table_of_studies_labels_every_view_of_a_study(tmp_path, prefix):
    studies = ("patient64741/study1", "patient64742/study1", "patient64743/study2")
    header = ["Study", *CHEXPERT_LABELS]
    rows = [
        [prefix + study, *(str(float(place == number)) for place in range(14))]
        for number, study in enumerate(studies)
    ]
    write_csv(tmp_path / "groundtruth.csv", [header, *rows])
    films = [f"test/{studies[0]}/view1_frontal.jpg", f"test/{studies[0]}/view2_lateral.jpg"]
    write_films(tmp_path, [*films, f"test/{studies[1]}/view1_frontal.jpg"])
    dataset = read_chexpert(tmp_path, "leave out")
    assert dataset.is_labelled_by_study
    assert [(e.study, e.row, e.images[0].name) for e in dataset] == [
        (studies[0], 2, "view1_frontal.jpg"),
        (studies[0], 2, "view2_lateral.jpg"),
        (studies[1], 3, "view1_frontal.jpg"),
    ]
    assert [entry.form["view"] for entry in dataset][1] == ("LATERAL",)
    assert dataset.label_matrix().argmax(axis=1).tolist() == [0, 0, 1]
    assert {entry.split for entry in dataset} == {"test"}
    # The third study has no film here: one row, which is counted.
    assert dataset.left_out == (("film not in the folder", 1),)


def test_a_study_that_is_none_is_refused(tmp_path):
    rows = [["Study", *CHEXPERT_LABELS], ["test/../passwd", *["0"] * 14]]
    write_csv(tmp_path / "groundtruth.csv", rows)
    with pytest.raises(SchemaError, match=r"^Row 2 of groundtruth\.csv: its study must end like"):
        read_chexpert(tmp_path, "keep")


def test_label_columns_are_found_by_name_in_any_order(tmp_path):
    write_tables(tmp_path)
    plain = read_chexpert(tmp_path, "keep").label_matrix()
    write_csv(
        tmp_path / "train.csv", [row[:5] + row[5:][::-1] for row in [CHEXPERT_HEADER, *TRAIN]]
    )
    np.testing.assert_array_equal(read_chexpert(tmp_path, "keep").label_matrix(), plain)


def test_films_that_are_not_there_are_refused_or_left_out(tmp_path):
    write_tables(tmp_path)
    write_films(tmp_path, FILMS[1:])
    with pytest.raises(IntakeError, match=r"^Row 2 of train\.csv: .* one of 1 ") as refusal:
        read_chexpert(tmp_path)
    assert "patient0" not in str(refusal.value)
    dataset = read_chexpert(tmp_path, "leave out")
    assert [e.row for e in dataset] == [3, 4, 2]
    assert dataset.left_out == (("film not in the folder", 1),)


def train_row(path="train/patient00009/study1/view1_frontal.jpg", age="68", sex="Male", **found):
    return chexpert_row(path, sex, age, "Frontal", "AP", **found)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (train_row(path="train/../../etc/passwd"), "its path must end like patient00001"),
        (train_row(path="patient9/study1/view1_frontal.jpg/.."), "its path must end like"),
        (train_row(age="150"), "Age must lie in 0 to 120 years"),
        (train_row(sex="68"), "Sex must be one of"),
        (train_row(Edema="2.0"), "edema: A label must be 1, 0, -1"),
        (train_row(path="other/" + FILMS[2]), r"however Row 4 of train\.csv lists this one"),
    ],
)
def test_a_row_that_is_not_as_published_is_refused_by_its_number(tmp_path, row, message):
    write_tables(tmp_path, train=[*TRAIN, row])
    with pytest.raises(SchemaError, match=message) as refusal:
        read_chexpert(tmp_path, "keep")
    assert str(refusal.value).startswith("Row 5 of train.csv: ")
    assert "patient00009" not in str(refusal.value)
    assert "passwd" not in str(refusal.value)


def test_a_patient_in_two_tables_is_refused(tmp_path):
    other = chexpert_row(
        "valid/patient00002/study9/view1_frontal.jpg", "Male", "73", "Frontal", "PA"
    )
    write_tables(tmp_path, valid=[other])
    with pytest.raises(SchemaError, match="each patient must be in one split"):
        read_chexpert(tmp_path, "keep")


def test_no_table_or_a_column_too_few_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(SchemaError, match=r"train\.csv or valid\.csv was expected"):
            read_chexpert(folder)
    write_csv(tmp_path / "train.csv", [["Path", "Sex"], [FILMS[0], "Male"]])
    with pytest.raises(SchemaError, match=r"train\.csv must have the column 'Age'"):
        read_chexpert(tmp_path)
    write_csv(
        tmp_path / "train.csv", [["Path", "Sex", "Age", "AP/PA"], [FILMS[0], "Male", "5", ""]]
    )
    with pytest.raises(SchemaError, match=r"^Row 2 of train\.csv: A row of labels must"):
        read_chexpert(tmp_path)


def test_it_is_listed(tmp_path):
    write_tables(tmp_path)
    assert len(DATASETS["chexpert"].read(tmp_path, "keep")) == 4
