"""Distillation: the identities that tell a right loss from the released one."""

import math
from pathlib import Path

import pytest
import torch
from torch.nn.functional import kl_div

from xattn.data.schemas import CHEST
from xattn.errors import XattnError
from xattn.models.chest import FilmModel, FusedModel, build
from xattn.training.cases import Cases
from xattn.training.distill import DistillationLoss, distillation_targets, label_weights
from xattn.training.loop import BothWays, TrainingConfig, train
from xattn.training.losses import BinaryCrossEntropy

NAN = math.nan


def batch(count: int = 16, labels: int = 5) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Scores, labels and a teacher's logits (B, K), all known."""
    generator = torch.Generator().manual_seed(0)
    scores, logits = 2 * torch.randn(2, count, labels, generator=generator)
    return scores, (torch.rand(count, labels, generator=generator) < 0.3).float(), logits


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def slow_cross_entropy(score: float, target: float) -> float:
    p = sigmoid(score)
    return -(target * math.log(p) + (1 - target) * math.log(1 - p))


def test_without_the_teachers_share_it_is_cross_entropy():
    scores, labels, logits = batch()
    labels[2:5, 1] = NAN
    found = DistillationLoss(alpha=0.0, temperature=3.0)(scores, torch.cat([labels, logits], 1))
    assert found == BinaryCrossEntropy()(scores, labels)


@pytest.mark.parametrize("has_label_weights", [False, True])
def test_a_student_that_equals_its_teacher_has_no_gradient(has_label_weights: bool):
    _, labels, logits = batch()
    scores = logits.clone().requires_grad_()
    loss = DistillationLoss(alpha=1.0, has_label_weights=has_label_weights)
    loss(scores, distillation_targets(labels, logits)).backward()
    # σ(z) − σ(t) = 0 entry by entry; the graph takes a way of its own to σ(z), to float32's last.
    assert scores.grad.abs().max().item() <= 1e-8


@pytest.mark.parametrize("tau", [1.0, 2.0, 4.0])
def test_the_gradient_is_the_temperature_times_the_gap_of_probabilities(tau: float):
    # d/dz τ² BCE(z/τ, σ(t/τ)) = τ (σ(z/τ) − σ(t/τ)), over B·K entries (Hinton 2015, section 2.1).
    scores, labels, logits = batch()
    scores.requires_grad_()
    loss = DistillationLoss(alpha=1.0, temperature=tau)
    loss(scores, distillation_targets(labels, logits)).backward()
    expected = tau * (torch.sigmoid(scores / tau) - torch.sigmoid(logits / tau)) / scores.numel()
    torch.testing.assert_close(scores.grad, expected.detach(), rtol=1e-5, atol=1e-8)  # float32


