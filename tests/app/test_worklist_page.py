"""The worklist page: lists, rows, filters, paging, import, refusals, export."""

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import exporting, importing, resources, state, worklist
from tests.app import archived
from tests.app.archived import ANN, added, button, decided, listed
from tests.app.conftest import page_text
from xattn.archive.people import LOCAL
from xattn.archive.worklist import Query, Row, find, lists
from xattn.systems import SYSTEMS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def on_page(app: AppTest, *, chosen: Query | None = None) -> AppTest:
    if chosen:
        app.session_state[state.QUERY] = chosen
    return app.switch_page("pages/worklist.py").run()


def row(**changed: object) -> Row:
    plain: dict[str, object] = {
        "number": 7,
        "title": "left CC",
        "added": (NOW - timedelta(hours=3, minutes=59)).isoformat(),
        "level": "warn",
        "novelty": 97.4,
        "uncertainty": None,
        "disagreement": None,
        "is_open": False,
        "is_read": False,
        "is_marked": True,
        "note": "look again",
        "copies": 1,
    }
    return Row(**(plain | changed))


def test_a_row_hides_what_may_not_be_seen() -> None:
    assert worklist.line(row(), NOW) == {
        "number": 7,
        "isMarked": True,
        "isRead": False,
        "cells": [
            ["7", "number"],
            ["left CC", "title"],
            ["3 h ago", ""],
            ["warning", "warn"],
            ["97", "number"],
            ["hidden until read", "hidden"],
            ["hidden until read", "hidden"],
            ["", ""],
            ["1 more", "warn"],
            ["look again", "note"],
        ],
    }


def test_a_row_that_may_be_seen_has_its_numbers_or_a_dash() -> None:
    cells = worklist.line(row(is_open=True, uncertainty=0.256, novelty=None), NOW)["cells"]
    assert cells[4:7] == [["–", "number"], ["0.26", "number"], ["–", "number"]]


@pytest.mark.parametrize(
    ("back", "words"),
    [
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=2), "2 d ago"),
    ],
)
def test_age_is_in_the_largest_full_unit(back: timedelta, words: str) -> None:
    assert worklist.age((NOW - back).isoformat(), NOW) == words


def test_a_heading_sorts_and_sorts_back() -> None:
    first = worklist.sorted_by(Query(worklist=1), "novelty")
    assert (first.order, first.is_descending) == ("novelty", False)
    back = worklist.sorted_by(first, "novelty")
    assert (back.order, back.is_descending) == ("novelty", True)
    assert worklist.sorted_by(back, "title") == Query(worklist=1, order="title")


def test_headings_state_units_and_the_order() -> None:
    breast = worklist.columns(Query(worklist=1, order="novelty"), SYSTEMS["breast"])
    assert [each["label"] for each in breast][4:7] == [
        "Novelty, pct.",
        "Uncertainty, 0 to 1",
        "Film against form, log-odds",
    ]
    assert [each["sorted"] for each in breast if each["sorted"]] == ["ascending"]
    hip = worklist.columns(Query(worklist=1), SYSTEMS["hip"])
    assert [each["label"] for each in hip][5:7] == [
        "Uncertainty, g/cm²",
        "Film against form, g/cm²",
    ]


def test_a_list_is_made_read_first_and_a_name_once(app: AppTest) -> None:
    on_page(app)
    assert "There is no worklist yet" in page_text(app)
    for problems in ([], ["There is a worklist of this name; choose another name."]):
        next(text for text in app.text_input if text.label == "Name").set_value("study").run()
        button(app, "Make it").click().run()
        assert [error.value for error in app.error] == problems
    (made,) = lists(resources.archive())
    assert (made.name, made.target, made.is_read_first) == ("study", "malignant", True)


