"""A cohort of one's own: a table `image,patient,<fields>,<labels>` beside its films.

`image` is a path from the table's folder. The fields are the schema's, by any of their spellings;
the labels are the system's, at least one. A column `split` (train, validation, test) may be added,
and `box` ("x y width height" in pixels of the file) where only a part of the film is read.
"""

import math
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xattn.data.clinical import Schema
from xattn.data.datasets.entries import Dataset, Entry, Split
from xattn.data.datasets.labels import LABELS, Label
from xattn.data.datasets.table import Row, Table, place_of, read_table, refuse_twice
from xattn.data.fields import normalised
from xattn.data.placement import Box
from xattn.errors import IntakeError, SchemaError

_SPLITS: Mapping[str, Split] = {
    "": "none",
    "TRAIN": "train",
    "VALIDATION": "validation",
    "VALID": "validation",
    "TEST": "test",
}
_OWN = frozenset({"IMAGE", "PATIENT", "SPLIT", "BOX"})


def read_manifest(table: Path, schema: Schema, *, labels: Sequence[Label] | None = None) -> Dataset:
    """The entries of a manifest for the system of `schema`; labels that are blank are NaN.

    `labels` are those of the system unless others are given.

    Raises:
        SchemaError: with the row, if a column is unknown, a cell impossible or a row given twice.
        IntakeError: with the row, if an image is not there or lies outside the table's folder.
    """
    labels = LABELS[schema.name] if labels is None else labels
    rows = read_table(table)
    fields = _fields(rows, schema, labels)
    refuse_twice(rows, lambda row: (posixpath.normpath(_slashed(row)), row.cells.get("BOX", "")))
    reader = _Reader(table.parent.resolve(), schema, fields, tuple(labels))
    return Dataset(
        name=table.stem,
        labels=tuple(label.name for label in labels),
        entries=tuple(map(reader.entry, rows)),
    )


def _fields(table: Table, schema: Schema, labels: Sequence[Label]) -> tuple[str, ...]:
    """The columns that are the form's.

    Raises:
        SchemaError: if a column is missing, unknown, or never an input.
    """
    for name in ("image", "patient"):
        table.column(name)
    if not any(table.has(label.name) for label in labels):
        raise SchemaError(
            f"The table must have a label column of {', '.join(label.name for label in labels)}, "
            "however it has none; add one."
        )
    others = _OWN | {normalised(label.name) for label in labels}
    fields = tuple(column for column in table.columns if normalised(column) not in others)
    # Blank entries: refuses a column that is unknown or given twice before any row is read.
    schema.check(dict.fromkeys(fields, ""))
    return fields


@dataclass(frozen=True, slots=True)
class _Reader:
    """Rows to entries, each refusal with its row."""

    folder: Path
    schema: Schema
    fields: tuple[str, ...]
    labels: tuple[Label, ...]

    def entry(self, row: Row) -> Entry:
        """The entry of a row.

        Raises:
            SchemaError: if a cell is impossible.
            IntakeError: if the image is not there.
        """
        try:
            return Entry(
                images=(_image(self.folder, _slashed(row)),),
                patient=_patient(row["patient"]),
                study=row["patient"],
                form=self.schema.check({column: row[column] for column in self.fields}),
                labels=np.array([_label(row, label) for label in self.labels], dtype=np.float32),
                split=_split(row.cells.get("SPLIT", "")),
                row=row.number,
                box=_box(row.cells.get("BOX", "")),
            )
        except (IntakeError, SchemaError) as error:
            raise type(error)(f"{place_of(row.number, row.table)}: {error}") from None


def _slashed(row: Row) -> str:
    return row["image"].replace("\\", "/")


def _image(folder: Path, cell: str) -> Path:
    try:
        path = (folder / cell).resolve()
        is_file = path.is_file()
    except (OSError, RuntimeError, ValueError):
        raise IntakeError("A path to an image was expected, however it is none.") from None
    # After links are followed: neither .. nor an absolute path nor a link may lead out.
    if not path.is_relative_to(folder):
        raise IntakeError(
            "An image in the table's own folder was expected, however it lies outside; move it in."
        )
    if not is_file:
        raise IntakeError(
            "An image in the table's folder was expected, however there is none of that name; "
            "check the cell."
        )
    return path


def _patient(cell: str) -> str:
    if not cell:
        raise SchemaError("A patient must be given, however the cell is blank; fill it in.")
    return cell


def _label(row: Row, label: Label) -> float:
    cell = row.cells.get(normalised(label.name))
    return math.nan if cell is None else label.read(cell)


def _split(cell: str) -> Split:
    if normalised(cell) not in _SPLITS:
        raise SchemaError(f"split must be train, validation or test, however: {cell[:20]!r}.")
    return _SPLITS[normalised(cell)]


def _box(cell: str) -> Box | None:
    if not cell:
        return None
    parts = cell.split()
    if len(parts) != 4 or not all(re.fullmatch("[0-9]{1,6}", part) for part in parts):
        raise SchemaError(
            f"box must be four whole numbers, x y width height, however: {cell[:40]!r}."
        )
    x, y, width, height = map(int, parts)
    return Box(x, y, width, height)
