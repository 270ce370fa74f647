"""The form: states, refusals, encoding, and one schema for all consumers."""

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

from xattn.data.clinical import Absent, Schema
from xattn.data.fields import Choice, Flag, Number, Option
from xattn.data.schemas import BREAST
from xattn.errors import SchemaError

DATA = Path(os.environ.get("XATTN_DATA", "../shared/data"))
MASS = {"lesion_type": "mass", "density": "2", "mass_shape": "OVAL", "mass_margins": "SPICULATED"}


@pytest.fixture
def every_kind() -> Schema:
    """A made-up schema with one field of each kind."""
    return Schema(
        name="made up",
        fields=(
            Number(name="age", label="Age", unit="years", low=18, high=110, centre=60, spread=10),
            Choice(
                name="smoking",
                label="Smoking",
                options=(Option("NEVER", "never"), Option("EX", "ex")),
            ),
            Flag(name="diabetes", label="Diabetes"),
        ),
    )


def test_the_36_slots_stand_in_the_documented_order():
    assert BREAST.sizes == (4, 8, 5, 14, 5)
    assert sum(BREAST.sizes) == 36
    assert BREAST.names == (
        "density",
        "mass_shape",
        "mass_margins",
        "calc_type",
        "calc_distribution",
    )
    codes = [option.code for field in BREAST for option in field.options]
    assert codes[4] == "IRREGULAR"
    assert codes[12] == "ILL_DEFINED"
    assert codes[17] == "PLEOMORPHIC"
    assert {"LUCENT_CENTER", "LUCENT_CENTERED"} <= set(codes)
    assert codes[31:] == ["CLUSTERED", "SEGMENTAL", "LINEAR", "REGIONAL", "DIFFUSELY_SCATTERED"]


def test_a_mass_has_zeros_in_both_calcification_groups():
    encoding = BREAST.encode(BREAST.check(MASS))
    assert np.flatnonzero(encoding.values).tolist() == [1, 4 + 1, 12 + 2]
    assert encoding.known.tolist() == [True, True, True, False, False]


def test_unknown_and_not_applicable_are_different_states():
    form = BREAST.check({"lesion_type": "mass"})
    assert form["mass_shape"] is Absent.UNKNOWN
    assert form["calc_type"] is Absent.NOT_APPLICABLE
    assert form.known == ()
    assert BREAST.describe(form, "calc_type") == "not applicable"


def test_the_literal_encoding_of_both_states_is_36_zeros():
    assert not BREAST.encode(BREAST.blank("mass")).values.any()
    assert not BREAST.encode(BREAST.blank()).values.any()


def test_spellings_of_the_tables_and_of_people_are_understood():
    spelled = {
        "abnormality type": "calcification",
        "breast density": 3,
        "calc type": "PUNCTATE-PLEOMORPHIC",
        "Calcification distribution": "diffusely scattered",
    }
    form = BREAST.check(spelled)
    assert form["density"] == ("3",)
    assert form["calc_type"] == ("PLEOMORPHIC", "PUNCTATE")
    assert form["calc_distribution"] == ("DIFFUSELY_SCATTERED",)
    assert BREAST.check({"mass margins": "ill-defined"})["mass_margins"] == ("ILL_DEFINED",)


@pytest.mark.parametrize("three", [3, 3.0, "3", "3.0", " 3 ", [3.0], ["3.0"]])
def test_whole_numbers_of_every_spelling_are_one_option(three: object):
    assert BREAST.check({"density": three})["density"] == ("3",)


@pytest.mark.parametrize("blank", ["", "N/A", "na", None, float("nan"), [], "unknown"])
def test_blanks_of_every_kind_are_unknown(blank: object):
    assert BREAST.check({"mass_shape": blank})["mass_shape"] is Absent.UNKNOWN


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"pathology": "MALIGNANT"}, "'pathology' is never an input"),
        ({"BI-RADS": 4}, "'BI-RADS' is never an input"),
        ({"subtlety": 3}, "never an input"),
        ({"age": 50}, "is no field of this form; its fields are: density"),
        ({"density": "5"}, "Breast density must be one of 1, 2, 3, 4, however: '5'"),
        ({"density": ["1", "2"]}, "takes one option, however: 1, 2"),
        ({"lesion_type": "mass", "calc_type": "SKIN"}, "does not apply to mass"),
        ({"density": "1", "breast density": "2"}, "density is given twice"),
        ({"lesion_type": "cyst"}, "Lesion must be one of mass, calcification, both"),
    ],
)
def test_refusals_say_what_was_expected(entries: dict[str, object], sentence: str):
    with pytest.raises(SchemaError, match=sentence):
        BREAST.check(entries)


