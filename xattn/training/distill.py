"""Distillation: a student aims at its labels and at what a teacher thinks of the same film."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from xattn.errors import XattnError
from xattn.training.losses import BinaryCrossEntropy, known_targets, masked_mean


@dataclass(frozen=True, kw_only=True, slots=True)
class DistillationLoss:
    """(1 − α) · BCE(z, y) + α τ² · BCE(z/τ, σ(t/τ)), after arXiv 2504.02277 and Hinton et al. 2015.

    z are the student's scores (B, K). Targets (B, 2K) hold the labels y, then the teacher's raw
    logits t, as `distillation_targets` makes them. NaN is an unknown label on the left, a label the
    teacher does not have on the right; each term is a mean over what is known to it.

    Scores of a student with two heads are (B, 2K) in the same order: the first head has the labels,
    the second the teacher.

    NOTE[DIFF] The released code takes the library's operating-point-normalised probabilities for
    logits and applies a second sigmoid, which squeezes the soft targets into 0.5 to 0.731; gives
    the labels its teacher lacks a constant target; and passes τ and never uses it. Here t is the
    logit, labels the teacher lacks are masked, and τ is used with its τ².
    """

    alpha: float = 0.5
    """Share of the teacher, 0 to 1."""
    temperature: float = 1.0
    """τ, above 0; larger ones soften both sides."""
    has_label_weights: bool = False
    """Whether the teacher's term of label l is multiplied by w = 1 − mean over the batch of σ(t),
    so that labels it often sees weigh less; not divided by Σ w, as released."""

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1 or self.temperature <= 0:
            raise XattnError(
                "Distillation needs a share of 0 to 1 and a temperature above 0, however: "
                f"{self.alpha} and {self.temperature}."
            )

    def __call__(self, scores: Tensor, targets: Tensor) -> Tensor:
        """The sum of both means, in nats."""
        labels, logits = targets.chunk(2, dim=1)
        first, second = scores.chunk(2, dim=1) if scores.shape == targets.shape else (scores,) * 2
        hard = BinaryCrossEntropy()(first, labels)
        return (1 - self.alpha) * hard + self.alpha * self._soft(second, logits)

    def _soft(self, scores: Tensor, logits: Tensor) -> Tensor:
        filled, known = known_targets(logits)
        tau = self.temperature
        aims = torch.sigmoid(filled / tau)
        losses = binary_cross_entropy_with_logits(scores / tau, aims, reduction="none")
        if self.has_label_weights:
            losses = losses * label_weights(logits)
        return tau**2 * masked_mean(losses, known)


def label_weights(logits: Tensor) -> Tensor:
    """1 − mean over a batch (B, K) of the teacher's probability, as (K,); NaN logits left out."""
    filled, known = known_targets(logits)
    seen = (torch.sigmoid(filled) * known).sum(dim=0)
    return 1 - seen / known.sum(dim=0).clamp(min=1)


def distillation_targets(labels: Tensor, logits: Tensor) -> Tensor:
    """Labels (N, …, K) with the teacher's logits (N, K) behind them, as (N, …, 2K)."""
    count, *between, width = labels.shape
    beside = logits.view(count, *(1 for _ in between), width).expand_as(labels)
    return torch.cat([labels, beside.to(labels.dtype)], dim=-1)
