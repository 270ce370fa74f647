"""Regression and screening figures against hand-made numbers, the library and known truths."""

import math

import numpy as np
import pytest
from scipy.stats import linregress
from sklearn import metrics as library

from xattn.training.metrics import bootstrap
from xattn.training.regression_metrics import (
    AGREEMENT_METRICS,
    REGRESSION_METRICS,
    Screening,
    regression_figures,
)

BMD = np.array([0.7, 0.8, 0.899, 0.9, 1.1])
PREDICTED = np.array([0.8, 0.9, 0.85, 0.899, 1.0])
DRAWS = 50


def noisy(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    truth = generator.normal(0.9, 0.15, count)
    return truth, 0.9 + 0.6 * (truth - 0.9) + generator.normal(0.01, 0.06, count)


def test_numbers_one_can_count():
    errors = [0.1, 0.1, -0.049, -0.001, -0.1]
    mean = sum(BMD) / 5
    # Sums of five float64 numbers.
    expected = {
        "MSE": sum(e**2 for e in errors) / 5,
        "MAE": sum(map(abs, errors)) / 5,
        "R²": 1 - sum(e**2 for e in errors) / sum((y - mean) ** 2 for y in BMD),
        "bias": sum(errors) / 5,
    }
    metrics = REGRESSION_METRICS | AGREEMENT_METRICS
    for name, value in expected.items():
        assert metrics[name](BMD, PREDICTED) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("MSE", library.mean_squared_error),
        ("MAE", library.mean_absolute_error),
        ("R²", library.r2_score),
    ],
)
def test_errors_equal_the_library(name, twin):
    truth, predicted = noisy()
    # The same sums of 400 numbers in another order of operations.
    assert REGRESSION_METRICS[name](truth, predicted) == pytest.approx(
        twin(truth, predicted), abs=1e-12
    )


def test_the_mean_explains_nothing_and_equal_labels_have_nothing_to_explain():
    assert REGRESSION_METRICS["R²"](BMD, np.full(5, BMD.mean())) == pytest.approx(0, abs=1e-12)
    assert math.isnan(REGRESSION_METRICS["R²"](np.ones(5), PREDICTED))
    assert math.isnan(AGREEMENT_METRICS["proportional bias"](BMD, 2 - BMD))  # their mean is 1


def test_limits_of_agreement_are_196_sd_about_the_bias():
    gaps = PREDICTED - BMD
    sd = math.sqrt(sum((gap - gaps.mean()) ** 2 for gap in gaps) / 4)
    assert AGREEMENT_METRICS["lower limit"](BMD, PREDICTED) == pytest.approx(
        gaps.mean() - 1.96 * sd, abs=1e-12
    )
    assert AGREEMENT_METRICS["upper limit"](BMD, PREDICTED) == pytest.approx(
        gaps.mean() + 1.96 * sd, abs=1e-12
    )


def test_proportional_bias_is_the_slope_of_the_plot():
    truth, predicted = noisy()
    slope = linregress((truth + predicted) / 2, predicted - truth).slope
    assert AGREEMENT_METRICS["proportional bias"](truth, predicted) == pytest.approx(
        slope, abs=1e-12
    )
    # ŷ = a + b y exactly: differences (b − 1) y on means (b + 1) y / 2 (and constants).
    shrunk = 0.36 + 0.6 * truth
    assert AGREEMENT_METRICS["proportional bias"](truth, shrunk) == pytest.approx(-0.5, abs=1e-12)
    assert AGREEMENT_METRICS["proportional bias"](truth, truth + 0.05) == pytest.approx(
        0, abs=1e-12
    )


def test_figures_leave_unknown_labels_out_and_name_each_once():
    truth, predicted = noisy(60)
    figures = regression_figures(truth, predicted, draws=DRAWS)
    names = ["MSE", "MAE", "R²", "bias", "lower limit", "upper limit", "proportional bias"]
    assert [name for name, _ in figures] == names
    holes = np.concatenate([truth, [np.nan, np.nan]]), np.concatenate([predicted, [0.0, 9.0]])
    assert regression_figures(*holes, draws=DRAWS) == figures
    assert dict(figures)["MAE"] == bootstrap(
        REGRESSION_METRICS["MAE"], truth, predicted, draws=DRAWS
    )


