"""CSV tables of cohorts: rows that know their number, columns found under any spelling."""

import csv
import io
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from xattn.data.fields import normalised
from xattn.errors import SchemaError

MAX_TABLE_BYTES = 128 * 2**20
"""CheXpert's training table, the largest met, is 23 MB."""


def place_of(number: int, table: str) -> str:
    """Where a row stands, as messages say it: "Row 7", or "Row 7 of train.csv"."""
    return f"Row {number}" + (f" of {table}" if table else "")


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """One record: its number as a spreadsheet counts (the header is row 1) and its cells.

    `cells` go by normalised column name; blanks at both ends, line ends too, are gone.
    """

    number: int
    table: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[normalised(column)]

    def refusal(self, reason: object) -> SchemaError:
        """The error that says where and why."""
        return SchemaError(f"{place_of(self.number, self.table)}: {reason}")


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """A table with at least one row; `columns` as its header spells them.

    `name` is what messages call it, empty where there is but one.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def has(self, column: str) -> bool:
        """Whether there is a column of this name in any spelling."""
        return normalised(column) in map(normalised, self.columns)

    def column(self, *spellings: str) -> str:
        """The first of these names that the table has.

        Raises:
            SchemaError: if it has none of them.
        """
        for spelling in spellings:
            if self.has(spelling):
                return spelling
        raise SchemaError(
            f"{_title(self.name)} must have the column {spellings[0]!r}, however it has none of "
            "that name; check the header."
        )


def read_table(path: Path, name: str = "") -> Table:
    """The records of a CSV file in UTF-8 with a header line.

    Empty lines are left out but counted; empty columns at the right end are dropped.

    Raises:
        SchemaError: if the file is no such table, with the row where that shows.
    """
    title = _title(name)
    lines = enumerate(_records(_text(path, title), title), start=1)
    records = [(number, cells) for number, cells in lines if any(cells)]
    if len(records) < 2:
        raise SchemaError(
            f"{title} must have a header and at least one row, however it is shorter; check it."
        )
    columns = _header(records[0][1], title)
    keys = tuple(map(normalised, columns))
    rows = []
    for number, cells in records[1:]:
        if len(cells) < len(keys) or any(cells[len(keys) :]):
            raise SchemaError(
                f"{place_of(number, name)}: {len(keys)} cells were expected as in the header, "
                f"however: {len(cells)}; check its commas and quotes."
            )
        rows.append(Row(number, name, dict(zip(keys, cells, strict=False))))
    return Table(name, columns, tuple(rows))


def refuse_twice(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> None:
    """Refuse a second row of the same key.

    Raises:
        SchemaError: with both rows, not the key.
    """
    first: dict[Hashable, Row] = {}
    for row in rows:
        other = first.setdefault(key(row), row)
        if other is not row:
            raise row.refusal(
                "each film or lesion must be listed once, however "
                f"{place_of(other.number, other.table)} lists this one as well; keep one."
            )


def _title(name: str) -> str:
    return f"The table {name}" if name else "The table"


def _text(path: Path, title: str) -> str:
    try:
        size = path.stat().st_size
        if not path.is_file() or size > MAX_TABLE_BYTES:
            raise SchemaError(
                f"{title} must be a file of at most {MAX_TABLE_BYTES // 2**20} MB, however it is "
                "none; choose another."
            )
        text = path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise SchemaError(f"{title} must be a file that opens, however it does not.") from None
    except UnicodeDecodeError:
        raise SchemaError(
            f"{title} must be text in UTF-8, however it is not; save it as CSV UTF-8."
        ) from None
    if "\0" in text:
        raise SchemaError(f"{title} must be text, however it holds null bytes; export it again.")
    return text


def _records(text: str, title: str) -> Iterator[list[str]]:
    # Strict: an open quote would otherwise swallow the rest of the table as one cell.
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            yield [cell.strip() for cell in cells]
    except csv.Error:
        raise SchemaError(
            f"{title} must be CSV, however it does not parse near line {reader.line_num}; "
            "check its quotes."
        ) from None


def _header(cells: list[str], title: str) -> tuple[str, ...]:
    last = max(index for index, cell in enumerate(cells) if cell)
    columns = tuple(cells[: last + 1])
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        raise SchemaError(
            f"{title} must have columns parted by commas, however: another sign; export it again."
        )
    if "" in columns:
        raise SchemaError(
            f"{title} must name every column, however column {columns.index('') + 1} has no name; "
            "name or remove it."
        )
    keys = [normalised(column) for column in columns]
    twice = [column for column, key in zip(columns, keys, strict=True) if keys.count(key) > 1]
    if twice:
        raise SchemaError(
            f"{title} must name each column once, however {twice[0][:60]!r} stands there twice; "
            "keep one."
        )
    return columns
