"""The models page: the operating point, what is stored, and loading a folder with checks."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.parts import cards, checkpoints, consequences, resources
from tests.app.conftest import page_text
from xattn.models.checkpoint import load as load_checkpoint
from xattn.models.checkpoint import save
from xattn.models.signature import KEYS, make_keys, sign
from xattn.runtime import operating
from xattn.runtime.operating import Operating, curve_of
from xattn.systems import SYSTEMS

PAGE = "pages/models.py"


@pytest.fixture
def other(checkpoint: Path, tmp_path: Path) -> Path:
    """A folder of the same weights with another version."""
    found = load_checkpoint(checkpoint, SYSTEMS["breast"].build, "breast")
    folder = tmp_path / "other"
    save(folder, replace(found, description=replace(found.description, version="7.0")))
    return folder


def curve():
    """Of 40 with it 30 are said 0.8 and ten 0.3; of 60 without it 12 are said 0.8, 48 0.1."""
    said = np.repeat([0.8, 0.3, 0.8, 0.1], [30, 10, 12, 48])
    return curve_of("malignant", said, np.repeat([1.0, 0.0], [40, 60]))


def typed(app: AppTest, label: str):
    return next(each for each in app.text_input if each.label == label)


def test_a_cut_is_said_for_a_thousand_people_and_nobody_below_is_safe() -> None:
    made = operating.consequences(curve(), operating.PROBABILITIES.index(0.5), 0.1)
    html = consequences.table(made, "does not exclude malignancy", "")
    for words in ("75.0 % [", "80.0 % [", "75 found", "25 missed", "180 called", "have it: 720"):
        assert words in html
    assert "Not called at 0.50: does not exclude malignancy." in html
    # 75 of 255 called; 720 of 745 below.
    assert "29.4 %" in html
    assert "96.6 %" in html
    assert "safe" not in html


def test_without_counts_no_operating_point_is_drawn(app: AppTest) -> None:
    app = app.switch_page(PAGE).run()
    text = page_text(app)
    assert text.count("no operating point can be judged") == 2
    assert not app.get("select_slider")
    assert not app.error


def test_the_reader_sets_cut_and_prevalence(app: AppTest, engine, monkeypatch) -> None:
    found = Operating(engine.model.checkpoint.model_id, "100 made-up cases", (curve(),))
    monkeypatch.setattr(operating, "load", lambda *_: found)
    app = app.switch_page(PAGE).run()
    assert "300 found" in page_text(app)  # at the cases' own prevalence, 40 %
    app.number_input[0].set_value(10.0).run()
    assert "75 found" in page_text(app)
    app.get("select_slider")[0].set_value(0.2).run()
    assert "100 found" in page_text(app)
    assert "does not exclude malignancy" in page_text(app)
    assert "On 100 made-up cases: 40 with the finding and 60 without" in page_text(app)


def test_randomisation_is_told_per_method_or_was_not_run(tmp_path: Path) -> None:
    assert cards.randomisation(None).count("not run") == 5
    said = {"verdict": "fit", "sentence": "Grad-CAM: it depends on what the model learnt."}
    plain = {"model_id": "0", "methods": {"gradcam": said}}
    (tmp_path / "evidence.json").write_text(json.dumps(plain))
    found = cards.randomisation(tmp_path)
    assert "it depends on what the model learnt" in found
    assert found.count("not run") == 4
    (tmp_path / "evidence.json").write_text("[]")
    assert "cannot be read" in cards.randomisation(tmp_path)


def test_an_unsigned_folder_needs_a_tick_and_then_reads_in_this_session_alone(
    app: AppTest, other: Path
) -> None:
    app = app.switch_page(PAGE).run()
    typed(app, "Folder of this machine").set_value(str(other)).run()
    assert "Not signed: nobody vouches" in page_text(app)
    load = next(each for each in app.button if each.label == "Load")
    assert load.disabled
    app.checkbox[0].check().run()
    next(each for each in app.button if each.label == "Load").click().run()
    assert not app.error
    assert "breast · compact 7.0" in page_text(app)
    assert app.session_state[checkpoints.CHOSEN] == {"breast": str(other)}
    second = AppTest.from_file(app._script_path, default_timeout=120).run()
    assert "breast · compact 0.0" in page_text(second)


def test_a_trusted_signature_needs_none(app: AppTest, other: Path, tmp_path, monkeypatch) -> None:
    secret, public = make_keys(tmp_path / "mine")
    sign(other, secret, SYSTEMS["breast"].schema)
    monkeypatch.setenv(KEYS, str(public))
    app = app.switch_page(PAGE).run()
    typed(app, "Folder of this machine").set_value(str(other)).run()
    assert "Signed by a key that is trusted here" in page_text(app)
    next(each for each in app.button if each.label == "Load").click().run()
    assert "breast · compact 7.0" in page_text(app)


def test_a_changed_folder_is_one_sentence_and_no_button(
    app: AppTest, other: Path, tmp_path: Path
) -> None:
    sign(other, make_keys(tmp_path / "mine")[0], SYSTEMS["breast"].schema)
    (other / "card.md").write_text("another")
    app = app.switch_page(PAGE).run()
    typed(app, "Folder of this machine").set_value(str(other)).run()
    assert "changed, added or removed" in app.error[0].value
    assert not [each for each in app.button if each.label == "Load"]


def test_a_session_knows_its_folders_beside_those_that_came(other: Path, monkeypatch) -> None:
    import streamlit as st

    monkeypatch.setattr(st, "session_state", {})
    checkpoints.remember("breast", str(other))
    found = checkpoints.known("breast", resources.shipped_models())
    assert list(found) == ["compact 1.0", "compact 7.0"]
    (other / "model.json").rename(other / "elsewhere.json")
    assert list(checkpoints.known("breast", resources.shipped_models())) == ["compact 1.0"]
    checkpoints.choose("breast", str(other))
    (other / "elsewhere.json").rename(other / "model.json")
    assert resources.sources()["breast"] == str(other)
    checkpoints.let_go("breast")
    assert resources.sources()["breast"] != str(other)
