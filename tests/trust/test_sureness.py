"""How sure: rows by hand, the stored table, and what is said or withheld."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from xattn.data.densitometry import Band
from xattn.data.schemas import BREAST, HIP
from xattn.errors import CheckpointError
from xattn.systems import SYSTEMS
from xattn.trust.strata import STRATA
from xattn.trust.sureness import FILE, SurenessTable, fit_row, how_sure

DENSITY, MALIGNANT = SYSTEMS["hip"].targets[0], SYSTEMS["breast"].targets[0]
MASS = BREAST.check(
    {"lesion_type": "mass", "density": 2, "mass_shape": "OVAL", "mass_margins": "SPICULATED"}
)
WOMAN = {
    "age_at_xray": 70, "height": 160, "weight": 60, "alcohol": 0, "activity": 5, "diet": 0,
    "sex": "F", "smoking": "NEVER",
}  # fmt: skip


def hip_table(half: float = 0.1, count: int = 9) -> SurenessTable:
    said = np.full(count, 0.9)
    rows = tuple(fit_row(DENSITY, stratum, said, said + half) for stratum in STRATA)
    return SurenessTable(model_id="m", rows=rows)


def breast_table() -> SurenessTable:
    said = np.array([*np.linspace(-3, 1, 19), *np.linspace(-1, 3, 19)])
    labels = np.repeat([0.0, 1.0], 19)
    rows = tuple(fit_row(MALIGNANT, stratum, said, labels) for stratum in STRATA)
    return SurenessTable(model_id="m", rows=rows)


def test_a_density_has_an_interval_and_every_band_that_it_touches():
    found = how_sure(hip_table(), DENSITY, 0.85, form=HIP.check(WOMAN))
    assert found.interval == pytest.approx((0.75, 0.95), abs=1e-15)
    assert found.bands == (Band.LOW_BONE_MASS, Band.NORMAL)
    assert (found.stratum, found.calibration) == ("the whole form known", (9,))
    assert found.is_near_cut
    assert found.sentence == (
        "90 % interval 0.750 to 0.950 g/cm² (split conformal, 9 calibration cases with the whole "
        f"form known). It touches: {Band.LOW_BONE_MASS}; {Band.NORMAL}. It touches the decision "
        "cut."
    )


def test_no_band_is_said_below_fifty_years():
    found = how_sure(hip_table(), DENSITY, 0.85, form=HIP.check({**WOMAN, "age_at_xray": 49}))
    assert found.bands == ()
    assert "T-score" not in found.sentence


@pytest.mark.parametrize("value", [1.05, 0.75])
def test_far_from_the_cut_is_not_near(value: float):
    assert not how_sure(hip_table(), DENSITY, value, form=HIP.check(WOMAN)).is_near_cut


def test_a_probability_has_a_set_and_a_range():
    # The 18th of 19 no from below, and of 19 yes from above.
    no, yes = (
        np.linspace(-3, 1, 19)[17],
        np.linspace(-1, 3, 19)[1],
    )
    table = breast_table()
    row = table.row("malignant", STRATA[0].name)
    assert row.counts == (19, 19)
    assert row.limits == pytest.approx((no, -yes), abs=1e-15)
    found = how_sure(table, MALIGNANT, 0.0, form=MASS)
    assert found.answers == ("no", "yes")
    assert row.venn_abers is not None
    assert found.range == row.venn_abers.at(0.0)
    assert found.is_near_cut
    assert found.interval is None


def test_a_set_without_yes_does_not_exclude():
    found = how_sure(breast_table(), MALIGNANT, -2.9, form=MASS)
    assert found.answers == ("no",)
    assert "does not exclude it" in found.sentence


def test_the_stratum_is_that_of_the_form():
    form = BREAST.check({"lesion_type": "mass", "density": 2})
    assert how_sure(breast_table(), MALIGNANT, 0, form=form).stratum == STRATA[2].name
    bare = how_sure(breast_table(), MALIGNANT, 0, form=MASS, has_film=False)
    assert bare.stratum == "the film absent"


def test_reasons_stand_instead_of_numbers():
    found = how_sure(breast_table(), MALIGNANT, 0, form=MASS, reasons=("Polarity.", "Novel."))
    assert not found.is_valid
    assert (found.interval, found.answers, found.range, found.bands) == (None, None, None, ())
    assert found.sentence == "Not valid here: Polarity. Novel."
    assert not found.is_near_cut


def test_too_few_calibration_cases_are_a_reason():
    found = how_sure(hip_table(count=8), DENSITY, 0.85, form=HIP.check(WOMAN))
    assert found.reasons == ("Only 8 calibration cases had the whole form known.",)


def test_labels_that_nobody_knows_do_not_count():
    said, labels = np.arange(12.0), np.array([0, 1, np.nan] * 4, dtype=float)
    assert fit_row(MALIGNANT, STRATA[0], said, labels).counts == (4, 4)


@pytest.mark.parametrize("table", [hip_table(), hip_table(count=8), breast_table()])
def test_the_table_is_stored_and_read_back(table: SurenessTable, tmp_path: Path):
    table.save(tmp_path)
    assert SurenessTable.load(tmp_path) == table


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "rows": 3, "model_id": "m"}'])
def test_a_damaged_table_is_refused(text: str, tmp_path: Path):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(CheckpointError, match="readable"):
        SurenessTable.load(tmp_path)


def test_a_table_of_another_format_is_refused(tmp_path: Path):
    replace(hip_table(), format=2).save(tmp_path)
    with pytest.raises(CheckpointError, match="format 1"):
        SurenessTable.load(tmp_path)


def test_a_missing_row_is_named():
    with pytest.raises(CheckpointError, match="malignant"):
        how_sure(hip_table(), MALIGNANT, 0, form=MASS)


def test_the_record_is_ready_for_json():
    found = how_sure(breast_table(), MALIGNANT, 0.5, form=MASS)
    plain = json.loads(json.dumps(found.plain, allow_nan=False))
    assert found.range is not None
    assert plain["merged"] == found.range.merged
    assert plain["is_valid"] is True
    assert math.isclose(plain["range"]["low"], found.range.low)