def test_a_form_survives_json_and_csv():
    form = BREAST.check({**MASS, "mass_shape": ["OVAL", "LYMPH_NODE"]})
    plain = BREAST.plain(form)
    assert plain["mass_shape"] == "OVAL-LYMPH_NODE"
    assert BREAST.read_json(json.dumps(plain)) == form
    table = (
        ",".join(["image", *plain]) + "\n" + ",".join(["x.png", *map(str, plain.values())]) + "\n"
    )
    assert BREAST.read_csv("\ufeff" + table) == (form,)


@pytest.mark.parametrize("text", ["", "[1]", "{", "[" * 100_000])
def test_json_that_is_no_object_is_refused(text: str):
    with pytest.raises(SchemaError, match="must be a JSON object"):
        BREAST.read_json(text)


def test_a_table_names_the_row_that_is_wrong():
    with pytest.raises(SchemaError, match="Row 3: Breast density must be one of"):
        BREAST.read_csv("density\n1\n9\n")
    with pytest.raises(SchemaError, match="Row 2 has more cells"):
        BREAST.read_csv("density\n1,2\n")
    with pytest.raises(SchemaError, match="no row"):
        BREAST.read_csv("density\n")


def test_each_kind_of_field_encodes_and_describes(every_kind: Schema):
    form = every_kind.check({"Age": "75", "smoking": "Ex", "diabetes": 1.0})
    encoding = every_kind.encode(form)
    assert encoding.values.tolist() == [1.5, 0.0, 1.0, 1.0]  # (75 − 60) / 10; second of two; yes
    assert [every_kind.describe(form, name) for name in every_kind.names] == [
        "75 years",
        "ex",
        "yes",
    ]
    assert every_kind.check(every_kind.plain(form)) == form


@pytest.mark.parametrize("age", [17.9, 180, "inf", "seventy", True])
def test_numbers_outside_the_plausible_range_are_refused(every_kind: Schema, age: object):
    with pytest.raises(SchemaError, match="Age must lie in 18 to 110 years"):
        every_kind.check({"age": age})


def test_a_flag_is_yes_or_no(every_kind: Schema):
    assert every_kind.check({"diabetes": "No"})["diabetes"] is False
    with pytest.raises(SchemaError, match="Diabetes must be yes or no, however: 'maybe'"):
        every_kind.check({"diabetes": "maybe"})


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="no real data: XATTN_DATA names no folder")
@pytest.mark.parametrize("kind", ["mass", "calc"])
def test_every_description_of_cbis_ddsm_is_a_form(kind: str):
    counts = {"mass": 1_318 + 378, "calc": 1_546 + 326}
    rows = [
        row
        for path in sorted((DATA / "breast_tables").glob(f"cbis_ddsm_{kind}_*.csv"))
        for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    ]
    questions = (*BREAST.fields, BREAST.variant)
    columns = {
        name: q.name
        for name in rows[0]
        for q in questions
        if name.upper().replace(" ", "_") in q.spellings
    }
    forms = [
        # Density 0 occurs twice in a table whose scale starts at 1: it stands for missing.
        BREAST.check(
            {
                columns[k]: "" if (columns[k], v) == ("density", "0") else v
                for k, v in row.items()
                if k in columns
            }
        )
        for row in rows
    ]
    assert len(forms) == counts[kind]
    assert {form.variant for form in forms} == {"mass" if kind == "mass" else "calcification"}
    if kind == "mass":
        irregular = sum(
            "IRREGULAR" in form["mass_shape"] for form in forms if "mass_shape" in form.known
        )
        assert irregular == 526  # counted on the tables: PAPERS 2.2
