"""NIH ChestX-ray14: both headers, ages with units, the mapping, and the official lists."""

import numpy as np
import pytest

from tests.data.datasets.trees import NIH_2017, NIH_2020, write_png
from xattn.data.clinical import Absent
from xattn.data.datasets import DATASETS, read_entry
from xattn.data.datasets.nih import map_findings, parse_age, read_nih
from xattn.data.findings import FINDINGS
from xattn.data.schemas import CHEST
from xattn.errors import IntakeError, SchemaError

ROWS = (
    ("00000001_000.png", "Cardiomegaly|Emphysema", "1", "058Y", "M", "PA"),
    ("00000001_001.png", "No Finding", "1", "059Y", "M", "AP"),
    ("00000002_000.png", "Mass|Nodule", "2", "414Y", "F", "PA"),
    ("00000003_000.png", "Hernia", "3", "011M", "F", "PA"),
)


def write_table(folder, rows=ROWS, name="Data_Entry_2017.csv", header=NIH_2017):
    tail = "2682,2749,0.143,0.143" + ("," if header == NIH_2017 else "")
    lines = [f"{i},{f},0,{p},{age},{sex},{view},{tail}" for i, f, p, age, sex, view in rows]
    (folder / name).write_text("\n".join([header, *lines]) + "\n")


def write_lists(folder, train=("00000001_000.png", "00000001_001.png", "00000003_000.png"),
                test=("00000002_000.png",)):  # fmt: skip
    (folder / "train_val_list.txt").write_text("\n".join(train))
    (folder / "test_list.txt").write_text("\n".join(test) + "\n")


@pytest.fixture
def folder(tmp_path):
    write_table(tmp_path)
    write_lists(tmp_path)
    for number, (image, *_) in enumerate(ROWS):
        write_png(tmp_path / f"images_{number % 2 + 1:03}" / "images" / image)
    return tmp_path


def test_rows_become_films_with_the_official_split(folder):
    dataset = read_nih(folder)
    assert [(e.patient, e.split, e.row, e.images[0].name) for e in dataset] == [
        ("1", "train", 2, "00000001_000.png"),
        ("1", "train", 3, "00000001_001.png"),
        ("2", "test", 4, "00000002_000.png"),
        ("3", "train", 5, "00000003_000.png"),
    ]
    picture, encoding = read_entry(dataset.entries[0], CHEST, size=64, margin_mm=0)
    assert set(picture[:, 8:56].ravel()) == {100}
    # Age (58 - 60) / 18, male, PA, frontal.
    np.testing.assert_allclose(encoding.values, [-2 / 18, 0, 1, 0, 1, 1, 0], atol=1e-7)


def test_the_header_of_2020_gives_the_same_entries(folder):
    before = [(dict(e.form.entries), e.labels.tolist()) for e in read_nih(folder)]
    write_table(folder, name="Data_Entry_2017_v2020.csv", header=NIH_2020)
    dataset = read_nih(folder)
    assert str(before) == str([(dict(e.form.entries), e.labels.tolist()) for e in dataset])
    assert {e.table for e in dataset} == {"Data_Entry_2017_v2020.csv"}


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("58", 58),
        ("058Y", 58),
        ("006M", 0.5),
        ("073D", 73 / 365.25),
        ("120", 120),
        ("121", None),
        ("414Y", None),
        ("000Y", None),
        ("0", None),
        ("", None),
    ],
)
def test_ages_with_units_and_impossible_ones(text, years):
    assert parse_age(text) == years


@pytest.mark.parametrize("text", ["F", "-3", "58 years", "1e2"])
def test_what_is_no_age_is_refused(text):
    with pytest.raises(SchemaError, match="Age must be like 58 or 058Y"):
        parse_age(text)


UNSEEN = {"enlarged_cardiomediastinum", "lung_opacity", "fracture", "support_devices"}


@pytest.mark.parametrize(
    ("text", "positive"),
    [
        ("No Finding", {"no_finding"}),
        ("Mass", {"lung_lesion"}),
        ("Nodule", {"lung_lesion"}),
        ("Mass|Nodule", {"lung_lesion"}),
        ("Effusion|Edema", {"pleural_effusion", "edema"}),
        ("Pleural_Thickening", {"pleural_other"}),
        ("Atelectasis|Consolidation|Pneumonia|Pneumothorax|Cardiomegaly",
         {"atelectasis", "consolidation", "pneumonia", "pneumothorax", "cardiomegaly"}),
        # NIH's own: not even "no finding" holds, and nothing of CheXpert's does.
        ("Infiltration|Emphysema|Fibrosis|Hernia", set()),
    ],
)  # fmt: skip
def test_labels_map_to_chexperts_and_the_rest_is_unknown(text, positive):
    labels = dict(zip(FINDINGS, map_findings(text), strict=True))
    assert {code for code, label in labels.items() if label == 1} == positive
    assert {code for code, label in labels.items() if np.isnan(label)} == UNSEEN


