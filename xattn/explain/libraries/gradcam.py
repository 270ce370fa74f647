"""The CAM family of `grad-cam`: its weights and raw maps, without its ReLU and stretching."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from torch import nn

from xattn.errors import ExplainError
from xattn.explain.base import Game, Steps
from xattn.explain.libraries.adapter import FilmReader, LibraryExplainer
from xattn.explain.regions import grid, region_sums
from xattn.records import Attribution, Kind, Map

Family = Literal["GradCAM", "GradCAMPlusPlus", "XGradCAM", "LayerCAM", "EigenGradCAM", "EigenCAM"]
"""The library's classes whose maps have no unit."""

NAMES: dict[Family, str] = {
    "GradCAM": "Grad-CAM",
    "GradCAMPlusPlus": "Grad-CAM++",
    "XGradCAM": "XGrad-CAM",
    "LayerCAM": "LayerCAM",
    "EigenGradCAM": "Eigen-Grad-CAM",
    "EigenCAM": "Eigen-CAM",
}
"""By class, what its paper calls the method."""


@dataclass(frozen=True, kw_only=True)
class LibraryCAM(LibraryExplainer):
    """One method of the family on the last feature map.

    NOTE[DIFF] The library's final ReLU and its stretching of each map to 0 to 1 are left out, so
    that an empty map is empty. LayerCAM and Grad-CAM++ keep positive gradients alone by definition.
    EigenCAM does not depend on the target, and EigenGradCAM cannot tell a target from its opposite:
    both have the arbitrary sign of a principal component. The scale is calibrated for Grad-CAM;
    each of the others has its own largest value, and colours that no two cases share.
    """

    label: ClassVar[str] = "CAM family (grad-cam)"
    kind: ClassVar[Kind] = "relative"
    package: ClassVar[str] = "grad-cam"

    method: Family = "GradCAMPlusPlus"
    """The library's class."""

    def __post_init__(self) -> None:
        if self.method not in NAMES:
            known = ", ".join(NAMES)
            raise ExplainError(f"The CAM must be one of {known}, however: {self.method!r}.")

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward and one backward pass."""
        cam = raw_map(game, self.method)
        yield 1.0
        return Attribution(
            method=f"{NAMES[self.method]} (grad-cam)",
            kind=self.kind,
            unit="",
            target=game.target,
            placement=game.case.film.placement,
            provenance=self.provenance(game),
            maps=(Map(game.target.name, cam),),
            figures=(("scale", self._scale(game, cam)),),
            passes=2,
        )

    def _scale(self, game: Game, cam: np.ndarray) -> float:
        if self.method == "GradCAM":
            return game.model.checkpoint.calibration.cam_scale
        return float(np.abs(cam).max()) or 1.0


@dataclass(frozen=True, kw_only=True)
class HiResCAM(LibraryExplainer):
    """Σ_k A_k ⊙ ∂v/∂A_k, summed over the film's regions; signed, in the unit of the score.

    Draelos and Carin 2020 (arXiv 2011.08891). Where the score is linear in the last
    feature map the sum is v(x) − v(features 0); elsewhere the gap says how far it is from that.
    """

    label: ClassVar[str] = "HiResCAM (grad-cam)"
    kind: ClassVar[Kind] = "contribution"
    package: ClassVar[str] = "grad-cam"

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward and one backward pass."""
        cells = raw_map(game, "HiResCAM")
        yield 1.0
        pixels = spread(cells, game.film.regions.shape[0])
        sums = region_sums(pixels, game.film.regions)
        return self.by_region(game, sums, passes=2, more=(Map("cells", cells),))


def raw_map(game: Game, method: str) -> np.ndarray:
    """The map (h, w) float32 of one of the library's classes, before its ReLU and stretching.

    Raises:
        ExplainError: if the model has no `backbone` that returns its feature map.
    """
    import pytorch_grad_cam

    reader = FilmReader(game)
    layer = feature_layer(reader.model)
    cam = getattr(pytorch_grad_cam, method)(reader, [layer])
    film = game.film.image.clone().requires_grad_()
    with torch.enable_grad():
        cam.activations_and_grads(film).sum().backward()
    features, gradients = (
        kept[0].numpy()
        for kept in (cam.activations_and_grads.activations, cam.activations_and_grads.gradients)
    )
    values = cam.get_cam_image(film, layer, None, features, gradients, eigen_smooth=False)
    return np.asarray(values[0], dtype=np.float32)


def feature_layer(model: nn.Module) -> nn.Module:
    """The layer that returns the feature map which maps are drawn on.

    Raises:
        ExplainError: if the model has no `backbone` that returns its feature map.
    """
    backbone: nn.Module | None = getattr(model, "backbone", None)
    if backbone is None:
        raise ExplainError("A CAM needs a model whose backbone returns its feature map.")
    layer: nn.Module = getattr(backbone, "middle", backbone)  # a stage before the last, if named
    return layer


def spread(cells: np.ndarray, side: int) -> np.ndarray:
    """A map (side, side) float64 with the same sum: each cell's value spread over its pixels."""
    owner = grid(side, cells.shape[0])
    per_pixel = cells.ravel().astype(np.float64) / np.bincount(owner.ravel())
    return np.asarray(per_pixel[owner])
