"""The hip form: derived numbers, the two ranges, what is never an input, and its groups."""

import csv
import json
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xattn.data.clinical import Absent, Form, Schema
from xattn.data.derived import Derived
from xattn.data.fields import Choice, Number, normalised
from xattn.data.schemas import BREAST, HIP
from xattn.errors import SchemaError

DATA = Path(os.environ.get("XATTN_DATA", "../shared/data"))
TABLE = DATA / "bone_tables" / "nhanes_osteoporosis_questionnaire_40plus.csv"
BODY = {"height": 160, "weight": 65}  # 65 / 1.6² = 25.390625 kg/m²


def test_ten_fields_in_the_papers_order_with_their_units():
    units = {field.name: field.unit for field in HIP if isinstance(field, Number)}
    assert units == {
        "age_at_xray": "years",
        "age_at_scan": "years",
        "height": "cm",
        "weight": "kg",
        "bmi": "kg/m²",
        "alcohol": "units/week",
        "activity": "hours/week",
        "diet": "SD",
    }
    assert HIP.names == (*units, "sex", "smoking")
    codes = {field.name: field.codes for field in HIP if isinstance(field, Choice)}
    assert codes == {"sex": ("FEMALE", "MALE"), "smoking": ("NEVER", "EX", "CURRENT")}
    assert HIP.sizes == (1, 1, 1, 1, 1, 1, 1, 1, 2, 3)


def test_every_number_has_a_supported_range_within_the_plausible_one_and_help():
    for field in HIP:
        assert field.help
        if isinstance(field, Number):
            assert field.supported is not None
            low, high = field.supported
            assert field.low <= low < field.centre < high <= field.high
            assert field.spread > 0


def test_blank_bmi_and_scan_age_follow_from_the_other_entries():
    form = HIP.check({"age": 72, **BODY, "bmi": ""})
    assert form["age_at_scan"] == 72.0
    assert form["bmi"] == pytest.approx(25.390625, abs=1e-12)  # rounding of one division
    assert form.derived == ("age_at_scan", "bmi")
    assert form.known == ("age_at_xray", "age_at_scan", "height", "weight", "bmi")
    assert form.entered == ("age_at_xray", "height", "weight")


def test_a_derived_number_reaches_the_model_like_one_that_was_entered():
    derived = HIP.encode(HIP.check(BODY))
    entered = HIP.encode(HIP.check({**BODY, "bmi": 25.390625}))
    assert np.array_equal(derived.values, entered.values)
    assert derived.known.tolist() == entered.known.tolist()
    assert derived.known.tolist()[2:5] == [True] * 3


@pytest.mark.parametrize("entries", [{}, {"height": 160}, {"weight": 65}, {"age_at_scan": 70}])
def test_nothing_is_derived_from_less_than_all_sources(entries: dict[str, object]):
    form = HIP.check(entries)
    assert form.derived == ()
    assert form.known == tuple(entries)
    assert form["bmi"] is Absent.UNKNOWN


@pytest.mark.parametrize("bmi", [24.4, 25.4, 26.39])
def test_an_entered_bmi_within_the_tolerance_stays_as_entered(bmi: float):
    form = HIP.check({**BODY, "bmi": bmi})
    assert form["bmi"] == bmi
    assert form.derived == ()
    assert HIP.describe(form, "bmi") == f"{bmi:g} kg/m²"


@pytest.mark.parametrize("bmi", [24.38, 26.4])
def test_an_entered_bmi_that_disagrees_is_refused_with_the_expected_one(bmi: float):
    with pytest.raises(SchemaError) as caught:
        HIP.check({**BODY, "bmi": bmi})
    assert str(caught.value) == (
        "BMI must lie within 1 kg/m² of 25.4 kg/m² (from height and weight), "
        f"however: {bmi:g}. Correct one of them or leave it empty."
    )


def test_an_entered_bmi_stands_alone_where_a_source_is_unknown():
    assert HIP.check({"height": 160, "bmi": 40})["bmi"] == 40.0


def test_a_derived_number_that_cannot_be_points_at_its_sources():
    with pytest.raises(SchemaError, match=r"BMI from height and weight must lie in .*142\.0"):
        HIP.check({"height": 130, "weight": 240})


def test_the_scans_own_age_is_taken_as_entered():
    form = HIP.check({"age_at_xray": 70, "age_at_scan": 73.5})
    assert form["age_at_scan"] == 73.5
    assert form.derived == ()


def test_what_was_derived_says_from_what():
    form = HIP.check({"age": 72, **BODY})
    assert HIP.describe(form, "bmi") == "25.4 kg/m² (from height and weight)"
    assert HIP.describe(form, "age_at_scan") == "72 years (taken as the age at the X-ray)"
    assert HIP.describe(form, "height") == "160 cm"
    assert HIP.describe(form, "diet") == "unknown"


def test_a_form_with_derived_numbers_survives_json_and_csv_and_follows_an_edit():
    form = HIP.check({"age": 72, **BODY, "sex": "F", "smoking": "ex-smoker", "diet": -0.5})
    plain = HIP.plain(form)
    assert "bmi" not in plain
    assert "age_at_scan" not in plain
    assert HIP.read_json(json.dumps(plain)) == form
    table = ",".join(plain) + "\n" + ",".join(map(str, plain.values()))
    assert HIP.read_csv(table) == (form,)
    assert HIP.check({**plain, "weight": 80})["bmi"] == pytest.approx(31.25, abs=1e-12)


