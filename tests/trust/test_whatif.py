"""Curves and flips on a linear white box whose values are known by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tests.trust.linear import game_of
from xattn.data.schemas import BREAST, HIP
from xattn.errors import ExplainError
from xattn.explain.base import Game, drain
from xattn.systems import SYSTEMS
from xattn.trust.plausible import PLAUSIBLE, Slack
from xattn.trust.whatif import curve, fragility

FORM: dict[str, object] = {
    "age_at_xray": 70, "height": 160, "weight": 60, "alcohol": 2, "sex": "F", "smoking": "EX",
}  # fmt: skip


def hip_game(weights: dict[str, float | list[float]], target: float | None = None) -> Game:
    """A game of FORM whose value is `target` g/cm²."""
    case = replace(tiny.case(), system="hip", form=HIP.check(FORM))
    _, plain = game_of(case, weights)
    bias = 0.0 if target is None else (target - plain.value) / 0.15
    return game_of(case, weights, bias)[1]


def test_a_curve_is_the_white_box_along_the_field():
    game = hip_game({"alcohol": 3.0})
    found = drain(curve(game, "alcohol"))
    np.testing.assert_allclose(found.entries, np.linspace(0, 35, 41))
    twin = [game.value + 0.15 * 3 * (x - 2) / 6 for x in np.linspace(0, 35, 41)]
    # Scores are float32 of about 15.
    np.testing.assert_allclose(found.values, twin, atol=1e-6)
    assert (found.own, found.own_value) == (2.0, game.value)
    assert found.range == (0, 35)
    assert (found.follows, found.refused) == ((), 0)


def test_what_is_derived_moves_along():
    game = hip_game({"bmi": 1.0})
    found = drain(curve(game, "weight"))
    twin = [game.value + 0.15 * (float(x) - 60) / 1.6**2 / 4.8 for x in np.linspace(45, 125, 41)]
    np.testing.assert_allclose(found.values, twin, atol=1e-6)
    assert found.follows == ("bmi",)
    assert "(BMI following)" in found.sentence
    assert "neither cause nor advice" in found.sentence


def test_the_curve_reaches_an_entry_outside_the_training_range():
    case = replace(tiny.case(), system="hip", form=HIP.check({**FORM, "alcohol": 60}))
    found = drain(curve(game_of(case, {})[1], "alcohol"))
    assert (found.entries[-1], found.range) == (60.0, (0, 35))


def test_a_choice_runs_over_its_answers():
    game = hip_game({"smoking": [1.0, 2.0, 4.0]})
    found = drain(curve(game, "smoking"))
    assert found.entries == ("never", "ex-smoker", "current")
    assert found.own == "ex-smoker"
    np.testing.assert_allclose(np.array(found.values) - game.value, [-0.15, 0, 0.3], atol=1e-6)


def test_points_that_the_form_refuses_are_left_out():
    # An entered BMI must stay within 1 kg/m² of height and weight.
    case = replace(tiny.case(), system="hip", form=HIP.check({**FORM, "bmi": 23.4}))
    found = drain(curve(game_of(case, {})[1], "weight"))
    assert found.entries == tuple(x for x in np.linspace(45, 125, 41) if abs(x / 2.56 - 23.4) <= 1)
    assert found.refused == 41 - len(found.entries)


@pytest.mark.parametrize(("name", "why"), [("bmi", "follows"), ("calc_type", "does not apply")])
def test_what_cannot_be_varied_is_refused(name: str, why: str):
    game = hip_game({}) if name == "bmi" else game_of(tiny.case(), {})[1]
    with pytest.raises(ExplainError, match=why):
        drain(curve(game, name))


def test_the_smallest_flip_is_found_to_a_twentieth_of_the_slack():
    # 0.15 · 1 / 15 g/cm² per kg; 0.899 lies 0.006 below, so 0.6 kg and 7 twentieths of 2 kg.
    found = drain(fragility(hip_game({"weight": 1.0}, target=0.905)))
    assert len(found.flips) == 1
    flip = found.flips[0]
    assert (flip.field, flip.before, flip.after) == ("weight", "60 kg", "59.3 kg")
    assert flip.size == pytest.approx(0.35)
    assert flip.value == pytest.approx(0.898, abs=1e-6)
    assert found.nearest is None
    assert found.sentence.startswith(
        "If Weight were 59.3 kg instead of 60 kg, the output would cross 0.899 g/cm²: "
        "0.905 g/cm² becomes 0.898 g/cm²."
    )
    assert found.sentence.endswith("not advice.")


def test_the_field_with_the_smaller_share_of_its_slack_comes_first():
    game = hip_game({"weight": 1.0, "smoking": [0.0, 0.0, -1.0]}, target=0.905)
    assert [(flip.field, flip.after) for flip in drain(fragility(game)).flips] == [
        ("weight", "59.3 kg"),
        ("smoking", "current"),
    ]


def test_without_a_flip_the_nearest_is_named():
    found = drain(fragility(hip_game({"weight": 1.0}, target=1.0)))
    assert found.flips == ()
    assert found.nearest is not None
    assert (found.nearest.field, found.nearest.after) == ("weight", "58 kg")
    assert found.nearest.value == pytest.approx(0.98, abs=1e-6)
    assert found.sentence.startswith("No single plausible change of an entry takes the output")


def test_ages_and_sex_are_exact_and_what_follows_is_no_entry():
    found = drain(fragility(hip_game({"age_at_xray": 9.0, "sex": [0.0, 9.0]}, target=0.9)))
    assert found.flips == ()
    assert found.exact == ("age_at_xray", "sex")
    # Twenty steps either way of three numbers (alcohol stops at 0) and two neighbours.
    assert found.tried == 2 * 40 + 28 + 2


def test_a_value_on_the_cut_counts_as_low():
    game = hip_game({"weight": 1.0}, target=0.95)
    found = drain(fragility(game, cut=game.value))
    assert found.flips[0].value > game.value


def test_neighbours_of_a_reader_replace_one_descriptor_and_keep_the_others():
    form = {"lesion_type": "mass", "mass_margins": "OBSCURED-SPICULATED"}
    place = BREAST["mass_margins"].codes.index("ILL_DEFINED")
    weights = [4.0 * (k == place) for k in range(5)]
    game = game_of(tiny.case(form), {"mass_margins": weights}, bias=-3.0)[1]
    found = drain(fragility(game))
    # Either of the two is taken for it; the first answer of the schema's order is named.
    assert [flip.after for flip in found.flips] == ["ill defined, obscured"]
    assert found.flips[0].value - game.value == pytest.approx(4.0, abs=1e-6)


def test_an_empty_form_has_nothing_to_mistake():
    found = drain(fragility(game_of(tiny.case({}), {})[1]))
    assert (found.tried, found.nearest) == (0, None)
    assert found.sentence == "No entry of this form has a plausible error to try."


def test_the_cut_may_be_given_and_slacks_replaced():
    slacks = {**PLAUSIBLE["hip"], "weight": Slack(within=10, source="a test")}
    found = drain(fragility(hip_game({"weight": 1.0}, target=1.0), cut=0.95, slacks=slacks))
    assert found.flips[0].after == "54.5 kg"
    assert found.flips[0].source == "a test"


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_field_has_its_slack_and_neighbours_are_options(system: str):
    schema = SYSTEMS[system].schema
    assert tuple(PLAUSIBLE[system]) == schema.names
    for name, slack in PLAUSIBLE[system].items():
        codes = {code for pair in slack.neighbours for code in pair}
        assert codes <= set(getattr(schema[name], "codes", ()))
        assert slack.source


def test_the_records_are_ready_for_json():
    game = hip_game({"weight": 1.0}, target=0.905)
    for found in (drain(curve(game, "weight")), drain(fragility(game))):
        assert json.loads(json.dumps(found.plain, allow_nan=False))["sentence"] == found.sentence
