"""Fourteen findings on a chest film, after arXiv 2504.02277, and a form beside it.

Image only is the paper's own: EfficientViT-M5 with MXA, the last stage's mean, a normalised linear
head. The other fusions are ours: e = tokens of the film (49 × d), c = tokens of the form (4 × d),
scores = MLP([mean e; mean z]) with z what e reads in c. Scores are log-odds; no sigmoid is in here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from einops import rearrange
from timm.models.efficientvit_msra import NormLinear
from torch import Tensor, nn

from xattn.data.findings import FINDINGS
from xattn.data.schemas import CHEST
from xattn.models.attention import Concatenation, FormOnly, OneWay
from xattn.models.efficientvit import EfficientViTM5
from xattn.models.mxa import CompactMXA, GatedBackbone, Roi
from xattn.models.network import Network
from xattn.models.tokens import FieldTokeniser, ImageTokeniser, ImageTokens, ModalityDropout, Output

Fusion = Literal["cross", "concat", "image", "form"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChestConfig:
    """Everything that rebuilds the model; stored as JSON beside its weights."""

    backbone: Literal["compact", "efficientvit_m5"] = "compact"
    """The image encoder: our narrow ResNet-18, or the paper's EfficientViT-M5."""
    fusion: Fusion = "cross"
    """How the two sides meet; `image` is the paper's model, the others are ours."""
    mxa: bool = True
    """Whether the encoder has its MXA: in every block, or beside the compact encoder's last map."""
    roi: Roi = "soft"
    """The box of MXA: trained by gradient, or cut to whole cells as released."""
    compat: bool = False
    """Whether blocks are wired as in the released code: attention applied twice, x added twice."""
    distil: bool = False
    """Whether a second head learns from a teacher; in evaluation both are averaged, as released."""
    in_channels: Literal[1, 3] = 1
    """Channels of the paper's encoder; 3 repeats grey, as the authors' baseline does."""
    dim: int = 64
    """Width of a token; 128 in the paper preset."""
    heads: int = 4
    """Attention heads between film and form."""
    size: int = 224
    """Side of the square input in pixels."""
    modality_dropout: float = 0.0
    """Probability that a case loses one modality's embedding in training."""
    dropout: float = 0.1
    """Dropout in the head."""
    fill: float = 0.25
    """Grey of an absent region, as trained; a film filled throughout is "image absent"."""


ENCODERS: dict[str, Callable[[ChestConfig], GatedBackbone]] = {
    "compact": lambda config: CompactMXA(mxa=config.mxa, roi=config.roi),
    "efficientvit_m5": lambda config: EfficientViTM5(
        size=config.size,
        in_channels=config.in_channels,
        mxa=config.mxa,
        roi=config.roi,
        compat=config.compat,
    ),
}
FUSIONS: dict[Fusion, Callable[[int, int], nn.Module]] = {
    "cross": OneWay,
    "concat": lambda *_: Concatenation(),
    "form": lambda *_: FormOnly(),
}


class Heads(nn.Module):
    """Log-odds of one head, or of two of which the second learns from a teacher."""

    def __init__(self, make: Callable[[], nn.Module], *, distil: bool) -> None:
        super().__init__()
        self.first = make()
        self.second = make() if distil else None

    def forward(self, fused: Tensor) -> tuple[Tensor, Tensor | None]:
        """In training both heads' scores (B, K), else their mean alone."""
        scores = self.first(fused).float()
        if self.second is None:
            return scores, None
        distilled = self.second(fused).float()
        return (scores, distilled) if self.training else ((scores + distilled) / 2, None)


class FilmModel(Network):
    """The paper's model: the film alone. Tokens are the last stage's cells, maps the second's."""

    backbone: GatedBackbone

    def __init__(self, config: ChestConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = ENCODERS[config.backbone](config)
        channels = self.backbone.channels
        self.heads = Heads(lambda: NormLinear(channels, len(FINDINGS)), distil=config.distil)

    def encode_image(self, image: Tensor) -> ImageTokens:
        """Tokens (B, 16, 384) of grey images (B, 1, 224, 224)."""
        seen = self.backbone.look(image)
        height, width = seen.last.shape[2:]
        tokens = rearrange(seen.last, "b c h w -> b (h w) c")
        return ImageTokens(tokens, (height, width), seen.middle, seen.gates)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:  # noqa: ARG002
        """Log-odds (B, 14); a product with 0 keeps the form in the graph, with a gradient of 0."""
        pooled = image.tokens.mean(dim=1) + 0 * values.mean(dim=1, keepdim=True)
        scores, distilled = self.heads(pooled)
        return Output(scores, image.features, {}, distilled)


class FusedModel(Network):
    """Four fields and a film, fused by one layer of attention or by a rival of it."""

    backbone: GatedBackbone

    def __init__(self, config: ChestConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = ENCODERS[config.backbone](config)
        side = -(-config.size // self.backbone.token_stride)
        channels = self.backbone.token_channels
        self.image_tokens = ImageTokeniser(channels, (side, side), config.dim)
        self.clinical_tokens = FieldTokeniser(CHEST.sizes, config.dim)
        self.modality_dropout = ModalityDropout(config.modality_dropout)
        self.fusion = FUSIONS[config.fusion](config.dim, config.heads)
        self.heads = Heads(lambda: _perceptron(config), distil=config.distil)

    def encode_image(self, image: Tensor) -> ImageTokens:
        """Tokens (B, 49, d) of grey images (B, 1, 224, 224)."""
        seen = self.backbone.look(image)
        made = self.image_tokens(seen.joined)
        return ImageTokens(made.tokens, made.grid, seen.middle, seen.gates)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        """Log-odds (B, 14)."""
        clinical = self.clinical_tokens(values, known)
        tokens, clinical = self.modality_dropout(image.tokens, clinical)
        pair, attention = self.fusion(tokens, clinical)
        scores, distilled = self.heads(pair)
        return Output(scores, image.features, attention, distilled)


def build(config: dict[str, object]) -> FilmModel | FusedModel:
    """The model, with fresh weights, that a stored configuration describes."""
    checked = ChestConfig(**config)  # type: ignore[arg-type]  # checked by the dataclass
    return FilmModel(checked) if checked.fusion == "image" else FusedModel(checked)


def _perceptron(config: ChestConfig) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2 * config.dim, config.dim),
        nn.ReLU(),
        nn.Dropout(config.dropout),
        nn.Linear(config.dim, len(FINDINGS)),
    )
