"""CBIS-DDSM: 3,568 mammographic lesions with descriptors, pathology and official splits.

Lee et al., Sci Data 2017; TCIA doi:10.7937/K9/TCIA.2016.7O02S9CY. Four tables (mass, calcification;
train, test) and DICOM folders: one per film, named type-split_patient_side_view, and one per
lesion, the same with _number, that holds its crop and its mask in no certain order.
"""

import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np

from xattn.data.datasets.entries import Dataset, Entry, MissingFilms, Split, settle_missing, tally
from xattn.data.datasets.folders import subfolders
from xattn.data.datasets.table import Row, Table, read_table, refuse_twice
from xattn.data.schemas import BREAST
from xattn.errors import SchemaError

MALIGNANT = {"MALIGNANT": 1.0, "BENIGN": 0.0, "BENIGN_WITHOUT_CALLBACK": 0.0}
"""Pathology; benign without callback was never biopsied, and counts as benign."""

DESCRIPTORS = {
    "mass": ("mass shape", "mass margins"),
    "calcification": ("calc type", "calc distribution"),
}
"""The columns of each type's tables that are inputs; assessment and subtlety never are."""

KEY = ("patient_id", "left or right breast", "image view", "abnormality id")
PATHS = ("image file path", "cropped image file path", "ROI mask file path")
FILE_NAMES = {"mass": "mass", "calcification": "calc"}
FOLDER_NAMES: Mapping[Split, str] = {"train": "Training", "test": "Test"}
_FOLDER = re.compile(r"(Mass|Calc)-(Training|Test)_P_\d+_(LEFT|RIGHT)_(CC|MLO)(_\d+)?")
_DEEPEST = 3
"""How deep films' folders lie at most: the downloader adds up to two folders about them."""


def read_cbis_ddsm(folder: Path, missing: MissingFilms = "refuse") -> Dataset:
    """The lesions of those of the four tables that the folder holds; one label, malignant.

    Patients of a test table are left out of training: 31 have a mass in one split and a
    calcification in the other. Where films may be missing, the tables alone suffice.

    Raises:
        SchemaError: if there is no table, or a row is not as published.
        IntakeError: if a film is missing and none may.
    """
    found = {path.name: path for path in subfolders(folder, _DEEPEST) if _is_films(path)}
    every: list[Entry] = []
    for lesion_type, split in product(DESCRIPTORS, FOLDER_NAMES):
        rows = _rows(folder, lesion_type, split)
        every += [_entry(row, lesion_type, split, found) for row in rows]
    if not every:
        raise SchemaError(
            "The tables of case descriptions were expected in the folder, however there are none; "
            "choose the folder of mass_case_description_train_set.csv."
        )
    tested = {entry.patient for entry in every if entry.split == "test"}
    apart = [entry for entry in every if entry.split == "test" or entry.patient not in tested]
    shared = ["training lesion of a patient in a test table"] * (len(every) - len(apart))
    entries, without = settle_missing(apart, missing)
    left_out = tally(shared) + without
    return Dataset(name="CBIS-DDSM", labels=("malignant",), entries=entries, left_out=left_out)


def _is_films(path: Path) -> bool:
    return _FOLDER.fullmatch(path.name) is not None


def _rows(folder: Path, lesion_type: str, split: Split) -> tuple[Row, ...]:
    """The rows of one of the four tables; none if it is not there."""
    name = f"{FILE_NAMES[lesion_type]}_case_description_{split}_set.csv"
    paths = sorted(folder.glob(f"*{name}"))
    if len(paths) > 1:
        raise SchemaError(f"One table {name} was expected, however: {len(paths)}; keep one.")
    if not paths:
        return ()
    table = read_table(paths[0], name)
    _check_columns(table, lesion_type)
    refuse_twice(table, lambda row: tuple(row[column] for column in KEY))
    return table.rows


def _check_columns(table: Table, lesion_type: str) -> None:
    others = ("breast density", "abnormality type", "pathology", *DESCRIPTORS[lesion_type])
    for name in (*KEY, *PATHS, *others):
        table.column(name)


def _entry(row: Row, lesion_type: str, split: Split, found: Mapping[str, Path]) -> Entry:
    patient, side, view, number = (row[column] for column in KEY)
    kind = FILE_NAMES[lesion_type].title()
    film = f"{kind}-{FOLDER_NAMES[split]}_{patient}_{side}_{view}"
    lesion = f"{film}_{number}"
    if [row[column].split("/")[0] for column in PATHS] != [film, lesion, lesion]:
        raise row.refusal("its paths must name its own patient, side, view and lesion; check them.")
    if row["abnormality type"] != lesion_type:
        raise row.refusal(f"the abnormality type must be {lesion_type}, however: another one.")
    if row["pathology"] not in MALIGNANT:
        raise row.refusal(f"pathology must be one of {', '.join(MALIGNANT)}; check the cell.")
    # Two lesions of the tables have density 0, which stands for unknown.
    density = "" if row["breast density"] == "0" else row["breast density"]
    descriptors = {name: row[name] for name in DESCRIPTORS[lesion_type]}
    try:
        form = BREAST.check({"lesion_type": lesion_type, "density": density, **descriptors})
    except SchemaError as error:
        raise row.refusal(error) from None
    return Entry(
        images=_files(found, film, lesion),
        patient=patient,
        study=lesion,
        form=form,
        labels=np.array([MALIGNANT[row["pathology"]]], dtype=np.float32),
        split=split,
        row=row.number,
        table=row.table,
    )


def _files(found: Mapping[str, Path], film: str, lesion: str) -> tuple[Path, ...]:
    """The files of the film, if it is there, and of the lesion; none if the lesion has none."""
    of_film, of_lesion = (
        sorted(found[name].rglob("*.dcm")) if name in found else [] for name in (film, lesion)
    )
    return (*of_film, *of_lesion) if of_lesion else ()