def test_intervals_of_the_limits_have_their_textbook_width():
    # Var(limit) ≈ SD² (1/n + 1.96² / (2 (n − 1))) for normal differences (Bland and Altman 1999).
    generator = np.random.default_rng(3)
    truth = generator.normal(0.9, 0.15, 1000)
    predicted = truth + generator.normal(0, 0.05, 1000)
    figures = dict(regression_figures(truth, predicted, draws=400))
    expected = 2 * 1.96 * 0.05 * math.sqrt(1 / 1000 + 1.96**2 / 2 / 999)
    for name in ("lower limit", "upper limit"):
        # 400 draws give the 2.5 % points to about 8 %, the sample's kurtosis a few more.
        assert figures[name].high - figures[name].low == pytest.approx(expected, rel=0.2)


def screened(threshold: float, prevalence: float = 0.5) -> dict[str, float]:
    figures = Screening(threshold, prevalence).figures(BMD, PREDICTED, draws=DRAWS)
    return {name: estimate.value for name, estimate in figures}


def test_low_is_positive_and_the_threshold_itself_is_low():
    found = screened(0.899)
    # Positive: 0.7, 0.8, 0.899. Called: 0.8, 0.85, 0.899, that is cases 1, 3 and 4.
    assert found["sensitivity"] == found["precision"] == found["F1"] == pytest.approx(2 / 3)
    assert found["specificity"] == 0.5
    # −ŷ ranks 5 of 6 pairs: 0.9 of case 2 is above 0.899 of case 4.
    assert found["AUC"] == pytest.approx(5 / 6)


def test_screening_equals_the_library():
    truth, predicted = noisy()
    positive, called = truth <= 0.899, predicted <= 0.899
    figures = Screening(0.899, prevalence=float(positive.mean())).figures(
        truth, predicted, draws=DRAWS
    )
    found = {name: estimate.value for name, estimate in figures}
    expected = {
        "AUC": library.roc_auc_score(positive, -predicted),
        "sensitivity": library.recall_score(positive, called),
        "specificity": library.recall_score(~positive, ~called),
        "precision": library.precision_score(positive, called),
        "F1": library.f1_score(positive, called),
        # At the sample's own prevalence the predictive values are the sample's.
        "PPV": library.precision_score(positive, called),
        "NPV": library.precision_score(~positive, ~called),
    }
    assert found == pytest.approx(expected, abs=1e-12)  # the same ratios of counts


def test_predictive_values_follow_the_stated_prevalence():
    # Sensitivity 2/3, specificity 1/2: Bayes' rule at 10 %.
    found = screened(0.899, prevalence=0.1)
    assert found["PPV"] == pytest.approx(0.1 * 2 / 3 / (0.1 * 2 / 3 + 0.9 * 0.5), abs=1e-12)
    assert found["NPV"] == pytest.approx(0.9 * 0.5 / (0.9 * 0.5 + 0.1 / 3), abs=1e-12)
    # Precision is the sample's whatever prevalence is stated.
    assert found["precision"] == screened(0.899, prevalence=0.5)["precision"]


def test_nobody_called_is_no_predictive_value():
    figures = Screening(0.75, 0.2).figures(np.repeat(BMD, 8), np.ones(40), draws=DRAWS)
    found = {name: estimate.value for name, estimate in figures}
    assert (found["sensitivity"], found["specificity"], found["precision"]) == (0.0, 1.0, 0.0)
    assert (found["F1"], found["NPV"]) == (0.0, pytest.approx(0.8))
    assert math.isnan(found["PPV"])


def test_a_threshold_without_positives_has_no_sensitivity():
    found = screened(0.1)
    assert all(math.isnan(found[name]) for name in ("AUC", "sensitivity", "F1", "PPV", "NPV"))
    assert found["specificity"] == 1.0
