"""CBIS-DDSM: four small tables as published, their quirks, and the patients who would leak."""

import math
import shutil

import numpy as np
import pytest

from tests.data.datasets.trees import cbis_row, write_cbis_films, write_cbis_table, write_csv
from xattn.data.clinical import Absent
from xattn.data.datasets import DATASETS, read_entry
from xattn.data.datasets.cbis_ddsm import read_cbis_ddsm
from xattn.data.schemas import BREAST
from xattn.errors import IntakeError, SchemaError

TABLES = {
    ("mass", "train"): [
        cbis_row("mass", "train", "P_00001"),
        cbis_row("mass", "train", "P_00001", view="MLO", pathology="BENIGN"),
        cbis_row("mass", "train", "P_00009", number="2", **{"mass shape": "OVAL-LOBULATED"}),
    ],
    ("mass", "test"): [cbis_row("mass", "test", "P_00002", **{"mass margins": "N/A"})],
    ("calc", "train"): [
        cbis_row("calc", "train", "P_00001", pathology="BENIGN_WITHOUT_CALLBACK"),
        cbis_row("calc", "train", "P_00003", **{"calc distribution": "NA", "calc type": ""}),
    ],
    ("calc", "test"): [
        cbis_row("calc", "test", "P_00009"),
        cbis_row("calc", "test", "P_00004", **{"breast density": "0"}),
    ],
}


@pytest.fixture
def folder(tmp_path):
    for (kind, split), rows in TABLES.items():
        write_cbis_table(tmp_path, kind, split, rows)
    return tmp_path


def forms(dataset):
    return {(e.table[:4], e.row): dict(e.form.entries) for e in dataset}


def test_rows_become_lesions_with_pathology_as_the_label(folder):
    dataset = read_cbis_ddsm(folder, "keep")
    assert dataset.labels == ("malignant",)
    rows = {(e.table[:4], e.split, e.row): e.labels.tolist() for e in dataset}
    assert rows == {
        ("mass", "train", 2): [1],
        ("mass", "train", 3): [0],
        ("mass", "test", 2): [1],
        ("calc", "train", 2): [0],
        ("calc", "train", 3): [1],
        ("calc", "test", 2): [1],
        ("calc", "test", 3): [1],
    }


def test_a_patient_of_a_test_table_of_either_type_is_no_training_patient(folder):
    dataset = read_cbis_ddsm(folder, "keep")
    # P_00009 has a mass in training and a calcification in test.
    assert {e.patient for e in dataset.part("train")} == {"P_00001", "P_00003"}
    assert dataset.left_out == (("training lesion of a patient in a test table", 1),)
    # With the mass tables alone there is no such patient.
    for path in folder.glob("calc_*"):
        path.unlink()
    alone = read_cbis_ddsm(folder, "keep")
    assert alone.left_out == ()
    assert len(alone) == 4


def test_blanks_of_every_spelling_and_density_0_are_unknown(folder):
    known = forms(read_cbis_ddsm(folder, "keep"))
    assert known["mass", 2]["mass_margins"] is Absent.UNKNOWN
    assert known["calc", 3]["density"] is Absent.UNKNOWN
    train = {e.row: e.form for e in read_cbis_ddsm(folder, "keep") if e.table.startswith("calc")}
    assert train[2]["density"] == ("2",)
    calcs = [e.form for e in read_cbis_ddsm(folder, "keep") if e.patient == "P_00003"]
    assert [f["calc_type"] for f in calcs] == [Absent.UNKNOWN]
    assert [f["calc_distribution"] for f in calcs] == [Absent.UNKNOWN]


def test_the_type_decides_which_descriptors_apply(folder):
    for entry in read_cbis_ddsm(folder, "keep"):
        other = "calc_type" if entry.form.variant == "mass" else "mass_shape"
        assert entry.form[other] is Absent.NOT_APPLICABLE
        assert entry.table.startswith(entry.form.variant[:4])


def test_joined_descriptors_are_parted(tmp_path):
    write_cbis_table(tmp_path, "mass", "train", TABLES["mass", "train"])
    form = read_cbis_ddsm(tmp_path, "keep").entries[2].form
    assert form["mass_shape"] == ("OVAL", "LOBULATED")


def test_assessment_and_subtlety_are_no_inputs(folder):
    plain = [e.form for e in read_cbis_ddsm(folder, "keep")]
    rows = [row | {"assessment": "0", "subtlety": "1"} for row in TABLES["mass", "train"]]
    write_cbis_table(folder, "mass", "train", rows)
    assert [e.form for e in read_cbis_ddsm(folder, "keep")] == plain


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("above", ["", "CBIS-DDSM", "manifest-1/CBIS-DDSM"])
def test_the_lesion_is_cut_from_the_film_whatever_the_columns_say(tmp_path, above, swapped):
    row = TABLES["mass", "train"][0]
    write_cbis_table(tmp_path, "mass", "train", [row])
    write_cbis_films(tmp_path / above, row, swapped=swapped)
    entry = read_cbis_ddsm(tmp_path).entries[0]
    assert len(entry.images) == 3
    picture, encoding = read_entry(entry, BREAST, size=40, margin_mm=0)
    # The mask's box holds the bright lesion alone, 40 x 40 of 200 x 120.
    assert picture.min() > 200
    # Density 2, mass shape OVAL, margins SPICULATED.
    assert np.flatnonzero(encoding.values).tolist() == [1, 4 + 1, 12 + 2]
    # A margin brings in tissue, and infinity the whole film with its padding.
    assert read_entry(entry, BREAST, size=40, margin_mm=18)[0].min() < 60
    whole = read_entry(entry, BREAST, size=40, margin_mm=math.inf)[0]
    assert (whole > 200).sum() == 8 * 8  # 40 of 200 pixels a side, at 40 of 200


