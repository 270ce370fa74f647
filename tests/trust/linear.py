"""A white box that is linear in the form's slots and in the film's mean grey."""

from types import SimpleNamespace

import numpy as np
import torch
from torch import Tensor, nn

from tests import tiny
from xattn.explain.base import Game
from xattn.models.tokens import ImageTokens, Output
from xattn.records import Case
from xattn.systems import SYSTEMS, LoadedModel


class LinearModel(nn.Module):
    """score = mean grey · film + Σ_slots w_s · value_s · [field known] + b."""

    def __init__(self, weights: np.ndarray, sizes: tuple[int, ...], bias: float = 0.0) -> None:
        super().__init__()
        self.config = SimpleNamespace(fill=0.25, size=tiny.SIZE)
        self.weights = nn.Parameter(torch.tensor(weights, dtype=torch.float32))
        self.owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))
        self.bias = bias

    def encode_image(self, image: Tensor) -> ImageTokens:
        """The mean grey."""
        mean = image.mean(dim=(1, 2, 3), keepdim=True)
        return ImageTokens(mean.flatten(1).unsqueeze(-1), (1, 1), mean)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        """The sum."""
        form = (values * known[:, self.owner]) @ self.weights
        return Output((image.tokens[:, 0, 0] + form + self.bias)[:, None], image.features, {})


def game_of(
    case: Case, weights: dict[str, float | list[float]], bias: float = 0.0
) -> tuple[LoadedModel, Game]:
    """A game of the case's system, weights by field (numbers first slot) and the rest 0."""
    schema = SYSTEMS[case.system].schema
    vector = np.concatenate(
        [
            np.resize(np.array(weights.get(name, 0.0), dtype=float), size)
            for name, size in zip(schema.names, schema.sizes, strict=True)
        ]
    )
    model = tiny.loaded(LinearModel(vector, schema.sizes, bias), case.system)
    return model, Game(model, case, model.system.targets[0])
