"""Losses against their formulas written slowly, and where they must agree with each other."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from xattn.errors import XattnError
from xattn.training.losses import (
    BinaryCrossEntropy,
    SmoothL1,
    WeightedSmoothL1,
    binary_cross_entropy,
)

NAN = math.nan
PLAIN = SmoothL1(centre=0.9, spread=0.15)
READINGS = ("low", "near", "density")


def bmd(count: int = 200) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores (N, 1) and densities in g/cm² (N, 1), the scores off by about 0.07 g/cm²."""
    generator = torch.Generator().manual_seed(0)
    truth = 0.9 + 0.15 * torch.randn(count, 1, generator=generator)
    error = 0.07 * torch.randn(count, 1, generator=generator)
    return (truth + error - 0.9) / 0.15, truth


def weighted(reading: str, weight: float = 2.0) -> WeightedSmoothL1:
    loss = WeightedSmoothL1(centre=0.9, spread=0.15, reading=reading, weight=weight)
    return loss.fitted(bmd()[1].numpy()) if reading == "density" else loss


def slow_smooth_l1(error: float, beta: float) -> float:
    return error**2 / (2 * beta) if abs(error) < beta else abs(error) - beta / 2


def slow_weight(label: float, loss: WeightedSmoothL1) -> float:
    if loss.reading == "low":
        return loss.weight if label <= loss.threshold else 1.0
    if loss.reading == "near":
        distance = (label - loss.threshold) / loss.width
        return 1 + (loss.weight - 1) * math.exp(-(distance**2) / 2)
    found = loss.rarities[sum(edge <= label for edge in loss.edges)]
    return min(max(found, 1 / loss.weight), loss.weight)


def test_cross_entropy_is_the_mean_of_logs_over_known_entries():
    scores = torch.tensor([[0.5, -2.0], [3.0, 0.0]])
    targets = torch.tensor([[1.0, 0.25], [NAN, 0.0]])

    def one(score: float, target: float) -> float:
        p = 1 / (1 + math.exp(-score))
        return -(target * math.log(p) + (1 - target) * math.log(1 - p))

    expected = (one(0.5, 1.0) + one(-2.0, 0.25) + one(0.0, 0.0)) / 3
    # Three float32 numbers near 1.
    assert BinaryCrossEntropy()(scores, targets).item() == pytest.approx(expected, abs=1e-6)


def test_labels_without_a_second_axis_are_the_same_labels():
    scores = torch.linspace(-2, 2, 6)[:, None]
    labels = torch.tensor([0.0, 1, 1, 0, NAN, 1])
    both = binary_cross_entropy(scores, labels), binary_cross_entropy(scores, labels[:, None])
    assert both[0] == both[1] == BinaryCrossEntropy()(scores, labels[:, None])
    wide = torch.linspace(-3, 3, 12).view(4, 3)
    assert binary_cross_entropy(wide, wide.sigmoid()) == BinaryCrossEntropy()(wide, wide.sigmoid())


def test_the_loss_of_separable_labels_falls_below_a_double_sigmoids_floor():
    # Scores that went through a sigmoid before lie in 0 to 1, where absent findings cost at least
    # −log(1 − σ(0)) = 0.693; one sigmoid can go to 0.
    scores = torch.full((4, 14), -8.0)
    assert BinaryCrossEntropy()(scores, torch.zeros(4, 14)).item() < 1e-3
    floor = BinaryCrossEntropy()(scores.sigmoid(), torch.zeros(4, 14)).item()
    assert floor == pytest.approx(math.log(2), abs=1e-3)


@pytest.mark.parametrize("beta", [0.05, 0.5])
def test_smooth_l1_is_its_formula_in_the_targets_unit(beta: float):
    scores, truth = bmd()
    errors = (0.15 * scores + 0.9 - truth).flatten().tolist()
    expected = sum(slow_smooth_l1(error, beta) for error in errors) / len(errors)
    # A mean of 200 float32 numbers below 0.3.
    assert replace(PLAIN, beta=beta)(scores, truth).item() == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("reading", READINGS)
def test_weighted_smooth_l1_is_its_formula(reading: str):
    scores, truth = bmd()
    loss = weighted(reading, weight=3.0)
    weights = [slow_weight(label, loss) for label in truth.flatten().tolist()]
    errors = (0.15 * scores + 0.9 - truth).flatten().tolist()
    total = sum(w * slow_smooth_l1(e, 0.05) for w, e in zip(weights, errors, strict=True))
    # The ratio of two sums of 200 float32 numbers.
    assert loss(scores, truth).item() == pytest.approx(total / sum(weights), abs=1e-7)
    assert len({round(weight, 6) for weight in weights}) > 1


