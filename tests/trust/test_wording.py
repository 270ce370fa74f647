"""Numbers in words: rounding at its edges, minus signs, units, ranges."""

import math

import pytest
from scipy.special import logit

from xattn.records import Target
from xattn.trust.wording import is_probability, percent, probability, said, span

LIKELY = Target(name="malignant", unit="log-odds")
DENSITY = Target(name="femoral-neck BMD", unit="g/cm²")
BETWEEN = Target(name="one over another", unit="log-odds", output=0, minus=1)
OTHER = Target(name="score", unit="SD")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "below 0.01"),
        (0.004999, "below 0.01"),
        (0.005, "0.01"),
        (0.014, "0.01"),
        (0.5, "0.50"),
        (0.994999, "0.99"),
        (0.995, "above 0.99"),
        (1.0, "above 0.99"),
    ],
)
def test_a_probability_is_never_certain(value, words):
    assert probability(value) == words


@pytest.mark.parametrize("hundredths", range(1, 100))
def test_every_hundredth_is_said_as_it_is(hundredths):
    assert probability(hundredths / 100) == f"0.{hundredths:02d}"


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0 %"), (0.054, "5 %"), (0.9, "90 %"), (1, "100 %")]
)
def test_a_share_is_said_in_whole_percent(share, words):
    assert percent(share) == words


def test_one_output_in_log_odds_alone_is_a_probability():
    assert [is_probability(t) for t in (LIKELY, DENSITY, BETWEEN, OTHER)] == [
        True,
        False,
        False,
        False,
    ]


def test_log_odds_are_said_as_their_probability():
    assert said(LIKELY, 0.0) == "probability 0.50"
    assert said(LIKELY, float(logit(0.8))) == "probability 0.80"
    assert said(LIKELY, -math.inf) == "probability below 0.01"
    assert said(LIKELY, math.inf) == "probability above 0.99"


def test_numbers_keep_three_decimals_their_unit_and_a_true_minus():
    assert said(DENSITY, 0.8125) == "0.812 g/cm²"
    assert said(OTHER, -1.5) == "−1.500 SD"


def test_a_range_names_its_unit_or_its_kind_once():
    assert span(DENSITY, 0.7, 0.9) == "0.700 to 0.900 g/cm²"
    assert span(OTHER, -2, -1) == "−2.000 to −1.000 SD"
    ends = [float(logit(p)) for p in (0.2, 0.7)]
    assert span(LIKELY, *ends) == "probability 0.20 to 0.70"
    assert span(LIKELY, -20, 20) == "probability below 0.01 to above 0.99"


def test_a_difference_of_log_odds_keeps_the_hyphen_of_its_unit():
    assert said(BETWEEN, -0.5) == "−0.50 log-odds"
    assert span(BETWEEN, -0.5, 1) == "−0.50 to 1.00 log-odds"
