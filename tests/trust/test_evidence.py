"""The evidence of all maps together: which are judged, and that an edit of the shown changes it."""

from dataclasses import replace

import pytest

from tests import tiny
from xattn.explain import EXPLAINERS
from xattn.explain.base import Game, drain
from xattn.records import Attribution
from xattn.trust.dependence import Dependence
from xattn.trust.evidence import UNJUDGED, MapEvidence, gather
from xattn.trust.grounds import Grounds
from xattn.trust.verdict import LIMIT

KEYS = ("shapley", "gradcam", "attention", "attention-gradient", "lime")


@pytest.fixture(scope="module")
def game() -> Game:
    model = tiny.breast_model()
    return Game(model, tiny.case(), model.target)


@pytest.fixture(scope="module")
def shown(game: Game) -> dict[str, Attribution]:
    return {key: drain(EXPLAINERS[key].run(game)) for key in KEYS}


@pytest.fixture(scope="module")
def found(game: Game, shown: dict[str, Attribution]) -> MapEvidence:
    other = replace(shown["gradcam"], target=replace(game.target, name="another"))
    return drain(gather(game, {**shown, "layercam": other}, Grounds()))


def test_maps_by_field_carry_no_other_maps_verdict() -> None:
    assert {
        "attention", "attention-norm", "attention-gradient", "attention-rollout", "interactions",
    } == UNJUDGED  # fmt: skip


def test_one_map_of_this_value_is_judged_and_nothing_else(found: MapEvidence) -> None:
    judged = {"gradcam", "lime"}
    assert set(found.verdicts) == set(found.places) == set(found.stability) == judged
    assert set(found.agreement.methods) == judged


def test_the_attention_is_compared_with_interactions_of_the_pool(
    game: Game, found: MapEvidence
) -> None:
    assert found.attention is not None
    assert [row.field for _, row in found.attention.fields] == list(game.fields)
    plain = found.plain
    assert plain["attention"]["sentence"] == found.attention.sentence
    assert set(plain["stability"]) == {"gradcam", "lime"}


def test_attention_alone_spends_no_encoder_pass_on_verdicts(
    shown: dict[str, Attribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny.breast_model()
    game = Game(model, tiny.case(), model.target)

    def refuse(*_: object) -> None:
        raise AssertionError("films were judged")

    monkeypatch.setattr("xattn.trust.judging.encode", refuse)
    alone = drain(gather(game, {"attention": shown["attention"]}, Grounds()))
    assert (alone.verdicts, alone.stability) == ({}, {})
    assert alone.attention is not None
    assert alone.attention.fields == ()


def test_without_attention_there_is_no_control(game: Game, shown: dict[str, Attribution]) -> None:
    assert drain(gather(game, {"shapley": shown["shapley"]}, Grounds())).attention is None


def test_a_method_that_survives_random_weights_is_unfit_whatever_the_test_says(
    game: Game, shown: dict[str, Attribution], found: MapEvidence
) -> None:
    known = {
        "gradcam": Dependence("unfit", "Grad-CAM: it is unfit for this model."),
        "lime": Dependence("fit", "LIME: it depends on what the model learnt."),
    }
    told = drain(gather(game, shown, Grounds(dependence=known))).verdicts
    assert told["gradcam"].answer == "unfit"
    assert told["gradcam"].sentence == f"Grad-CAM: it is unfit for this model; {LIMIT}"
    assert told["gradcam"].evidence == found.verdicts["gradcam"].evidence
    assert told["lime"].sentence == found.verdicts["lime"].sentence
