"""Encoder passes over many versions of one film, in chunks that suit the device."""

from dataclasses import replace

import torch
from torch import Tensor

from xattn.models.precision import autocast
from xattn.models.tokens import ImageTokens
from xattn.systems import LoadedModel

AT_ONCE = 8
"""Films per pass on a CPU, fixed: the activations of more do not fit its caches."""


def encode(model: LoadedModel, films: Tensor, *, is_rounded: bool = False) -> ImageTokens:
    """Tokens (M, N, d) float32 of films (M, 1, S, S), without their features.

    `is_rounded`: in bfloat16 where that is quicker; what this changes is measured beside it.
    """
    chunk = AT_ONCE if films.device.type == "cpu" else len(films)
    with torch.no_grad(), autocast(films.device, enabled=is_rounded):
        parts = [
            model.module.encode_image(part).without_features() for part in torch.split(films, chunk)
        ]
    tokens = torch.cat([part.tokens for part in parts]).float()
    return replace(parts[0], tokens=tokens)
