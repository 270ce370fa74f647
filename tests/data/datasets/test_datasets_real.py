"""The published tables themselves, and every hostile one: the counts that were taken on them."""

import csv
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.data.datasets.trees import NIH_2017
from xattn.data.datasets import read_entry, read_manifest
from xattn.data.datasets.cbis_ddsm import read_cbis_ddsm
from xattn.data.datasets.nih import read_nih
from xattn.data.datasets.table import read_table
from xattn.data.findings import FINDINGS
from xattn.data.schemas import BREAST, CHEST
from xattn.errors import SchemaError

ROOT = Path(__file__).parents[3]
DATA = (ROOT / os.environ.get("XATTN_DATA", "../shared/data")).resolve()

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real radiographs (XATTN_DATA) are not here"),
]


@pytest.fixture(scope="module")
def lesions():
    return read_cbis_ddsm(DATA / "breast_tables", "keep")


def test_all_3568_lesions_are_read_and_31_patients_do_not_train(lesions):
    # PAPERS.md 2.6: 1,318 + 1,546 training rows less the 83 of the 31 patients; 378 + 326 test.
    counts = Counter((entry.split, entry.form.variant) for entry in lesions)
    assert sum(counts.values()) + 83 == 3568
    assert counts["test", "mass"] == 378
    assert counts["test", "calcification"] == 326
    assert lesions.left_out == (("training lesion of a patient in a test table", 83),)
    trained, tested = (
        {entry.patient for entry in lesions.part(split)} for split in ("train", "test")
    )
    assert not trained & tested
    rows = []
    for path in (DATA / "breast_tables").glob("cbis_ddsm_*_train_set.csv"):
        with path.open(newline="") as stream:
            rows += [row["patient_id"] for row in csv.DictReader(stream)]
    assert len(rows) - sum(patient in tested for patient in rows) == len(lesions.part("train"))
    assert len(set(rows) & tested) == 31


def test_the_labels_and_densities_of_the_test_tables_are_as_counted(lesions):
    tests = lesions.part("test")
    malignant = Counter(e.form.variant for e in tests if e.labels[0] == 1)
    assert malignant == {"mass": 147, "calcification": 129}
    densities = Counter(str(e.form["density"]) for e in tests if e.form.variant == "calcification")
    assert densities == {"('1',)": 24, "('2',)": 115, "('3',)": 115, "('4',)": 70, "unknown": 2}


def test_views_of_one_lesion_share_their_patient(lesions):
    assert all(entry.patient in entry.study for entry in lesions)
    assert len({entry.study for entry in lesions}) == len(lesions)


@pytest.mark.parametrize("name", ["nih_chestxray", "nih_chest64_1000"])
def test_nih_films_and_labels_agree_with_their_tidied_columns(name):
    dataset = read_nih(DATA / name)
    with (DATA / name / "labels.csv").open(newline="") as stream:
        rows = dict(enumerate(csv.DictReader(stream), start=2))
    assert len(dataset) == len(rows)
    for entry in dataset:
        row, labels = rows[entry.row], dict(zip(FINDINGS, entry.labels, strict=True))
        assert labels["edema"] == float(row["Edema"])
        assert labels["lung_lesion"] == max(float(row["Mass"]), float(row["Nodule"]))
        assert labels["pleural_effusion"] == float(row["Effusion"])
        assert labels["no_finding"] == (row["finding_labels"] == "No Finding")
        assert entry.form["age"] == float(row["age_years"])
        assert entry.images[0].stem == row["image"].removesuffix(".png")


def test_real_films_in_the_official_layout(tmp_path):
    with (DATA / "nih_chestxray" / "labels.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))[:12]
    lines = [
        f"{r['image']},{r['finding_labels']},{r['followup']},{r['patient_id']},"
        f"{int(r['age_years']):03}Y,{r['sex']},{r['view']},{r['orig_width']},{r['orig_height']},"
        f"{r['orig_spacing_x']},{r['orig_spacing_y']},"
        for r in rows
    ]
    (tmp_path / "Data_Entry_2017.csv").write_text("\n".join([NIH_2017, *lines]))
    patients = sorted({row["patient_id"] for row in rows})
    for name, chosen in (("train_val_list", patients[1:]), ("test_list", patients[:1])):
        films = [row["image"] for row in rows if row["patient_id"] in chosen]
        (tmp_path / f"{name}.txt").write_text("\n".join(films))
    images = tmp_path / "images_001" / "images"
    images.mkdir(parents=True)
    for row in rows:
        shutil.copy(DATA / "nih_chestxray" / row["file"], images)
    dataset = read_nih(tmp_path)
    assert {e.patient for e in dataset.part("test")} == {patients[0]}
    for entry in dataset:
        picture, encoding = read_entry(entry, CHEST, size=64, margin_mm=0)
        assert encoding.known.all()
        # A chest film at 64 pixels uses most of the grey scale.
        assert np.ptp(picture) > 128


def test_a_manifest_of_real_mammograms(tmp_path):
    with (DATA / "cdd_cesm_mammo" / "annotations.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["cm_image"]][:6]
    density = {"": "", "A": "1", "B": "2", "C": "3", "D": "4"}
    lines = ["image,patient,density,malignant"]
    for row in rows:
        shutil.copy(DATA / "cdd_cesm_mammo" / row["cm_image"], tmp_path)
        label = int(row["pathology"] == "Malignant")
        name = Path(row["cm_image"]).name
        lines.append(f"{name},{row['patient_id']},{density[row['density_acr'][:1]]},{label}")
    (tmp_path / "cohort.csv").write_text("\n".join(lines))
    dataset = read_manifest(tmp_path / "cohort.csv", BREAST)
    assert len(dataset) == 6
    assert dataset.label_matrix()[:, 0].tolist() == [r["pathology"] == "Malignant" for r in rows]
    assert read_entry(dataset.entries[0], BREAST, size=64, margin_mm=0)[0].shape == (64, 64)


def outcome(path):
    try:
        return read_table(path)
    except SchemaError as refusal:
        return str(refusal)


def test_every_hostile_table_is_a_table_or_one_sentence():
    paths = sorted((DATA / "image_and_table_hostile").rglob("*.csv"))
    outcomes = [outcome(path) for path in paths]
    sentences = [text for text in outcomes if isinstance(text, str)]
    for text in sentences:
        assert text.endswith(".")
        assert "\n" not in text
        assert "hostile" not in text
    # 17 are one line or less, 15 are not UTF-8, 3 have quotes that never end.
    assert (len(paths), len(sentences)) == (46, 35)
