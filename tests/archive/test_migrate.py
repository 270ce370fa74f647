"""An older archive keeps what it held; two that open a new one at once both can."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.archive import bare
from xattn.archive.migrate import migrate
from xattn.archive.store import Archive
from xattn.archive.tables import metadata


def test_an_archive_of_the_first_shape_keeps_its_notes(database):
    engine = create_engine(database)
    migrate(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO worklists VALUES (1, 'one', 'breast', false)"))
        for number, note in ((1, "look again"), (2, "")):
            connection.execute(
                text(
                    "INSERT INTO cases (id, worklist, title, film, pixels, form, digest, added, "
                    f"note) VALUES ({number}, 1, 't', '{number}', '', '{{}}', '{number}', '', "
                    f"'{note}')"
                )
            )
    migrate(engine)
    with engine.begin() as connection:
        rows = connection.execute(text('SELECT "case", reader, note, is_marked FROM notes')).all()
    assert [tuple(row) for row in rows] == [(1, "local reader", "look again", False)]
    engine.dispose()


def test_the_migrations_make_what_the_tables_say(database):
    engine = create_engine(database)
    migrate(engine)
    found = inspect(engine)
    made = {
        name: {column["name"] for column in found.get_columns(name)}
        for name in found.get_table_names()
        if name != "alembic_version"
    }
    assert made == {
        name: {column.name for column in table.columns} for name, table in metadata.tables.items()
    }
    engine.dispose()


def test_several_may_open_a_new_archive_at_once(database, tmp_path):
    def open_and_close(_: int) -> int:
        with Archive(database, str(tmp_path / "files")) as archive:
            return archive.verify().length

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(open_and_close, range(4))) == [0] * 4


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_migration_that_fails_leaves_the_older_shape(database, monkeypatch, tmp_path):
    with Archive(database, str(tmp_path / "files")) as archive:
        assert bare.listed(archive) == 1
    engine = create_engine(f"sqlite:///{tmp_path / 'other.sqlite'}")
    migrate(engine, "0001")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE imports (x INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(engine)
    assert "note" in {column["name"] for column in inspect(engine).get_columns("cases")}
    assert "reveals" not in inspect(engine).get_table_names()
    engine.dispose()
