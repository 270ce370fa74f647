"""What if: a value tried along a curve, an area covered; the case is changed by neither."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import state, whatif
from pages.parts.cover import cover, covered_now, outcome
from pages.parts.follow import act
from pages.parts.state import Shown
from pages.parts.work import Work
from tests.app.conftest import choose, page_text, png, upload
from xattn.data.placement import Box
from xattn.data.schemas import BREAST
from xattn.errors import ExplainError
from xattn.runtime.engine import Engine

FORM = {"lesion_type": "mass", "density": 2, "mass_shape": "OVAL"}


@pytest.fixture
def work(engine: Engine) -> Work:
    return Work(engine, engine.read(png(), FORM), engine.model.target, "somebody")


def test_a_tried_entry_gives_what_the_engine_says_of_that_form(work: Work, engine: Engine) -> None:
    curve = engine.start_curve(work.case, "density").result(timeout=60)
    made = whatif.tried(engine, work, curve, curve.entries.index("4 extreme"))
    other = engine.predict(work.case.with_form(BREAST.check({**FORM, "density": 4})))
    # fusion in a batch of four, and of one: float32 passes of other sizes
    assert made.after == pytest.approx(other.value, abs=1e-5)
    assert made.before == pytest.approx(engine.predict(work.case).value, abs=1e-5)
    assert "Breast density 2" in made.submitted
    assert "Breast density 4" in made.tried
    assert made.box is None
    work.cancel_all()


def test_the_chart_marks_the_patient_the_try_and_the_cut(work: Work, engine: Engine) -> None:
    curve = engine.start_curve(work.case, "density").result(timeout=60)
    figure = whatif.chart(curve, work.target, 3)
    line, own, tried = figure.data
    assert (tuple(line.x), tuple(line.y)) == (curve.entries, curve.values)
    assert (own.x, own.y) == ((curve.own,), (curve.own_value,))
    assert (tried.x, tried.y) == ((curve.entries[3],), (curve.values[3],))
    assert [shape.y0 for shape in figure.layout.shapes] == [0.0]  # even odds
    assert len(whatif.chart(curve, work.target, None).data) == 2
    work.cancel_all()


def test_only_what_applies_and_follows_from_nothing_is_varied(work: Work) -> None:
    assert set(whatif.varied(work)) == {"density", "mass_shape", "mass_margins"}
    work.cancel_all()


def test_covering_all_that_is_read_gives_the_form_alone(engine: Engine) -> None:
    case = engine.read(png(shape=(120, 120)), FORM)  # a square: nothing of it is padding
    work, shown = Work(engine, case, engine.model.target, "somebody"), Shown()
    cover(engine, work, shown, Box(0, 0, 120, 120))
    prediction = engine.predict(case)
    (made,) = shown.tries
    # float32 passes of other sizes
    assert made.after == pytest.approx(prediction.form_only, abs=1e-5)
    assert covered_now(work, shown) == made
    assert outcome(made).startswith("probability ")
    cover(engine, work, shown, None)
    assert covered_now(work, shown) is None
    assert shown.tries == [made]
    work.cancel_all()


def test_the_covered_area_is_that_of_the_file_pixels(work: Work, engine: Engine) -> None:
    """A quarter of the film's height on the whole width: 30 of the square's 120 rows and 90 of its
    120 columns, up to one row and column of the model's 96."""
    found = engine.start_cover(work.case, Box(0, 30, 90, 30)).result(timeout=60)
    assert found.share == pytest.approx(30 * 90 / 120**2, abs=2 / 96)
    work.cancel_all()


def test_an_area_that_was_not_read_is_refused(engine: Engine) -> None:
    case = engine.read(png(), FORM, box=Box(2, 2, 20, 20))
    assert not case.film.placement.read_mask()[-20:, -20:].any()
    with pytest.raises(ExplainError, match="not hatched"):
        engine.start_cover(case, Box(70, 100, 20, 20))


def test_the_viewer_covers_and_an_edit_uncovers(
    work: Work, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = Shown()
    monkeypatch.setattr(state, "shown", lambda: shown)
    assert act(engine, work, ("cover", {"box": [10, 10, 30.4, 30]}))
    made = covered_now(work, shown)
    assert made is not None
    assert made.box == Box(10, 10, 30, 30)
    other = Work(engine, work.case.with_form(BREAST.check({})), work.target, "somebody")
    assert covered_now(other, shown) is None
    assert act(engine, work, ("cover", {"box": None}))
    assert covered_now(work, shown) is None
    for each in (work, other):
        each.cancel_all()


def test_tries_are_listed_once_with_both_forms_and_the_case_stays(app: AppTest) -> None:
    upload(app, png())
    choose(app, "Breast density", "2")
    before = app.session_state[state.READING].case.digest
    choose(app, "Entry that is varied", "density")
    choose(app, "Tried", 3)
    app.run()
    text = page_text(app)
    assert "What if: <b>probability" in text
    assert text.count("<td>malignant: Breast density: ") == 1
    assert "neither cause nor advice" in text
    shown = app.session_state[state.SHOWN]
    assert len(shown.tries) == 1
    assert np.isfinite(shown.tries[0].after)
    assert app.session_state[state.READING].case.digest == before
    upload(app, png(seed=1))
    assert app.session_state[state.SHOWN].tries == []
