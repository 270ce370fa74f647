"""Densities, T-score-equivalents and bands: published points, identities, and what is said."""

import math
import re
import subprocess
import sys

import pytest

from xattn.data.densitometry import (
    BMD_MEAN,
    BMD_SD,
    PAPER_THRESHOLD,
    REFERENCES,
    STANDARDISATIONS,
    Band,
    Bmd,
    Maker,
    band_of,
    bands_touched,
    bmd_at,
    converted,
    predictive_values,
    standardised,
    t_score,
)
from xattn.data.densitometry_sentences import remarks, sentences, t_score_limits, t_text
from xattn.data.schemas import HIP
from xattn.errors import XattnError

LUNAR, HOLOGIC = Maker.LUNAR, Maker.HOLOGIC
WOMAN = HIP.check({"age": 72, "sex": "F"})


def test_the_targets_constants_are_those_of_the_contract():
    assert (BMD_MEAN, BMD_SD) == (0.90, 0.15)


@pytest.mark.parametrize(
    ("value", "maker", "t"),
    [
        (1.038, LUNAR, 0.0),
        (0.899, LUNAR, -1.0),
        (0.6905, LUNAR, -2.5),
        (0.858, HOLOGIC, 0.0),
        (0.738, HOLOGIC, -1.0),
        (0.558, HOLOGIC, -2.5),
    ],
)
def test_the_points_of_the_papers_table_are_met_exactly(value: float, maker: Maker, t: float):
    assert t_score(Bmd(value, maker)) == t
    assert bmd_at(t, maker).value == pytest.approx(value, abs=1e-12)  # float noise


def test_lunars_osteoporosis_cut_to_three_decimals():
    assert t_score(Bmd(0.691, LUNAR)) == pytest.approx(-2.5, abs=0.5e-3 / 0.139)  # 0.691 is rounded


@pytest.mark.parametrize(
    ("t", "sbmd", "lunar"),
    [
        (0, 0.952, 1.038),
        (-1, 0.821, 0.899),
        (-1.5, 0.756, 0.830),
        (-2, 0.691, 0.760),
        (-2.5, 0.626, 0.691),
    ],
)
def test_nhanes_on_lunars_scale_through_sbmd_as_tabled(t: float, sbmd: float, lunar: float):
    """PAPERS 1.5; half of the last printed digit."""
    hologic = bmd_at(t, HOLOGIC)
    assert standardised(hologic) == pytest.approx(sbmd, abs=0.5e-3)
    assert converted(hologic, LUNAR).value == pytest.approx(lunar, abs=0.5e-3)
    assert converted(hologic, LUNAR).maker is LUNAR


def test_conversion_keeps_sbmd_and_comes_back():
    bmd = Bmd(0.812, LUNAR)
    there = converted(bmd, HOLOGIC)
    assert there.value == pytest.approx((0.939 * 0.812 - 0.023 - 0.019) / 1.087, abs=1e-12)
    assert standardised(there) == pytest.approx(standardised(bmd), abs=1e-12)
    assert converted(there, LUNAR).value == pytest.approx(0.812, abs=1e-12)
    assert converted(bmd, LUNAR) is bmd


def test_densities_of_two_makers_do_not_compare_and_bare_numbers_never():
    with pytest.raises(XattnError, match="on one scale to be compared, however: Lunar and Hologic"):
        assert Bmd(0.7, LUNAR) <= Bmd(0.558, HOLOGIC)
    with pytest.raises(XattnError, match="one scale"):
        assert Bmd(0.7, HOLOGIC) > PAPER_THRESHOLD
    with pytest.raises(TypeError):
        assert Bmd(0.7, LUNAR) <= 0.558
    assert Bmd(0.558, LUNAR) != Bmd(0.558, HOLOGIC)
    assert Bmd(0.558, LUNAR) != 0.558


