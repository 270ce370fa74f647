"""EfficientViT-M5 (Liu et al. 2023, arXiv 2305.07027) with an MXA in every block.

The parts are timm's; its query kernels are 7, 5, 3, 3, those of arXiv 2504.02277 are 5, 5, 5, 5.
"""

from collections.abc import Iterable
from typing import Literal

import torch
from timm.models.efficientvit_msra import (
    CascadedGroupAttention,
    EfficientVitBlock,
    EfficientVitMsra,
    LocalWindowAttention,
)
from torch import Tensor, nn
from torch.nn.functional import interpolate

from xattn.models.backbones import IMAGENET_MEAN, IMAGENET_SD, forbid_in_place
from xattn.models.mxa import MXA, GatedBackbone, Gates, Looked, Roi

WIDTHS, DEPTHS, HEADS, KERNELS = (192, 288, 384), (1, 3, 4), (3, 3, 4), (5, 5, 5, 5)


MIDDLE = 2
"""The stage on a grid of 7 × 7, for films of 224 pixels."""


class EfficientViTM5(GatedBackbone):
    """Stages of 14 × 14, 7 × 7 and 4 × 4 on a film of 224 × 224.

    Tokens are made from the second stage beside the last one, resized to the second's grid.
    """

    channels = WIDTHS[2]
    stride = 64
    token_channels = WIDTHS[1] + WIDTHS[2]
    token_stride = 32

    def __init__(
        self, *, size: int, in_channels: Literal[1, 3], mxa: bool, roi: Roi, compat: bool
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        body = EfficientVitMsra(
            img_size=size,
            in_chans=in_channels,
            num_classes=0,
            embed_dim=WIDTHS,
            depth=DEPTHS,
            num_heads=HEADS,
            kernels=KERNELS,
        )
        self.patches = body.patch_embed
        self.stages = nn.ModuleList()
        for stage, width in zip(body.stages.children(), WIDTHS, strict=True):
            blocks = (
                GatedBlock(block, MXA(width, roi=roi) if mxa else None, compat=compat)
                for block in stage.get_submodule("blocks").children()
            )
            self.stages.append(GatedStage(stage.get_submodule("downsample"), blocks))
        forbid_in_place(self)

    def look(self, image: Tensor) -> Looked:
        """The second stage, the last, both joined, and the gates of each block."""
        features = self.patches(self._standardised(image))
        gates: Gates = {}
        maps = []
        for number, stage in enumerate(self.stages, start=1):
            features, per_block = stage(features)
            features = self.middle(features) if number == MIDDLE else features
            maps.append(features)
            for place, own in enumerate(per_block, start=1):
                gates |= {f"{kind}/{number}.{place}": gate for kind, gate in own.items()}
        _, middle, last = maps
        wide = interpolate(last, size=middle.shape[2:], mode="bilinear", align_corners=False)
        return Looked(middle, last, torch.cat([middle, wide], dim=1), gates)

    def _standardised(self, image: Tensor) -> Tensor:
        if self.in_channels == 1:
            return (image - 0.5) / 0.25
        mean, sd = (image.new_tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_SD))
        return (image - mean) / sd


class GatedStage(nn.Module):
    """A step to a coarser grid, then blocks whose gates are collected."""

    def __init__(self, merge: nn.Module, blocks: Iterable[nn.Module]) -> None:
        super().__init__()
        self.merge = merge
        self.blocks = nn.ModuleList(blocks)

    def forward(self, features: Tensor) -> tuple[Tensor, list[Gates]]:
        """The stage's features, and the gates of each block."""
        features = self.merge(features)
        collected = []
        for block in self.blocks:
            features, gates = block(features)
            collected.append(gates)
        return features, collected


class GatedBlock(nn.Module):
    """A block of EfficientViT whose attention has an MXA beside it.

    y = FFN₁(DW₁(u + Attn(u) + MXA(u))) with u = FFN₀(DW₀(x)), every other part with its residual.

    NOTE[DIFF] The released code adds (x + Attn(x)) + (x + MXA(x)) ahead of the block, so that x
    comes twice, and the block applies the same attention again: that is `compat`. The paper says
    "in parallel with" the attention: that is the default.
    """

    def __init__(self, block: nn.Module, mxa: MXA | None, *, compat: bool) -> None:
        super().__init__()
        assert isinstance(block, EfficientVitBlock)
        assert isinstance(block.mixer.m, LocalWindowAttention)
        block.mixer.m.attn = _uncached(block.mixer.m)
        self.block = block
        self.mxa = mxa
        self.compat = compat

    def forward(self, features: Tensor) -> tuple[Tensor, Gates]:
        """The block's features, and what its MXA returns."""
        block = self.block
        if self.mxa is None:
            return block(features), {}
        if self.compat:
            seen, gates = self.mxa(features)
            return block(block.mixer(features) + (features + seen)), gates
        features = block.ffn0(block.dw0(features))
        seen, gates = self.mxa(features)
        return block.ffn1(block.dw1(block.mixer(features) + seen)), gates


class UncachedAttention(CascadedGroupAttention):
    """timm's attention without its cache of biases in evaluation.

    The cache outlives a change of weights, holds a graph that can be walked once only, and cannot
    be copied.
    """

    attention_bias_idxs: Tensor

    def get_attention_biases(self, device: torch.device) -> Tensor:  # noqa: ARG002  # timm's name
        """The biases (H, N, N) as they are now."""
        return self.attention_biases[:, self.attention_bias_idxs]


def _uncached(window: LocalWindowAttention) -> UncachedAttention:
    old = window.attn
    return UncachedAttention(
        window.dim,
        old.key_dim,
        old.num_heads,
        attn_ratio=old.attn_ratio,
        resolution=old.resolution,
        kernels=KERNELS,
    )
