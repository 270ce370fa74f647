"""A changed, removed or reordered row is found, and named."""

import pytest
from sqlalchemy import create_engine, delete, update

from xattn.archive.audit import START, append, entries, verify
from xattn.archive.migrate import migrate
from xattn.archive.tables import audit


@pytest.fixture
def connection(database):
    engine = create_engine(database)
    migrate(engine)
    with engine.begin() as connection:
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


def test_swapped_rows_are_found(connection):
    for old, new in ((1, 9), (2, 1), (9, 2)):
        connection.execute(update(audit).where(audit.c.number == old).values(number=new))
    faults = verify(connection).faults
    assert "Row 1 was changed after it was written." in faults
    assert "Row 2 was changed after it was written." in faults
