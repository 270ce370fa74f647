"""CheXpert: 224,316 chest films with 14 labels read from reports, age, sex and projection.

Irvin et al., AAAI 2019. The tables name films by paths that begin with the name of the archive
("CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg"), whatever the folder is called
here; the archive in batches has no train folder at all. Only the tail is matched.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from xattn.data.clinical import Form
from xattn.data.datasets.chest_form import chest_form
from xattn.data.datasets.entries import Dataset, Entry, MissingFilms, Split, settle_missing
from xattn.data.datasets.folders import children
from xattn.data.datasets.table import Row, read_table, refuse_twice
from xattn.data.findings import FINDINGS, PER_FINDING, Policy, labels_of
from xattn.errors import SchemaError

TABLES: Mapping[str, Split] = {
    "train.csv": "train",
    "valid.csv": "validation",
    "test.csv": "test",
    "test_labels.csv": "test",
    "groundtruth.csv": "test",
}
"""The test tables came later and hold labels alone: of a film by its path, or of a whole study."""

_STUDY = re.compile(r"(?:^|/)((patient\d+)/study\d+)/?$")
_TAIL = re.compile(r"(?:^|/)((patient\d+)/study\d+)/(view\d+_(frontal|lateral)\.jpg)$")
_DEEPEST = 2
"""Folders between the one that is given and the patients': archive, then train or valid."""


def read_chexpert(
    folder: Path, missing: MissingFilms = "refuse", *, policy: Policy = PER_FINDING
) -> Dataset:
    """The films of those tables that the folder, or a folder in it, holds; 14 labels.

    `policy` says what uncertain mentions become; blanks are 0. Age 0 stands for unknown, and a
    lateral has no projection.

    Raises:
        SchemaError: if there is no table, or a row is not as published.
        IntakeError: if a film is missing and none may.
    """
    bases = tuple(_patients_homes(folder, _DEEPEST))
    rows = [
        (row, split)
        for name, split in TABLES.items()
        for written in _rows(folder, name)
        for row in _views(written, bases)
    ]
    if not rows:
        raise SchemaError(
            "The table train.csv or valid.csv was expected in the folder, however there is "
            "neither; choose the folder that holds it."
        )
    refuse_twice((row for row, _ in rows), lambda row: row["Path"].rpartition("patient")[2])
    every = [_entry(row, split, bases, policy) for row, split in rows]
    entries, left_out = settle_missing(every, missing)
    return Dataset(
        name="CheXpert",
        labels=FINDINGS,
        entries=entries,
        left_out=left_out,
        is_labelled_by_study=True,
    )


def _rows(folder: Path, name: str) -> tuple[Row, ...]:
    """The rows of a table; none if it is not there. The archive in batches has it a folder down."""
    path = next((path for path in (folder, *children(folder)) if (path / name).is_file()), None)
    if path is None:
        return ()
    table = read_table(path / name, name)
    if TABLES[name] == "test":
        table.column("Path", "Study")
    else:
        for column in ("Path", "Sex", "Age", "AP/PA"):
            table.column(column)
    return table.rows


def _views(row: Row, bases: tuple[Path, ...]) -> tuple[Row, ...]:
    """The row itself, or, where it labels a study, one for each film of the study in the folder.

    A study of which no film is there stays one row, of a first frontal film that is missing.
    """
    if "PATH" in row.cells:
        return (row,)
    study = _STUDY.search(row["Study"])
    if study is None:
        raise row.refusal("its study must end like patient00001/study1; check it.")
    found = {film.name for base in bases for film in (base / study[1]).glob("view*.jpg")}
    names = sorted(found) or ["view1_frontal.jpg"]
    return tuple(
        replace(row, cells={**row.cells, "PATH": f"{row['Study'].rstrip('/')}/{name}"})
        for name in names
    )


def _patients_homes(folder: Path, depth: int) -> Iterator[Path]:
    """The folders that hold patients' folders, which are not looked into."""
    inner = children(folder)
    others = [path for path in inner if not path.name.startswith("patient")]
    if len(others) < len(inner):
        yield folder
    for path in others if depth else ():
        yield from _patients_homes(path, depth - 1)


def _entry(row: Row, split: Split, bases: tuple[Path, ...], policy: Policy) -> Entry:
    path = row["Path"]
    tail = _TAIL.search(path)
    if tail is None:
        raise row.refusal("its path must end like patient00001/study1/view1_frontal.jpg; check it.")
    study, patient, view, side = tail.groups()
    try:
        form = _form(row, side.upper())
        labels = labels_of(_label_cells(row), policy)
    except SchemaError as error:
        raise row.refusal(error) from None
    there = [film for base in bases if (film := base / study / view).is_file()]
    # Where several sizes of the archive lie side by side, the table's own is meant.
    there.sort(key=lambda film: _shared_tail(film.as_posix(), path))
    return Entry(
        images=tuple(there[-1:]),
        patient=patient,
        study=study,
        form=form,
        labels=labels,
        split=split,
        row=row.number,
        table=row.table,
    )


def _form(row: Row, view: str) -> Form:
    """The form; the test table has none but the view, which is in the path."""
    if "SEX" not in row.cells:
        return chest_form(view)
    age = None if row["Age"] in ("0", "0.0") else row["Age"]
    return chest_form(view, age=age, sex=row["Sex"], projection=row["AP/PA"])


def _label_cells(row: Row) -> dict[str, object]:
    return {code: row.cells[code.upper()] for code in FINDINGS if code.upper() in row.cells}


def _shared_tail(one: str, other: str) -> int:
    """How many parts two paths share at their ends."""
    pairs = list(zip(one.split("/")[::-1], other.split("/")[::-1], strict=False))
    return next((count for count, (a, b) in enumerate(pairs) if a != b), len(pairs))