@pytest.mark.parametrize("text", ["", "Covid", "Mass|", "mass", "No Finding|Mass"])
def test_findings_that_are_not_nihs_are_refused(text):
    with pytest.raises(SchemaError, match=r"^(No )?Findings? must"):
        map_findings(text)


def test_without_both_lists_patients_are_shared_out_by_the_seed(tmp_path):
    rows = [
        (f"{p:08}_{n:03}.png", "Mass", str(p), "50", "F", "PA") for p in range(20) for n in (0, 1)
    ]
    write_table(tmp_path, rows)
    dataset = read_nih(tmp_path, "keep")
    patients = {s: {e.patient for e in dataset.part(s)} for s in ("train", "validation", "test")}
    assert {split: len(group) for split, group in patients.items()} == {
        "train": 14,
        "validation": 2,
        "test": 4,
    }
    assert [e.split for e in dataset] != [e.split for e in read_nih(tmp_path, "keep", seed=1)]


def test_of_two_copies_of_a_film_the_one_less_deep_is_read(folder):
    write_png(folder / "copy" / "sample" / "images" / ROWS[0][0])
    before = read_nih(folder).entries[0].images[0]
    assert before.parent.parent.name == "images_001"
    write_png(folder / "images" / ROWS[0][0])
    assert read_nih(folder).entries[0].images[0].parent == folder / "images"


def test_converted_films_are_found_by_their_stem(tmp_path):
    write_table(tmp_path, ROWS[:1])
    film = write_png(tmp_path / "images" / "00000001_000.jpg")
    write_lists(tmp_path, train=(ROWS[0][0],))
    assert read_nih(tmp_path).entries[0].images == (film,)


def test_films_that_are_not_there_are_refused_or_left_out(folder):
    next(folder.rglob("00000001_001.png")).unlink()
    with pytest.raises(IntakeError, match=r"^Row 3 of Data_Entry_2017\.csv: .* one of 1 "):
        read_nih(folder)
    dataset = read_nih(folder, "leave out")
    assert [e.row for e in dataset] == [2, 4, 5]
    assert dataset.left_out == (("film not in the folder", 1),)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("00000003_000.png", "Covid", "3", "50", "F", "PA"), "Findings must be NIH's 14"),
        (("00000003_000.png", "Mass", "3", "old", "F", "PA"), "Age must be like"),
        (("00000003_000.png", "Mass", "3", "50", "PA", "F"), "must be one of"),
        (("00000003_000.png", "Mass", "", "50", "F", "PA"), "one is blank"),
        (("00000009_000.png", "Mass", "9", "50", "F", "PA"), "it is in neither"),
        (("00000001_000.png", "Mass", "3", "50", "F", "PA"), "however Row 2 of"),
        (("00000003_000.png", "Mass", "2", "50", "F", "PA"), "each patient must be in one split"),
    ],
)
def test_a_row_that_is_not_as_published_is_refused_by_its_number(folder, row, message):
    write_table(folder, [*ROWS[:3], row])
    with pytest.raises(SchemaError, match=message) as refusal:
        read_nih(folder, "keep")
    assert str(refusal.value).startswith("Row 5 of Data_Entry_2017.csv: ") or "split" in message
    assert "0000000" not in str(refusal.value)


def test_a_film_in_both_lists_no_table_and_a_column_too_few_are_refused(folder, tmp_path_factory):
    write_lists(folder, test=("00000001_000.png",))
    with pytest.raises(SchemaError, match="one is in both"):
        read_nih(folder)
    with pytest.raises(SchemaError, match=r"Data_Entry_2017\.csv was expected"):
        read_nih(tmp_path_factory.mktemp("empty"))
    (folder / "Data_Entry_2017.csv").write_text("Image Index,Finding Labels\na.png,Mass\n")
    with pytest.raises(SchemaError, match="must have the column 'Patient ID'"):
        read_nih(folder)


def test_every_film_is_frontal_and_an_unknown_age_stays_unknown(folder):
    forms = [e.form for e in DATASETS["nih"].read(folder, "refuse")]
    assert {f["view"] for f in forms} == {("FRONTAL",)}
    assert forms[2]["age"] is Absent.UNKNOWN
    assert forms[3]["age"] == 11 / 12