def test_the_downloaders_own_folder_names_do_not_matter(tmp_path):
    row = TABLES["mass", "train"][0]
    write_cbis_table(tmp_path, "mass", "train", [row])
    write_cbis_films(tmp_path, row)
    lesion = tmp_path / "Mass-Training_P_00001_LEFT_CC_1"
    before = read_entry(read_cbis_ddsm(tmp_path).entries[0], BREAST, size=40, margin_mm=0)[0]
    for number, path in enumerate(sorted(lesion.rglob("*.dcm"))):
        target = lesion / f"10-04-2016-DDSM-NA-{number}" / "1.000000-NA" / f"1-{number + 1}.dcm"
        target.parent.mkdir(parents=True)
        path.rename(target)
    after = read_entry(read_cbis_ddsm(tmp_path).entries[0], BREAST, size=40, margin_mm=0)[0]
    np.testing.assert_array_equal(after, before)


def test_lesions_without_their_folder_are_refused_or_left_out(folder):
    write_cbis_films(folder, TABLES["mass", "train"][0])
    with pytest.raises(IntakeError, match=r"^Row 3 of mass_case_.*csv: .* one of 6 ") as refusal:
        read_cbis_ddsm(folder)
    assert "P_0" not in str(refusal.value)
    dataset = read_cbis_ddsm(folder, "leave out")
    assert [(e.table[:4], e.row) for e in dataset] == [("mass", 2)]
    assert dict(dataset.left_out)["film not in the folder"] == 6


def test_a_film_without_its_lesions_folder_is_no_lesion(tmp_path):
    row = TABLES["mass", "train"][0]
    write_cbis_table(tmp_path, "mass", "train", [row])
    write_cbis_films(tmp_path, row)
    shutil.rmtree(tmp_path / "Mass-Training_P_00001_LEFT_CC_1")
    assert read_cbis_ddsm(tmp_path, "keep").entries[0].images == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pathology": "UNSURE"}, "pathology must be one of MALIGNANT, BENIGN"),
        ({"abnormality type": "calcification"}, "the abnormality type must be mass"),
        ({"mass shape": "SQUARE"}, "Mass shape must be one of IRREGULAR"),
        ({"breast_density": "5"}, "Breast density must be one of 1"),
        (
            {"image file path": "Mass-Training_P_00008_LEFT_CC/1/2/000000.dcm"},
            "its paths must name its own patient",
        ),
        (
            {"ROI mask file path": "Mass-Training_P_00001_LEFT_CC_2/1/2/000000.dcm"},
            "its paths must name its own patient",
        ),
    ],
)
def test_a_row_that_is_not_as_published_is_refused_by_its_number(tmp_path, changes, message):
    row = cbis_row("mass", "train", "P_00001") | changes
    write_cbis_table(tmp_path, "mass", "train", [cbis_row("mass", "train", "P_00005"), row])
    with pytest.raises(SchemaError, match=message) as refusal:
        read_cbis_ddsm(tmp_path, "keep")
    assert str(refusal.value).startswith("Row 3 of mass_case_description_train_set.csv: ")
    assert "P_0" not in str(refusal.value)


def test_a_lesion_twice_a_column_too_few_and_no_table_are_refused(tmp_path):
    row = cbis_row("mass", "train", "P_00001")
    with pytest.raises(SchemaError, match="however there are none"):
        read_cbis_ddsm(tmp_path)
    with pytest.raises(SchemaError, match="however there are none"):
        read_cbis_ddsm(tmp_path / "absent")
    path = write_cbis_table(tmp_path, "mass", "train", [row, row])
    with pytest.raises(SchemaError, match=r"^Row 3 of .*: .* however Row 2 of .* lists this one"):
        read_cbis_ddsm(tmp_path, "keep")
    write_csv(path, [[*list(row)[:-1]], [*list(row.values())[:-1]]])
    with pytest.raises(SchemaError, match="must have the column 'ROI mask file path'"):
        read_cbis_ddsm(tmp_path, "keep")
    path.rename(path.with_name("copy_of_" + path.name))
    write_cbis_table(tmp_path, "mass", "train", [row])
    with pytest.raises(SchemaError, match="however: 2; keep one"):
        read_cbis_ddsm(tmp_path, "keep")


def test_it_is_listed(folder):
    row = DATASETS["cbis-ddsm"]
    assert row.schema is BREAST
    assert len(row.read(folder, "keep")) == 7
