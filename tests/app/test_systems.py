"""The page with each system: another is chosen, another output is explained."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts import outputs, resources, state
from tests import tiny
from tests.app.conftest import APP, page_text, png
from xattn.models.support import UNSAID
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    """The app with a tiny model for every system."""
    worker = Worker()
    engines = {name: Engine(tiny.model_of(name), worker) for name in SYSTEMS}
    monkeypatch.delenv(resources.CHECKPOINT)
    monkeypatch.setattr(resources, "engine", engines.__getitem__)
    monkeypatch.setattr(resources, "sources", lambda: {name: name for name in SYSTEMS})
    monkeypatch.setattr("pages.parts.opening.sources", lambda: {name: name for name in SYSTEMS})
    yield AppTest.from_file(str(APP), default_timeout=120).run()
    worker.close()
    st.cache_resource.clear()


def open_system(app: AppTest, name: str) -> AppTest:
    if app.session_state[state.SYSTEM] != name:
        chooser = next(each for each in app.segmented_control if each.label == "System")
        chooser.set_value(name).run()
    uploader = next(u for u in app.file_uploader if u.label.startswith(SYSTEMS[name].film))
    uploader.upload("film.png", png(), "application/octet-stream").run()
    while stops := [each for each in app.button if each.label.startswith("Acknowledge")]:
        stops[0].click().run()  # a blob is no hip and no chest
    return app


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_reads_a_film(app: AppTest, name: str) -> None:
    open_system(app, name)
    assert not app.error
    shown = SYSTEMS[name].targets[SYSTEMS[name].default_target].name
    assert shown in page_text(app)
    case = app.session_state[state.READING].case
    assert case.system == name


def test_choosing_another_system_closes_the_case(app: AppTest) -> None:
    open_system(app, "breast")
    state_before = app.session_state[state.READING]
    assert state_before is not None
    chooser = next(each for each in app.segmented_control if each.label == "System")
    chooser.set_value("hip").run()
    assert app.session_state[state.SYSTEM] == "hip"
    assert state.READING not in app.session_state


def test_a_density_comes_with_its_t_score_equivalent_and_no_probability(app: AppTest) -> None:
    open_system(app, "hip")
    text = page_text(app)
    assert "Estimated femoral-neck BMD" in text
    assert "T-score-equivalent" in text
    assert "prevalence" not in text


def test_another_finding_is_explained_in_place_of_the_first(app: AppTest) -> None:
    open_system(app, "chest")
    chooser = next(box for box in app.selectbox if box.label == "Finding explained")
    chooser.set_value("edema").run()
    assert "P(edema)" in page_text(app)
    shown = app.session_state[state.SHOWN]
    assert shown.prediction.target.name == "edema"
    assert shown.prediction.target.output == 5


def test_all_findings_are_listed_with_the_explained_one_marked() -> None:
    model = tiny.model_of("chest")
    prediction = Engine(model, Worker()).predict(tiny.case_of("chest"))
    html = outputs.every_output(prediction, model)
    assert html.count('role="row"') == 14
    assert html.count("explained") == 1
    assert '<span role="rowheader">pleural effusion</span>' in html


def test_one_output_has_no_list() -> None:
    model = tiny.breast_model()
    prediction = Engine(model, Worker()).predict(tiny.case())
    assert outputs.every_output(prediction, model) == ""


def fill(app: AppTest, label: str, value: float) -> AppTest:
    """The app after a number of the form was entered."""
    return next(each for each in app.number_input if each.label == label).set_value(value).run()


def test_bmi_follows_height_and_weight_and_is_not_entered(app: AppTest) -> None:
    open_system(app, "hip")
    fill(app, "Height (cm)", 160.0)
    fill(app, "Weight (kg)", 64.0)
    form = app.session_state[state.READING].case.form
    assert form["bmi"] == pytest.approx(25.0, abs=1e-9)  # 64 / 1.6², in float64
    assert form.derived == ("bmi",)
    field = next(each for each in app.number_input if each.label.startswith("BMI"))
    assert field.value is None
    assert field.placeholder == "25 kg/m² (from height and weight)"


def test_a_bmi_that_disagrees_is_refused_and_the_form_in_hand_stays(app: AppTest) -> None:
    open_system(app, "hip")
    fill(app, "Height (cm)", 160.0)
    fill(app, "Weight (kg)", 64.0)
    before = app.session_state[state.READING].case.digest
    fill(app, "BMI (kg/m²)", 35.0)
    assert len(app.error) == 1
    assert "25" in app.error[0].value
    assert app.session_state[state.READING].case.digest == before


def test_an_entry_outside_the_training_data_is_taken_and_warned_of(app: AppTest) -> None:
    open_system(app, "hip")
    fill(app, "Age at X-ray (years)", 30.0)
    assert not app.error
    assert UNSAID in page_text(app)  # this model does not say what it was trained on
    assert "no T-score-equivalent below 50 years" in page_text(app)


def test_a_lateral_view_has_no_projection(app: AppTest) -> None:
    open_system(app, "chest")
    labels = {box.label for box in app.selectbox}
    assert {"View", "Projection"} <= labels
    next(box for box in app.selectbox if box.label == "View").set_value("LATERAL").run()
    assert "Projection" not in {box.label for box in app.selectbox}
    form = app.session_state[state.READING].case.form
    assert form["projection"].value == "not applicable"
    assert form["view"] == ("LATERAL",)
    assert not app.error


def test_correlated_fields_stand_as_one_bar_with_their_parts(app: AppTest) -> None:
    open_system(app, "hip")
    fill(app, "Height (cm)", 160.0)
    fill(app, "Weight (kg)", 64.0)
    text = page_text(app)
    assert ">Body size<small>Height" in text
    assert 'data-field="height"' in text
    assert 'data-field="weight"' not in text
