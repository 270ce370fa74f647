"""Losses by name; a system's row names its own."""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def binary_cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of log-odds (B, 1) and labels (B,) in 0 to 1: one sigmoid, once."""
    return binary_cross_entropy_with_logits(scores[:, 0], labels)
