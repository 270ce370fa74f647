"""The models and the cases that are shipped: sizes, prior, sums, and what the cards say."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

import xattn
from xattn.data.placement import Box
from xattn.errors import CheckpointError, XattnError
from xattn.explain.base import Game
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import MODELS, SYSTEMS, choose_device, find

CASES = MODELS.parent / "cases"
SAMPLES = {name: sorted((CASES / name).glob("*/form.json")) for name in SYSTEMS}
EVERY_SAMPLE = [path for paths in SAMPLES.values() for path in paths]


@cache
def engine(system: str) -> Engine:
    return xattn.load(system, device="cpu")


@pytest.fixture
def breast() -> Engine:
    return engine("breast")


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_checkpoint_is_small_and_loads_by_folder(system: str):
    folder = MODELS / system / "compact"
    assert sum(path.stat().st_size for path in folder.iterdir()) < 10 * 1024**2
    again = xattn.load(folder, device="cpu").model.checkpoint.model_id
    assert again == engine(system).model.checkpoint.model_id


@pytest.mark.parametrize("system", SYSTEMS)
def test_nothing_known_is_the_prior_of_training(system: str):
    reader = engine(system)
    model, case = reader.model, reader.read(SAMPLES[system][0].with_name("film.dcm"))
    game = Game(model, case, model.target)
    scores = game.fuse(game.film.nothing, torch.zeros_like(game.form[1])).scores.double()
    values = np.array([float(target.of(scores)[0]) for target in model.targets])
    # Promised: within 0.02 of the prevalence in training, 0.01 g/cm² of the mean.
    tolerance = 0.02 if model.system.is_probability else 0.01
    means = model.checkpoint.description.label_means
    np.testing.assert_allclose(model.plain(values), means, atol=tolerance, rtol=0)


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_reference_is_one_number_for_every_film_and_form(system: str):
    reader = engine(system)
    cases = [
        reader.read(path.with_name("film.dcm"), json.loads(path.read_text()))
        for path in SAMPLES[system]
    ]
    references = {reader.predict(case).reference for case in cases}
    assert len(references) == 1


@pytest.mark.parametrize("path", EVERY_SAMPLE, ids=lambda path: path.parent.name)
def test_shapley_values_of_a_sample_sum_to_the_prediction(path: Path):
    box = path.with_name("box.json")
    reader = engine(path.parents[1].name)
    case = reader.read(
        path.with_name("film.dcm"),
        json.loads(path.read_text()),
        box=Box(*json.loads(box.read_text())) if box.exists() else None,
    )
    explanation = reader.explain(case, ("shapley", "gradcam", "attention"))
    prediction, shapley = explanation.prediction, explanation["shapley"]
    total = sum(share for _, share in shapley.players)
    # Sums of at most 2,048 float32 scores, added in float64.
    assert total == pytest.approx(prediction.value - prediction.reference, abs=1e-5)
    parts = (
        prediction.image_only + prediction.form_only - prediction.reference + prediction.interaction
    )
    assert parts == pytest.approx(prediction.value, abs=1e-12)
    attention = np.stack(
        [
            explanation["attention"].map(f"image_attends_clinical/{name}").values
            for name in reader.schema.names
        ]
    )
    np.testing.assert_allclose(attention.sum(axis=0), 1.0, atol=1e-6)  # a float32 softmax


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_samples_hold_no_person(system: str):
    assert len(SAMPLES[system]) >= 4
    for path in SAMPLES[system]:
        assert b"PHANTOM" in path.with_name("film.dcm").read_bytes()
        SYSTEMS[system].schema.read_json(path.read_text())


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_card_says_what_it_is(system: str):
    card = engine(system).model.checkpoint.card
    for words in (
        "Research use, not for diagnosis",
        "synthetic phantoms",
        "Known failures",
        "given the latent causes",
    ):
        assert words in card
    assert re.findall(r"\| film and form \| ([\d,]+) \| (0\.\d+) \[", card)
    assert engine(system).model.checkpoint.description.is_phantom_trained


@pytest.mark.parametrize(("system", "figure"), [("hip", 2), ("breast", 0), ("chest", 0)])
def test_film_and_form_beat_each_alone_with_intervals_that_do_not_touch(system: str, figure: int):
    card = engine(system).model.checkpoint.card
    both, film, form = (
        re.findall(r"(-?\d\.\d+) \[(-?\d\.\d+), (-?\d\.\d+)\]", line)[figure]
        for name in ("film and form", "film alone", "form alone")
        for line in re.findall(rf"^\| {name} \|.*$", card, flags=re.MULTILINE)
    )
    assert float(both[1]) > float(film[2])
    assert float(both[1]) > float(form[2])


def test_names_and_devices_that_are_not_there_are_refused():
    with pytest.raises(
        CheckpointError, match="Expected a system \\(hip, breast, chest\\) or a checkpoint folder"
    ):
        xattn.load("nowhere")
    with pytest.raises(XattnError, match="System must be one of hip, breast, chest"):
        find("knee")
    with pytest.raises(XattnError, match="must be auto, cpu or cuda"):
        choose_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(XattnError, match="none is here"):
            choose_device("cuda")
    assert choose_device("cpu").type == "cpu"
    assert tuple(SYSTEMS) == ("hip", "breast", "chest")


def test_an_edit_leaves_the_film_encoded(breast: Engine):
    path = SAMPLES["breast"][0]
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
