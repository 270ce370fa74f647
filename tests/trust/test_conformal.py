"""Conformal limits: ranks by hand, and coverage with the beta-binomial law that is promised."""

import math

import numpy as np
import pytest
from scipy.stats import betabinom

from xattn.trust.conformal import (
    answer_limits,
    answers,
    coverage_range,
    interval_limit,
    limit,
    one_per_group,
)


@pytest.mark.parametrize(
    ("count", "rank"), [(9, 9), (10, 10), (19, 18), (20, 19), (99, 90), (1000, 901)]
)
def test_the_limit_is_the_smallest_score_that_covers_nine_of_ten(count: int, rank: int):
    scores = np.random.default_rng(count).permutation(np.arange(1.0, count + 1))
    assert limit(scores, 0.9) == rank


@pytest.mark.parametrize("count", [0, 1, 8])
def test_too_few_cases_give_no_limit(count: int):
    assert limit(np.arange(float(count)), 0.9) == math.inf


def test_an_interval_is_as_wide_as_the_residual_on_that_rank():
    said = np.linspace(0.5, 1.2, 9)
    residuals = np.array([0.1, -0.2, 0.3, -0.4, 0.5, -0.6, 0.7, -0.8, 0.9])
    # One float subtraction away from the residual.
    assert interval_limit(said, said + residuals, 0.9) == pytest.approx(0.9, abs=1e-15)


def test_each_answer_has_the_limit_of_its_own_cases():
    said = np.array([*np.arange(-9.0, 0), *np.arange(1.0, 20)])
    labels = np.array([0.0] * 9 + [1.0] * 19)
    # The 9th of 9 no, and the 18th of 19 yes from the top: log-odds of 2.
    assert answer_limits(said, labels, 0.9) == (-1.0, -2.0)


@pytest.mark.parametrize(
    ("value", "found"),
    [(-1.0, ("no",)), (-0.5, ()), (1.9, ()), (2.0, ("yes",)), (-3.0, ("no",)), (5.0, ("yes",))],
)
def test_a_set_where_the_answers_stand_apart(value: float, found: tuple[str, ...]):
    assert answers(value, (-1.0, -2.0)) == found


def test_a_set_holds_both_between_overlapping_limits():
    assert answers(0.5, (1.0, 0.0)) == ("no", "yes")


@pytest.mark.parametrize("count", [25, 60])
def test_covered_cases_follow_the_beta_binomial(count: int):
    trials, tested, level = 4000, 40, 0.9
    draws = np.random.default_rng(count).standard_t(3, size=(trials, count + tested))
    limits = np.array([limit(row[:count], level) for row in draws])
    covered = (draws[:, count:] <= limits[:, None]).sum(axis=1)
    rank = math.ceil((count + 1) * level)
    law = betabinom(tested, rank, count + 1 - rank)
    found = np.cumsum(np.bincount(covered, minlength=tested + 1)) / trials
    # Kolmogorov's distance stays below 1.95 / √n in 999 of 1,000 samples of the law.
    assert np.abs(found - law.cdf(np.arange(tested + 1))).max() < 1.95 / math.sqrt(trials)


def test_the_accepted_range_has_the_promised_probability():
    low, high = coverage_range(99, 200, 0.9, confidence=0.95)
    law = betabinom(200, 90, 10)
    # The tails outside hold at most 2.5 % each, one count further in holds more.
    assert law.cdf(low - 1) <= 0.025 < law.cdf(low)
    assert law.sf(high) <= 0.025 < law.sf(high - 1)


def test_every_case_is_covered_where_calibration_is_too_small():
    assert coverage_range(8, 50, 0.9) == (50, 50)


def test_one_case_of_each_patient_is_taken_at_random():
    groups = np.array(["b", "a", "b", "c", "b", "a"])
    taken = one_per_group(groups, seed=3)
    assert sorted(groups[taken]) == ["a", "b", "c"]
    every = {tuple(one_per_group(groups, seed=seed)) for seed in range(60)}
    assert {place for places in every for place in places} == set(range(6))
    assert list(taken) == sorted(taken)
