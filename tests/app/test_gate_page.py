"""The gate on the page: what stops hides the prediction until it is seen; the rest is quiet."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import gate, state
from tests.app.conftest import choose, page_text, png, upload
from tests.data.dicom_files import DicomOptions, write_dicom
from xattn.records import Case
from xattn.runtime.engine import Engine
from xattn.trust.finding import Finding, Gate, passed, unchecked
from xattn.trust.novelty import Novelty

FOUND = Gate(
    (
        passed("size", "The film has 960 x 1280 pixels."),
        unchecked("implant", "nobody looks for one."),
        Finding("metal", "warn", "A sharp bright area was found."),
        Finding("patient sex against form", "block", "The header says MALE, the form FEMALE."),
        passed("patient age in years against form", "Header and form agree: 61."),
    )
)


def computed_tomography() -> bytes:
    """A film that says of itself that it is none."""
    import numpy as np

    pixels = np.random.default_rng(0).integers(0, 4095, (300, 260)).astype(np.uint16)
    return write_dicom(pixels, DicomOptions(extra=(("Modality", "CT"),)))


def acknowledging(app: AppTest) -> list[str]:
    return [each.label for each in app.button if each.label.startswith("Acknowledge")]


def press(app: AppTest, label: str) -> AppTest:
    return next(each for each in app.button if each.label == label).click().run()


def test_a_block_hides_what_is_said_until_it_is_acknowledged(app: AppTest) -> None:
    upload(app, computed_tomography(), name="film.dcm")
    assert "Acknowledge: modality" in acknowledging(app)
    hidden = page_text(app)
    for part in ('class="number"', 'class="bars"', "alone: film"):
        assert part not in hidden
    assert "The prediction and what follows from it stay hidden" in hidden
    assert next(each for each in app.button if each.label.startswith("PDF report")).disabled
    while labels := acknowledging(app):
        assert 'class="number"' not in page_text(app)
        press(app, labels[0])
    text = page_text(app)
    assert 'class="number"' in text
    assert "Acknowledged: " in text
    choose(app, "Breast density", "3")
    assert not acknowledging(app)  # the same reason on the same film
    work, shown = app.session_state[state.WORK], app.session_state[state.SHOWN]
    assert work.belief(shown).assessment.gate.level == "block"


def test_a_pass_is_one_line_and_warnings_are_in_sight(app: AppTest) -> None:
    upload(app, png())
    text = page_text(app)
    assert "fine detail is lost" in text  # 90 × 120 pixels
    assert "✓" not in text
    found = app.session_state[state.SHOWN].assessment.gate
    made = [each for each in found.findings if each.is_checked and each.level == "pass"]
    left = [each for each in found.findings if not each.is_checked]
    assert gate.counted(found) == f"{len(made)} checks passed, {len(left)} could not be made"


def test_checks_are_counted_once_each() -> None:
    assert gate.counted(FOUND) == "2 checks passed, 1 could not be made"


def test_what_stops_comes_first_and_what_was_not_made_last() -> None:
    html = gate.every_check(FOUND, ("An entry <new>.",))
    places = [html.index(each) for each in ("patient sex", "metal", "size", "implant")]
    assert places == sorted(places)
    assert "not made" in html
    assert "An entry &lt;new&gt;." in html


def test_header_and_form_are_compared_in_one_line() -> None:
    assert gate.compared(FOUND) == "the form disagrees"
    agreeing = Gate((FOUND.findings[4], passed("view position against form", "Agree: PA.")))
    assert gate.compared(agreeing) == "the form agrees: age, view position"
    assert (
        gate.compared(Gate((unchecked("age against form", "unknown."),)))
        == "shares no fact with the form"
    )


def test_novelty_is_said_in_percentiles() -> None:
    assert gate.novelty(Novelty(36.6, 4.4)) == "film 37, form 4 pct."


@pytest.fixture
def case(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setattr(state.st, "session_state", {})
    return engine.read(png(), {"density": 2})


def test_another_reason_or_another_film_asks_again(case: Case, engine: Engine) -> None:
    stops = FOUND.findings[3]
    assert state.seen(case, FOUND).pending == (stops,)
    state.acknowledge(case, stops)
    assert not state.seen(case, FOUND).blocks
    other = Gate((replace(stops, reason="The header says MALE, the form is empty."),))
    assert state.seen(case, other).blocks
    assert state.seen(engine.read(png(seed=1)), FOUND).blocks
