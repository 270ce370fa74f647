"""Benign or malignant from a mammogram and five descriptors, after arXiv 2508.16000.

e = tokens of the film (49 × d), c = tokens of the form (5 × d), z = what e reads in c,
score = MLP([mean e; mean z]), in log-odds of malignant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from xattn.data.schemas import BREAST
from xattn.models.attention import (
    CoAttention,
    Concatenation,
    FormOnly,
    ImageOnly,
    OneWay,
    SharedAttention,
    SingleToken,
)
from xattn.models.backbones import BACKBONES
from xattn.models.network import Network
from xattn.models.tokens import FieldTokeniser, ImageTokeniser, ImageTokens, ModalityDropout, Output

Fusion = Literal["cross", "co", "bidirectional", "literal", "concat", "image", "form"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BreastConfig:
    """Everything that rebuilds the model; stored as JSON beside its weights."""

    backbone: Literal["compact", "resnet50"] = "compact"
    """The image encoder: our narrow ResNet-18, or the paper's ResNet-50."""
    fusion: Fusion = "cross"
    """How the two sides meet; `cross` is the paper's, `literal` its equations word for word."""
    dim: int = 100
    """d of the paper; the studied values are 50, 100 and 200."""
    heads: int = 4
    """Attention heads; the paper is silent."""
    size: int = 224
    """Side of the square input in pixels."""
    modality_dropout: float = 0.3
    """Probability that a case loses one modality's embedding in training."""
    dropout: float = 0.2
    """Dropout in the head."""
    fill: float = 0.25
    """Grey of an absent region, as trained; a film filled throughout is "image absent"."""


FUSIONS: dict[Fusion, Callable[[int, int], nn.Module]] = {
    "cross": OneWay,
    "co": CoAttention,
    "bidirectional": SharedAttention,
    "literal": lambda dim, _: SingleToken(dim),
    "concat": lambda *_: Concatenation(),
    "image": lambda *_: ImageOnly(),
    "form": lambda *_: FormOnly(),
}


class BreastModel(Network):
    """Five descriptors and a film, fused by one layer of attention.

    NOTE[DIFF] One logit instead of a softmax over two classes: the same model with one weight
    vector less, and its score is the log-odds that explanations are stated in.
    """

    def __init__(self, config: BreastConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = BACKBONES[config.backbone]()
        side = config.size // self.backbone.stride
        self.image_tokens = ImageTokeniser(self.backbone.channels, (side, side), config.dim)
        self.clinical_tokens = FieldTokeniser(BREAST.sizes, config.dim)
        self.modality_dropout = ModalityDropout(config.modality_dropout)
        self.fusion = FUSIONS[config.fusion](config.dim, config.heads)
        self.head = nn.Sequential(
            nn.Linear(2 * config.dim, config.dim),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(config.dim, 1),
        )

    def encode_image(self, image: Tensor) -> ImageTokens:
        """Tokens (B, 49, d) of grey images (B, 1, 224, 224)."""
        encoded: ImageTokens = self.image_tokens(self.backbone(image))
        return encoded

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        """Log-odds of malignant (B, 1)."""
        clinical = self.clinical_tokens(values, known)
        tokens, clinical = self.modality_dropout(image.tokens, clinical)
        pair, attention = self.fusion(tokens, clinical)
        return Output(self.head(pair).float(), image.features, attention)


def build(config: dict[str, object]) -> BreastModel:
    """The model, with fresh weights, that a stored configuration describes."""
    return BreastModel(BreastConfig(**config))  # type: ignore[arg-type]  # checked by the dataclass
