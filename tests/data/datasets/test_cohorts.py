"""Whichever layout: who trains, who stops, who is tested, and which layout fills which form."""

import numpy as np
import pytest

from tests.data.datasets.trees import (
    CHEXPERT_HEADER,
    NIH_2017,
    cbis_row,
    chexpert_row,
    write_cbis_films,
    write_cbis_table,
    write_csv,
    write_png,
)
from xattn.data.datasets import Dataset, Entry, parts_of, read_cohort
from xattn.data.findings import FINDINGS, U_IGNORE, U_ONES, U_ZEROS
from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.errors import SchemaError


def cohort(*splits: str) -> Dataset:
    """Two films each of as many patients as there are splits."""
    entries = tuple(
        Entry(
            images=(),
            patient=f"P{number}",
            study=f"S{number}",
            form=HIP.check({}),
            labels=np.array([0.9]),
            split=split,
            row=2 + 2 * number + film,
        )
        for number, split in enumerate(splits)
        for film in (0, 1)
    )
    return Dataset(name="own", labels=("bmd",), entries=entries)


def sizes(dataset: Dataset, seed: int = 0) -> dict[str, int]:
    """Patients in each part, after looking that each film is in one part, and each patient."""
    parts = parts_of(dataset, seed=seed)
    people = {name: {entry.patient for entry in part} for name, part in parts.items()}
    assert sum(map(len, people.values())) == len(set.union(*people.values()))
    rows = [entry.row for part in parts.values() for entry in part]
    assert sorted(rows) == sorted(entry.row for entry in dataset)
    return {name: len(group) for name, group in people.items()}


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        (["none"] * 20, {"training": 12, "stopping": 2, "calibration": 2, "test": 4}),
        (["train"] * 20, {"training": 12, "stopping": 2, "calibration": 2, "test": 4}),
        # CBIS-DDSM: train and test.
        (
            ["train"] * 20 + ["test"] * 5,
            {"training": 16, "stopping": 2, "calibration": 2, "test": 5},
        ),
        # CheXpert without its later table: the validation patients test, and never stop.
        (
            ["train"] * 20 + ["validation"] * 3,
            {"training": 16, "stopping": 2, "calibration": 2, "test": 3},
        ),
        (
            ["train"] * 20 + ["validation"] * 3 + ["test"] * 5,
            {"training": 18, "stopping": 3, "calibration": 2, "test": 5},
        ),
        (["test"] * 4, {"training": 0, "stopping": 0, "calibration": 0, "test": 4}),
    ],
)
def test_parts_are_the_sources_own_and_the_rest_is_taken_from_training(splits, expected):
    assert sizes(cohort(*splits)) == expected


def test_official_test_patients_test():
    dataset = cohort(*["train"] * 20, *["test"] * 5)
    assert set(parts_of(dataset)["test"]) == set(dataset.part("test"))


def test_a_seed_gives_its_parts_again_and_another_does_not():
    dataset = cohort(*["none"] * 40)
    rows = [[entry.row for entry in parts_of(dataset, seed=seed)["training"]] for seed in (0, 0, 1)]
    assert rows[0] == rows[1]
    assert rows[0] != rows[2]


def test_rows_half_of_which_have_a_split_and_too_few_patients_are_refused():
    with pytest.raises(SchemaError, match="Either every row or none must have a split"):
        parts_of(cohort("train", "none"))
    with pytest.raises(SchemaError, match="At least one patient in every part"):
        parts_of(cohort("none", "none"))


@pytest.fixture
def chexpert(tmp_path):
    film = "train/patient00001/study1/view1_frontal.jpg"
    row = chexpert_row(film, "Female", "68", "Frontal", "AP", Cardiomegaly="-1.0")
    write_csv(tmp_path / "train.csv", [CHEXPERT_HEADER, row])
    write_png(tmp_path / film)
    return tmp_path


@pytest.mark.parametrize(("policy", "label"), [(U_ONES, 1), (U_ZEROS, 0), (U_IGNORE, np.nan)])
def test_the_policy_reaches_chexpert_and_manifests(chexpert, policy, label):
    place = FINDINGS.index("cardiomegaly")
    found = read_cohort(chexpert, CHEST, layout="chexpert", policy=policy)
    np.testing.assert_equal(found.entries[0].labels[place], np.float32(label))
    write_png(chexpert / "a.png")
    rows = [["image", "patient", "cardiomegaly", "sex"], ["a.png", "P1", "-1", "F"]]
    table = write_csv(chexpert / "own.csv", rows)
    own = read_cohort(table, CHEST, policy=policy)
    np.testing.assert_equal(own.entries[0].labels[place], np.float32(label))


def test_every_layout_is_read_from_its_folder(tmp_path):
    row = cbis_row("mass", "train", "P_00001")
    write_cbis_table(tmp_path, "mass", "train", [row])
    write_cbis_films(tmp_path, row)
    assert read_cohort(tmp_path, BREAST, layout="cbis-ddsm").labels == ("malignant",)
    lines = [NIH_2017]
    for number in range(4):
        name = f"{number:08}_000.png"
        write_png(tmp_path / "images" / name)
        lines.append(f"{name},Mass,0,{number},058Y,M,PA,2682,2749,0.143,0.143,")
    (tmp_path / "Data_Entry_2017.csv").write_text("\n".join(lines))
    for name, film in (("train_val_list.txt", ["0", "1", "2"]), ("test_list.txt", ["3"])):
        (tmp_path / name).write_text("\n".join(f"{each:0>8}_000.png" for each in film))
    assert read_cohort(tmp_path, CHEST, layout="nih").name == "NIH ChestX-ray14"


def test_a_layout_of_another_system_is_refused(chexpert):
    with pytest.raises(SchemaError, match="CheXpert is for the system chest, however: hip"):
        read_cohort(chexpert, HIP, layout="chexpert")
