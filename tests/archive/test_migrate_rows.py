"""From the first shape to today's no row is lost; afterwards the tables are what is declared."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import IntegrityError

from xattn.archive.migrate import migrate
from xattn.archive.store import Archive
from xattn.archive.tables import metadata

OLD: dict[str, tuple[dict[str, object], ...]] = {
    "worklists": (
        {"id": 3, "name": "one", "system": "breast", "is_read_first": 1},
        {"id": 5, "name": "two", "system": "hip", "is_read_first": 0},
    ),
    "cases": tuple(
        {
            "id": number,
            "worklist": 3,
            "title": f"case {number}",
            "film": "f" * 64,
            "pixels": "p" * 64,
            "form": '{"density": 2}',
            "box": box,
            "digest": f"{number:064}",
            "added": "2026-01-02T03:04:05",
            "is_marked": is_marked,
            "note": note,
            "uncertainty": 0.25,
            "novelty": None,
            "disagreement": 1e-9,
        }
        for number, box, is_marked, note in (
            (2, "[1, 2, 3, 4]", 0, ""),
            (4, None, 1, ""),
            (7, None, 0, "it's “odd”"),
            (9, None, 1, "both"),
        )
    ),
    "results": (
        {
            "id": 11,
            "case": 4,
            "digest": "d" * 64,
            "model": "m" * 64,
            "target": "malignant",
            "method": "gradcam",
            "content": "c" * 64,
            "made": "2026-01-02",
        },
    ),
    "reads": (
        {
            "id": 13,
            "case": 9,
            "reader": "Ann",
            "role": "reader",
            "stage": "first",
            "finding": 0.5,
            "confidence": 0.75,
            "decision": None,
            "reason": "",
            "at": "2026-01-03",
        },
    ),
    "reports": ({"id": 17, "case": 2, "reader": "Ann", "content": "c" * 64, "made": "2026-01-04"},),
}


@pytest.fixture
def engine(tmp_path):
    """A database of the first shape with rows in every table that takes some."""
    made = create_engine(f"sqlite:///{tmp_path / 'archive.sqlite'}")
    migrate(made, "0001")
    with made.begin() as connection:
        for table, rows in OLD.items():
            names = list(rows[0])
            columns, values = (", ".join(mark.format(n) for n in names) for mark in ('"{}"', ":{}"))
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), rows)
    yield made
    made.dispose()


def read(engine, table: str, names: list[str]) -> list[dict[str, object]]:
    columns = ", ".join(f'"{name}"' for name in names)
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {columns} FROM {table} ORDER BY 1")).mappings()
        return [dict(row) for row in rows]


def revision(engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@pytest.mark.parametrize("table", OLD)
def test_every_row_of_the_first_shape_is_there_afterwards(engine, table):
    migrate(engine)
    gone = {"is_marked", "note"} if table == "cases" else set()
    rows = [{name: row[name] for name in row if name not in gone} for row in OLD[table]]
    assert read(engine, table, list(rows[0])) == rows


def test_notes_and_marks_go_to_the_local_reader_and_empty_ones_nowhere(engine):
    migrate(engine)
    assert read(engine, "notes", ["case", "reader", "note", "is_marked"]) == [
        {"case": 4, "reader": "local reader", "note": "", "is_marked": 1},
        {"case": 7, "reader": "local reader", "note": "it's “odd”", "is_marked": 0},
        {"case": 9, "reader": "local reader", "note": "both", "is_marked": 1},
    ]


def test_what_is_new_starts_empty(engine):
    migrate(engine)
    assert [row["target"] for row in read(engine, "worklists", ["id", "target"])] == ["", ""]
    for row in read(engine, "cases", ["id", "truth", "level"]):
        assert (row["truth"], row["level"]) == (None, None)
    assert read(engine, "reveals", ["id"]) == read(engine, "imports", ["id"]) == []
    assert read(engine, "chain", ["id", "length", "head"]) == [
        {"id": 1, "length": 0, "head": "0" * 64}
    ]


def test_tables_types_and_indices_are_those_declared(engine):
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        changes = compare_metadata(context, metadata)
    assert changes == []


@pytest.mark.parametrize("table", metadata.tables)
def test_keys_and_what_must_be_one_of_a_kind_are_those_declared(engine, table):
    migrate(engine)
    found, declared = inspect(engine), metadata.tables[table]
    assert found.get_pk_constraint(table)["constrained_columns"] == [
        column.name for column in declared.primary_key
    ]
    assert {
        (key["constrained_columns"][0], key["referred_table"])
        for key in found.get_foreign_keys(table)
    } == {(key.parent.name, key.column.table.name) for key in declared.foreign_keys}
    assert {tuple(one["column_names"]) for one in found.get_unique_constraints(table)} == {
        tuple(column.name for column in one.columns)
        for one in declared.constraints
        if type(one).__name__ == "UniqueConstraint"
    }


@pytest.mark.parametrize("act", ["UPDATE reads SET finding = 0", "DELETE FROM reads"])
def test_old_reads_are_closed_by_the_migration(engine, act):
    with engine.connect() as connection:  # The first shape did not hold them.
        connection.execute(text(act))
        connection.rollback()
    migrate(engine)
    with (
        engine.connect() as connection,
        pytest.raises(IntegrityError, match="rows of this table are only added"),
    ):
        connection.execute(text(act))
    assert len(read(engine, "reads", ["id"])) == 1


def test_again_changes_nothing(engine):
    assert revision(engine) == "0001"
    migrate(engine)
    tables = {name: read(engine, name, ["rowid"]) for name in metadata.tables}
    migrate(engine)
    assert revision(engine) == "0004"
    assert {name: read(engine, name, ["rowid"]) for name in metadata.tables} == tables


def test_an_archive_opens_what_was_of_the_first_shape(engine, tmp_path):
    with Archive(str(engine.url), str(tmp_path / "files")) as archive:
        stored = archive.case(2)
        assert (stored.title, stored.form, stored.box) == ("case 2", {"density": 2}, (1, 2, 3, 4))
        assert archive.verify().length == 0
