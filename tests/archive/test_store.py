"""The archive on both databases: what is kept comes back, and the same twice is once."""

from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from tests import tiny
from xattn.archive.people import LOCAL, Person
from xattn.archive.reading import revealed
from xattn.archive.store import Archive, Grades
from xattn.archive.tables import audit, cases, notes, results, worklists
from xattn.errors import AccessError, ArchiveError
from xattn.explain.base import Game, drain
from xattn.explain.gradcam import GradCAM
from xattn.explain.predict import predict
from xattn.records import Case


@pytest.fixture
def archive(database: str, tmp_path) -> Iterator[Archive]:
    with Archive(database, str(tmp_path / "files")) as opened:
        yield opened


def added(archive: Archive, *, name: str = "mine") -> tuple[int, Case]:
    case = tiny.case()
    listed = archive.worklist(LOCAL, name, "breast", is_read_first=False)
    return archive.add(LOCAL, listed, case, title="one", form=tiny.MASS), case


def test_a_case_comes_back_with_the_same_film(archive):
    number, case = added(archive)
    stored = archive.case(number)
    film = archive.film(stored)
    # The pixel hash covers shape, type, values, polarity and the default preset.
    assert film.pixel_sha256 == case.film.radiograph.pixel_sha256
    assert film.facts == case.film.radiograph.facts
    assert (stored.form, stored.digest, stored.box) == (tiny.MASS, case.digest, None)


def test_the_same_case_twice_is_one_row_and_one_audit_row(archive):
    number, case = added(archive)
    again = archive.add(LOCAL, 1, case, title="another title", form=tiny.MASS)
    assert again == number
    with archive.transaction() as connection:
        assert len(connection.execute(select(cases)).all()) == 1
        what = [row.what for row in connection.execute(select(audit).order_by(audit.c.number))]
    assert what == ["worklist made", "case added"]
    assert archive.verify().faults == ()


def test_results_come_back_bit_for_bit(archive):
    number, case = added(archive)
    model = tiny.breast_model()
    prediction = drain(predict(Game(model, case, model.target)))
    cam = GradCAM()(model, case, model.target)
    archive.keep(LOCAL, number, "prediction", prediction)
    archive.keep(LOCAL, number, "gradcam", cam)
    archive.keep(LOCAL, number, "gradcam", cam)
    (_, first), (method, second) = revealed(archive, LOCAL, number)
    assert asdict(first) == asdict(prediction)
    assert method == "gradcam"
    assert second.provenance == cam.provenance
    assert np.array_equal(second.maps[0].values, cam.maps[0].values)
    with archive.transaction() as connection:
        assert len(connection.execute(select(results)).all()) == 2


def test_a_worklist_of_the_same_name_is_refused(archive):
    archive.worklist(LOCAL, "mine", "breast", is_read_first=False)
    with pytest.raises(ArchiveError, match="choose another name"):
        archive.worklist(LOCAL, "mine", "hip", is_read_first=True)
    assert archive.verify().length == 1


def test_a_damaged_file_is_refused_by_its_hash(archive, tmp_path):
    number, _ = added(archive)
    stored = archive.case(number)
    path = tmp_path / "files" / stored.film[:2] / stored.film
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="changed on the disk"):
        archive.film(stored)


def test_notes_are_each_readers_own_and_the_audit_holds_only_their_hash(archive):
    number, _ = added(archive)
    other = Person("Ann", ("reader",))
    archive.annotate(LOCAL, number, note="look again", is_marked=True)
    archive.annotate(LOCAL, number, is_marked=False)
    archive.annotate(other, number, note="clear")
    columns = notes.c.reader, notes.c.note, notes.c.is_marked
    with archive.transaction() as connection:
        kept = connection.execute(select(*columns).order_by(notes.c.id)).all()
        written = [row.content for row in connection.execute(select(audit))]
    assert [tuple(row) for row in kept] == [
        ("local reader", "look again", False),
        ("Ann", "clear", False),
    ]
    assert not any(word in str(written) for word in ("look again", "clear"))
    with pytest.raises(ArchiveError, match="no row of this number among the cases"):
        archive.annotate(LOCAL, 99, note="nowhere")