def test_positive_means_at_or_below_the_threshold():
    assert [Bmd(v, LUNAR) <= PAPER_THRESHOLD for v in (0.898, 0.899, 0.9)] == [True, True, False]


def test_a_hologic_cut_is_far_down_on_lunars_scale():
    assert t_score(Bmd(0.558, LUNAR)) == pytest.approx((0.558 - 1.038) / 0.139, abs=1e-9)
    assert t_score(Bmd(0.558, LUNAR)) < -3.4


def test_what_is_from_memory_is_marked_and_every_constant_has_a_source():
    assert not any(reference.verified for reference in REFERENCES.values())
    assert all(rule.verified for rule in STANDARDISATIONS.values())
    for constant in (*REFERENCES.values(), *STANDARDISATIONS.values()):
        assert ("memory" in constant.source) is not constant.verified


@pytest.mark.parametrize(
    ("t", "band"),
    [
        (-2.5, Band.LOWEST),
        (math.nextafter(-2.5, 0), Band.LOW_BONE_MASS),
        (math.nextafter(-1, -2), Band.LOW_BONE_MASS),
        (-1.0, Band.NORMAL),
    ],
)
def test_the_cuts_belong_to_the_outer_bands(t: float, band: Band):
    assert band_of(t) is band


def test_a_density_on_a_cut_stays_on_it():
    assert band_of(t_score(Bmd(0.899, LUNAR))) is Band.NORMAL
    assert band_of(t_score(Bmd(0.558, HOLOGIC))) is Band.LOWEST


@pytest.mark.parametrize(
    ("low", "high", "bands"),
    [
        (0.60, 0.65, [Band.LOWEST]),
        (0.6905, 0.75, [Band.LOWEST, Band.LOW_BONE_MASS]),
        (0.6906, 0.8989, [Band.LOW_BONE_MASS]),
        (0.75, 0.899, [Band.LOW_BONE_MASS, Band.NORMAL]),
        (0.60, 1.10, list(Band)),
        (1.0, 1.0, [Band.NORMAL]),
    ],
)
def test_an_interval_touches_every_band_between_its_ends(low, high, bands):
    assert bands_touched(low, high, LUNAR) == tuple(bands)


def test_bands_touched_are_those_of_a_walk_through_the_interval():
    """The twin: every density of the interval in steps of 0.001 g/cm²."""
    for maker in Maker:
        for low, high in ((500, 600), (550, 800), (680, 1000), (740, 899), (900, 1200)):
            walked = {band_of(t_score(Bmd(step / 1000, maker))) for step in range(low, high + 1)}
            assert set(bands_touched(low / 1000, high / 1000, maker)) == walked


def test_intervals_and_scores_that_are_none_are_refused():
    with pytest.raises(XattnError, match="from low to high"):
        bands_touched(0.9, 0.8, LUNAR)
    for low in (math.nan, -math.inf):
        with pytest.raises(XattnError, match="must be finite"):
            bands_touched(low, 0.8, LUNAR)


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (-1.63, "−1.6"),
        (-0.04, "0.0"),
        (0.26, "0.3"),
        (-2.41, "−2.41"),
        (-2.39, "−2.4"),
        (-0.996, "−0.996"),
        (-0.9934, "−0.99"),
        (-2.4964, "−2.496"),
        (-2.50004, "−2.50004"),
        (-1.0, "−1.00"),
        (-2.5, "−2.50"),
    ],
)
def test_decimals_near_a_cut_never_print_the_cut_itself(t: float, text: str):
    assert t_text(t) == text


def test_the_estimate_is_said_with_scale_reference_and_doubt():
    assert sentences(Bmd(0.812, LUNAR), WOMAN) == (
        (
            "Estimated BMD 0.812 g/cm² (Lunar scale), T-score-equivalent −1.6 "
            "(female reference, unverified constants)."
        ),
        "T-score-equivalent between −2.5 and −1 (low bone mass).",
    )
    assert sentences(Bmd(0.68, HOLOGIC), WOMAN)[0].startswith(
        "Estimated BMD 0.680 g/cm² (Hologic scale), T-score-equivalent −1.5 "  # -1.483
    )


