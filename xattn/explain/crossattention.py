"""Where each field looks on the film, and which fields each patch reads: attention as it is."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from xattn.errors import ExplainError
from xattn.explain.base import Explainer, Game, Steps
from xattn.models.attention import CLINICAL_TO_IMAGE, IMAGE_TO_CLINICAL
from xattn.records import Attribution, Kind, Map

UNIFORM = {IMAGE_TO_CLINICAL: "uniform share", CLINICAL_TO_IMAGE: "uniform share of patches"}
"""By direction, the figure that holds one over the number of keys: what attention to all is."""

NOT_IMPORTANCE = (
    "Attention weights are not importance: a patch can attend to a field and ignore what it reads "
    "there."
)
"""Stands beside every map of attention, however it was read."""


@dataclass(frozen=True, kw_only=True)
class CrossAttention(Explainer):
    """The attention weights of the model's fusion, per field and head, on the film's patches.

    Weights are not importance: a patch can attend to a field and ignore what it reads there.
    """

    label: ClassVar[str] = "Cross-attention"
    is_quick: ClassVar[bool] = True
    kind: ClassVar[Kind] = "attention"
    is_by_field: ClassVar[bool] = True

    every_layer: bool = False
    """Whether stacked layers are given one by one as well, as `direction/layer/field`."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward pass; maps are named `direction/field` and `direction/field/head n`."""
        with torch.no_grad():
            attention = game.fuse(game.film.tokens).attention
        yield 1.0
        maps = [
            entry
            for name, weights in attention.items()
            if name in UNIFORM or (self.every_layer and name.split("/", maxsplit=1)[0] in UNIFORM)
            for entry in attention_maps(game, name, weights[0].cpu().numpy())
        ]
        if not maps:
            raise ExplainError("This model fuses without attention over patches and fields.")
        return replace(
            self.blank(game),
            unit="share of attention",
            maps=tuple(maps),
            figures=tuple(
                (name, 1 / attention[direction].shape[-1])
                for direction, name in UNIFORM.items()
                if direction in attention
            ),
            passes=1,
        )


def attention_maps(game: Game, name: str, weights: np.ndarray) -> list[Map]:
    """Maps of weights (H, Nq, Nk) over patches and fields: each field's mean, then its heads.

    `name` is a direction, or `direction/layer`; nothing comes of weights over anything else.
    """
    direction = name.split("/", maxsplit=1)[0]
    by_field = {IMAGE_TO_CLINICAL: weights.swapaxes(1, 2), CLINICAL_TO_IMAGE: weights}[direction]
    height, width = game.film.tokens.grid
    if by_field.shape[1:] != (len(game.schema.names), height * width):
        return []
    maps = []
    for field, heads in zip(game.schema.names, by_field.swapaxes(0, 1), strict=True):
        grids = heads.reshape(-1, height, width).astype(np.float32)
        maps.append(Map(f"{name}/{field}", grids.mean(axis=0)))
        maps += [
            Map(f"{name}/{field}/head {number}", grid) for number, grid in enumerate(grids, start=1)
        ]
    return maps
