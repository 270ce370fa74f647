"""Grad-CAM on the tensors that the model hands out: no hooks, no final ReLU, no stretching."""

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from xattn.explain.base import Explainer, Game, Steps
from xattn.models.tokens import ImageTokens
from xattn.records import Attribution, Kind, Map


def class_activation(tokens: ImageTokens, value: Tensor) -> Tensor:
    """Signed maps (B, h, w) of values (B,) that were computed from these tokens."""
    (gradient,) = torch.autograd.grad(value.sum(), tokens.features)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * tokens.features).sum(dim=1).detach()


@dataclass(frozen=True, kw_only=True)
class GradCAM(Explainer):
    """M = Σ_k α_k A_k with α_k = mean over places of ∂v/∂A_k.

    Selvaraju et al. 2017 (doi:10.1109/ICCV.2017.74), equations 1 and 2.
    NOTE[DIFF] The final ReLU is left out: the sign says for or against, and drawing picks one.
    """

    label: ClassVar[str] = "Grad-CAM"
    is_quick: ClassVar[bool] = True
    kind: ClassVar[Kind] = "relative"

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward and one backward pass."""
        tokens, value = game.gradient(game.film.image.clone())
        cam = class_activation(tokens, value)[0]
        yield 1.0
        return replace(
            self.blank(game),
            maps=(Map(game.target.name, cam.cpu().numpy().astype("float32")),),
            figures=(("scale", game.model.checkpoint.calibration.cam_scale),),
            passes=2,
        )
