"""A worklist as tables, CSV or Parquet: what the model said, and what was read.

Both hold what the person may see and nothing else, and what they hold counts as shown to them.
Titles and notes stay out: they are what somebody typed.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from xattn.archive import packing
from xattn.archive.access import READS, is_open, may_adjudicate, may_see_reads, record_shown
from xattn.archive.audit import append
from xattn.archive.people import Person
from xattn.archive.reads import Read, read_of, rows_of
from xattn.archive.store import Archive, require
from xattn.archive.tables import cases, reads, results, worklists
from xattn.errors import ArchiveError
from xattn.records import Prediction

Line = Mapping[str, object]
RESULTS = (
    "case", "digest", "added", "level", "novelty", "model", "target", "unit", "value",
    "probability", "prevalence", "reference", "image_only", "form_only", "uncertainty",
    "disagreement",
)  # fmt: skip
"""Columns of the model's results; all from `model` on is empty where it may not be shown."""
READ_COLUMNS = tuple(field.name for field in fields(Read))
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def results_of(archive: Archive, person: Person, worklist: int) -> tuple[Line, ...]:
    """A line per case and prediction, oldest case first; one without numbers where none is seen."""
    with archive.transaction() as connection:
        require(connection, worklists, worklist)
        rows = connection.execute(_cases_with_results(person, worklist)).mappings().all()
        given = [row for row in rows if row["content"] and _may_see(connection, person, row)]
        seen = [(row["id"], row["content"]) for row in given]
        facts = {"worklist": worklist, "cases": len({row["id"] for row in rows})}
        append(connection, person.name, "results exported", {**facts, "shown": len(seen)})
        record_shown(connection, person, seen, "result exported")
    shown = dict.fromkeys(seen)
    lines: dict[tuple[object, ...], Line] = {}
    for row in rows:
        is_shown = (row["id"], row["content"]) in shown
        line = _line(archive, row) if is_shown else dict.fromkeys(RESULTS) | _plain(row)
        lines[row["id"], line["model"], line["target"]] = line
    return tuple(lines.values())


def reads_in(archive: Archive, person: Person, worklist: int) -> tuple[Read, ...]:
    """The reads of a list that the person may see, oldest first; the others' count as shown."""
    with archive.transaction() as connection:
        require(connection, worklists, worklist)
        found = visible_reads(connection, person, worklist)
        append(
            connection, person.name, "reads exported", {"worklist": worklist, "rows": len(found)}
        )
        foreign = [(row.case, READS) for row in found if row.reader != person.name]
        record_shown(connection, person, foreign, "reads shown")
    return found


def visible_reads(connection: Connection, person: Person, worklist: int) -> tuple[Read, ...]:
    """The reads of a list that the person may see; those who show single ones note it."""
    wanted = select(reads).join(cases, cases.c.id == reads.c.case)
    rows = connection.execute(wanted.where(cases.c.worklist == worklist).order_by(reads.c.id))
    found = tuple(map(read_of, rows))
    by_case: dict[int, list[Read]] = {}
    for row in found:
        by_case.setdefault(row.case, []).append(row)
    whole = {number for number, own in by_case.items() if may_see_reads(person, own)}
    return tuple(row for row in found if row.reader == person.name or row.case in whole)


def write(lines: Iterable[Line | Read], columns: Sequence[str], path: Path) -> None:
    """Write a table as its file's suffix says: `.csv` or `.parquet`.

    Raises:
        ArchiveError: if the suffix is another, or the file cannot be written.
    """
    plain = [asdict(line) if isinstance(line, Read) else line for line in lines]
    if path.suffix not in (".csv", ".parquet"):
        raise ArchiveError("A table is written as .csv or .parquet; name the file so.")
    try:
        if path.suffix == ".csv":
            path.write_text(as_csv(plain, columns), encoding="utf-8", newline="")
        else:
            _write_parquet(plain, columns, path)
    except OSError:
        raise ArchiveError("The table needs a folder that exists and can be written.") from None


def as_csv(lines: Iterable[Line], columns: Sequence[str]) -> str:
    """A table as CSV text; what a spreadsheet would run as a formula is quoted."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(columns)
    for line in lines:
        writer.writerow([_cell(line[column]) for column in columns])
    return stream.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def _write_parquet(lines: Sequence[Line], columns: Sequence[str], path: Path) -> None:
    import pyarrow as pa  # type: ignore[import-untyped]  # it came with streamlit, without stubs
    from pyarrow import parquet

    parquet.write_table(pa.table({c: [line[c] for line in lines] for c in columns}), path)


def _cases_with_results(person: Person, worklist: int) -> Any:
    names = ("id", "digest", "added", "level", "novelty", "uncertainty", "disagreement")
    joined = (results.c.case == cases.c.id) & (results.c.method == "prediction")
    return (
        select(
            *(cases.c[name] for name in names),
            results.c.content,
            is_open(person).label("is_open"),
        )
        .select_from(cases.outerjoin(results, joined))
        .where(cases.c.worklist == worklist)
        .order_by(cases.c.id, results.c.id)
    )


def _may_see(connection: Connection, person: Person, row: Any) -> bool:
    return row["is_open"] or may_adjudicate(person, rows_of(connection, row["id"]))


def _plain(row: Any) -> dict[str, object]:
    return {
        "case": row["id"],
        **{name: row[name] for name in ("digest", "added", "level", "novelty")},
    }


def _line(archive: Archive, row: Any) -> Line:
    said = packing.unpack(archive.blobs.get(row["content"]))
    assert isinstance(said, Prediction)
    own = ("value", "probability", "prevalence", "reference", "image_only", "form_only")
    return {
        **_plain(row),
        "model": said.provenance.model_id,
        "target": said.target.name,
        "unit": said.target.unit,
        **{name: getattr(said, name) for name in own},
        "uncertainty": row["uncertainty"],
        "disagreement": row["disagreement"],
    }
