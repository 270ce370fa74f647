"""Image encoders that return their last feature map; nothing in them works in place.

Published ImageNet weights are read from a file that the user has; nothing is fetched.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from timm.models.resnet import BasicBlock, ResNet
from torch import Tensor, nn
from torchvision.models import densenet121, resnet34, resnet50
from torchvision.models import resnet as torchvision_resnet

from xattn.errors import CheckpointError
from xattn.models.foreign_weights import read_tensors
from xattn.models.network import Backbone

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SD = (0.229, 0.224, 0.225)


class Compact(Backbone):
    """A narrow ResNet-18 for one grey channel: 1.9 million parameters, stride 32, 192 channels."""

    channels = 192
    stride = 32

    def __init__(self) -> None:
        super().__init__()
        widths = (32, 64, 128, self.channels)
        self.body = ResNet(
            BasicBlock,  # type: ignore[arg-type]  # timm annotates instances, it takes classes
            (1, 2, 2, 2),
            in_chans=1,
            stem_width=32,
            channels=widths,
            num_classes=0,
        )
        forbid_in_place(self)

    def forward(self, image: Tensor) -> Tensor:
        """Features (B, 192, H/32, W/32) of grey images (B, 1, H, W) in 0 to 1."""
        features: Tensor = self.body.forward_features((image - 0.5) / 0.25)
        return features


class Published(Backbone):
    """An encoder whose layers bear torchvision's names, so that published weights fit `body`.

    Grey is repeated to three channels and standardised by ImageNet's statistics.
    """

    body: nn.Module

    def forward(self, image: Tensor) -> Tensor:
        """Features (B, channels, H/32, W/32) of grey images (B, 1, H, W) in 0 to 1."""
        mean = image.new_tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
        sd = image.new_tensor(IMAGENET_SD).view(1, 3, 1, 1)
        features: Tensor = self.body((image - mean) / sd)
        return features


class ResNet34(Published):
    """ResNet-34, the encoder of arXiv 2511.14604."""

    channels = 512
    stride = 32

    def __init__(self) -> None:
        super().__init__()
        self.body = _without_head(resnet34(weights=None))
        forbid_in_place(self)


class ResNet50(Published):
    """ResNet-50 as in arXiv 2508.16000."""

    channels = 2048
    stride = 32

    def __init__(self) -> None:
        super().__init__()
        self.body = _without_head(resnet50(weights=None))
        forbid_in_place(self)


class DenseNet121(Published):
    """DenseNet-121 of three channels, or of one as the published chest models have it.

    The one grey channel is read on the scale −1024 to 1024 that they were trained on.
    """

    channels = 1024
    stride = 32

    def __init__(self, in_channels: Literal[1, 3] = 3) -> None:
        super().__init__()
        features = densenet121(weights=None).features
        if in_channels == 1:
            features.conv0 = nn.Conv2d(1, 64, kernel_size=7, stride=2, padding=3, bias=False)
            nn.init.kaiming_normal_(features.conv0.weight)
        self.in_channels = in_channels
        self.body = nn.Sequential(OrderedDict(features=features))
        forbid_in_place(self)

    def forward(self, image: Tensor) -> Tensor:
        """Features (B, 1024, H/32, W/32), never negative, of grey images in 0 to 1."""
        if self.in_channels == 1:
            return torch.relu(self.body((2 * image - 1) * 1024))
        return torch.relu(super().forward(image))


BACKBONES: dict[str, type[Backbone]] = {"compact": Compact, "resnet50": ResNet50}
"""The breast model's encoders, by the name its configuration gives them."""


def load_published(backbone: Published, path: Path) -> None:
    """Give an encoder the weights of a state dict in a local `.safetensors` or `.pth` file.

    Every tensor but the classifier's must fit: names and shapes as torchvision or timm save them.

    Raises:
        CheckpointError: if the file cannot be read as a state dict, or is of another network.
    """
    tensors = {
        _present_name(name): tensor
        for name, tensor in read_tensors(path).items()
        if not name.startswith(("fc.", "classifier."))
    }
    if _shapes(tensors) != _shapes(backbone.body.state_dict()):
        raise CheckpointError(
            f"Expected the weights of a {type(backbone).__name__} as torchvision or timm save "
            "them, however the names or shapes in the file are others."
        )
    if not all(torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise CheckpointError("The file holds weights that are not finite; it cannot be used.")
    backbone.body.load_state_dict(tensors, strict=True)


def forbid_in_place(module: nn.Module) -> None:
    """Let no activation overwrite its input: explainers keep activations by reference."""
    for part in module.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False


def _without_head(network: torchvision_resnet.ResNet) -> nn.Sequential:
    parts = OrderedDict(network.named_children())
    del parts["avgpool"], parts["fc"]
    return nn.Sequential(parts)


def _shapes(tensors: Mapping[str, Tensor]) -> dict[str, torch.Size]:
    """Of all but the count of batches, which the first published files do not have."""
    return {k: v.shape for k, v in tensors.items() if not k.endswith("num_batches_tracked")}


def _present_name(name: str) -> str:
    """DenseNet's first files spell `norm1` and `conv2` of a dense layer with a dot."""
    return re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", name)