def test_a_large_temperature_matches_logits():
    # As τ grows, the gradient τ (σ(z/τ) − σ(t/τ)) tends to (z − t) / 4: σ is linear about 0.
    scores, labels, logits = (x.double() for x in batch())
    scores.requires_grad_()
    loss = DistillationLoss(alpha=1.0, temperature=1000.0)
    loss(scores, distillation_targets(labels, logits)).backward()
    expected = (scores - logits).detach() / 4 / scores.numel()
    # The next term of σ is (z/τ)³ / 48: 1e-5 of the first at |z| = 10, τ = 1000.
    torch.testing.assert_close(scores.grad, expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("has_label_weights", [False, True])
def test_it_is_its_formula_with_labels_and_teacher_missing_apart(has_label_weights: bool):
    scores, labels, logits = batch(6, 3)
    labels[0, 0] = labels[4, 2] = NAN
    logits[:, 1] = NAN
    alpha, tau = 0.3, 2.0
    hard, soft = [], []
    for b in range(6):
        for k in range(3):
            z, y, t = (float(x[b, k]) for x in (scores, labels, logits))
            if not math.isnan(y):
                hard.append(slow_cross_entropy(z, y))
            if not math.isnan(t):
                seen = sum(sigmoid(float(logits[i, k])) for i in range(6)) / 6
                weight = 1 - seen if has_label_weights else 1.0
                soft.append(weight * slow_cross_entropy(z / tau, sigmoid(t / tau)))
    assert (len(hard), len(soft)) == (16, 12)
    mean = (1 - alpha) * sum(hard) / 16 + alpha * tau**2 * sum(soft) / 12
    loss = DistillationLoss(alpha=alpha, temperature=tau, has_label_weights=has_label_weights)
    found = loss(scores, distillation_targets(labels, logits)).item()
    assert found == pytest.approx(mean, rel=1e-6)  # float32 sums of a few numbers near 1


def test_it_is_divergence_from_the_teacher_up_to_the_teachers_entropy():
    scores, labels, logits = (x.double() for x in batch())
    loss = DistillationLoss(alpha=1.0)
    targets = distillation_targets(labels, logits)
    gap = loss(scores, targets) - loss(logits, targets)
    student, teacher = (torch.stack([x.sigmoid(), (-x).sigmoid()], -1) for x in (scores, logits))
    divergence = kl_div(student.log(), teacher, reduction="sum") / scores.numel()
    torch.testing.assert_close(gap, divergence, rtol=1e-9, atol=1e-12)  # float64


def test_a_label_the_teacher_lacks_is_taught_by_its_label_alone():
    scores, labels, logits = batch()
    logits[:, 4] = NAN
    scores.requires_grad_()
    DistillationLoss(alpha=1.0)(scores, distillation_targets(labels, logits)).backward()
    assert bool((scores.grad[:, 4] == 0).all())
    assert bool((scores.grad[:, :4] != 0).all())


def test_a_teacher_that_knows_nothing_leaves_its_share_out():
    scores, labels, logits = batch()
    targets = distillation_targets(labels, torch.full_like(logits, NAN))
    loss = DistillationLoss(alpha=0.5, has_label_weights=True)
    assert loss(scores, targets) == 0.5 * BinaryCrossEntropy()(scores, labels)


def test_label_weights_by_hand():
    logits = torch.tensor([[0.0, NAN, math.log(3)], [NAN, NAN, -math.log(3)]])
    # σ(0) = ½ of one film; nobody; σ(± log 3) = ¾ and ¼. float32.
    assert label_weights(logits).tolist() == pytest.approx([0.5, 1.0, 0.5], abs=1e-6)


def test_targets_hold_labels_then_logits_for_one_aim_or_two():
    _, labels, logits = batch()
    flat = distillation_targets(labels, logits)
    assert torch.equal(flat, torch.cat([labels, logits], dim=1))
    two = distillation_targets(torch.stack([labels, 1 - labels], dim=1), logits)
    assert torch.equal(two[:, 0], flat)
    assert torch.equal(two[:, 1], torch.cat([1 - labels, logits], dim=1))


def test_a_second_head_takes_the_teachers_term_alone():
    scores, labels, logits = batch()
    both = torch.cat([scores, scores * 0.5], dim=1).requires_grad_()
    targets = distillation_targets(labels, logits)
    value = DistillationLoss(alpha=0.5)(both, targets)
    value.backward()
    apart = (
        DistillationLoss(alpha=0.0)(scores, targets),
        DistillationLoss(alpha=1.0)(scores * 0.5, targets),
    )
    torch.testing.assert_close(value, (apart[0] + apart[1]) / 2)
    hard = (torch.sigmoid(scores) - labels) / scores.numel() / 2
    soft = (torch.sigmoid(scores * 0.5) - torch.sigmoid(logits)) / scores.numel() / 2
    expected = torch.cat([hard, soft], dim=1)
    torch.testing.assert_close(both.grad, expected, rtol=1e-5, atol=1e-8)  # float32


def student() -> FilmModel | FusedModel:
    torch.manual_seed(0)
    return build({"size": 64, "dim": 20, "distil": True})


def films(count: int = 4) -> Cases:
    """Films of noise with labels of chance, and a teacher's logits behind them."""
    generator = torch.Generator().manual_seed(2)
    images = torch.randint(0, 256, (count, 1, 64, 64), generator=generator).to(torch.uint8)
    labels = (torch.rand(count, 14, generator=generator) < 0.3).float()
    logits = torch.randn(count, 14, generator=generator)
    slots, fields = sum(CHEST.sizes), len(CHEST.names)
    return Cases(
        images,
        torch.zeros(count, slots),
        torch.zeros(count, fields, dtype=torch.bool),
        distillation_targets(labels, logits),
        torch.full((count, 3, 14), NAN),
        torch.full((count, 1), NAN),
    )


def test_in_training_the_loop_hands_over_both_heads_and_then_their_mean():
    model, part = student(), films()
    pair = BothWays(model).train()
    given = torch.rand(4, 1, 64, 64), part.values, part.known
    for way in pair(*given):
        assert way.shape == (4, 28)
    # Without batch statistics and dropout the two heads' mean is what evaluation says.
    scores = model.eval()(*given).scores
    model.heads.train()
    model.heads.first[2].eval()
    model.heads.second[2].eval()
    first, second = pair(*given)[0].chunk(2, dim=1)
    torch.testing.assert_close((first + second) / 2, scores)
    assert not torch.equal(first, second)


@pytest.mark.parametrize(("alpha", "taught"), [(0.0, "first"), (1.0, "second")])
def test_each_head_learns_from_its_own_side_through_the_loop(
    alpha: float, taught: str, tmp_path: Path
):
    model, data = student(), films()
    before = {name: tensor.clone() for name, tensor in model.heads.state_dict().items()}
    config = TrainingConfig(epochs=1, batch=4, decay=0.0, warmup=0)
    train(model, DistillationLoss(alpha=alpha), (data, data), config, tmp_path)
    moved = {
        name.split(".")[0]
        for name, tensor in model.heads.state_dict().items()
        if not torch.equal(tensor, before[name])
    }
    assert moved == {taught}


@pytest.mark.parametrize("wrong", [{"alpha": -0.1}, {"alpha": 1.1}, {"temperature": 0.0}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(XattnError, match="a share of 0 to 1 and a temperature above 0"):
        DistillationLoss(**wrong)
