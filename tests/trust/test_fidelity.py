"""Fidelity correlation and infidelity: their formulas written slowly, and a perfect map."""

from dataclasses import replace

import numpy as np
import pytest

from xattn.trust.fidelity import fidelity_correlation, infidelity
from xattn.trust.judging import JudgedFilm, draw_orders, nested

EFFECTS = np.array([2.0, -1.0, 0.5, 0.0, 3.0, -0.25, 1.0, 0.75, -2.0, 0.1])
ORDERS = draw_orders(len(EFFECTS), 3, seed=1)
MASKS = np.concatenate([nested(order) for order in ORDERS])
SUM = JudgedFilm(
    labels=np.arange(100).reshape(10, 10) // 10,
    film=np.zeros((10, 10)),
    orders=ORDERS,
    masks=MASKS,
    values=0.5 + MASKS @ EFFECTS,
    value=0.5 + float(EFFECTS.sum()),
    absent=0.5,
    passes=len(MASKS) + 1,
)


def test_a_perfect_map_of_a_sum_has_correlation_one_and_infidelity_zero():
    assert fidelity_correlation(SUM, EFFECTS) == pytest.approx(1.0, abs=1e-12)
    assert infidelity(SUM, EFFECTS, is_scaled=False) == pytest.approx(0.0, abs=1e-12)


def test_without_a_unit_the_scale_of_a_map_is_free():
    assert infidelity(SUM, 7 * EFFECTS, is_scaled=True) == pytest.approx(0.0, abs=1e-12)
    assert infidelity(SUM, 2 * EFFECTS, is_scaled=False) > 1


def test_the_formulas_written_slowly():
    bent = replace(SUM, values=SUM.values**2)
    vector = np.random.default_rng(4).normal(size=len(EFFECTS))
    told, found = [], []
    for mask, value in zip(bent.masks, bent.values, strict=True):
        told.append(sum(part for part, is_kept in zip(vector, mask, strict=True) if not is_kept))
        found.append(bent.value - value)
    square = sum((one - other) ** 2 for one, other in zip(told, found, strict=True)) / len(told)
    assert infidelity(bent, vector, is_scaled=False) == pytest.approx(square, rel=1e-12)
    assert fidelity_correlation(bent, vector) == pytest.approx(
        np.corrcoef(told, found)[0, 1], rel=1e-12
    )


def test_an_empty_map_correlates_with_nothing_and_misses_everything():
    empty = np.zeros(len(EFFECTS))
    assert fidelity_correlation(SUM, empty) == 0.0
    expected = float(np.mean((SUM.value - SUM.values) ** 2))
    assert infidelity(SUM, empty, is_scaled=True) == pytest.approx(expected, rel=1e-12)
