"""The chest form: a field decides which apply, table spellings, and what is never an input."""

import csv
import json
import os
from pathlib import Path

import pytest

from xattn.data.clinical import Absent
from xattn.data.findings import FINDINGS, LABELS
from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.errors import SchemaError

DATA = Path(os.environ.get("XATTN_DATA", "../shared/data"))
TABLE = DATA / "nih_chestxray" / "labels.csv"


def test_four_fields_in_order():
    assert CHEST.names == ("age", "sex", "projection", "view")
    assert CHEST.sizes == (1, 2, 2, 2)
    assert all(field.help for field in CHEST)


def test_a_lateral_has_no_projection_and_the_view_itself_stays_an_input():
    form = CHEST.check({"age": 68, "sex": "Male", "view": "lateral"})
    assert form.variant is None
    assert form["projection"] is Absent.NOT_APPLICABLE
    assert form["view"] == ("LATERAL",)
    encoding = CHEST.encode(form)
    assert encoding.known.tolist() == [True, True, False, True]
    assert encoding.values.tolist()[3:] == [0.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("entries", [{}, {"view": ""}, {"view": "frontal"}])
def test_a_frontal_and_an_unknown_view_may_have_a_projection(entries: dict[str, object]):
    assert CHEST.check(entries)["projection"] is Absent.UNKNOWN
    assert CHEST.check({**entries, "projection": "ap"})["projection"] == ("AP",)


def test_a_projection_on_a_lateral_is_refused_and_a_blank_one_is_not():
    with pytest.raises(SchemaError) as caught:
        CHEST.check({"view": "LATERAL", "projection": "PA"})
    assert str(caught.value) == (
        "Projection does not apply to LATERAL, however: 'PA'. "
        "Leave it empty or change the answer to View."
    )
    lateral = CHEST.check({"view": "LATERAL", "projection": float("nan")})
    assert lateral["projection"] is Absent.NOT_APPLICABLE


def test_the_deciding_question_is_the_variant_a_field_or_none():
    assert BREAST.deciding is BREAST.variant
    assert CHEST.deciding is CHEST["view"]
    assert HIP.deciding is None
    assert CHEST.applicable("LATERAL") == ("age", "sex", "view")
    assert CHEST.applicable("FRONTAL") == CHEST.applicable(None) == CHEST.names
    assert BREAST.applicable("mass") == ("density", "mass_shape", "mass_margins")
    assert HIP.applicable(None) == HIP.names


def test_the_spellings_of_public_tables_are_understood():
    chexpert = {"Sex": "Female", "Age": "68", "Frontal/Lateral": "Frontal", "AP/PA": "AP"}
    nih = {"Patient Age": "58", "Patient Gender": "M", "View Position": "PA"}
    assert CHEST.plain(CHEST.check(chexpert)) == {
        "age": 68.0, "sex": "FEMALE", "projection": "AP", "view": "FRONTAL"
    }  # fmt: skip
    assert CHEST.plain(CHEST.check(nih)) == {"age": 58.0, "sex": "MALE", "projection": "PA"}
    assert CHEST.check({"projection": "antero-posterior"})["projection"] == ("AP",)


def test_a_lateral_survives_json_and_csv():
    form = CHEST.check({"age": 68, "view": "lateral"})
    assert CHEST.read_json(json.dumps(CHEST.plain(form))) == form
    assert CHEST.read_csv("image,age,projection,view\nx.png,68,,Lateral\n") == (form,)


@pytest.mark.parametrize("name", [*FINDINGS, *LABELS, "Finding Labels", "report", "Impression"])
def test_findings_and_reports_are_never_inputs(name: str):
    with pytest.raises(SchemaError, match="is never an input"):
        CHEST.check({name: "1"})


def test_children_are_taken_with_a_warning():
    assert CHEST.warnings(CHEST.check({"age": 8})) == (
        (
            "Age lies outside 18 to 95 years, where the training data lie: "
            "the result is an extrapolation."
        ),
    )
    assert CHEST.warnings(CHEST.check({"age": 18})) == ()
    assert CHEST.warnings(CHEST.check({})) == ()


@pytest.mark.real
@pytest.mark.skipif(not TABLE.is_file(), reason="no real data: XATTN_DATA names no folder")
def test_every_film_of_nih_is_a_form():
    columns = {"age_years": "age", "sex": "sex", "view": "projection"}
    with TABLE.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    forms = [CHEST.check({name: row[c] for c, name in columns.items()}) for row in rows]
    assert len(forms) == 401  # the data's README
    assert all(form.known == ("age", "sex", "projection") for form in forms)
