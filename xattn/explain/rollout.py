"""Cross-attention read in three more ways: by what arrives, by what it moves, through all layers.

None of them makes weights into importance; each answers one objection to reading them raw.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from xattn.explain.base import Explainer, Game, Steps
from xattn.explain.crossattention import UNIFORM, attention_maps
from xattn.explain.walk import Reading, layer_shares, walk
from xattn.models.attention import CLINICAL_TO_IMAGE, IMAGE_TO_CLINICAL
from xattn.records import Attribution, Kind, Map


@dataclass(frozen=True, kw_only=True)
class NormAttention(Explainer):
    """‖α f(x)‖, what arrives through each weight, as shares of what a token reads.

    Kobayashi et al. 2020 (arXiv 2004.10102), equation 3, per head, with f(x) = (x W_V) W_O.
    NOTE[DIFF] Rows are divided by their sums, so that they compare with weights and with 1/N.
    """

    label: ClassVar[str] = "Cross-attention by norm"
    is_quick: ClassVar[bool] = True
    kind: ClassVar[Kind] = "attention"
    is_by_field: ClassVar[bool] = True

    every_layer: bool = False
    """As in `CrossAttention`."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward pass; maps are named as those of `CrossAttention`."""
        with torch.no_grad():
            _, readings = walk(game)
        yield 1.0
        shares = [
            (reading, reading.norms / reading.norms.sum(dim=-1, keepdim=True))
            for reading in readings
        ]
        return replace(
            self.blank(game),
            unit="share of what is read",
            maps=_maps(
                game,
                [(r, p[0].cpu().numpy()) for r, p in shares],
                every_layer=self.every_layer,
            ),
            figures=uniform(readings),
            passes=1,
        )


@dataclass(frozen=True, kw_only=True)
class GradientAttention(Explainer):
    """α · ∂v/∂α: to first order, how the value moves with each weight, signed.

    The product of Chefer et al. 2021 (arXiv 2103.15679, equation 5).
    NOTE[DIFF] Theirs keeps the positive part and means over heads; here the sign is kept, and each
    head is shown as well.
    """

    label: ClassVar[str] = "Cross-attention by gradient"
    is_quick: ClassVar[bool] = True
    kind: ClassVar[Kind] = "relative"
    is_by_field: ClassVar[bool] = True

    every_layer: bool = False
    """As in `CrossAttention`."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward and one backward pass through the fusion."""
        with torch.enable_grad():
            value, readings = walk(game)
            gradients = torch.autograd.grad(value.sum(), [reading.weights for reading in readings])
        yield 1.0
        moved = [
            (reading, (reading.weights * gradient)[0].detach().cpu().numpy())
            for reading, gradient in zip(readings, gradients, strict=True)
        ]
        maps = _maps(game, moved, every_layer=self.every_layer)
        largest = max(float(np.abs(entry.values).max()) for entry in maps)
        return replace(self.blank(game), maps=maps, figures=(("scale", largest),), passes=2)


@dataclass(frozen=True, kw_only=True)
class AttentionRollout(Explainer):
    """R = ½ (A_L + I) … ½ (A_1 + I) over patches and fields as one sequence, means over heads.

    Abnar and Zuidema 2020 (arXiv 2005.00928), equation 1. A_l holds the weights of both directions
    of layer l; each layer's product is weighted as the model weights its layers.
    """

    label: ClassVar[str] = "Cross-attention rollout"
    is_quick: ClassVar[bool] = True
    kind: ClassVar[Kind] = "attention"
    is_by_field: ClassVar[bool] = True

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward pass; a map per direction and field, of the film's tokens as they came in."""
        with torch.no_grad():
            _, readings = walk(game)
        yield 1.0
        fields = len(game.schema.names)
        rolled = rollout(readings, layer_shares(game))
        patches = rolled.shape[0] - fields
        directions = {IMAGE_TO_CLINICAL: rolled[:patches, patches:].T}
        if any(reading.direction == CLINICAL_TO_IMAGE for reading in readings):
            directions[CLINICAL_TO_IMAGE] = rolled[patches:, :patches]
        maps = tuple(
            Map(f"{direction}/{name}", values.reshape(game.film.tokens.grid).astype(np.float32))
            for direction, rows in directions.items()
            for name, values in zip(game.schema.names, rows, strict=True)
        )
        return replace(
            self.blank(game),
            unit="share of attention",
            maps=maps,
            figures=uniform(readings),
            passes=1,
        )


def rollout(readings: tuple[Reading, ...], shares: tuple[float, ...]) -> np.ndarray:
    """Rows (N + F, N + F) that sum to 1: from each token back to the patches and fields."""
    total: np.ndarray | float = 0.0
    rolled: np.ndarray | None = None
    for number, share in enumerate(shares, start=1):
        step = joint([reading for reading in readings if reading.layer == number])
        rolled = step if rolled is None else step @ rolled
        total = total + share * rolled
    return np.asarray(total)


def joint(readings: list[Reading]) -> np.ndarray:
    """½ (A + I) of one layer over patches and fields; a side that reads nothing stays itself."""
    weights = {
        reading.direction: reading.weights[0].double().mean(dim=0).cpu().numpy()
        for reading in readings
    }
    patches, fields = weights[IMAGE_TO_CLINICAL].shape
    matrix = np.eye(patches + fields)
    matrix[:patches, patches:] = weights[IMAGE_TO_CLINICAL]
    if CLINICAL_TO_IMAGE in weights:
        matrix[patches:, :patches] = weights[CLINICAL_TO_IMAGE]
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def uniform(readings: tuple[Reading, ...]) -> tuple[tuple[str, float], ...]:
    """One over the number of keys of each direction: what attention to all of them is."""
    keys = {reading.direction: reading.weights.shape[-1] for reading in readings}
    return tuple(
        (name, 1 / keys[direction]) for direction, name in UNIFORM.items() if direction in keys
    )


def _maps(
    game: Game, readings: list[tuple[Reading, np.ndarray]], *, every_layer: bool
) -> tuple[Map, ...]:
    """The last layer's maps under the direction's name, then each layer's if asked for."""
    last = max(reading.layer for reading, _ in readings)
    named = [(reading.direction, part) for reading, part in readings if reading.layer == last]
    if every_layer:
        named += [(f"{reading.direction}/{reading.layer}", part) for reading, part in readings]
    return tuple(entry for name, part in named for entry in attention_maps(game, name, part))