def test_an_interval_names_every_band_that_it_touches():
    _, second = sentences(Bmd(0.812, LUNAR), WOMAN, interval=(0.75, 0.9))
    assert second == (
        "The interval 0.750 to 0.900 g/cm² touches: T-score-equivalent between −2.5 and −1 "
        "(low bone mass); T-score-equivalent −1 or above (normal range)."
    )


@pytest.mark.parametrize(
    "entries",
    [
        {"age": 49.9},
        {"age_at_scan": 45},
        {"age": 51, "age_at_scan": 49},
        {"age": 40, "sex": "M"},
    ],
)
def test_below_fifty_there_is_neither_t_score_nor_band(entries: dict[str, object]):
    form = HIP.check(entries)
    assert sentences(Bmd(0.812, LUNAR), form, interval=(0.6, 1.0)) == (
        "Estimated BMD 0.812 g/cm² (Lunar scale); no T-score-equivalent below 50 years.",
        "Interval 0.600 to 1.000 g/cm².",
    )
    assert "T-scores apply neither before menopause nor to men below 50 years" in " ".join(
        t_score_limits(form)
    )


def test_at_fifty_a_t_score_is_given_without_a_warning():
    form = HIP.check({"age": 50, "sex": "F"})
    assert "T-score-equivalent −1.6" in sentences(Bmd(0.812, LUNAR), form)[0]
    assert t_score_limits(form) == ()


def test_unknown_age_and_men_are_warned_of():
    assert t_score_limits(HIP.check({"sex": "F"})) == (
        "Age is unknown: T-scores apply only from 50 years and after menopause.",
    )
    assert t_score_limits(HIP.check({"age": 92, "sex": "M"})) == (
        "The female reference is used for men too: with a male one, T-scores are lower.",
    )
    assert t_score_limits(WOMAN) == ()


def test_no_sentence_ever_makes_the_diagnosis():
    for value in (0.5, 0.69, 0.8, 0.95):
        for entries in ({}, {"age": 45}, {"age": 72, "sex": "M"}):
            said = " ".join(remarks(HIP.check(entries), value))
            assert not re.search("osteopor|osteopen|normal bone", said, re.IGNORECASE)
            assert f"{value:.3f} g/cm² (Lunar scale)" in said


def test_predictive_values_are_those_of_the_counted_table():
    """1000 people, 200 with low density: 160 found, 40 missed, 80 of 800 falsely alarmed."""
    positive, negative = predictive_values(0.8, 0.9, 0.2)
    assert positive == pytest.approx(160 / 240, abs=1e-12)
    assert negative == pytest.approx(720 / 760, abs=1e-12)


def test_predictive_values_at_the_ends():
    assert predictive_values(0.8, 0.9, 0.0) == (0.0, 1.0)
    assert predictive_values(0.8, 0.9, 1.0) == (1.0, 0.0)
    assert math.isnan(predictive_values(0.0, 1.0, 0.3).positive)  # nobody is positive
    assert math.isnan(predictive_values(1.0, 0.0, 0.3).negative)  # nobody is negative
    a_coin = predictive_values(0.5, 0.5, 0.3)
    assert a_coin == pytest.approx((0.3, 0.7), abs=1e-12)


@pytest.mark.parametrize("shares", [(1.1, 0.5, 0.5), (0.5, -0.1, 0.5), (0.5, 0.5, math.nan)])
def test_shares_that_are_none_are_refused(shares: tuple[float, float, float]):
    with pytest.raises(XattnError, match="must lie in 0 to 1"):
        predictive_values(*shares)


def test_the_data_side_loads_without_torch():
    modules = "schemas, findings, densitometry, densitometry_sentences"
    code = f"import sys; from xattn.data import {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