def test_only_forms_with_derived_numbers_have_a_third_part_in_their_hash():
    entered = HIP.check({"age_at_scan": 70})
    assert entered.plain == [None, [list(entry) for entry in entered.entries]]
    mass = BREAST.check({"lesion_type": "mass", "density": "2"})
    assert mass.plain == ["mass", [list(entry) for entry in mass.entries]]
    assert Form(mass.variant, mass.entries) == mass
    same = {"age_at_xray": 70, "age_at_scan": 70}
    assert HIP.check({"age_at_xray": 70}).plain == [*HIP.check(same).plain, ["age_at_scan"]]


def test_outside_the_training_data_is_a_warning_and_outside_the_plausible_a_refusal():
    assert HIP.warnings(HIP.check({"age": 72, **BODY, "sex": "F"})) == ()
    form = HIP.check({"weight": 140, "alcohol": 36})
    assert HIP.warnings(form) == (
        (
            "Weight lies outside 45 to 125 kg, where the training data lie: "
            "the result is an extrapolation."
        ),
        (
            "Alcohol lies outside 0 to 35 units/week, where the training data lie: "
            "the result is an extrapolation."
        ),
    )
    with pytest.raises(SchemaError, match=r"Height must lie in 120 to 220 cm, however: 1\.6"):
        HIP.check({"height": 1.6})


def test_the_ends_of_the_supported_range_are_supported():
    assert HIP.warnings(HIP.check({"age": 50, "age_at_scan": 90})) == ()
    assert len(HIP.warnings(HIP.check({"age": 49.9, "age_at_scan": 90.1}))) == 2


def test_a_number_without_a_supported_range_warns_of_nothing():
    field = replace(HIP["diet"], supported=None)
    schema = Schema(name="made up", fields=(field,))
    assert schema.warnings(schema.check({"diet": 6})) == ()
    assert field.warning == ""


def test_a_derived_number_repeats_no_warning_but_has_its_own():
    copied = HIP.warnings(HIP.check({"age": 45}))
    assert [sentence.split(" lies")[0] for sentence in copied] == ["Age at X-ray"]
    short_and_heavy = HIP.warnings(HIP.check({"height": 146, "weight": 110}))  # 51.6 kg/m²
    assert [sentence.split(" lies")[0] for sentence in short_and_heavy] == ["BMI"]


@pytest.mark.parametrize(
    "name", ["bmd", "BMD", "T-score", "t score", "z_score", "fracture", "Hip fracture", "FRAX"]
)
def test_what_the_model_estimates_and_what_follows_it_is_never_an_input(name: str):
    with pytest.raises(SchemaError, match=r"is never an input: .*Remove it"):
        HIP.check({name: 0.8})


def test_refused_columns_are_no_fields_and_rules_name_fields():
    fields = {spelling for field in HIP for spelling in field.spellings}
    assert not fields & {normalised(name) for name, _ in HIP.never}
    for rule in HIP.derived:
        assert {rule.name, *rule.sources} <= set(HIP.names)
        assert all(HIP.names.index(s) < HIP.names.index(rule.name) for s in rule.sources)
    grouped = [name for _, names in HIP.groups for name in names]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= set(HIP.names)


def test_the_groups_hold_what_is_nearly_one_measurement():
    assert HIP.groups == (
        ("Body size", ("height", "weight", "bmi")),
        ("Age", ("age_at_xray", "age_at_scan")),
    )


def test_a_schema_with_rules_travels_between_processes():
    assert pickle.loads(pickle.dumps(HIP)) == HIP


def test_a_rule_leaves_alone_what_does_not_apply():
    side = Choice(name="side", label="Side", options=HIP["sex"].options)
    a, b = (
        Number(name=n, label=n, unit="m", low=0, high=9, centre=0, spread=1) for n in ("a", "b")
    )
    schema = Schema(
        name="made up",
        fields=(side, a, b),
        decided_by="side",
        applies=(("MALE", ("side", "a")),),
        derived=(Derived(name="b", sources=("a",), formula=abs, words="as a"),),
    )
    assert schema.check({"side": "F", "a": 2})["b"] == 2.0
    assert schema.check({"side": "M", "a": 2})["b"] is Absent.NOT_APPLICABLE
    assert replace(schema, applies=()).check({"side": "M", "a": 2})["b"] == 2.0


@pytest.mark.real
@pytest.mark.skipif(not TABLE.is_file(), reason="no real data: XATTN_DATA names no folder")
def test_every_adult_of_nhanes_is_a_plausible_form_whose_bmi_agrees():
    columns = {"RIDAGEYR": "age", "BMXHT": "height", "BMXWT": "weight", "BMXBMI": "bmi"}
    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    entered = derived = 0
    for row in rows:
        form = HIP.check({name: row[column] for column, name in columns.items()})
        entered += "bmi" in form.entered
        derived += "bmi" in form.derived
    assert len(rows) == 10_248  # SOURCE.md
    assert entered > 9_000
    assert derived == 0  # the table has a BMI wherever it has both of its sources
