"""Several outputs of one model: each is predicted, explained and kept by itself."""

import pytest

from tests import tiny
from xattn.errors import XattnError
from xattn.explain import DEFAULT_METHODS
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS, LoadedModel


@pytest.fixture(scope="module")
def model() -> LoadedModel:
    return tiny.model_of("chest")


@pytest.fixture
def engine(model: LoadedModel) -> Engine:
    return Engine(model, Worker())


def test_a_prediction_holds_every_output_and_is_one_of_them(engine: Engine, model: LoadedModel):
    case = tiny.case_of("chest")
    for target in model.targets:
        prediction = engine.predict(case, target=target)
        assert prediction.target == target
        assert [name for name, _ in prediction.every] == [each.name for each in model.targets]
        # One row of one float32 matrix product, alone or beside others.
        assert dict(prediction.every)[target.name] == pytest.approx(prediction.value, abs=1e-5)


def test_without_a_target_the_systems_own_is_explained(engine: Engine, model: LoadedModel):
    explanation = engine.explain(tiny.case_of("chest"), ("shapley",))
    assert explanation.prediction.target == model.target
    assert explanation["shapley"].target == model.target
    assert model.target.name == "pleural effusion"


def test_targets_do_not_share_results(engine: Engine, model: LoadedModel):
    case = tiny.case_of("chest")
    first, second = model.targets[2], model.targets[5]
    one = engine.start_explanation(case, "gradcam", target=first)
    two = engine.start_explanation(case, "gradcam", target=second)
    assert one.result().maps[0].name == first.name
    assert two.result().maps[0].name == second.name
    assert (one.result().maps[0].values != two.result().maps[0].values).any()
    assert engine.start_explanation(case, "gradcam", target=first) is one


@pytest.mark.parametrize("system", SYSTEMS)
def test_bars_add_up_in_the_unit_of_each_system(system: str):
    model = tiny.model_of(system)
    explanation = Engine(model, Worker()).explain(tiny.case_of(system), ("shapley",))
    prediction, shapley = explanation.prediction, explanation["shapley"]
    assert shapley.unit == model.target.unit
    total = sum(share for _, share in shapley.players)
    # Up to 256 float32 scores, added in float64.
    assert total == pytest.approx(prediction.value - prediction.reference, abs=1e-5)


def test_a_target_is_found_by_its_name(model: LoadedModel):
    assert model.find_target("edema").output == 5
    with pytest.raises(XattnError, match="must be one of no finding, enlarged"):
        model.find_target("mumps")


def test_calibration_reaches_every_target():
    hip = tiny.model_of("hip")
    (target,) = hip.targets
    row = SYSTEMS["hip"].targets[0]
    assert target.scale == row.scale / hip.checkpoint.calibration.temperature
    assert target.offset == row.offset + hip.checkpoint.calibration.offset


def test_all_default_methods_explain_a_density():
    engine = Engine(tiny.model_of("hip"), Worker())
    explanation = engine.explain(tiny.case_of("hip"))
    assert [name for name, _ in explanation.attributions] == list(DEFAULT_METHODS)
    assert {
        entry.unit for _, entry in explanation.attributions if entry.kind == "contribution"
    } == {"g/cm²"}
    assert explanation.prediction.probability is None
    assert explanation.prediction.prevalence is None
