"""A folder and its manifest become cases; what stops and starts again gives the same list."""

import csv
import itertools

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select

from xattn.archive.imports import refused
from xattn.archive.people import LOCAL, Person
from xattn.archive.tables import audit, cases, imports, metadata, results
from xattn.archive.worklist import Query, page
from xattn.errors import AccessError, ArchiveError, IntakeError, SchemaError
from xattn.runtime.importing import import_films, plan

HEADER = ("file", "lesion_type", "density", "mass_shape", "box", "title", "truth")


@pytest.fixture
def folder(tmp_path):
    """Four films below a folder, two of one name, and a file that is none."""
    place = tmp_path / "films"
    for seed, name in enumerate(("doe_jane.png", "a/one.png", "b/one.png", "b/two.png")):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        values = np.random.default_rng(seed).integers(0, 2**16, (64, 64), dtype=np.uint16)
        Image.fromarray(values).save(path)
    (place / "doe_notes.txt").write_text("no film")
    (place / ".hidden").write_text("no film")
    return place


def manifest(folder, *rows):
    path = folder / "list.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *rows])
    return path


def columns(archive, *wanted):
    with archive.transaction() as connection:
        return [tuple(row) for row in connection.execute(select(*wanted))]


def test_a_folder_alone_gives_blank_forms_and_refuses_what_is_no_film(engine, archive, folder):
    items = plan(folder, engine.schema)
    steps = list(import_films(engine, archive, LOCAL, 1, items))
    assert [step.name for step in steps] == [
        "a/one.png", "b/one.png", "b/two.png", "doe_jane.png", "doe_notes.txt",
    ]  # fmt: skip
    assert [(step.case, step.share) for step in steps] == [
        (1, 0.2), (2, 0.4), (3, 0.6), (4, 0.8), (None, 1.0),
    ]  # fmt: skip
    assert "DICOM, PNG, JPEG or TIFF" in steps[-1].refusal
    assert [(row.row, row.refusal) for row in refused(archive, 1)] == [(5, steps[-1].refusal)]
    assert archive.case(1).form == {}
    assert archive.case(4).title == "Film 4"


def test_no_name_of_a_file_is_kept_anywhere(engine, archive, folder, tmp_path, caplog):
    caplog.set_level(0)
    list(import_films(engine, archive, LOCAL, 1, plan(folder, engine.schema)))
    with archive.transaction() as connection:
        kept = [connection.execute(select(table)).all() for table in metadata.tables.values()]
    assert "doe" not in str(kept) + caplog.text
    assert not any(b"doe" in path.read_bytes() for path in tmp_path.glob("archive.sqlite*"))


def test_a_manifest_is_joined_by_name(engine, archive, folder):
    table = manifest(
        folder,
        ["two.png", "mass", "3", "OVAL", "8 8 40 40", "second look", "1"],
        ["doe_jane.png", "mass", "9", "OVAL", "", "", ""],
        ["one.png", "mass", "", "", "", "", ""],
        ["b\\one.png", "mass", "2", "", "", "", ""],
        ["a/one.png", "mass", "", "", "60 60 40 40", "", ""],
        ["../outside.png", "mass", "", "", "", "", ""],
        ["a/one.png", "mass", "", "", "1 2 3", "", ""],
        ["a/one.png", "mass", "", "", "", "", "perhaps"],
    )
    steps = list(
        import_films(engine, archive, LOCAL, 1, plan(folder, engine.schema, manifest=table))
    )
    words = [
        "", "one of|Density", "no film of this name", "", "inside the film", "no film of this name",
        "four whole numbers", "truth must be a number", "no row for this film",
    ]  # fmt: skip
    assert len(steps) == len(words)
    for step, expected in zip(steps, words, strict=True):
        assert bool(step.refusal) == bool(expected) == (step.case is None)
        assert any(word in step.refusal for word in expected.split("|")), step.refusal
    first = archive.case(1)
    assert (first.title, first.box) == ("second look", (8, 8, 40, 40))
    assert first.form == {"lesion_type": "mass", "density": "3", "mass_shape": "OVAL"}
    assert archive.case(2).title == "Row 5"
    assert columns(archive, cases.c.truth) == [(1.0,), (None,)]
    assert [row.row for row in refused(archive, 1)] == [0, 3, 4, 6, 7, 8, 9]


def test_the_model_reads_each_film_and_grades_it(engine, archive, folder):
    list(import_films(engine, archive, LOCAL, 1, plan(folder, engine.schema)))
    rows = page(archive, LOCAL, Query(worklist=1)).rows
    for row in rows:
        film = archive.film(archive.case(row.number))
        said = engine.predict(engine.case(film))
        # The same numbers from the same film, through the same formula.
        assert row.uncertainty == 1 - abs(2 * said.probability - 1)
        assert row.disagreement == abs(said.image_only - said.form_only)
    assert columns(archive, results.c.method) == [("prediction",)] * 4


