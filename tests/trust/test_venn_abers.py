"""Venn–Abers ranges against the definition: one whole regression per case and answer."""

import json

import numpy as np
import pytest

from xattn.trust.venn_abers import Range, VennAbers, fit


def isotonic_by_pooling(scores: list[float], labels: list[float]) -> dict[float, float]:
    """Pool adjacent violators, one block at a time; equal scores start as one block."""
    blocks: list[list[float]] = []
    for score in sorted(set(scores)):
        own = [label for s, label in zip(scores, labels, strict=True) if s == score]
        blocks.append([sum(own), len(own), score])
    pooled: list[tuple[float, float, list[float]]] = []
    for total, count, score in blocks:
        pooled.append((total, count, [score]))
        while len(pooled) > 1 and pooled[-2][0] / pooled[-2][1] >= pooled[-1][0] / pooled[-1][1]:
            last, before = pooled.pop(), pooled.pop()
            pooled.append((last[0] + before[0], last[1] + before[1], before[2] + last[2]))
    return {score: total / count for total, count, scores in pooled for score in scores}


def range_by_definition(said: list[float], labels: list[float], value: float) -> Range:
    ends = [isotonic_by_pooling([*said, value], [*labels, end])[value] for end in (0.0, 1.0)]
    return Range(*ends)


@pytest.mark.parametrize("seed", range(4))
def test_the_functions_are_the_regressions_with_the_case_added(seed: int):
    generator = np.random.default_rng(seed)
    said = np.round(generator.normal(size=30), 1)
    labels = (generator.random(30) < 1 / (1 + np.exp(-2 * said))).astype(float)
    found = fit(said, labels)
    for value in [*np.unique(said), *(np.unique(said) + 0.05), -9.0, 9.0]:
        twin = range_by_definition(said.tolist(), labels.tolist(), round(float(value), 3))
        here = found.at(float(value))
        # Values are stored with four decimals.
        assert (here.low, here.high) == pytest.approx((twin.low, twin.high), abs=5.1e-5)


def test_four_cases_by_hand():
    found = fit(np.array([-1.0, 0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    # At 0.5: with a no 0 | 1 0 0 | 1, with a yes 0 | 1 1 0 | 1.
    assert found.at(0.5) == Range(0.3333, 0.6667)
    assert found.at(-2.0) == Range(0.0, 0.5)
    assert found.at(3.0) == Range(0.5, 1.0)


def test_the_merged_probability_is_the_minimax_of_log_loss():
    span = Range(0.2, 0.5)
    # Equal regret for both answers: ln(p1 / p) = ln((1 − p0) / (1 − p)).
    assert span.high / span.merged == pytest.approx((1 - span.low) / (1 - span.merged), rel=1e-12)
    assert span.merged == pytest.approx(0.5 / 1.3, rel=1e-12)


def test_the_record_survives_json():
    generator = np.random.default_rng(9)
    found = fit(generator.normal(size=200), (generator.random(200) < 0.3).astype(float))
    assert VennAbers.of_plain(json.loads(json.dumps(found.plain))) == found


def test_only_changes_are_stored():
    found = fit(np.arange(8.0), np.array([0.0] * 4 + [1.0] * 4))
    assert len(found.low.values) == len(found.low.places) + 1 < 8
