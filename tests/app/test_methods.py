"""Further methods on the page: offered where they apply, chosen, kept, stopped, reported."""

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import methods, state
from pages.parts.follow import PANELS, panels_of
from pages.parts.state import Shown
from pages.parts.work import Work
from tests import tiny
from tests.app.conftest import choose, finished, page_text, png, upload
from xattn.explain import DEFAULT_METHODS, EXPLAINERS
from xattn.runtime.engine import Engine
from xattn.systems import SYSTEMS


def tick(app: AppTest, method: str) -> AppTest:
    """The app after a further method was chosen, or was no longer."""
    box = next(box for box in app.checkbox if box.label == methods.title(method))
    return box.set_value(not box.value).run()


def panels(app: AppTest) -> list[str]:
    work: Work = app.session_state[state.WORK]
    return [panel.key for panel in panels_of(work, Shown())]


def test_every_offer_is_an_explainer_that_does_not_run_already() -> None:
    assert set(methods.OFFERED) <= set(EXPLAINERS) - set(DEFAULT_METHODS)
    assert {name for name in EXPLAINERS if EXPLAINERS[name].is_foreign} <= set(methods.OFFERED)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_gate_is_offered_where_the_model_has_one(system: str) -> None:
    offered = methods.offered(tiny.model_of(system))
    assert ("mxa" in offered) == (system == "chest")
    assert "hirescam" in offered


def test_names_on_the_page_are_no_class_names() -> None:
    names = {methods.title(name) for name in (*PANELS, *methods.OFFERED)}
    classes = {type(explainer).__name__ for explainer in EXPLAINERS.values()}
    assert names.isdisjoint(classes - {"HiResCAM"})  # that is what its paper calls it
    assert len(names) == len(PANELS) + len(methods.OFFERED)


def test_a_chosen_method_becomes_a_panel_stays_on_edits_and_is_in_the_report(
    app: AppTest, engine: Engine
) -> None:
    upload(app, png())
    tick(app, "hirescam")
    assert panels(app) == ["original", *PANELS, "hirescam"]
    choose(app, "Breast density", "3")
    assert panels(app) == ["original", *PANELS, "hirescam"]
    app.switch_page("pages/about.py").run()
    app.switch_page("pages/review.py").run()
    assert panels(app) == ["original", *PANELS, "hirescam"]
    work = all_of(app)
    app.run()
    explanation = work.explanation(app.session_state[state.SHOWN])
    assert explanation is not None
    assert [name for name, _ in explanation.attributions] == [*DEFAULT_METHODS, "hirescam"]
    assert "HiResCAM (grad-cam)" in page_text(app)
    tick(app, "hirescam")
    assert panels(app) == ["original", *PANELS]
    assert "HiResCAM (grad-cam)" not in page_text(app)


def all_of(app: AppTest) -> Work:
    work: Work = app.session_state[state.WORK]
    finished(work)
    return work


def test_bars_of_another_method_stand_beside_ours_and_not_on_the_film(app: AppTest) -> None:
    upload(app, png())
    tick(app, "shap-form")
    assert panels(app) == ["original", *PANELS]
    all_of(app)
    text = page_text(app.run())
    assert text.count('<div class="bars"') == 2
    assert "Bars by shap, in log-odds" in text


def test_what_is_no_longer_wanted_is_stopped(engine: Engine) -> None:
    work = Work(engine, engine.read(png(seed=7)), engine.model.target, "one", ("lime-library",))
    job = work.jobs["lime-library"]
    work.choose(())
    assert job.is_cancelled
    assert "lime-library" not in work.unfinished
    assert work.methods == DEFAULT_METHODS
    work.cancel_all()


def test_a_choice_for_another_system_is_not_forgotten(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(app, png())
    app.session_state[state.METHODS] = ("mxa",)
    tick(app, "layercam")
    assert app.session_state[state.METHODS] == ("layercam", "mxa")
    assert panels(app)[-1] == "layercam"
