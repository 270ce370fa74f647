"""A small model without batch statistics or dropout, and cases that it can learn."""

from types import SimpleNamespace

import torch
from torch import Tensor, nn

from xattn.models.network import Backbone, Network
from xattn.models.tokens import ImageTokens, Output
from xattn.training.cases import Cases


class Pooled(Backbone):
    """Four features of blocks of 8 × 8 pixels."""

    channels, stride = 4, 8

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(1, 4, kernel_size=8, stride=8)

    def forward(self, image: Tensor) -> Tensor:
        """Features (B, 4, H/8, W/8)."""
        return torch.tanh(self.look(image))


class PlainModel(Network):
    """score = film · features + form · slots."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(size=16, fill=0.25)
        self.backbone = Pooled()
        self.film, self.form = nn.Linear(4, 1), nn.Linear(3, 1)

    def encode_image(self, image: Tensor) -> ImageTokens:
        """Tokens (B, 4, 4)."""
        features = self.backbone(image)
        return ImageTokens(features.flatten(2).transpose(1, 2), (2, 2), features)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        """Log-odds (B, 1)."""
        form = self.form(values * known)
        return Output(self.film(image.tokens.mean(dim=1)) + form, image.features, {})


def cases(count: int, seed: int) -> Cases:
    """Bright films are positive, and so is a first slot of 1."""
    generator = torch.Generator().manual_seed(seed)
    labels = (torch.rand(count, 1, generator=generator) < 0.5).float()
    grey = 80 + 90 * labels + 10 * torch.randn(count, 1, generator=generator)
    images = grey.view(-1, 1, 1, 1).expand(-1, 1, 16, 16).clamp(0, 255).to(torch.uint8)
    values = torch.cat([labels, torch.randn(count, 2, generator=generator)], dim=1)
    known = torch.ones(count, 3, dtype=torch.bool)
    unknown = torch.full((count, 3, 1), torch.nan)
    return Cases(images.contiguous(), values, known, labels, unknown, unknown[..., 0])
