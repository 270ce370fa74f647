"""Attributions in the forms that other tools read: `shap.Explanation`, and captum's tensors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from xattn.errors import ExplainError
from xattn.records import Attribution


def to_shap(
    attribution: Attribution, *, name: str | None = None, data: Sequence[str] | None = None
) -> Any:
    """A `shap.Explanation` of the players (P,), or of the map called `name`, as (1, h, w, 1).

    `data` are the players' values in words, for `shap`'s plots. Without a reference there are no
    base values. Without `name`, players are taken before maps.

    Raises:
        ExplainError: if the attribution has no such map, or neither players nor maps.
    """
    import shap

    if name is None and attribution.players:
        names, values = zip(*attribution.players, strict=True)
        return shap.Explanation(
            values=np.array(values),
            base_values=attribution.reference,
            data=None if data is None else np.array(data),
            feature_names=list(names),
        )
    chosen = [entry for entry in attribution.maps if name in (None, entry.name)]
    if not chosen:
        held = ", ".join(entry.name for entry in attribution.maps) or "none"
        raise ExplainError(f"A map of {attribution.method} was expected to be one of: {held}.")
    image = chosen[0].values[None, :, :, None]
    return shap.Explanation(values=image, base_values=attribution.reference)


def to_tensors(attribution: Attribution) -> tuple[Tensor, ...]:
    """Captum's shapes, one example: each map (1, 1, h, w), then the players (1, P) float64."""
    maps = [torch.from_numpy(entry.values.copy())[None, None] for entry in attribution.maps]
    if not attribution.players:
        return tuple(maps)
    players = [number for _, number in attribution.players]
    return (*maps, torch.tensor([players], dtype=torch.float64))
