"""NIH ChestX-ray14: 112,120 frontal films with text-mined labels, age, sex and projection.

Wang et al., CVPR 2017. The table Data_Entry_2017.csv has a header whose brackets hold commas that
part columns; the version of 2020 corrects ages and renames columns.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from xattn.data.datasets.chest_form import chest_form
from xattn.data.datasets.entries import Dataset, Entry, MissingFilms, Split, settle_missing
from xattn.data.datasets.splits import USUAL_SHARES, split_by_patient
from xattn.data.datasets.table import Row, read_table, refuse_twice
from xattn.data.findings import FINDINGS
from xattn.errors import SchemaError

NO_FINDING = "No Finding"
SAME_FINDING: Mapping[str, str | None] = {
    "Atelectasis": "atelectasis",
    "Cardiomegaly": "cardiomegaly",
    "Consolidation": "consolidation",
    "Edema": "edema",
    "Effusion": "pleural_effusion",
    "Mass": "lung_lesion",
    "Nodule": "lung_lesion",
    "Pleural_Thickening": "pleural_other",
    "Pneumonia": "pneumonia",
    "Pneumothorax": "pneumothorax",
    "Emphysema": None,
    "Fibrosis": None,
    "Hernia": None,
    "Infiltration": None,
}
"""NIH's labels as CheXpert's findings; None for those that CheXpert has no column for.

Infiltration is one reason for CheXpert's lung opacity but neither its only one nor always one, so
that NIH's silence would be no "no": lung opacity stays unknown, like the three other findings that
NIH never looked for (enlarged cardiomediastinum, fracture, support devices).
"""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "image": ("Image Index", "image"),
    "findings": ("Finding Labels",),
    "patient": ("Patient ID",),
    "age": ("Patient Age", "age_years"),
    "sex": ("Patient Gender", "Patient Sex", "sex"),
    "projection": ("View Position", "view"),
}
"""What each column is called in the versions of the table and in tidied copies."""

TABLES = ("Data_Entry_2017_v2020.csv", "Data_Entry_2017.csv", "sample_labels.csv", "labels.csv")
LISTS: Mapping[str, Split] = {"train_val_list.txt": "train", "test_list.txt": "test"}
SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
OLDEST = 120.0
"""Years; some rows of 2017 say up to 414, which means nothing."""
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25, "": 1.0}


def read_nih(folder: Path, missing: MissingFilms = "refuse", *, seed: int = 0) -> Dataset:
    """The films of the folder's table; 14 labels in CheXpert's order, NaN where NIH has none.

    The official lists split them where both lie beside the table; else patients are shared out
    70 : 10 : 20 by the seed.

    Raises:
        SchemaError: if there is no table, or a row is not as published.
        IntakeError: if a film is missing and none may.
    """
    path = next((folder / name for name in TABLES if (folder / name).is_file()), None)
    if path is None:
        raise SchemaError(
            f"The table {TABLES[0]} or {TABLES[1]} was expected in the folder, however there is "
            "neither; choose the folder that holds it."
        )
    table = read_table(path, path.name)
    columns = {name: table.column(*spellings) for name, spellings in COLUMNS.items()}
    refuse_twice(table, lambda row: row[columns["image"]])
    films, listed = _films(folder), _listed(folder)
    every = [_entry(_renamed(row, columns), films, listed) for row in table]
    entries, left_out = settle_missing(every, missing)
    if not listed:
        entries = split_by_patient(entries, USUAL_SHARES, seed=seed)
    return Dataset(name="NIH ChestX-ray14", labels=FINDINGS, entries=entries, left_out=left_out)


def parse_age(text: str) -> float | None:
    """Years from 58, 058Y, 011M or 005D; None for 0, blanks and what exceeds a lifetime.

    Raises:
        SchemaError: if it is no age at all.
    """
    match = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)([YMWD]?)", text.strip().upper() or "0")
    if match is None:
        raise SchemaError(f"Age must be like 58 or 058Y, however: {text[:20]!r}; correct the cell.")
    years = float(match[1]) * _YEARS[match[2]]
    return years if 0 < years <= OLDEST else None


def map_findings(text: str) -> np.ndarray:
    """The labels (14,) float32 of a cell like "Effusion|Mass"; NaN where NIH has none.

    Raises:
        SchemaError: if a name is none of NIH's, or "No Finding" stands beside another.
    """
    names = {part.strip() for part in text.split("|")}
    if not names <= {*SAME_FINDING, NO_FINDING}:
        raise SchemaError("Findings must be NIH's 14 or No Finding, however: another; check them.")
    if NO_FINDING in names and len(names) > 1:
        raise SchemaError("No Finding must stand alone, however: beside others; check the cell.")
    same = {**SAME_FINDING, NO_FINDING: "no_finding"}
    found = {same[name] for name in names}
    labels = [float(code in found) if code in same.values() else np.nan for code in FINDINGS]
    return np.array(labels, dtype=np.float32)


def _renamed(row: Row, columns: Mapping[str, str]) -> Row:
    """The row with its cells under the names of `COLUMNS`."""
    cells = {name.upper(): row[column] for name, column in columns.items()}
    return Row(row.number, row.table, cells)


def _entry(row: Row, films: Mapping[str, Path], listed: Mapping[str, Split]) -> Entry:
    name, patient = row["image"], row["patient"]
    if not name or not patient:
        raise row.refusal("a film and a patient must be given, however one is blank; fill it in.")
    if listed and name not in listed:
        raise row.refusal("its film must be in one of the two lists, however it is in neither.")
    try:
        age = parse_age(row["age"])
        form = chest_form("FRONTAL", age=age, sex=row["sex"], projection=row["projection"])
        labels = map_findings(row["findings"])
    except SchemaError as error:
        raise row.refusal(error) from None
    film = films.get(Path(name).stem)
    return Entry(
        images=(film,) if film else (),
        patient=patient,
        study=Path(name).stem,
        form=form,
        labels=labels,
        split=listed.get(name, "none"),
        row=row.number,
        table=row.table,
    )


def _films(folder: Path) -> Mapping[str, Path]:
    """The films by name without ending; of two of one name, the one that lies less deep."""
    found: dict[str, Path] = {}
    files = (path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    for path in sorted(files, key=lambda path: (len(path.parts), path)):
        found.setdefault(path.stem, path)
    return found


def _listed(folder: Path) -> Mapping[str, Split]:
    """The split of each film by the official lists; nothing unless both are there.

    Raises:
        SchemaError: if a film is in both.
    """
    if not all((folder / name).is_file() for name in LISTS):
        return {}
    splits: dict[str, Split] = {}
    for list_name, split in LISTS.items():
        text = (folder / list_name).read_text(encoding="utf-8", errors="replace")
        if any(splits.setdefault(film, split) != split for film in text.split()):
            raise SchemaError("A film must be in one list, however one is in both; check them.")
    return splits
