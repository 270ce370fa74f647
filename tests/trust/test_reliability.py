"""Reliability data: small tables by hand, and the decomposition as an identity."""

import numpy as np
import pytest

from xattn.trust.reliability import Bin, reliability


def test_four_predictions_by_hand():
    found = reliability(np.array([0.9, 0.1, 0.6, 0.4]), np.array([1.0, 0.0, 0.0, 1.0]), bins=2)
    bins = [(each.count, each.said, each.found) for each in found.bins]
    np.testing.assert_allclose(bins, [(2, 0.25, 0.5), (2, 0.75, 0.5)], atol=1e-15)
    curve = [(each.count, each.said, each.found) for each in found.curve]
    # 0 | 1 0 | 1 pools its middle.
    np.testing.assert_allclose(curve, [(1, 0.1, 0.0), (2, 0.5, 0.5), (1, 0.9, 1.0)], atol=1e-15)
    assert found.score == pytest.approx((0.01 + 0.36 + 0.36 + 0.01) / 4, rel=1e-14)
    assert found.miscalibration == pytest.approx(0.185 - 0.125, rel=1e-12)
    assert found.discrimination == pytest.approx(0.25 - 0.125, rel=1e-12)
    assert found.uncertainty == pytest.approx(0.25, rel=1e-14)


def test_the_parts_sum_to_the_score():
    generator = np.random.default_rng(2)
    said = np.round(generator.random(500), 2)
    labels = (generator.random(500) < said**2).astype(float)
    found = reliability(said, labels)
    parts = found.miscalibration - found.discrimination + found.uncertainty
    assert parts == pytest.approx(found.score, rel=1e-12)
    assert sum(each.count for each in found.bins) == sum(each.count for each in found.curve) == 500


def test_what_comes_true_as_said_has_no_miscalibration():
    said = np.repeat([0.0, 0.25, 0.75], 4)
    labels = np.array([0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0], dtype=float)
    found = reliability(said, labels)
    assert found.miscalibration == pytest.approx(0, abs=1e-15)
    assert found.curve == tuple(Bin(4, value, value) for value in (0.0, 0.25, 0.75))


def test_labels_that_nobody_knows_are_left_out():
    whole = reliability(np.array([0.2, 0.7]), np.array([0.0, 1.0]))
    part = reliability(np.array([0.2, 0.5, 0.7]), np.array([0.0, np.nan, 1.0]))
    assert part == whole
    assert part.plain["sentence"] == part.sentence
