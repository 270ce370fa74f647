"""The Medical X-ray Attention block of arXiv 2504.02277: look closer at a box, then gate it.

For features x (B, C, H, W): four numbers choose a box, the box is resampled to H × W, a channel
gate and a spatial gate multiply it. Both gates and the box are returned, never hooked.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from xattn.models.backbones import Compact
from xattn.models.network import Backbone

Roi = Literal["soft", "hard"]
Gates = dict[str, Tensor]
REDUCTION = 16
"""r of the channel gate."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a gated encoder saw of a film.

    `middle` (B, C, h, w) is the stage that maps are drawn on, `last` the last feature map, `joined`
    what tokens are made from, on the grid of `middle`. `gates` maps `box`, `channel` and
    `spatial`, followed by `/stage.block` where there are many, to what `MXA` returns.
    """

    middle: Tensor
    last: Tensor
    joined: Tensor
    gates: Gates


class GatedBackbone(Backbone):
    """An encoder that returns, beside its last feature map, a finer one and its gates."""

    token_channels: int
    token_stride: int

    def __init__(self) -> None:
        super().__init__()
        self.middle = nn.Identity()  # the stage that maps are drawn on passes here, by name

    def look(self, image: Tensor) -> Looked:
        """Everything seen on grey images (B, 1, H, W) in 0 to 1."""
        raise NotImplementedError

    def forward(self, image: Tensor) -> Tensor:
        """The last feature map."""
        return self.look(image).last


class MXA(nn.Module):
    """Gated features (B, C, H, W), and the gates.

    `box` (B, 4): left, top, right, bottom in shares of the map. `channel` (B, C) and `spatial`
    (B, H, W) lie in 0 to 1; `spatial` is laid over the box, not over the whole map.
    """

    def __init__(self, channels: int, *, roi: Roi) -> None:
        super().__init__()
        self.roi = roi
        self.predict = nn.Sequential(
            nn.Conv2d(channels, channels // 2, kernel_size=3, padding=1, bias=False),
            nn.ReLU(),
            nn.Conv2d(channels // 2, 4, kernel_size=1),
            nn.Sigmoid(),
        )
        self.channel = nn.Sequential(
            nn.Conv2d(channels, channels // REDUCTION, kernel_size=1, bias=False),
            nn.ReLU(),
            nn.Conv2d(channels // REDUCTION, channels, kernel_size=1, bias=False),
            nn.Sigmoid(),
        )
        self.spatial = nn.Conv2d(2, 1, kernel_size=7, padding=3, bias=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Gates]:
        """The box's content times both gates, and `box`, `channel`, `spatial`."""
        numbers = self.predict(features).float().mean(dim=(2, 3))
        box = soft_box(numbers) if self.roi == "soft" else hard_box(numbers, features.shape[2:])
        closer = resample(features, box, is_cropped=self.roi == "hard")
        channel = self.channel(closer.mean(dim=(2, 3), keepdim=True))
        closer = closer * channel
        both = torch.stack([closer.amax(dim=1), closer.mean(dim=1)], dim=1)
        spatial = torch.sigmoid(self.spatial(both))
        gates = {"box": box, "channel": channel.flatten(1), "spatial": spatial.squeeze(1)}
        return closer * spatial, gates


def soft_box(numbers: Tensor) -> Tensor:
    """Boxes (B, 4) from shares (B, 4): where in the room that is left, and how large.

    NOTE[DIFF] Released: corners cut to integers, through which no gradient reaches what predicts
    them. Here a corner and a size, as in Jaderberg et al. 2015 (arXiv 1506.02025): never empty,
    never outside, trained by gradient.
    """
    place, size = numbers.chunk(2, dim=1)
    low = place * (1 - size)
    return torch.cat([low, low + size], dim=1)


def hard_box(numbers: Tensor, shape: torch.Size) -> Tensor:
    """Boxes (B, 4) as released: corners cut to whole cells, the whole map where they are crossed.

    A product with 0 keeps the numbers in the graph, with a gradient of 0.
    """
    sides = numbers.new_tensor([shape[1], shape[0]]).repeat(2)
    corners = (numbers.detach() * sides).floor()
    is_box = (corners[:, 2:] > corners[:, :2]).all(dim=1, keepdim=True)
    whole = torch.cat([torch.zeros_like(sides[:2]), sides[:2]])
    return torch.where(is_box, corners, whole) / sides + 0 * numbers


def resample(features: Tensor, box: Tensor, *, is_cropped: bool) -> Tensor:
    """A box's content (B, C, H, W), bilinear with half-pixel centres, differentiable in the box.

    Cropped, nothing outside the box is read: `interpolate(x[top:bottom, left:right])`. Otherwise
    half a pixel beyond its edges may be.
    """
    height, width = features.shape[2:]
    left, top, right, bottom = box.unbind(dim=1)
    rows = _hats(top * height, bottom * height, height, is_cropped=is_cropped)
    columns = _hats(left * width, right * width, width, is_cropped=is_cropped)
    # Products of matrices, because the gradient of grid_sample differs from run to run on a GPU.
    rows, columns = rows.to(features.dtype), columns.to(features.dtype)
    return rows.unsqueeze(1) @ features @ columns.transpose(1, 2).unsqueeze(1)


def _hats(low: Tensor, high: Tensor, count: int, *, is_cropped: bool) -> Tensor:
    """Weights (B, count, count) of old cells in new ones, which share low to high evenly."""
    cells = torch.arange(count, device=low.device, dtype=low.dtype)
    low, high = low.unsqueeze(1), high.unsqueeze(1)
    places = low + (cells + 0.5) * ((high - low) / count) - 0.5
    if is_cropped:
        places = places.clamp(low.detach(), high.detach() - 1)
    places = places.clamp(0, count - 1)
    return torch.relu(1 - (places.unsqueeze(2) - cells).abs())


class CompactMXA(GatedBackbone):
    """Our narrow ResNet-18, with an MXA beside its last feature map: y = x + MXA(x)."""

    channels = token_channels = Compact.channels
    stride = token_stride = Compact.stride

    def __init__(self, *, mxa: bool, roi: Roi) -> None:
        super().__init__()
        self.compact = Compact()
        self.mxa = MXA(self.channels, roi=roi) if mxa else None

    def look(self, image: Tensor) -> Looked:
        """One map (B, 192, H/32, W/32) for all."""
        features = self.compact(image)
        if self.mxa is None:
            features = self.middle(features)
            return Looked(features, features, features, {})
        seen, gates = self.mxa(features)
        features = self.middle(features + seen)
        return Looked(features, features, features, gates)
