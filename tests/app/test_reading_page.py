"""Reading on the case page: first alone, then with the result, then with each other."""

import pytest
from sqlalchemy import select

from pages.parts import keeping, resources, state
from tests.app import archived
from tests.app.archived import ANN, BEN, added, button, decided, listed, opened, sent
from tests.app.conftest import choose, page_text, png, upload
from xattn.archive.people import LOCAL, Person
from xattn.archive.reading import reads_of, revealed
from xattn.archive.tables import cases, reports, results, reveals
from xattn.archive.worklist import Query, page
from xattn.errors import AccessError
from xattn.reports import sentences

RESULT = (
    b"log-odds",
    b'class="prediction',
    b'class="bars',
    b'"gradcam"',
    b'"lime"',
    b'"joint"',
    b"PDF report",
)
"""What stands on every page that shows a result, in its texts or in its components' data."""


def enter(app, finding: int, confidence: float = 0.75):
    app.number_input[0].set_value(finding)
    return sure(app, confidence)


def sure(app, confidence: float):
    control = next(each for each in app.segmented_control if each.label == "How sure of it")
    control.set_value(confidence)
    return app


def first_read(app, finding: int = 70):
    return button(enter(app, finding), "Record my read").click().run()


def verdict(app, word: str):
    return (
        next(e for e in app.segmented_control if e.label == "The model's result")
        .set_value(word)
        .run()
    )


def rows(app_reader: Person, number: int):
    return reads_of(resources.archive(), app_reader, number)


def said(engine) -> str:
    """The prediction as the page prints it."""
    value = engine.predict(archived.case(engine)).value
    return f"{sentences.amount(value, 'log-odds')} log-odds"


@pytest.fixture
def number(engine) -> int:
    """A case of a list that is read first."""
    return added(engine, listed())


def test_before_the_read_nothing_of_the_model_is_sent(engine, number) -> None:
    app = opened(engine, number)
    assert not app.error
    text = page_text(app)
    assert "<th>Lesion</th><td>mass</td>" in text
    assert "<th>Mass shape</th><td>oval</td>" in text
    assert "1 / 1" in text
    blind = sent(app)
    assert len(blind) > 100
    assert [word for word in RESULT if word in blind] == []
    assert app.expander == []
    with resources.archive().transaction() as connection:
        assert connection.execute(select(reveals.c.id)).all() == []
    # The same look finds all of it once it may be seen.
    open_page = sent(first_read(app))
    assert [word for word in RESULT if word not in open_page] == []


def test_a_read_reveals_and_what_was_shown_is_noted(engine, number) -> None:
    app = first_read(opened(engine, number))
    assert said(engine).split()[0] in page_text(app)
    (read,) = rows(LOCAL, number)
    assert (read.finding, read.confidence, read.stage, read.decision) == (0.7, 0.75, "alone", None)
    with resources.archive().transaction() as connection:
        kept = set(connection.execute(select(results.c.content)).scalars())
        seen = set(connection.execute(select(reveals.c.content)).scalars())
    assert seen == kept
    assert "<th>you</th><td><b>0.70</b> (75 %) alone</td>" in page_text(app)


def test_a_read_without_a_finding_is_asked_for(engine, number) -> None:
    app = button(opened(engine, number), "Record my read").click().run()
    assert "Enter your finding" in page_text(app)
    assert rows(LOCAL, number) == ()


def test_accept_takes_the_number_of_the_model(engine, number) -> None:
    app = verdict(first_read(opened(engine, number)), "accept")
    sure(app, 0.95)
    button(app, "Record").click().run()
    read = rows(LOCAL, number)[-1]
    probability = engine.predict(archived.case(engine)).probability
    assert (read.finding, read.confidence, read.decision) == (probability, 0.95, "accept")
    decision = app.session_state[state.READING].decision
    assert (decision.verdict, decision.note) == ("accept", "")


def test_change_needs_a_reason_and_a_change_of_mind_is_a_further_row(engine, number) -> None:
    app = verdict(first_read(opened(engine, number)), "change")
    button(enter(app, 30), "Record").click().run()
    assert "needs a reason" in app.error[0].value
    assert len(rows(LOCAL, number)) == 1
    next(each for each in app.text_input if each.label == "Reason").set_value("a marker")
    button(app, "Record").click().run()
    app = verdict(app, "reject")
    enter(app, 20)
    next(each for each in app.text_input if each.label == "Reason").set_value("on second sight")
    button(app, "Record").click().run()
    found = [(row.stage, row.decision, row.finding, row.reason) for row in rows(LOCAL, number)]
    assert found == [
        ("alone", None, 0.7, ""),
        ("with AI", "change", 0.3, "a marker"),
        ("with AI", "reject", 0.2, "on second sight"),
    ]


def test_the_second_reader_sees_the_first_after_a_decision(engine, number) -> None:
    decided(engine, ANN, number)
    app = first_read(opened(engine, number))
    assert "Ann" not in page_text(app)
    app = verdict(app, "accept")
    sure(app, 0.5)
    button(app, "Record").click().run()
    assert "<th>Ann</th><td><b>0.60</b> (50 %) alone</td>" in page_text(app)
    assert "<th>Ann</th><td><b>0.60</b> (75 %) with AI, accepts</td>" in page_text(app)


def test_somebody_who_could_read_is_blind_until_they_choose_to_adjudicate(engine, number) -> None:
    for reader in (ANN, BEN):
        decided(engine, reader, number)
    app = opened(engine, number)
    assert [word for word in RESULT if word in sent(app)] == []
    assert "Ann" not in page_text(app)
    button(app, "Adjudicate, in place of reading").click().run()
    assert "<th>Ben</th>" in page_text(app)
    enter(app, 80, 0.95)
    next(each for each in app.text_input if each.label == "Reason").set_value("both saw it")
    button(app, "Record the adjudication").click().run()
    last = rows(ANN, number)[-1]
    assert (last.role, last.stage, last.finding, last.reason) == (
        "adjudicator",
        "adjudication",
        0.8,
        "both saw it",
    )


