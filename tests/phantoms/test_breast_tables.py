"""The phantom's probabilities: complete, summing to one, in the form's words and sense."""

import math

import numpy as np
import pytest

from xattn.data.schemas import BREAST
from xattn.phantoms import breast_tables as tables

SIGNS = {
    "mass_shape": tables.MASS_SHAPE,
    "mass_margins": tables.MASS_MARGINS,
    "calc_type": tables.CALC_TYPE,
    "calc_distribution": tables.CALC_DISTRIBUTION,
}
PAIRED = {
    **SIGNS,
    "lesion_type": tables.LESION_TYPE,
    "skin": tables.SKIN,
    "other_view": tables.OTHER_VIEW,
}
VIEWS = {
    "mass_margins": tables.OTHER_VIEW_MARGINS,
    "calc_distribution": tables.OTHER_VIEW_DISTRIBUTION,
}


@pytest.mark.parametrize("name", SIGNS)
def test_options_are_the_forms_codes_in_the_forms_order(name):
    assert tuple(SIGNS[name]) == BREAST[name].codes


def test_densities_and_lesion_types_are_the_forms():
    assert BREAST["density"].codes == tables.DENSITIES
    assert tuple(tables.LESION_TYPE) == BREAST.variant.codes
    assert tuple(SIGNS) == BREAST.names[1:]


@pytest.mark.parametrize("name", PAIRED)
def test_both_columns_are_distributions_without_a_zero(name):
    rows = list(PAIRED[name].values())
    assert {len(row) for row in rows} == {2}
    # A zero would make one reading certain and a log-odds infinite.
    assert min(min(row) for row in rows) > 0
    for column in zip(*rows, strict=True):
        # Decimals of at most three places, at most fourteen of them: exact to 1e-15 each.
        assert math.fsum(column) == pytest.approx(1, abs=1e-14)


def test_every_density_has_its_row_everywhere():
    lengths = (tables.DENSITY, tables.DENSITY_LOG_ODDS, tables.OCCULT, tables.DENSITY_READER)
    assert {len(rows) for rows in lengths} == {len(tables.DENSITIES)}
    assert math.fsum(tables.DENSITY) == pytest.approx(1, abs=1e-14)
    assert [math.fsum(row) for row in tables.DENSITY_READER] == [pytest.approx(1, abs=1e-14)] * 4


def test_a_reader_of_density_errs_by_one_grade_at_most():
    table = np.array(tables.DENSITY_READER)
    grade = np.arange(4)
    far = np.abs(grade[:, None] - grade) > 1
    assert not table[far].any()
    assert (table[~far] > 0).all()
    assert table.argmax(axis=1).tolist() == grade.tolist()


@pytest.mark.parametrize("name", VIEWS)
def test_words_about_the_other_view_cover_all_looks_and_options(name):
    table = VIEWS[name]
    assert tuple(table) == tuple(tables.OTHER_VIEW)
    assert {len(row) for row in table.values()} == {len(SIGNS[name])}
    assert min(min(row) for row in table.values()) > 0
    for row in table.values():
        assert math.fsum(row) == pytest.approx(1, abs=1e-14)


def test_every_sign_has_a_reader_and_those_with_two_views_a_weight():
    assert tuple(tables.READER_ACCURACY) == tuple(SIGNS)
    assert tuple(tables.OTHER_VIEW_WEIGHT) == tuple(VIEWS)
    for name, accuracy in tables.READER_ACCURACY.items():
        common = [sum(row) / 2 for row in SIGNS[name].values()]
        # The true option is named more often than the commonest of the others.
        assert all(
            accuracy > (1 - accuracy) * max(common) / (1 - share)
            for share in common
            if share < max(common)
        )


RAISING = {
    "mass_shape": ("IRREGULAR",),
    "mass_margins": ("SPICULATED",),
    "calc_type": ("PLEOMORPHIC", "FINE_LINEAR_BRANCHING"),
    "calc_distribution": ("SEGMENTAL",),
    "skin": ("thickened", "retracted"),
    "other_view": ("worrying",),
}
LOWERING = {
    "mass_shape": ("OVAL",),
    "mass_margins": ("CIRCUMSCRIBED",),
    "calc_type": ("LUCENT_CENTER", "LUCENT_CENTERED", "VASCULAR", "EGGSHELL"),
    "skin": ("normal",),
    "other_view": ("reassuring",),
}


@pytest.mark.parametrize(("name", "option"), [(n, o) for n, row in RAISING.items() for o in row])
def test_signs_that_raise_the_odds(name, option):
    benign, malignant = PAIRED[name][option]
    assert malignant / benign > 1.5


@pytest.mark.parametrize(("name", "option"), [(n, o) for n, row in LOWERING.items() for o in row])
def test_signs_that_lower_the_odds(name, option):
    benign, malignant = PAIRED[name][option]
    assert malignant / benign < 1 / 1.25


def test_dense_breasts_hide_more_and_are_at_more_risk():
    assert (np.diff(tables.OCCULT) > 0).all()
    assert (np.diff(tables.DENSITY_LOG_ODDS) > 0).all()
    # Equal steps about nothing: grade d adds 0.2 (d - 2.5).
    np.testing.assert_allclose(
        tables.DENSITY_LOG_ODDS, 0.2 * (np.arange(1, 5) - 2.5), atol=1e-15, rtol=0
    )


@pytest.mark.parametrize("row", [tables.STRANDS, tables.SATELLITE])
def test_cues_are_rare_and_raise_the_odds(row):
    benign, malignant = row
    assert 0 < benign < malignant < 0.5


def test_sizes_lie_inside_their_range_and_overlap():
    (benign, malignant), spread = tables.SIZE_MM
    low, high = tables.SIZE_RANGE_MM
    assert low < benign < malignant < high
    # The medians are one spread apart, so size alone separates with an AUC near 0.77 at most.
    assert math.log(malignant / benign) / spread == pytest.approx(1.0365, abs=1e-4)
    # The cut takes less than 3 % from either tail.
    for median in (benign, malignant):
        assert math.log(low / median) / spread < -1.87
        assert math.log(high / median) / spread > 1.87


def test_both_intercepts_are_there():
    assert set(tables.INTERCEPT) == {True, False}
    assert tables.SITE_LOG_ODDS > 0
