"""Missing data on a linear white box: ranges and shares of variance by slow twins."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tests.trust.linear import game_of
from xattn.data.clinical import Schema
from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.errors import ExplainError
from xattn.explain.base import drain
from xattn.trust.missing import DRAWS, FILLINGS, LEVELS, ReferenceForms, missing_range

KNOWN = {"age_at_xray": 70, "height": 160, "weight": 60, "sex": "F", "diet": 0, "activity": 4}
"""Alcohol and smoking are unknown; BMI and the age at the scan follow."""


def reference(schema: Schema, rows: list[dict[str, object]]) -> ReferenceForms:
    encodings = [schema.encode(schema.check(row)) for row in rows]
    return ReferenceForms(
        np.array([each.values for each in encodings]), np.array([each.known for each in encodings])
    )


def hip_rows() -> list[dict[str, object]]:
    generator = np.random.default_rng(3)
    return [
        {
            "age_at_xray": float(generator.integers(50, 86)),
            "height": float(generator.integers(150, 190)),
            "weight": float(generator.integers(50, 110)),
            "alcohol": float(generator.integers(0, 30)),
            "activity": float(generator.integers(0, 30)),
            "diet": round(float(generator.normal()), 2),
            "sex": str(generator.choice(["F", "M"])),
            "smoking": str(generator.choice(["NEVER", "EX", "CURRENT"])),
        }
        for _ in range(50)
    ]


def hip_case(form: dict[str, object]):
    return replace(tiny.case(), system="hip", form=HIP.check(form))


def test_one_unknown_number_gives_the_percentiles_of_the_reference():
    rows = hip_rows()
    form = {**KNOWN, "smoking": "NEVER"}
    _, game = game_of(hip_case(form), {"alcohol": 2.0})
    found = drain(missing_range(game, reference(HIP, rows), seed=1))
    places = np.random.default_rng(1).integers(50, size=DRAWS)
    slots = (np.array([rows[place]["alcohol"] for place in places], float) - 5) / 6
    twin = game.value + 0.15 * 2.0 * slots
    ends = np.percentile(twin, [5, 95])
    # Slots and scores are float32.
    assert (found.low, found.high) == pytest.approx(ends, abs=1e-6)
    assert found.spread == pytest.approx(twin.std(), rel=1e-5)
    assert found.unknown == ("alcohol",)
    assert found.fields[0].explained == 1.0
    assert found.fields[0].spread == pytest.approx(0.0, abs=1e-6)


def test_the_share_explained_is_the_share_of_variance_of_a_sum():
    rows, weights = hip_rows(), {"alcohol": 2.0, "smoking": [0.0, 1.0, -1.0]}
    _, game = game_of(hip_case(KNOWN), weights)
    found = drain(missing_range(game, reference(HIP, rows), seed=2))
    drawn = [rows[place] for place in np.random.default_rng(2).integers(50, size=DRAWS)][:FILLINGS]
    effect = {"NEVER": 0.0, "EX": 1.0, "CURRENT": -1.0}
    smoking = np.array([effect[str(row["smoking"])] for row in rows])
    levels = np.quantile(
        [float(row["alcohol"]) for row in rows], (np.arange(LEVELS) + 0.5) / LEVELS
    )
    between = np.var(2 * levels / 6) * 0.15**2
    within = np.var([effect[str(row["smoking"])] for row in drawn]) * 0.15**2
    by_name = {entry.field: entry for entry in found.fields}
    assert by_name["alcohol"].explained == pytest.approx(between / (between + within), rel=1e-4)
    assert by_name["alcohol"].spread == pytest.approx(within**0.5, rel=1e-4)
    between = np.var(smoking) * 0.15**2
    within = np.var([2 * float(row["alcohol"]) / 6 for row in drawn]) * 0.15**2
    assert by_name["smoking"].explained == pytest.approx(between / (between + within), rel=1e-4)
    assert [entry.field for entry in found.fields] == ["alcohol", "smoking"]
    share = f"{100 * found.fields[0].explained:.0f} %"
    assert found.sentence.endswith(
        f"Knowing Alcohol would narrow it most: it explains {share} of the variance."
    )


def test_what_follows_is_filled_by_its_rule_and_not_asked_for():
    form = {name: value for name, value in KNOWN.items() if name != "weight"}
    form |= {"alcohol": 3, "smoking": "NEVER"}
    rows = hip_rows()
    _, game = game_of(hip_case(form), {"bmi": 1.0})
    found = drain(missing_range(game, reference(HIP, rows), seed=4))
    places = np.random.default_rng(4).integers(50, size=DRAWS)
    bmi = np.array([float(rows[place]["weight"]) for place in places]) / 1.6**2
    # Unknown, BMI gives nothing; filled, its standardised number.
    twin = game.value + 0.15 * (bmi - 27.5) / 4.8
    assert (found.low, found.high) == pytest.approx(np.percentile(twin, [5, 95]), abs=1e-6)
    assert found.unknown == ("weight", "bmi")
    assert [entry.field for entry in found.fields] == ["weight"]


def test_what_does_not_apply_never_appears():
    rows: list[dict[str, object]] = [
        {
            "lesion_type": "mass",
            "density": 1 + k % 4,
            "mass_shape": "OVAL",
            "mass_margins": "OBSCURED",
        }
        for k in range(8)
    ]
    _, game = game_of(tiny.case({"lesion_type": "mass"}), {"density": [0.0, 1.0, 2.0, 3.0]})
    found = drain(missing_range(game, reference(BREAST, rows)))
    assert found.unknown == ("density", "mass_shape", "mass_margins")
    assert found.fields[0].field == "density"


def test_undecided_forms_take_the_reference_with_its_own_gaps():
    rows: list[dict[str, object]] = [
        {"lesion_type": "mass", "density": 1, "mass_shape": "OVAL", "mass_margins": "OBSCURED"},
        {
            "lesion_type": "calcification",
            "density": 1,
            "calc_type": "SKIN",
            "calc_distribution": "LINEAR",
        },
    ]
    weights = {"mass_shape": 1.0, "calc_type": 2.0}
    _, game = game_of(tiny.case({}), weights)
    found = drain(missing_range(game, reference(BREAST, rows)))
    # Either a mass (+1) or a calcification (+2), never both (+3).
    assert (found.low, found.high) == pytest.approx((game.value + 1, game.value + 2), abs=1e-6)
    assert found.fields == ()
    assert found.sentence.endswith("Say Lesion first: it decides which fields apply.")


def test_a_lateral_film_has_no_projection():
    rows: list[dict[str, object]] = [
        {"age": 60, "sex": "F", "view": "LATERAL"},
        {"age": 60, "sex": "F", "view": "FRONTAL", "projection": "AP"},
    ]
    case = replace(tiny.case(), system="chest", form=CHEST.check({"age": 60, "sex": "F"}))
    _, game = game_of(case, {"projection": 1.0, "view": [0.0, 4.0]})
    found = drain(missing_range(game, reference(CHEST, rows)))
    assert (found.low, found.high) == pytest.approx((game.value + 1, game.value + 4), abs=1e-6)


def test_a_whole_form_has_no_range():
    _, game = game_of(hip_case({**KNOWN, "alcohol": 1, "smoking": "EX"}), {"alcohol": 1.0})
    found = drain(missing_range(game, reference(HIP, hip_rows())))
    assert found.low == found.high == game.value
    assert found.fields == ()
    assert found.sentence == "No field that applies is unknown."


def test_a_reference_without_the_field_is_refused():
    rows = [{name: value for name, value in row.items() if name != "alcohol"} for row in hip_rows()]
    _, game = game_of(hip_case(KNOWN), {})
    with pytest.raises(ExplainError, match="Alcohol"):
        drain(missing_range(game, reference(HIP, rows)))


def test_the_same_seed_gives_the_same_record_and_json():
    _, game = game_of(hip_case(KNOWN), {"alcohol": 1.0})
    bank = reference(HIP, hip_rows())
    first, again = (drain(missing_range(game, bank, seed=5)) for _ in range(2))
    assert json.dumps(first.plain) == json.dumps(again.plain)
    assert list(missing_range(game, bank))[-1] == 1.0


def test_a_model_that_ignores_the_field_is_not_narrowed():
    _, game = game_of(hip_case(KNOWN), {})
    found = drain(missing_range(game, reference(HIP, hip_rows())))
    assert found.sentence.endswith("No single field would narrow it.")
