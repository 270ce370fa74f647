"""One finding against another, and a student against its teacher: differences, and their sums."""

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from xattn.errors import ExplainError, XattnError
from xattn.explain.base import Game, drain
from xattn.explain.contrast import less
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.joint import ERRORS, JointShapley
from xattn.explain.lime import RegionLime
from xattn.explain.predict import predict
from xattn.explain.shapley import FormShapley
from xattn.models.checkpoint import Calibration
from xattn.records import Map
from xattn.runtime.engine import Engine
from xattn.runtime.teaching import against_teacher
from xattn.runtime.worker import Worker


@pytest.fixture(scope="module")
def chest() -> Game:
    model = tiny.model_of("chest")
    return Game(model, tiny.case_of("chest"), model.target)


def test_a_contrast_is_the_difference_of_two_findings(chest: Game):
    model = chest.model
    one, other = model.find_target("edema"), model.find_target("pneumonia")
    contrast = model.contrast(one, other)
    games = [Game(model, chest.case, target, chest.film) for target in (one, other, contrast)]
    # scores of order one, subtracted in float64
    assert games[2].value == pytest.approx(games[0].value - games[1].value, abs=1e-9)
    shares = [dict(drain(FormShapley().run(game)).players) for game in games]
    for name, value in shares[2].items():
        assert value == pytest.approx(shares[0][name] - shares[1][name], abs=1e-9)


def test_an_offset_of_the_calibration_goes_in_the_difference(chest: Game):
    checkpoint = chest.model.checkpoint
    moved = replace(checkpoint, calibration=Calibration(temperature=2.0, cam_scale=1.0, offset=3.0))
    model = replace(chest.model, checkpoint=moved)
    contrast = model.find_target("edema − pneumonia")
    assert (contrast.offset, contrast.scale) == (0.0, 0.5)
    assert contrast.of(np.zeros((1, 14)))[0] == 0.0


def test_a_contrast_is_named_with_either_minus_and_any_letters(chest: Game):
    model = chest.model
    found = model.find_target("Edema - Pleural Effusion")
    assert found.name == "edema − pleural effusion"
    assert found == model.find_target(found.name)
    with pytest.raises(XattnError, match="edema twice"):
        model.find_target("edema - edema")
    with pytest.raises(XattnError, match="must be one of"):
        model.find_target("edema - mumps")


def test_a_contrast_has_no_probability(chest: Game):
    target = chest.model.find_target("edema − pneumonia")
    found = drain(predict(Game(chest.model, chest.case, target, chest.film)))
    assert (found.probability, found.prevalence) == (None, None)
    with pytest.raises(ExplainError, match="only where the target is a log-odds"):
        JointShapley(unit="probability")(chest.model, chest.case, target)


@pytest.fixture(scope="module")
def pair() -> tuple[Game, Game]:
    """A student and a teacher on one film: two sums with weights of their own."""
    teacher = tiny.SumModel()
    teacher.cells.data = 2 * teacher.cells.data + 0.25
    teacher.fields.data = -teacher.fields.data
    return tiny.white_box(tiny.SumModel(), cells=4), tiny.white_box(teacher, cells=4)


@pytest.mark.parametrize(
    "method",
    [
        FormShapley(),
        JointShapley(second_fill=None),
        IntegratedGradients(),
        RegionLime(),
    ],
)
def test_what_is_linear_in_the_value_may_be_subtracted(pair: tuple[Game, Game], method):
    """A model whose weights are the differences says the same of itself."""
    student, teacher = pair
    module = tiny.SumModel()
    module.cells.data = student.model.module.cells.data - teacher.model.module.cells.data
    module.fields.data = student.model.module.fields.data - teacher.model.module.fields.data
    ours, theirs = (drain(method.run(game)) for game in pair)
    found = less(ours, theirs)
    own = drain(method.run(tiny.white_box(module, cells=4)))
    for (name, value), (_, expected) in zip(found.players, own.players, strict=True):
        assert value == pytest.approx(expected, abs=1e-5), name
    if own.maps:
        np.testing.assert_allclose(found.maps[0].values, own.maps[0].values, rtol=0, atol=1e-5)


def test_errors_of_a_difference_are_those_of_two_estimates(pair: tuple[Game, Game]):
    shown = drain(JointShapley(second_fill=None).run(pair[0]))
    three, four = (
        replace(shown, maps=(shown.maps[0], Map(ERRORS, np.full((96, 96), value, np.float32))))
        for value in (3, 4)
    )
    np.testing.assert_array_equal(less(three, four).map(ERRORS).values, 5.0)


def test_what_is_not_alike_is_not_subtracted(pair: tuple[Game, Game]):
    shown = drain(FormShapley().run(pair[0]))
    for other in (
        replace(shown, unit="g/cm²"),
        replace(shown, players=shown.players[:-1]),
        replace(shown, method="another"),
        replace(shown, regions=np.zeros((2, 2), dtype=int)),
    ):
        with pytest.raises(ExplainError, match="however: they differ"):
            less(shown, other)


def test_a_student_beside_its_teacher(tiny_model, tiny_case):
    student, teacher = (Engine(tiny_model, Worker()) for _ in range(2))
    explanation = student.explain(tiny_case, ("shapley", "gradcam", "lime"))
    found = against_teacher(explanation, teacher)
    assert [key for key, _ in found.attributions] == [
        "shapley", "gradcam", "lime", "shapley-teacher", "lime-teacher",
    ]  # fmt: skip
    # A model is not told from itself.
    assert {value for _, value in found["shapley-teacher"].players} == {0.0}
    assert not found["lime-teacher"].maps[0].values.any()
    assert found["lime-teacher"].target.name == "malignant: student − teacher"
    assert dict(found["lime-teacher"].provenance.settings)["teacher"] == "tiny"
    belief = student.believe(found)
    assert belief.evidence is not None
    assert set(belief.evidence.verdicts) == {"gradcam", "lime"}
    other = Engine(tiny.model_of("chest"), Worker())
    with pytest.raises(ExplainError, match="teacher of the system breast"):
        against_teacher(explanation, other)
    for engine in (student, teacher, other):
        engine.worker.close()
