"""Intervals over clusters against the procedure written slowly; few cases give words."""

import random

import numpy as np
import pytest

from xattn.runtime.cohort_statistics import FEWEST, Judged, figure, performance, resampled, too_few
from xattn.training.metrics import auc


def judged(said, truth, clusters=None, *, is_probability=True):
    names = clusters or [str(place) for place in range(len(said))]
    arrays = np.array(said, float), np.array(truth, float)
    return Judged(*arrays, tuple(names), is_probability, "log-odds" if is_probability else "g/cm²")


def test_resampling_is_the_procedure_written_slowly():
    values = np.array([1.0, 4.0, 2.0, 8.0, 5.0, 7.0])
    clusters = ["b", "a", "b", "c", "a", "d"]
    found = resampled(clusters, lambda rows: float(values[rows].mean()), draws=200)
    generator, means = np.random.default_rng(0), []
    names = sorted(set(clusters))
    for _ in range(200):
        drawn = []
        for place in generator.integers(0, 4, 4):
            drawn += [v for v, c in zip(values, clusters, strict=True) if c == names[place]]
        means.append(sum(drawn) / len(drawn))
    means.sort()
    # The percentile between order statistics: (200 − 1) · 0.025 = 4.975.
    low = means[4] + 0.975 * (means[5] - means[4])
    high = means[194] + 0.025 * (means[195] - means[194])
    assert found.value == 4.5
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)


def test_a_cluster_counts_once_however_many_films_it_has():
    """Ten copies of a patient's film are no ten patients: the interval stays as wide."""
    values = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    one = resampled("abcde", lambda rows: float(values[rows].mean()), draws=300)
    many = np.repeat(values, 10)
    ten = resampled(
        [c for c in "abcde" for _ in range(10)], lambda r: float(many[r].mean()), draws=300
    )
    assert (ten.low, ten.high) == pytest.approx((one.low, one.high), rel=1e-12)


def test_a_statistic_of_one_value_has_no_width():
    found = resampled("abc", lambda _: 2.5, draws=50)
    assert (found.value, found.low, found.high) == (2.5, 2.5, 2.5)


def test_figures_of_a_probability_and_of_a_number():
    random.seed(1)
    truth = [0.0, 1.0] * 15
    said = [random.random() for _ in truth]
    of_auc, gap = performance(judged(said, truth), draws=50)
    assert (of_auc.name, gap.name) == ("AUC", "mean said − found")
    wins = [(a > b) + (a == b) / 2 for a in said[1::2] for b in said[::2]]
    assert of_auc.estimate.value == pytest.approx(sum(wins) / len(wins), abs=1e-12)
    assert gap.estimate.value == pytest.approx(sum(said) / 30 - 0.5, abs=1e-12)
    error, bias = performance(judged(said, truth, is_probability=False), draws=50)
    wanted = sum(abs(a - b) for a, b in zip(said, truth, strict=True)) / 30
    assert (error.name, error.unit, bias.unit) == ("mean absolute error", "g/cm²", "g/cm²")
    assert error.estimate.value == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("truth", "clusters", "words"),
    [
        ([np.nan] * 30, None, "no reference standard"),
        ([0.0, 1.0] * 9 + [np.nan] * 9, None, f"too few: 18 cases, {FEWEST} are needed"),
        ([0.0, 1.0] * 15, ["a", "b", "c"] * 10, "too few: 3 patients"),
        ([1.0] * 4 + [0.0] * 26, None, "too few: 4 with and 26 without it"),
        ([1.0] * 5 + [0.0] * 25, None, ""),
    ],
)
def test_too_few_cases_are_words_and_no_number(truth, clusters, words):
    given = judged(np.linspace(0, 1, len(truth)), truth, clusters)
    assert too_few(given.known, needs_both=True) == words
    found = figure("AUC", given.known, auc, needs_both=True, draws=20)
    assert (found.estimate is None) == bool(words)
    assert str(found) == words or not words