def test_reports_are_kept_with_their_record(archive):
    number, _ = added(archive)
    name = archive.keep_report(LOCAL, number, b"%PDF-1.7 example")
    assert archive.blobs.get(name) == b"%PDF-1.7 example"
    assert archive.verify().length == 3


def test_what_is_not_there_is_said(archive):
    number, case = added(archive)
    with pytest.raises(ArchiveError, match="no row of this number among the worklists"):
        archive.add(LOCAL, 99, tiny.case({}), title="one", form={})
    prediction = drain(predict(Game(tiny.breast_model(), case, tiny.breast_model().target)))
    with pytest.raises(ArchiveError, match="no row of this number among the cases"):
        archive.keep(LOCAL, number + 1, "prediction", prediction)


def test_lists_and_truths_are_the_administrators(archive):
    number, _ = added(archive)
    reader = Person("Ann", ("reader",))
    with pytest.raises(AccessError, match="role of administrator"):
        archive.worklist(reader, "hers", "breast", is_read_first=False)
    with pytest.raises(AccessError, match="role of administrator"):
        archive.set_truth(reader, number, 1)


def test_opening_twice_migrates_once(database, tmp_path):
    place = str(tmp_path / "files")
    with Archive(database, place) as first:
        number, _ = added(first)
    with Archive(database, place) as second:
        assert second.case(number).title == "one"


def test_what_is_said_of_no_case_is_refused(archive):
    for act in (
        lambda: archive.set_truth(LOCAL, 9, 1),
        lambda: archive.grade(9, Grades(level="pass")),
        lambda: archive.keep_report(LOCAL, 9, b"%PDF"),
    ):
        with pytest.raises(ArchiveError, match="no row of this number among the cases"):
            act()
    assert archive.verify().length == 0


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_truth_and_a_grade_are_finite(archive, number):
    case, _ = added(archive)
    with pytest.raises(ArchiveError, match="truth must be a finite number"):
        archive.set_truth(LOCAL, case, number)
    for name in ("novelty", "uncertainty", "disagreement"):
        with pytest.raises(ArchiveError, match="grade must be a finite number"):
            archive.grade(case, Grades(**{name: number}))


def test_texts_fit_their_columns_on_either_database(archive):
    case, made = added(archive)
    archive.worklist(LOCAL, "x" * 120, "breast", is_read_first=False)
    archive.annotate(LOCAL, case, note="x" * 2000)
    archive.add(LOCAL, 2, made, title="x" * 200, form=tiny.MASS)
    too_long = {
        "name must be at most 120 characters, however: 121": lambda: archive.worklist(
            LOCAL, "x" * 121, "breast", is_read_first=False
        ),
        "note must be at most 2,000 characters": lambda: archive.annotate(
            LOCAL, case, note="x" * 2001
        ),
        "title must be at most 200 characters": lambda: archive.add(
            LOCAL, 2, made, title="x" * 201, form=tiny.MASS
        ),
        "title must be plain text": lambda: archive.add(LOCAL, 2, made, title="\0", form=tiny.MASS),
        "needs a name": lambda: archive.worklist(LOCAL, " ", "breast", is_read_first=False),
    }
    for words, act in too_long.items():
        with pytest.raises(ArchiveError, match=words) as refusal:
            act()
        assert "xx" not in str(refusal.value)


def test_an_error_of_the_database_holds_no_values(archive):
    row = {"name": "Jane Doe", "system": "breast", "is_read_first": False}
    with pytest.raises(IntegrityError) as raised, archive.transaction() as connection:
        connection.execute(worklists.insert(), [row, row])
    assert raised.value.hide_parameters
    assert "[SQL parameters hidden due to hide_parameters=True]" in str(raised.value)


def test_a_report_is_no_way_round_reading_first(archive):
    listed = archive.worklist(LOCAL, "first", "breast", is_read_first=True)
    number = archive.add(LOCAL, listed, tiny.case(), title="one", form=tiny.MASS)
    with pytest.raises(AccessError, match="This list is read first"):
        archive.keep_report(LOCAL, number, b"%PDF")
    with pytest.raises(AccessError, match="role of reader or administrator"):
        archive.add(Person("Cleo", ("adjudicator",)), listed, tiny.case(), title="", form={})