@pytest.mark.parametrize("reading", READINGS)
def test_a_weight_of_one_is_the_plain_loss(reading: str):
    scores, truth = bmd()
    truth[3:9] = NAN
    # Both sum the same numbers, divided by the same count.
    expected = PLAIN(scores, truth).item()
    assert weighted(reading, weight=1.0)(scores, truth).item() == pytest.approx(expected, abs=1e-8)


def test_the_threshold_itself_is_low():
    labels = torch.tensor([0.898, 0.899, 0.900])
    assert weighted("low").weights(labels).tolist() == [2.0, 2.0, 1.0]


def test_the_bump_is_at_the_threshold_and_half_a_log_down_at_one_width():
    labels = torch.tensor([0.899, 0.849, 0.949, 0.2])
    expected = [2.0, 1 + math.exp(-0.5), 1 + math.exp(-0.5), 1.0]
    # float32 of labels near 1, divided by a width of 0.05: 1e-7 · 20.
    assert weighted("near").weights(labels).tolist() == pytest.approx(expected, abs=4e-6)


def test_rarities_are_the_inverse_of_a_smoothed_histogram():
    labels = np.array([0.0, 0.0, 0.0, 1.0, 3.0, NAN])
    loss = replace(weighted("near"), reading="density", width=0.5).fitted(labels, bins=3)
    counts, centres = [3, 1, 1], [0.5, 1.5, 2.5]
    density = []
    for here in centres:
        kernel = [math.exp(-(((there - here) / 0.5) ** 2) / 2) for there in centres]
        density.append(sum(k * c for k, c in zip(kernel, counts, strict=True)) / sum(kernel))
    mean = sum(c / d for c, d in zip(counts, density, strict=True)) / 5
    # The same float64 operations in another order.
    assert loss.edges == pytest.approx([1.0, 2.0], abs=1e-12)
    assert loss.rarities == pytest.approx([1 / d / mean for d in density], abs=1e-12)
    # A label on an edge is in the bin above, where numpy counts it.
    found = replace(loss, weight=1e9).weights(torch.tensor([0.9, 1.0, 2.0], dtype=torch.float64))
    assert found.tolist() == pytest.approx(loss.rarities, abs=1e-12)


def test_before_the_limit_the_given_labels_weigh_one_on_average():
    labels = np.random.default_rng(0).normal(0.9, 0.15, 500)
    loss = replace(weighted("density"), weight=1e9).fitted(labels)
    # float32 weights; a label on a bin's very edge may fall on its other side in float32.
    assert loss.weights(torch.tensor(labels)).mean().item() == pytest.approx(1.0, abs=1e-3)


def test_equal_densities_and_gaps_get_bounded_weights():
    loss = weighted("density").fitted(np.array([0.0, 100.0] * 5))
    weights = loss.weights(torch.tensor([-5.0, 0.0, 50.0, 100.0, 500.0]))
    # Two equal heaps weigh 1 (float32), the empty middle no more than the limit.
    assert weights.tolist() == pytest.approx([1.0, 1.0, 2.0, 1.0, 1.0], abs=1e-6)


@pytest.mark.parametrize("wrong", [{"weight": 0.5}, {"width": 0.0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(XattnError, match="a weight of 1 or more and a width above 0"):
        WeightedSmoothL1(centre=0.9, spread=0.15, **wrong)


def test_an_unfitted_density_is_refused():
    loss = WeightedSmoothL1(centre=0.9, spread=0.15, reading="density")
    with pytest.raises(XattnError, match="use fitted"):
        loss(*bmd())


ALL = [BinaryCrossEntropy(), PLAIN, *(weighted(reading) for reading in READINGS)]


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    """Scores and targets (8, 3)."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(8, 3, generator=generator), torch.rand(8, 3, generator=generator)


@pytest.mark.parametrize(
    "loss", ALL, ids=lambda loss: getattr(loss, "reading", type(loss).__name__)
)
class TestUnknownTargets:
    def test_they_change_nothing(self, loss):
        scores, targets = pair()
        known = torch.arange(24).view(8, 3) % 5 < 3
        masked = torch.where(known, targets, NAN)
        one_by_one = loss(scores[known][:, None], targets[known][:, None])
        torch.testing.assert_close(loss(scores, masked), one_by_one)

    def test_they_have_no_gradient(self, loss):
        scores, targets = pair()
        scores.requires_grad_()
        targets[:, 1] = NAN
        loss(scores, targets).backward()
        assert bool((scores.grad[:, 1] == 0).all())
        assert bool((scores.grad[:, ::2] != 0).all())

    def test_all_of_them_give_zero_with_a_graph(self, loss):
        layer = nn.Linear(3, 3)
        value = loss(layer(pair()[0]), torch.full((8, 3), NAN))
        value.backward()
        assert value.item() == 0.0
        assert bool((layer.weight.grad == 0).all())