def test_an_open_list_shows_at_once_and_asks_for_a_decision(engine) -> None:
    number = added(engine, listed(is_read_first=False))
    app = opened(engine, number)
    assert said(engine).split()[0] in page_text(app)
    app = verdict(app, "accept")
    sure(app, 0.5)
    button(app, "Record").click().run()
    assert [row.stage for row in rows(LOCAL, number)] == ["with AI"]


def test_a_changed_form_takes_no_decision(engine) -> None:
    number = added(engine, listed(is_read_first=False))
    app = choose(opened(engine, number), "Breast density", "3")
    assert "decisions are about the case as it was kept" in page_text(app)
    assert "The model's result" not in {each.label for each in app.segmented_control}


def test_bookmark_and_note_are_kept(engine, number) -> None:
    app = button(opened(engine, number), "Bookmark").click().run()
    app.text_area[0].set_value("compare with 2024").run()
    (row,) = page(resources.archive(), LOCAL, Query(worklist=1)).rows
    assert (row.is_marked, row.note) == (True, "compare with 2024")
    button(app, "Remove the bookmark").click().run()
    (row,) = page(resources.archive(), LOCAL, Query(worklist=1)).rows
    assert (row.is_marked, row.note) == (False, "compare with 2024")


def test_next_and_previous_restore_film_and_form(engine, number) -> None:
    second = added(engine, 1, seed=1)
    app = opened(engine, number)
    button(app, "Next case").click().run()
    current = app.session_state[state.READING]
    assert (current.number, current.case.digest) == (second, archived.case(engine, 1).digest)
    assert "2 / 2" in page_text(app)
    assert button(app, "Next case").disabled
    button(app, "Previous case").click().run()
    assert app.session_state[state.READING].number == number


def keep(app):
    return button(app, "Keep").click().run()


def test_an_upload_is_kept_in_an_open_list_with_what_was_shown(app, engine) -> None:
    listed(is_read_first=False)
    app = keep(upload(app, png()))
    assert app.session_state[state.READING].number == 1
    with resources.archive().transaction() as connection:
        (case,) = connection.execute(select(cases.c.title, cases.c.uncertainty)).all()
    probability = engine.predict(engine.read(png(), {})).probability
    assert case == ("uploaded film", 1 - abs(2 * probability - 1))
    ((_, result),) = [
        row for row in revealed(resources.archive(), LOCAL, 1) if row[0] == "prediction"
    ]
    assert result.probability == probability


def test_who_saw_the_result_cannot_read_it_first(app) -> None:
    listed()
    upload(app, png())
    assert keeping.SEEN in [each.value for each in app.caption]
    app = keep(app)
    assert [word for word in RESULT if word in sent(app)] == []
    first_read(app)
    assert "You have seen what is known of this case" in app.error[0].value
    with pytest.raises(AccessError):
        revealed(resources.archive(), LOCAL, 1)


def test_a_film_that_waits_to_be_read_first_is_opened_there(app, engine, number) -> None:
    upload(app, png())
    assert app.session_state[state.READING].number == number
    assert [each.value for each in app.error] == [keeping.WAITS]
    assert [word for word in RESULT if word in sent(app)] == []


def test_a_report_of_a_kept_case_is_kept(engine) -> None:
    number = added(engine, listed(is_read_first=False))
    app = opened(engine, number)
    work = app.session_state[state.WORK]
    from tests.app.conftest import finished

    finished(work)
    app.run()
    next(each for each in app.button if each.label.startswith("PDF report")).click().run()
    with resources.archive().transaction() as connection:
        ((case, reader),) = connection.execute(select(reports.c.case, reports.c.reader)).all()
    assert (case, reader) == (number, LOCAL.name)


def test_without_the_archive_an_upload_is_still_read(app, monkeypatch) -> None:
    monkeypatch.setenv("XATTN_DATABASE", "sqlite:////nowhere/at/all.sqlite")
    app = upload(app, png())
    assert 'class="number"' in page_text(app)
    assert "The archive was expected to be within reach" in page_text(app)
    app.switch_page("pages/worklist.py").run()
    assert "The archive was expected to be within reach" in app.error[0].value


def test_an_archive_that_goes_away_is_a_sentence(engine, number, monkeypatch) -> None:
    from sqlalchemy.exc import OperationalError

    app = opened(engine, number)

    def lost(*_: object) -> None:
        raise OperationalError("SELECT 'Doe^Jane'", None, RuntimeError("Doe^Jane"))

    monkeypatch.setattr("xattn.archive.store.Archive.case", lost)
    app.run()
    assert [error.value for error in app.error] == [resources.UNREACHABLE]


def test_a_decision_does_not_stay_across_targets() -> None:
    """As a page with several outputs chooses another one."""
    from streamlit.testing.v1 import AppTest

    def script() -> None:
        import streamlit as st

        from pages.parts import state
        from pages.parts.state import Reading
        from xattn.reports.content import Decision

        st.session_state[state.READING] = Reading(None, "", None, Decision("accept"))
        state.choose_target("first")
        st.session_state["then"] = state.reading().decision
        state.record(Decision("reject"), "")
        state.choose_target("first")
        st.session_state["same"] = state.reading().decision.verdict

    app = AppTest.from_function(script).run()
    assert app.session_state["then"] is None
    assert app.session_state["same"] == "reject"
