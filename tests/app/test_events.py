"""What the viewer sends back, the work it starts and stops, and forms from files."""

import pytest

from pages.parts import follow, state
from pages.parts.component import draw_component
from pages.parts.follow import panels_of
from pages.parts.form import checked, forms_of_file
from pages.parts.panels import details, facts, prediction
from pages.parts.state import Shown
from pages.parts.viewer import EVENTS, box_of
from pages.parts.work import Work
from tests.app.conftest import finished, png
from xattn.data.placement import Box
from xattn.data.schemas import BREAST
from xattn.errors import IntakeError, SchemaError
from xattn.runtime.engine import Engine


@pytest.mark.parametrize(
    ("given", "event"),
    [
        ({"box": None, "cancel": "lime", "start": None}, ("cancel", "lime")),
        ({"cover": {"box": None}}, ("cover", {"box": None})),
        ({}, ("", None)),
    ],
)
def test_the_event_of_a_run_is_found_by_name(given, event) -> None:
    heard = {}

    def component(**said):
        heard.update(said)
        return given

    assert draw_component(component, b"scene", key="_viewer", events=EVENTS) == event
    assert {"data": b"scene", "key": "_viewer"}.items() <= heard.items()
    assert {name for name in heard if callable(heard[name])} == {
        "on_box_change", "on_cover_change", "on_cancel_change", "on_start_change",
    }  # fmt: skip


def test_a_drawn_box_is_in_whole_file_pixels() -> None:
    assert box_of({"box": [10.4, 20.6, 99.5, 50]}) == Box(10, 21, 100, 50)
    assert box_of({"box": None}) is None
    with pytest.raises(IntakeError):
        box_of({"box": [5, 5, 0, 10]})


@pytest.fixture
def work(engine: Engine) -> Work:
    return Work(engine, engine.read(png(), {"density": 2}), engine.model.target, "somebody")


def test_work_brings_a_prediction_and_every_explanation(work: Work, engine: Engine) -> None:
    explanation = work.explanation(finished(work))
    assert explanation is not None
    assert not work.unfinished
    assert [name for name, _ in explanation.attributions] == [
        name for name, _ in engine.explain(work.case).attributions
    ]
    assert explanation.prediction.value == engine.predict(work.case).value


def test_what_ends_while_the_page_is_drawn_is_still_followed(engine: Engine) -> None:
    """Else its panel would wait for ever: it was not collected, and nothing is under way."""
    work = Work(engine, engine.read(png(seed=9)), engine.model.target, "somebody")
    shown = Shown()
    work.collect(shown)
    missing = set(work.methods) - set(shown.attributions)
    finished(Work(engine, work.case, work.target, "somebody"))
    assert missing
    assert missing <= work.awaited
    work.ask()  # as the page does while anything is awaited: the evidence is there already
    work.collect(shown)
    assert work.awaited == frozenset()
    assert set(shown.attributions) == set(work.methods)


def test_a_cancelled_explanation_can_be_asked_for_again(engine: Engine) -> None:
    work = Work(engine, engine.read(png(seed=5)), engine.model.target, "somebody")
    work.cancel("lime")
    with pytest.raises(Exception, match="Cancelled"):
        work.jobs["lime"].result(timeout=60)
    assert work.state("lime")[0] == "cancelled"
    work.ask()
    assert work.state("lime")[0] == "cancelled"
    work.restart("lime")
    work.jobs["lime"].result(timeout=60)
    assert work.state("lime") == ("ready", "")


def test_going_back_to_an_entry_that_was_left_finishes_it(engine: Engine) -> None:
    """A → B → A: the jobs of A that were stopped on leaving are asked for again."""
    case = engine.read(png(seed=6))
    first = Work(engine, case, engine.model.target, "somebody")
    first.cancel_all()
    again = Work(engine, case, engine.model.target, "somebody")
    shown = finished(again)
    assert {again.state(name)[0] for name in again.jobs} == {"ready"}
    assert set(shown.attributions) == set(again.methods)


def test_results_of_an_earlier_entry_stay_and_say_so(work: Work, engine: Engine) -> None:
    shown = finished(work)
    changed = Work(
        engine, work.case.with_form(BREAST.check({"density": 4})), engine.model.target, "somebody"
    )
    for panel in panels_of(changed, shown)[1:]:
        assert panel.is_stale
        assert panel.shown is shown.attributions[panel.key]
    assert shown.prediction is not None
    assert changed.is_earlier(shown.prediction)
    assert changed.explanation(shown) is None
    html = prediction(shown.prediction, engine.model.system, work.case, is_earlier=True)
    assert "of the earlier entry" in html
    changed.cancel_all()


def test_a_box_and_its_clearing_change_what_is_read(
    engine: Engine, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = []
    monkeypatch.setattr(state, "change_case", changed.append)
    assert follow.act(engine, work, ("box", {"box": [10, 10, 40, 40]}))
    assert follow.act(engine, work, ("box", {"box": None}))
    assert not follow.act(engine, work, ("", None))
    assert changed[0].film.box == Box(10, 10, 40, 40)
    assert changed[1].digest == work.case.digest


def test_facts_and_details_escape_what_a_file_says(work: Work) -> None:
    shown = finished(work)
    assert "<b>" not in facts(work.case, "<b>title</b>")
    html = details(list(shown.attributions.values()))
    assert html.count("<tr>") == 1 + len(shown.attributions)
    assert "weighted R²" in html


def test_entries_that_do_not_apply_are_left_out() -> None:
    form = checked(BREAST, "mass", {"density": ("2",), "calc_type": ("SKIN",)})
    assert BREAST.plain(form) == {"lesion_type": "mass", "density": "2"}


def test_a_form_file_is_told_apart_by_content() -> None:
    (one,) = forms_of_file(BREAST, b'\xef\xbb\xbf {"density": 3}')
    assert BREAST.plain(one) == {"density": "3"}
    two = forms_of_file(BREAST, b"density\n1\n4\n")
    assert [BREAST.plain(form)["density"] for form in two] == ["1", "4"]


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"\xff\xfe\x00", "UTF-8"), (b"[1]", "JSON object"), (b"a" * (2**20 + 1), "at most 1 MiB")],
)
def test_a_file_that_is_no_form_is_one_sentence(content: bytes, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        forms_of_file(BREAST, content)
