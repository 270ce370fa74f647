"""The model and the cases that are shipped: sizes, prior, sums, and what the card says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import expit

import xattn
from xattn.data.placement import Box
from xattn.errors import CheckpointError, XattnError
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import MODELS, SYSTEMS, choose_device, find

CASES = MODELS.parent / "cases" / "breast"
SAMPLES = sorted(CASES.glob("*/form.json"))


@pytest.fixture(scope="module")
def breast() -> Engine:
    return xattn.load("breast", device="cpu")


def test_a_checkpoint_is_small_and_loads_by_folder(breast: Engine):
    folder = MODELS / "breast" / "compact"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 10 * 1024**2
    assert (
        xattn.load(folder, device="cpu").model.checkpoint.model_id
        == breast.model.checkpoint.model_id
    )


def test_nothing_known_is_the_prior_of_training(breast: Engine):
    case = breast.read(SAMPLES[0].with_name("film.dcm"))
    reference = breast.predict(case).reference
    # DESIGN 8: within 0.02 of the prevalence in training.
    assert abs(expit(reference) - breast.model.checkpoint.description.prevalence) < 0.02


def test_the_reference_is_one_number_for_every_film_and_form(breast: Engine):
    cases = [
        breast.read(path.with_name("film.dcm"), json.loads(path.read_text())) for path in SAMPLES
    ]
    references = {breast.predict(case).reference for case in cases}
    assert len(references) == 1


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_shapley_values_of_a_sample_sum_to_the_prediction(breast: Engine, path: Path):
    box = path.with_name("box.json")
    case = breast.read(
        path.with_name("film.dcm"),
        json.loads(path.read_text()),
        box=Box(*json.loads(box.read_text())) if box.exists() else None,
    )
    explanation = breast.explain(case, ("shapley", "gradcam", "attention"))
    prediction, shapley = explanation.prediction, explanation["shapley"]
    total = sum(share for _, share in shapley.players)
    # Sums of at most 64 float32 scores, added in float64.
    assert total == pytest.approx(prediction.value - prediction.reference, abs=1e-5)
    parts = (
        prediction.image_only + prediction.form_only - prediction.reference + prediction.interaction
    )
    assert parts == pytest.approx(prediction.value, abs=1e-12)
    attention = np.stack(
        [
            explanation["attention"].map(f"image_attends_clinical/{name}").values
            for name in breast.schema.names
        ]
    )
    np.testing.assert_allclose(attention.sum(axis=0), 1.0, atol=1e-6)  # a float32 softmax over five


def test_the_samples_hold_no_person(breast: Engine):
    assert len(SAMPLES) >= 4
    for path in SAMPLES:
        assert b"PHANTOM" in path.with_name("film.dcm").read_bytes()
        breast.schema.read_json(path.read_text())


def test_the_card_says_what_it_is(breast: Engine):
    card = breast.model.checkpoint.card
    for words in (
        "Research use, not for diagnosis",
        "synthetic phantoms",
        "Known failures",
        "Bayes-optimal",
    ):
        assert words in card
    figures = re.findall(r"\| film and form \| ([\d,]+) \| (0\.\d+) \[", card)
    assert figures
    assert breast.model.checkpoint.description.is_phantom_trained


def test_names_and_devices_that_are_not_there_are_refused():
    with pytest.raises(
        CheckpointError, match="Expected a system \\(breast\\) or a checkpoint folder"
    ):
        xattn.load("nowhere")
    with pytest.raises(XattnError, match="System must be one of breast"):
        find("knee")
    with pytest.raises(XattnError, match="must be auto, cpu or cuda"):
        choose_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(XattnError, match="none is here"):
            choose_device("cuda")
    assert choose_device("cpu").type == "cpu"
    assert set(SYSTEMS) == {"breast"}


def test_an_edit_leaves_the_film_encoded(breast: Engine):
    path = SAMPLES[0]
    breast = Engine(breast.model, Worker())  # nothing kept from other tests
    case = breast.read(path.with_name("film.dcm"), json.loads(path.read_text()))
    first = breast.predict(case)
    calls = []
    encode = breast.model.module.encode_image
    breast.model.module.encode_image = lambda films: calls.append(len(films)) or encode(films)
    try:
        edited = breast.predict(case.with_form(breast.schema.blank("mass")))
    finally:
        del breast.model.module.encode_image
    assert calls == []  # tokens of film and of nothing are kept; only fusion runs again
    assert edited.reference == first.reference
