"""The next case of a list: opened and explained ahead, shown no sooner than any other."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import ahead, follow, resources, state
from pages.parts.ahead import Ahead
from pages.parts.follow import ASKING
from pages.parts.gate import CHECKING
from pages.parts.state import Reading
from tests.app.archived import added, button, case, listed, opened, sent
from tests.app.conftest import finished, page_text
from xattn.archive.audit import entries
from xattn.explain import DEFAULT_METHODS
from xattn.records import Case
from xattn.runtime.engine import Engine

PATIENCE = 60
ASK_FIRST = "Record my read"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SETTLE_SECONDS", 0.0)


def completed(app: AppTest) -> AppTest:
    """The page once every result of its case is there."""
    finished(app.session_state[state.WORK])
    return app.run()


def made_ready(app: AppTest) -> Ahead:
    made: Ahead = app.session_state[state.AHEAD]
    made.future.result(PATIENCE)
    return made


def is_explained(engine: Engine, asked: Case) -> bool:
    """Whether every result of a case is there before anybody asks."""
    jobs = [engine.start_prediction(asked)]
    jobs += [engine.start_explanation(asked, name) for name in DEFAULT_METHODS]  # type: ignore[misc]
    return all(job.done for job in jobs)


def test_the_next_case_is_opened_and_explained_ahead(engine: Engine) -> None:
    worklist = listed(is_read_first=False)
    first, second = (added(engine, worklist, seed) for seed in range(2))
    app = completed(opened(engine, first))
    made = made_ready(app)
    assert made.wanted.number == second
    assert is_explained(engine, case(engine, 1))
    found = made.following.result()
    assert found
    button(app, "Next case").click().run()
    reading: Reading = app.session_state[state.READING]
    assert (reading.number, reading.case is found.case) == (second, True)
    assert not app.session_state[state.WORK].unfinished
    assert ASKING not in page_text(app)


def test_a_case_that_is_read_first_is_explained_in_silence(engine: Engine) -> None:
    worklist = listed(is_read_first=True)
    first, _ = (added(engine, worklist, seed) for seed in range(2))
    app = opened(engine, first)
    made_ready(app)
    assert is_explained(engine, case(engine, 0))
    assert is_explained(engine, case(engine, 1))
    app.run()
    assert button(app, ASK_FIRST)
    assert b'class="prediction' not in sent(app)
    with resources.archive().transaction() as connection:
        assert "result kept" not in {row.what for row in entries(connection)}


def test_going_elsewhere_stops_it(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "SETTLE_SECONDS", 3600.0)
    worklist = listed(is_read_first=False)
    first, second, _ = (added(engine, worklist, seed) for seed in range(3))
    app = completed(opened(engine, first))
    made: Ahead = app.session_state[state.AHEAD]
    button(app, "Next case").click().run()
    made.future.result(PATIENCE)
    assert made.following.result() is None
    assert app.session_state[state.READING].number == second


def test_the_last_case_of_a_list_has_none_after_it(engine: Engine) -> None:
    app = completed(opened(engine, added(engine, listed(is_read_first=False))))
    made = made_ready(app)
    assert (made.wanted.number, made.following.result()) == (None, None)


def test_a_new_film_is_drawn_before_the_model_is_asked(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of another film stays beside it meanwhile."""
    with monkeypatch.context() as only_now:
        only_now.setattr(follow.st, "rerun", st.stop)  # the page as its first run leaves it
        app = opened(engine, added(engine, listed(is_read_first=False)))
    film = app.session_state[state.READING].texture
    assert app.session_state[state.SEEN] == film.key
    assert state.WORK not in app.session_state
    assert (ASKING in page_text(app), b'class="prediction' in sent(app)) == (True, False)
    assert CHECKING in page_text(app)
    assert f'"hash": "{film.key}", "display": "/mock/media/'.encode() in sent(app)
    app.run()
    assert (ASKING in page_text(app), b'class="prediction' in sent(app)) == (False, True)
