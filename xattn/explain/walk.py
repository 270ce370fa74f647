"""A model's fusion, walked step by step: every layer's weights and what was read through them.

The same numbers as the model's own fusion, from the same parameters, with three things more: the
weights stay in the graph, each weight's contribution can be measured, and weights can be replaced.
The model is not touched: a shallow copy of it holds the walk where the fusion was.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn

from xattn.errors import ExplainError
from xattn.explain.base import Game
from xattn.models.attention import (
    CLINICAL_TO_IMAGE,
    IMAGE_TO_CLINICAL,
    CoAttention,
    CrossAttention,
    CrossLayer,
    OneWay,
    StackedAttention,
    pooled_pair,
)

Change = Callable[[str, Tensor], Tensor]
"""From a direction and its weights (B, H, Nq, Nk) to those that are used instead."""
WALKABLE = (OneWay, CoAttention, StackedAttention)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """One direction of one layer: `weights` (B, H, Nq, Nk), and `norms` of the same shape.

    A norm is ‖α f(x)‖ with f(x) = (x W_V) W_O of that head: what arrives through that weight
    (Kobayashi et al. 2020, arXiv 2004.10102, equation 3).
    """

    direction: str
    layer: int
    weights: Tensor
    norms: Tensor


def as_it_is(_: str, weights: Tensor) -> Tensor:
    """The weights unchanged."""
    return weights


class Walk(nn.Module):
    """A fusion's numbers, keeping what was read at each step in `trace`."""

    def __init__(self, fusion: nn.Module, trace: list[Reading], change: Change) -> None:
        super().__init__()
        if not isinstance(fusion, WALKABLE):
            raise ExplainError("This model fuses without attention over patches and fields.")
        self.fusion = fusion
        self.trace = trace
        self.change = change

    def forward(self, image: Tensor, clinical: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The pooled pair (B, 2d), as the fusion gives it, and no weights: they are traced."""
        fusion = self.fusion
        if isinstance(fusion, OneWay):
            read = self._read(fusion.image_reads, image, clinical, IMAGE_TO_CLINICAL, 1)
            return pooled_pair(image, read), {}
        if isinstance(fusion, CoAttention):
            return pooled_pair(*self._both(fusion, image, clinical, 1)), {}
        assert isinstance(fusion, StackedAttention)
        pairs = []
        for number, layer in enumerate(fusion.layers, start=1):
            assert isinstance(layer, CrossLayer)
            from_clinical, from_image = self._each(layer.reads, image, clinical, number)
            image = layer.image_update(image, from_clinical)
            clinical = layer.clinical_update(clinical, from_image)
            pairs.append(pooled_pair(image, clinical))
        shares = fusion.layer_scores.softmax(dim=0)
        return torch.einsum("l,lbd->bd", shares, torch.stack(pairs)), {}

    def _both(
        self, reads: nn.Module, image: Tensor, clinical: Tensor, layer: int
    ) -> tuple[Tensor, Tensor]:
        from_clinical, from_image = self._each(reads, image, clinical, layer)
        return image + from_clinical, clinical + from_image

    def _each(
        self, reads: nn.Module, image: Tensor, clinical: Tensor, layer: int
    ) -> tuple[Tensor, Tensor]:
        film, form = reads.image_reads, reads.clinical_reads
        assert isinstance(film, CrossAttention)
        assert isinstance(form, CrossAttention)
        return (
            self._read(film, image, clinical, IMAGE_TO_CLINICAL, layer),
            self._read(form, clinical, image, CLINICAL_TO_IMAGE, layer),
        )

    def _read(
        self, block: CrossAttention, tokens: Tensor, context: Tensor, direction: str, layer: int
    ) -> Tensor:
        heads = block.heads
        queries, keys, values = (
            rearrange(part, "b n (h d) -> b h n d", h=heads)
            for part in (block.query(tokens), block.key(context), block.value(context))
        )
        scores = queries @ keys.transpose(-1, -2) * float(queries.shape[-1] ** -0.5)
        weights = self.change(direction, scores.softmax(dim=-1))
        out = rearrange(block.out.weight, "d (h e) -> h e d", h=heads)
        moved = torch.einsum("bhne,hed->bhnd", values, out)
        norms = weights * moved.norm(dim=-1).unsqueeze(2)
        self.trace.append(Reading(direction, layer, weights, norms))
        read: Tensor = block.out(rearrange(weights @ values, "b h n d -> b n (h d)"))
        return read


def walk(game: Game, change: Change = as_it_is) -> tuple[Tensor, tuple[Reading, ...]]:
    """The value (1,) of a game's case and every step of its fusion, in the order of the layers.

    Gradients reach the weights; wrap the call in `torch.no_grad` where none are wanted.

    Raises:
        ExplainError: if the model's fusion is not by attention between patches and fields.
    """
    module = game.model.module
    trace: list[Reading] = []
    twin = copy.copy(module)
    twin._modules = dict(module._modules)  # noqa: SLF001  # a copy shares its table of parts
    twin._modules["fusion"] = Walk(getattr(module, "fusion", nn.Identity()), trace, change)  # noqa: SLF001
    film = game.film.tokens
    tokens = film.tokens.detach().clone().requires_grad_(torch.is_grad_enabled())
    output = twin.fuse(type(film)(tokens, film.grid, film.features), *game.form)
    return game.target.of(output.scores), tuple(trace)


def layer_shares(game: Game) -> tuple[float, ...]:
    """How much each layer's tokens count in what is pooled; they sum to 1."""
    fusion = getattr(game.model.module, "fusion", None)
    if not isinstance(fusion, StackedAttention):
        return (1.0,)
    return tuple(float(share) for share in fusion.layer_scores.softmax(dim=0))
