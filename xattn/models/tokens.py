"""Tokens: one per field of the form, one per patch of the film; and what is dropped in training."""

from dataclasses import dataclass, field

import torch
from einops import rearrange
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class ImageTokens:
    """What the image encoder hands on; everything an explainer may ask of the film.

    `tokens` (B, N, d) with N = h · w in row order, `grid` (h, w), `features` (B, C, h, w): the
    feature map that the tokens are made from, in the same autograd graph. `gates`: maps of an
    encoder that gates its own features, such as `MXA`; their rows do not sum to 1.
    """

    tokens: Tensor
    grid: tuple[int, int]
    features: Tensor
    gates: dict[str, Tensor] = field(default_factory=dict)

    def without_features(self) -> "ImageTokens":
        """The tokens alone, for keeping many: a feature map is up to forty times as large."""
        return ImageTokens(self.tokens, self.grid, self.features[:0])


@dataclass(frozen=True, slots=True)
class Output:
    """What `fuse` returns: `scores` (B, K), `features` (B, C, h, w), attention when asked for.

    `attention` maps a direction, such as `image_attends_clinical`, to weights (B, H, Nq, Nk) whose
    rows sum to 1; where layers are stacked the direction is the last one and `direction/1` the
    first. `distilled` (B, K): scores of a second head that a teacher trains, in training only.
    """

    scores: Tensor
    features: Tensor
    attention: dict[str, Tensor]
    distilled: Tensor | None = None


class FieldTokeniser(nn.Module):
    """One token per field: an affine map of its slots, or the field's own missing token.

    After the feature tokeniser of Gorishniy et al. 2021 (arXiv 2106.11959, section 3.3), with the
    missing tokens of TIP (arXiv 2407.07582).
    """

    member: Tensor

    def __init__(self, sizes: tuple[int, ...], dim: int) -> None:
        super().__init__()
        bound = dim**-0.5
        self.weight = nn.Parameter(torch.empty(sum(sizes), dim).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(len(sizes), dim).uniform_(-bound, bound))
        self.missing = nn.Parameter(torch.empty(len(sizes), dim).uniform_(-bound, bound))
        owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
        self.register_buffer("member", nn.functional.one_hot(owner).float(), persistent=False)

    def forward(self, values: Tensor, known: Tensor) -> Tensor:
        """Tokens (B, F, d) of slots (B, S) and of what is known (B, F)."""
        present = torch.einsum("bs,sd,sf->bfd", values, self.weight, self.member) + self.bias
        return torch.where(known.unsqueeze(-1), present, self.missing)


class ImageTokeniser(nn.Module):
    """A feature map (B, C, h, w) as tokens (B, h·w, d) with a learned position."""

    def __init__(self, channels: int, grid: tuple[int, int], dim: int) -> None:
        super().__init__()
        self.grid = grid
        self.project = nn.Conv2d(channels, dim, kernel_size=1)
        self.position = nn.Parameter(torch.randn(grid[0] * grid[1], dim) * 0.02)

    def forward(self, features: Tensor) -> ImageTokens:
        """The tokens, with the features they come from."""
        tokens = torch.relu(rearrange(self.project(features), "b d h w -> b (h w) d"))
        return ImageTokens(tokens + self.position, self.grid, features)


class ModalityDropout(nn.Module):
    """In training, with probability p per case, one modality's embedding is zeroed, never both.

    NOTE[DIFF] arXiv 2508.16000 says p = 0.3 and "one modality"; which one is not stated: even odds.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, Tensor]:
        """The tokens (B, N, d) and (B, F, d), some cases without one of the two."""
        if not self.training or self.probability == 0:
            return image, clinical
        draw = torch.rand(image.shape[0], 1, 1, device=image.device)
        no_image = draw < self.probability / 2
        no_clinical = (draw >= self.probability / 2) & (draw < self.probability)
        return image.masked_fill(no_image, 0.0), clinical.masked_fill(no_clinical, 0.0)
