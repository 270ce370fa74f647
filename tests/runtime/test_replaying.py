"""What is kept comes again to the bit; what differs, or cannot be asked, is said."""

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from xattn.archive.comparing import compare
from xattn.archive.people import LOCAL
from xattn.data.placement import Box
from xattn.errors import ExplainError
from xattn.explain import EXPLAINERS
from xattn.explain.base import Game, drain
from xattn.explain.film import EncodedFilm
from xattn.explain.lime import RegionLime
from xattn.records import Map
from xattn.runtime.engine import Engine
from xattn.runtime.replaying import replay, with_settings
from xattn.runtime.worker import Worker


@pytest.fixture(scope="module")
def case(engine):
    return engine.with_box(tiny.case(), Box(20, 20, 50, 40))


def kept(archive, engine, case, **results):
    form = engine.schema.plain(case.form)
    number = archive.add(LOCAL, 1, case, title="one", form=form)
    for method, result in results.items():
        archive.keep(LOCAL, number, method, result)
    return number


def test_prediction_and_maps_come_again_to_the_bit(engine, archive, case):
    methods = ("gradcam", "shapley", "attention")
    explained = engine.explain(case, methods)
    number = kept(
        archive, engine, case, prediction=explained.prediction, **dict(explained.attributions)
    )
    other = Engine(tiny.breast_model(), Worker())
    outcomes = list(replay(other, archive, number))
    other.worker.close()
    assert [(one.method, one.outcome) for one in outcomes] == [
        (method, "equal to the bit") for method in ("prediction", *methods)
    ]
    assert all(one.is_same for one in outcomes)
    assert outcomes[0].sentence == "prediction of malignant: equal to the bit"


def test_settings_that_were_stored_are_used(engine, archive, case):
    film = EncodedFilm(engine.model, case.film, seed=7)
    game = Game(engine.model, case, engine.model.target, film)
    lime = drain(RegionLime(samples=64, ridge=0.5).run(game))
    number = kept(archive, engine, case, lime=lime)
    (outcome,) = replay(engine, archive, number)
    assert outcome.outcome == "equal to the bit"


def test_every_explainers_settings_come_back_from_their_text():
    for explainer in EXPLAINERS.values():
        assert with_settings(explainer, explainer.settings) == explainer
    joint = replace(EXPLAINERS["joint"], second_fill=None, precision=0.5, most=64)
    assert with_settings(EXPLAINERS["joint"], joint.settings) == joint
    with pytest.raises(ExplainError, match="other settings"):
        with_settings(EXPLAINERS["joint"], (("unheard", "1"),))


def test_a_changed_number_is_different_and_a_small_change_is_within(engine, archive, case):
    said = engine.predict(case)
    wrong = kept(archive, engine, case, prediction=replace(said, form_only=said.form_only + 0.01))
    (outcome,) = replay(engine, archive, wrong)
    assert (outcome.outcome, outcome.is_same) == ("different", False)
    # The difference of two numbers near one, in float64.
    assert outcome.largest == pytest.approx(0.01, abs=1e-12)
    assert compare(said, replace(said, value=said.value + 9e-5))[0] == "within 1e-4"
    assert compare(said, replace(said, value=said.value - 1.1e-4))[0] == "different"
    cam = engine.explain(case, ("gradcam",))["gradcam"]
    bent = replace(cam, maps=(Map(cam.maps[0].name, cam.maps[0].values + np.float32(2e-4)),))
    assert compare(cam, bent)[0] == "different"
    fewer = replace(cam, maps=())
    assert compare(cam, fewer) == ("different", float("inf"))
    elsewhere = replace(cam, provenance=replace(cam.provenance, device="cuda", threads=64))
    assert compare(elsewhere, cam) == ("equal to the bit", 0.0)


def test_what_cannot_be_asked_again_is_said(engine, archive, case):
    said = engine.predict(case)
    source = said.provenance
    edited = engine.predict(case.with_form(engine.schema.check({"lesion_type": "mass"})))
    foreign = replace(said, provenance=replace(source, model_id="another"))
    number = kept(archive, engine, case, prediction=edited, future=said)
    archive.keep(LOCAL, number, "prediction", foreign)
    outcomes = [outcome.outcome for outcome in replay(engine, archive, number)]
    assert outcomes == [
        "not replayed: it was made on another form or box than the case was stored with.",
        "not replayed: this version has no such method.",
        "not replayed: it was made by another model; name its checkpoint.",
    ]
