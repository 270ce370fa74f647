"""A changed, removed or reordered row is found, and named."""

import pytest
from sqlalchemy import create_engine, delete, text, update
from sqlalchemy.exc import DatabaseError

from tests.archive import bare
from xattn.archive.audit import RECORDED, START, append, entries, verify
from xattn.archive.migrate import migrate
from xattn.archive.reading import Opinion, record_read, revealed
from xattn.archive.store import Archive
from xattn.archive.tables import audit, chain, reads, reveals


def opened(connection):
    """Without the triggers, as someone who owns the database could."""
    for table in ("audit", "reads"):
        for act in ("update", "delete"):
            on = "" if connection.dialect.name == "sqlite" else f" ON {table}"
            connection.execute(text(f"DROP TRIGGER {table}_no_{act}{on}"))


@pytest.fixture
def connection(database):
    engine = create_engine(database)
    migrate(engine)
    with engine.begin() as connection:
        opened(connection)
        for word in ("one", "two", "three"):
            append(connection, "reader", word, {"value": 0.1, "word": word})
        yield connection
    engine.dispose()


def test_an_untouched_chain_has_no_fault(connection):
    check = verify(connection)
    rows = list(entries(connection))
    assert (check.length, check.faults) == (3, ())
    assert [row.before for row in rows] == [START, rows[0].hash, rows[1].hash]
    assert check.head == rows[2].hash


def test_a_changed_row_is_named(connection):
    connection.execute(update(audit).where(audit.c.number == 2).values(who="somebody else"))
    assert verify(connection).faults == ("Row 2 was changed after it was written.",)


def test_a_removed_row_is_named(connection):
    connection.execute(delete(audit).where(audit.c.number == 2))
    assert verify(connection).faults == (
        "Row 2 is missing: row 3 comes in its place.",
        "Row 3 does not follow the row before it.",
    )


def test_removed_last_rows_are_found(connection):
    connection.execute(delete(audit).where(audit.c.number == 3))
    assert verify(connection).faults == (
        "The last row should be number 3, however it is number 2.",
    )


def test_the_chains_own_row_is_vouched_for_too(connection):
    connection.execute(update(chain).values(head="f" * 64))
    assert verify(connection).faults == (
        "The hash of row 3, the last, is not the one that was kept beside.",
    )
    connection.execute(delete(chain))
    check = verify(connection)
    assert check.faults == ("The row that holds the chain's length and last hash is missing.",)
    assert (check.length, check.head) == (3, list(entries(connection))[2].hash)


@pytest.mark.parametrize("content", [{}, {"read": 1}, {"read": "x", "row": "y"}, [], None])
def test_tampered_words_about_a_read_are_a_fault_and_no_crash(connection, content):
    append(connection, "reader", RECORDED, {"read": 1, "row": "f" * 64})
    connection.execute(update(audit).where(audit.c.number == 4).values(content=content))
    assert verify(connection).faults == ("Row 4 was changed after it was written.",)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_words_that_are_no_json_are_a_fault_and_no_crash(connection):
    connection.execute(text("UPDATE audit SET content = '{' WHERE number = 2"))
    assert (
        verify(connection).faults[0] == "The row after row 1 cannot be read, nor what follows it."
    )
    connection.execute(text("UPDATE audit SET content = '{\"value\": NaN}' WHERE number = 2"))
    assert verify(connection).faults == ("Row 2 was changed after it was written.",)


def test_swapped_rows_are_found(connection):
    for old, new in ((1, 9), (2, 1), (9, 2)):
        connection.execute(update(audit).where(audit.c.number == old).values(number=new))
    faults = verify(connection).faults
    assert "Row 1 was changed after it was written." in faults
    assert "Row 2 was changed after it was written." in faults


def test_a_head_that_was_kept_elsewhere_must_be_among_the_rows(connection):
    rows = list(entries(connection))
    assert verify(connection, rows[1].hash).faults == ()
    assert verify(connection, "0" * 63 + "1").faults == (
        "The head that was kept elsewhere is not among the rows: they were rebuilt.",
    )


@pytest.mark.parametrize("table", [audit, reads, reveals], ids=str)
def test_rows_that_are_only_added_can_neither_change_nor_go(database, tmp_path, table):
    with Archive(database, str(tmp_path / "files")) as archive:
        number = bare.stored(archive, bare.listed(archive))
        record_read(archive, bare.ANN, number, Opinion(0.7, 0.5))
        revealed(archive, bare.ANN, number)
        column = table.c.who if table is audit else table.c.reader
        for statement in (update(table).values({column: "somebody else"}), delete(table)):
            with (
                pytest.raises(DatabaseError, match="rows of this table are only added"),
                archive.transaction() as connection,
            ):
                connection.execute(statement)
        assert archive.verify().faults == ()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_changed_or_removed_read_is_named(database, tmp_path):
    with Archive(database, str(tmp_path / "files")) as archive:
        number = bare.stored(archive, bare.listed(archive))
        for finding in (0.2, 0.3, 0.4):
            record_read(archive, bare.ANN, number, Opinion(finding, 0.5))
        with archive.transaction() as connection:
            opened(connection)
            connection.execute(update(reads).where(reads.c.id == 1).values(reason="other"))
            connection.execute(delete(reads).where(reads.c.id == 2))
            row = {"case": number, "reader": "x", "role": "reader", "stage": "alone", "at": ""}
            connection.execute(reads.insert().values(**row, finding=0, confidence=0))
        assert archive.verify().faults == (
            "Read 1 was changed after it was recorded.",
            "Read 4 has no row in the audit.",
            "Read 2 is missing.",
        )
