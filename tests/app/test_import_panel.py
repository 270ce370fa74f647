"""Bulk import in the thread of the process: cancel, go on, refusals, uploads as a folder."""

import threading
from pathlib import Path

import pytest

from pages.parts import importing, resources
from pages.parts.importing import Films, Importing, Imports, counted, named, uploaded
from tests.app import archived
from tests.app.archived import listed
from tests.app.conftest import png
from xattn.archive.people import LOCAL, Person
from xattn.archive.worklist import find
from xattn.errors import IntakeError
from xattn.runtime.importing import Progress, import_films, plan


@pytest.fixture
def imports():
    made = Imports()
    yield made
    made.close()


def started(imports: Imports, engine, films: Films, person: Person = LOCAL) -> Importing:
    number = listed()
    return imports.start(engine, resources.archive(), person, number, films)


def test_a_cancelled_import_goes_on_where_it_was(
    imports: Imports, engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while the first film is in hand; the second run finds that one there."""
    films = Films(archived.films(tmp_path / "films"))
    stopped = threading.Event()

    def slow(*given: object):
        for step in import_films(*given):
            assert stopped.wait(30)
            yield step

    monkeypatch.setattr(importing, "import_films", slow)
    first = started(imports, engine, films)
    first.stop.set()
    stopped.set()
    first.future.result(timeout=60)
    assert (first.taken, first.known, first.refused, first.total) == (1, 0, 0, 4)
    assert counted(first) == "Stopped at 1 of 4 films: 1 taken in, 0 there already, 0 refused."
    # A restart: nothing is remembered but the archive.
    with_another = Imports()
    again = with_another.start(engine, resources.archive(), LOCAL, first.worklist, films)
    again.future.result(timeout=60)
    with_another.close()
    assert (again.taken, again.known, again.refused) == (2, 1, 1)
    assert find(resources.archive(), first.worklist).count == 3


def test_two_starts_are_one_import(imports: Imports, engine, tmp_path: Path) -> None:
    films = Films(archived.films(tmp_path / "films"))
    first = started(imports, engine, films)
    again = imports.start(engine, resources.archive(), LOCAL, first.worklist, films)
    assert again is first
    first.future.result(timeout=60)
    assert (first.taken, first.refused) == (3, 1)


def test_what_ends_an_import_is_a_sentence(imports: Imports, engine, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    made = started(imports, engine, Films(empty))
    with pytest.raises(IntakeError):
        made.future.result(timeout=60)
    assert made.problem == "A folder with films was expected, however there is no file in it."


def test_a_fault_of_the_program_shows_no_words_of_it(
    imports: Imports, engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, manifest: object) -> None:
        raise RuntimeError("Doe^Jane")

    monkeypatch.setattr(importing, "plan", fail)
    made = started(imports, engine, Films(tmp_path))
    with pytest.raises(RuntimeError):
        made.future.result(timeout=60)
    assert made.problem == made.fault


def test_uploads_become_a_folder_that_goes(imports: Imports, engine) -> None:
    table = b"file,density\na.png,3\n"
    films = uploaded([("a.png", png(0)), ("../b.png", png(1)), ("b.png", png(2))], table)
    items = plan(films.folder, engine.schema, manifest=films.manifest)
    assert [item.name for item in items] == ["films/a.png", "films/2/b.png", "films/b.png"]
    assert (items[0].form, items[1].refusal != "") == ({"density": "3"}, True)
    assert films.folder.stat().st_mode & 0o077 == 0
    made = started(imports, engine, films)
    made.future.result(timeout=60)
    assert (made.taken, made.refused) == (1, 2)
    assert not films.folder.exists()


def test_a_manifest_is_named_below_the_folder_or_wholly(tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text("file\n")
    assert named(str(tmp_path), "list.csv") == Films(tmp_path, table)
    assert named(str(tmp_path), str(table)) == Films(tmp_path, table)
    assert named(str(tmp_path), "") == Films(tmp_path)
    with pytest.raises(IntakeError, match="The manifest must be a CSV file"):
        named(str(tmp_path), "none.csv")


def test_counting_while_it_runs() -> None:
    made = Importing(1)
    assert (counted(made), made.share) == ("", 0.0)
    made.note(Progress(1, 4, "a", 1))
    made.note(Progress(2, 4, "b", 2, is_new=False))
    made.note(Progress(3, 4, "c", None, "no film"))
    assert counted(made) == "1 taken in, 1 there already, 1 refused"
    assert made.share == 0.75
