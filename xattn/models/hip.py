"""Femoral-neck bone mineral density from a hip film and ten fields, after arXiv 2511.14604.

X = tokens of the film (49 × d), M = tokens of the form (10 × d); three layers in which each side
reads the other; score = MLP(z), the density in standard deviations from the training mean.

NOTE[DIFF] Of the paper only summaries could be read: ResNet-34, three layers, four heads, both
directions, a layer-wise fusion weight, a key-value updater. Widths, formulas and head are ours.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from xattn.data.schemas import HIP
from xattn.models.attention import Concatenation, FormOnly, ImageOnly, OneWay, StackedAttention
from xattn.models.backbones import Compact, ResNet34
from xattn.models.network import Backbone, Network
from xattn.models.tokens import FieldTokeniser, ImageTokeniser, ImageTokens, ModalityDropout, Output

Fusion = Literal["bidirectional", "cross", "concat", "image", "form"]


@dataclass(frozen=True, kw_only=True, slots=True)
class HipConfig:
    """Everything that rebuilds the model; stored as JSON beside its weights."""

    backbone: Literal["compact", "resnet34"] = "compact"
    """The image encoder: our narrow ResNet-18, or the paper's ResNet-34."""
    fusion: Fusion = "bidirectional"
    """How the two sides meet; `bidirectional` is the paper's, `concat` its rival."""
    dim: int = 64
    """Width of a token; 128 in the paper preset. The paper's is not known."""
    heads: int = 4
    """Attention heads."""
    layers: int = 3
    """Layers of bidirectional attention."""
    size: int = 224
    """Side of the square input in pixels."""
    modality_dropout: float = 0.0
    """Probability that a case loses one modality's embedding in training; not in this paper."""
    dropout: float = 0.1
    """Dropout in the head."""
    fill: float = 0.25
    """Grey of an absent region, as trained; a film filled throughout is "image absent"."""


ENCODERS: dict[str, Callable[[], Backbone]] = {"compact": Compact, "resnet34": ResNet34}
FUSIONS: dict[Fusion, Callable[[HipConfig], nn.Module]] = {
    "bidirectional": lambda config: StackedAttention(
        config.dim, config.heads, layers=config.layers
    ),
    "cross": lambda config: OneWay(config.dim, config.heads),
    "concat": lambda _: Concatenation(),
    "image": lambda _: ImageOnly(),
    "form": lambda _: FormOnly(),
}


class HipModel(Network):
    """Ten fields and a film, fused by layers of attention in both directions."""

    def __init__(self, config: HipConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = ENCODERS[config.backbone]()
        side = config.size // self.backbone.stride
        self.image_tokens = ImageTokeniser(self.backbone.channels, (side, side), config.dim)
        self.clinical_tokens = FieldTokeniser(HIP.sizes, config.dim)
        # NOTE[DIFF] The paper's perceptron makes one vector of the form, over which a softmax is 1;
        # ours has a first layer per field and a second one shared, so that each field stays a key.
        self.perceptron = nn.Sequential(nn.ReLU(), nn.Linear(config.dim, config.dim))
        self.modality_dropout = ModalityDropout(config.modality_dropout)
        self.fusion = FUSIONS[config.fusion](config)
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
        """Standardised density (B, 1)."""
        clinical = self.perceptron(self.clinical_tokens(values, known))
        tokens, clinical = self.modality_dropout(image.tokens, clinical)
        pair, attention = self.fusion(tokens, clinical)
        return Output(self.head(pair).float(), image.features, attention)


def build(config: dict[str, object]) -> HipModel:
    """The model, with fresh weights, that a stored configuration describes."""
    return HipModel(HipConfig(**config))  # type: ignore[arg-type]  # checked by the dataclass
