"""Image encoders that return their last feature map; nothing in them works in place."""

from timm.models.resnet import BasicBlock, ResNet
from torch import Tensor, nn
from torchvision.models import resnet50

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


class ResNet50(Backbone):
    """ResNet-50 as in arXiv 2508.16000, grey repeated to three channels, ImageNet statistics."""

    channels = 2048
    stride = 32

    def __init__(self) -> None:
        super().__init__()
        body = resnet50(weights=None)
        stages = (body.layer1, body.layer2, body.layer3, body.layer4)
        self.body = nn.Sequential(body.conv1, body.bn1, body.relu, body.maxpool, *stages)
        forbid_in_place(self)

    def forward(self, image: Tensor) -> Tensor:
        """Features (B, 2048, H/32, W/32) of grey images (B, 1, H, W) in 0 to 1."""
        mean = image.new_tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
        sd = image.new_tensor(IMAGENET_SD).view(1, 3, 1, 1)
        features: Tensor = self.body((image - mean) / sd)
        return features


BACKBONES: dict[str, type[Backbone]] = {"compact": Compact, "resnet50": ResNet50}


def forbid_in_place(module: nn.Module) -> None:
    """Let no activation overwrite its input: explainers keep activations by reference."""
    for part in module.modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False
