"""Metrics against hand-made numbers and against the library's."""

import numpy as np
import pytest
from sklearn import metrics as library

from xattn.training.calibrate import temperature
from xattn.training.metrics import METRICS, auc, bootstrap, calibration_error, f1, precision, recall

LABELS = np.array([0, 0, 1, 1])
PROBABILITIES = np.array([0.1, 0.6, 0.4, 0.9])


def test_numbers_one_can_count():
    assert auc(LABELS, PROBABILITIES) == 0.75  # three of four pairs in order
    assert METRICS["accuracy"](LABELS, PROBABILITIES) == 0.5
    assert (precision(LABELS, PROBABILITIES), recall(LABELS, PROBABILITIES)) == (0.5, 0.5)
    assert f1(LABELS, PROBABILITIES) == 0.5
    assert auc(LABELS, np.full(4, 0.5)) == 0.5  # ties count half
    assert np.isnan(auc(np.ones(4), PROBABILITIES))


def test_calibration_error_by_hand():
    # Two bins of 15 hold two cases each: |0.2 − 0.5| and |0.8 − 0.5|, each with weight one half.
    labels, probabilities = np.array([0, 1, 1, 0]), np.array([0.2, 0.2, 0.8, 0.8])
    assert calibration_error(labels, probabilities) == pytest.approx(0.3, abs=1e-12)  # sums of four


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("AUC", library.roc_auc_score),
        ("F1", lambda y, p: library.f1_score(y, p >= 0.5)),
        ("precision", lambda y, p: library.precision_score(y, p >= 0.5)),
        ("recall", lambda y, p: library.recall_score(y, p >= 0.5)),
        ("accuracy", lambda y, p: library.accuracy_score(y, p >= 0.5)),
    ],
)
def test_metrics_equal_the_library(name: str, twin):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 500)
    probabilities = np.round(generator.random(500), 2)  # with ties
    # The same ratio of counts in another order of operations.
    assert METRICS[name](labels, probabilities) == pytest.approx(
        twin(labels, probabilities), abs=1e-12
    )


def test_the_bootstrap_covers_a_known_auc_at_its_rate():
    # Normal scores one SD apart: AUC = Φ(1/√2) = 0.7602. 95 % intervals over 100 samples: at least
    # 88 cover it with probability 0.999 (binomial), and not all of a set of intervals too wide.
    truth, covered = 0.7602, 0
    for seed in range(100):
        generator = np.random.default_rng(seed)
        labels = np.repeat([0, 1], 60)
        estimate = bootstrap(auc, labels, generator.normal(labels, 1.0), draws=200, seed=seed)
        covered += estimate.low <= truth <= estimate.high
    assert covered >= 88


def test_temperature_undoes_a_known_stretch():
    generator = np.random.default_rng(0)
    logits = generator.normal(0, 1.5, 200_000)
    labels = generator.random(200_000) < 1 / (1 + np.exp(-logits))
    # The standard error of T at this size is about 0.01 · T.
    assert temperature(3 * logits, labels) == pytest.approx(3.0, abs=0.1)