def test_filters_leave_what_they_say_and_are_gone_through(app: AppTest, engine) -> None:
    number = listed()
    for seed in range(3):
        added(engine, number, seed)
    decided(engine, LOCAL, 1)
    on_page(app)
    assert "1 to 3 of 3 cases" in page_text(app)
    reads = next(each for each in app.segmented_control if each.label == "My reads")
    reads.set_value("unread").run()
    assert "1 to 2 of 2 cases" in page_text(app)
    assert app.session_state[state.QUERY] == Query(worklist=number, is_unread=True)
    next(each for each in app.text_input if each.label == "Title or note").set_value("film 2").run()
    assert "1 to 1 of 1 cases" in page_text(app)
    on_page(app.switch_page("pages/about.py").run())
    assert "1 to 1 of 1 cases" in page_text(app)


def test_a_long_list_is_paged(app: AppTest, engine, monkeypatch: pytest.MonkeyPatch) -> None:
    number = listed()
    for seed in range(3):
        added(engine, number, seed)
    monkeypatch.setattr(worklist, "SIZE", 2)
    on_page(app)
    assert "1 to 2 of 3 cases" in page_text(app)
    button(app, "Further").click().run()
    assert "3 to 3 of 3 cases" in page_text(app)
    assert button(app, "Further").disabled
    button(app, "Back").click().run()
    assert "1 to 2 of 3 cases" in page_text(app)


def test_a_folder_is_taken_in_and_what_is_refused_is_listed(app: AppTest, tmp_path: Path) -> None:
    number = listed()
    folder = archived.films(tmp_path / "films")
    on_page(app)
    next(t for t in app.text_input if t.label == "Folder of this machine").set_value(str(folder))
    app.run()
    button(app, "Import").click().run()
    running = importing.imports().of(number)
    assert running is not None
    running.future.result(timeout=60)
    app.run()
    text = page_text(app)
    assert "Ended at 4 of 4 films: 3 taken in, 0 there already, 1 refused." in text
    assert "<td>4</td><td>A DICOM, PNG, JPEG or TIFF file was expected" in text
    assert find(resources.archive(), number).count == 3
    assert "notes.txt" not in text


def test_a_folder_that_is_not_there_is_a_sentence(app: AppTest) -> None:
    listed()
    on_page(app)
    next(t for t in app.text_input if t.label == "Folder of this machine").set_value("/not/here")
    app.run()
    button(app, "Import").click().run()
    assert "A folder of this machine was expected" in app.error[0].value
    assert "/not/here" not in app.error[0].value


def test_beyond_loopback_no_path_is_asked_for(app: AppTest, monkeypatch) -> None:
    listed()
    monkeypatch.setattr("pages.parts.intake.is_local", lambda: False)
    on_page(app)
    assert "Folder of this machine" not in {each.label for each in app.text_input}
    assert "Films" in {each.label for each in app.file_uploader}


def test_the_tables_hold_what_may_be_seen(app: AppTest, engine) -> None:
    number = listed()
    added(engine, number)
    added(engine, number, 1)
    decided(engine, LOCAL, 1)
    decided(engine, ANN, 1, 0.25)
    on_page(app)
    button(app, "Make the tables").click().run()
    files = app.session_state[exporting.MADE][1]
    text = files["results", "csv"].decode()
    said = engine.predict(archived.case(engine))
    assert f"{said.value}" in text
    hidden = text.splitlines()[2].split(",")
    assert hidden[0] == "2"
    assert hidden[5:] == [""] * 11
    reads = pyarrow.parquet.read_table(io.BytesIO(files["reads", "parquet"])).to_pylist()
    assert [(each["reader"], each["finding"]) for each in reads] == [
        (LOCAL.name, 0.6),
        (LOCAL.name, 0.6),
        ("Ann", 0.25),
        ("Ann", 0.25),
    ]


def test_agreement_is_computed_when_it_is_asked_for(app: AppTest, engine) -> None:
    number = listed()
    for seed in range(2):
        added(engine, number, seed)
    for reader, findings in ((LOCAL, (0.9, 0.2)), (ANN, (0.7, 0.4))):
        for case, finding in enumerate(findings, start=1):
            decided(engine, reader, case, finding)
    on_page(app)
    assert "cases read alone by both" not in page_text(app)
    button(app, "Compute").click().run()
    text = page_text(app)
    assert "Ann and local reader, 2 cases read alone by both" in text
    assert "<th>kappa</th><td>1.000 (95 %" in text
    assert "needs cases with a reference standard" in text