def test_a_stopped_import_goes_on_where_it_was(engine, archive, folder):
    items = plan(folder, engine.schema)
    running = import_films(engine, archive, LOCAL, 1, items)
    assert [step.case for step in itertools.islice(running, 2)] == [1, 2]
    running.close()
    assert len(columns(archive, cases.c.id)) == 2
    again = list(import_films(engine, archive, LOCAL, 1, items))
    assert [(step.case, step.is_new) for step in again] == [
        (1, False), (2, False), (3, True), (4, True), (None, True),
    ]  # fmt: skip
    what = [word for (word,) in columns(archive, audit.c.what)]
    assert [what.count(word) for word in ("case added", "result kept", "file taken in")] == [
        4,
        4,
        4,
    ]


def test_a_kill_between_case_and_record_makes_no_second_case(engine, archive, folder, monkeypatch):
    items = plan(folder, engine.schema)[:1]

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("xattn.runtime.importing.record", killed)
        with pytest.raises(KeyboardInterrupt):
            list(import_films(engine, archive, LOCAL, 1, items))
    assert [step.case for step in import_films(engine, archive, LOCAL, 1, items)] == [1]
    assert columns(archive, cases.c.id) == [(1,)]


def test_a_changed_file_or_row_is_new_and_a_refused_one_is_tried_again(engine, archive, folder):
    table = manifest(folder, ["b/two.png", "mass", "9", "", "", "", ""])
    (first, *_) = import_films(
        engine, archive, LOCAL, 1, plan(folder, engine.schema, manifest=table)
    )
    assert first.case is None
    for density, case in (("3", 1), ("4", 2)):
        table = manifest(folder, ["b/two.png", "mass", density, "", "", "", ""])
        items = plan(folder, engine.schema, manifest=table)[:1]
        assert [step.case for step in import_films(engine, archive, LOCAL, 1, items)] == [case]
    assert len(refused(archive, 1)) == 5
    # Refused again: still one row for it.
    list(import_films(engine, archive, LOCAL, 1, plan(folder, engine.schema, manifest=table)))
    assert len(refused(archive, 1)) == 5
    assert len(columns(archive, imports.c.id)) == 7


def test_what_cannot_begin_is_refused(engine, archive, folder, tmp_path):
    path = folder / "bad.csv"
    path.write_text("file,patient\nb/two.png,Doe\n")
    with pytest.raises(SchemaError, match="'patient' is no field"):
        plan(folder, engine.schema, manifest=path)
    with pytest.raises(IntakeError, match="no file in it"):
        plan(tmp_path / "nowhere", engine.schema)
    archive.worklist(LOCAL, "hips", "hip", is_read_first=False)
    with pytest.raises(ArchiveError, match="of another system"):
        next(import_films(engine, archive, LOCAL, 2, plan(folder, engine.schema)))
    with pytest.raises(AccessError, match="role of reader or administrator"):
        next(import_films(engine, archive, Person("Cleo", ("adjudicator",)), 1, ()))


def test_a_truth_is_the_administrators_to_give(engine, archive, folder):
    table = manifest(folder, ["b/two.png", "mass", "3", "", "", "", "1"])
    items = plan(folder, engine.schema, manifest=table)[:1]
    (step,) = import_films(engine, archive, Person("Ann", ("reader",)), 1, items)
    assert (step.case, "role of administrator" in step.refusal) == (None, True)


def test_a_fault_with_one_film_is_logged_without_values_and_the_others_go_on(
    engine, archive, folder, monkeypatch, caplog
):
    read = engine.read

    def broken(path, form, *, box):
        if path.name == "one.png" and path.parent.name == "b":
            raise ZeroDivisionError("Jane Doe")
        return read(path, form, box=box)

    monkeypatch.setattr(engine, "read", broken)
    steps = list(import_films(engine, archive, LOCAL, 1, plan(folder, engine.schema)))
    assert [step.case for step in steps] == [1, None, 2, 3, None]
    fault = "The import of this film ended through a fault of the program; it was logged."
    assert steps[1].refusal == fault
    assert refused(archive, 1)[0].refusal == fault
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert line.startswith("The import of this film failed: ZeroDivisionError at run:")
    assert "Jane" not in caplog.text


def test_a_long_title_of_a_manifest_is_cut(engine, archive, folder):
    path = manifest(folder, ("doe_jane.png", "mass", "2", "", "", "x" * 300, ""))
    items = plan(folder, engine.schema, manifest=path)
    next(import_films(engine, archive, LOCAL, 1, items))
    assert archive.case(1).title == "x" * 200
