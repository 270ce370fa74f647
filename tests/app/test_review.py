"""The review page through the entry script: every change of state a reader can cause."""

import logging

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import opening, resources, state
from tests.app.conftest import APP, choose, page_text, png, upload
from xattn.reports import sentences
from xattn.runtime.engine import Engine
from xattn.trust import wording


def printed(engine: Engine, film: bytes, form: dict[str, object]) -> str:
    """The number that the page must print for this film and form."""
    value = engine.predict(engine.read(film, form)).probability
    assert value is not None
    return f'<span class="number">{wording.probability(value)}</span>'


def entry(engine: Engine, film: bytes, form: dict[str, object]) -> str:
    return engine.read(film, form).digest


def case_of(app: AppTest) -> state.Reading:
    reading: state.Reading = app.session_state[state.READING]
    return reading


def test_a_film_alone_gets_the_prediction_of_the_engine(app: AppTest, engine: Engine) -> None:
    upload(app, png())
    assert printed(engine, png(), {}) in page_text(app)
    assert "uploaded film" in page_text(app)
    assert "film.png" not in page_text(app)


def test_an_edit_is_followed_at_once_by_prediction_and_bars(app: AppTest, engine: Engine) -> None:
    upload(app, png())
    choose(app, "Lesion", "mass")
    choose(app, "Mass shape", ["IRREGULAR"])
    form = {"lesion_type": "mass", "mass_shape": "IRREGULAR"}
    shapley = engine.explain(engine.read(png(), form), ["shapley"])["shapley"]
    share = sentences.amount(dict(shapley.players)["mass_shape"], "log-odds")
    text = page_text(app)
    assert printed(engine, png(), form) in text
    assert 'data-field="mass_shape"' in text
    assert f'<span class="value" role="cell">{share}</span>' in text
    assert "of the earlier entry" not in text


def test_fields_that_do_not_apply_are_not_asked_and_not_kept(app: AppTest, engine: Engine) -> None:
    upload(app, png())
    choose(app, "Mass shape", ["OVAL"])
    choose(app, "Lesion", "calcification")
    assert "Mass shape" not in {widget.label for widget in app.multiselect}
    assert case_of(app).case.digest == entry(engine, png(), {"lesion_type": "calcification"})


def test_leaving_the_page_and_coming_back_keeps_film_and_form(app: AppTest) -> None:
    upload(app, png())
    choose(app, "Breast density", "3")
    before = case_of(app).case.digest
    app.switch_page("pages/about.py").run()
    app.switch_page("pages/review.py").run()
    assert case_of(app).case.digest == before
    assert {box.label: box.value for box in app.selectbox}["Breast density"] == "3"


def test_another_film_begins_with_an_empty_form(app: AppTest, engine: Engine) -> None:
    upload(app, png())
    choose(app, "Breast density", "3")
    upload(app, png(seed=1))
    assert case_of(app).case.digest == entry(engine, png(seed=1), {})
    assert {box.label: box.value for box in app.selectbox}["Breast density"] is None
    assert printed(engine, png(seed=1), {}) in page_text(app)


def test_a_refused_file_is_one_sentence_and_the_case_in_hand_stays(app: AppTest) -> None:
    refusal = (
        "A DICOM, PNG, JPEG or TIFF file was expected, however this is a PDF; "
        "export the image in one of these formats."
    )
    upload(app, b"%PDF-1.7 not a film")
    assert [error.value for error in app.error] == [refusal]
    upload(app, png())
    before = case_of(app).case.digest
    upload(app, b"")
    assert len(app.error) == 1
    assert case_of(app).case.digest == before
    app.run()
    assert not app.error


def test_a_refusal_is_said_again_where_a_result_draws_the_page_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(state.st, "session_state", {})
    state.tell("no film")
    assert state.take_problem() == "no film"
    state.tell_again()
    assert [state.take_problem(), state.take_problem()] == ["no film", ""]
    state.tell_again()
    assert state.take_problem() == ""


def read_form(app: AppTest, name: str, content: str) -> AppTest:
    uploader = next(u for u in app.file_uploader if u.label.startswith("Form from"))
    return uploader.upload(name, content.encode(), "text/plain").run()


def test_a_json_file_fills_the_form(app: AppTest, engine: Engine) -> None:
    upload(app, png())
    read_form(app, "form.json", '{"lesion_type": "mass", "mass_margins": "SPICULATED"}')
    form = {"lesion_type": "mass", "mass_margins": "SPICULATED"}
    assert case_of(app).case.digest == entry(engine, png(), form)
    assert {each.label: each.value for each in app.multiselect}["Mass margins"] == ["SPICULATED"]


def test_a_row_of_a_table_is_chosen(app: AppTest, engine: Engine) -> None:
    upload(app, png())
    read_form(app, "forms.csv", "lesion_type,density\nmass,1\ncalc,4\n")
    app.number_input[0].set_value(2).run()
    next(button for button in app.button if button.label == "Use this row").click().run()
    form = {"lesion_type": "calcification", "density": "4"}
    assert case_of(app).case.digest == entry(engine, png(), form)


def test_a_form_file_that_leaks_the_label_is_refused_with_the_reason(app: AppTest) -> None:
    upload(app, png())
    read_form(app, "form.json", '{"assessment": 5}')
    assert "leaks the label" in app.error[0].value
    assert case_of(app).case.form.known == ()


def test_a_decision_belongs_to_the_entry_it_was_made_on(app: AppTest) -> None:
    upload(app, png())
    read = next(s for s in app.segmented_control if s.label == "Your read of the result")
    read.set_value("reject").run()
    next(text for text in app.text_input if text.label == "Note").set_value("blurred").run()
    decision = case_of(app).decision
    assert decision is not None
    assert (decision.verdict, decision.note) == ("reject", "blurred")
    choose(app, "Breast density", "2")
    assert case_of(app).decision is None


def test_a_sample_is_opened_with_its_form_and_box(
    app: AppTest, engine: Engine, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "breast" / "spiculated-mass"
    folder.mkdir(parents=True)
    (folder / "film.png").write_bytes(png())
    (folder / "form.json").write_text('{"density": 2}')
    (folder / "box.json").write_text("[10, 20, 40, 40]")
    samples = resources.sample_cases("breast", Path(str(tmp_path)))
    monkeypatch.setattr(opening, "sample_cases", lambda _: samples)
    app.run()
    choose(app, "Sample case", "spiculated mass")
    case = case_of(app).case
    assert (case.film.box.x, case.film.box.y, case.film.box.width) == (10, 20, 40)
    assert engine.schema.plain(case.form) == {"density": "2"}
    assert "Box ±10 %" in page_text(app)


def test_a_fault_shows_a_sentence_and_logs_no_words_of_it(
    app: AppTest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> bytes:
        raise RuntimeError("Doe^Jane")

    upload(app, png())
    monkeypatch.setattr("pages.parts.follow.panels_of", fail)
    monkeypatch.setattr("pages.parts.state.shown", fail)
    with caplog.at_level(logging.ERROR):
        app.run()
    assert "fault of the program" in app.error[0].value
    assert "RuntimeError" in caplog.text
    assert "Doe" not in caplog.text


def test_a_missing_model_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(resources.CHECKPOINT, "/nowhere")
    app = AppTest.from_file(str(APP), default_timeout=120).run()
    assert [error.value for error in app.error] == [
        "Expected a system (hip, breast, chest) or a checkpoint folder that exists."
    ]
