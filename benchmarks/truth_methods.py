"""Our explainers and what they are held against, each as one map and one number per field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from benchmarks import truth_libraries
from benchmarks.real_lesions import rivals
from benchmarks.truth_answer import Amount, Answer, read, smooth
from xattn.errors import ExplainError
from xattn.explain import EXPLAINERS
from xattn.explain.base import Explainer, Game, drain
from xattn.explain.film import CHUNK
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.joint import JointShapley
from xattn.explain.libraries.captum import CaptumIntegratedGradients
from xattn.explain.libraries.gradcam import LibraryCAM
from xattn.explain.libraries.lime import LibraryLime
from xattn.explain.lime import RegionLime
from xattn.models.attention import CLINICAL_TO_IMAGE
from xattn.trust.segment_film import film_parts

Source = Literal["ours", "library, fair", "library, default", "baseline"]
Sign = Literal["contribution", "relative", "positive"]
"""In the unit of the score; signed without a unit; or without a sign."""


Run = Callable[[Game, Amount], Answer]


@dataclass(frozen=True, slots=True)
class Method:
    """A method by name, where it comes from, and what its numbers are."""

    name: str
    source: Source
    run: Run
    sign: Sign = "contribution"
    players: Literal["all", "regions", "film and fields"] = "regions"
    """Whose game it answers: of regions and fields, of regions with the form as it is, or of fields
    and the film as one player."""
    is_costly: bool = False
    """Whether it encodes so many films that only a part of the cases is given to it."""


def attention(game: Game) -> Answer:
    """Where the fields look: the mean of their maps; positive, and no unit."""
    found = drain(EXPLAINERS["attention"].run(game))
    names = {f"{CLINICAL_TO_IMAGE}/{name}" for name in game.schema.names}
    maps = [entry.values for entry in found.maps if entry.name in names]
    if not maps:
        raise ExplainError("This model has no attention from fields to patches.")
    return Answer(found.passes, density=smooth(np.mean(maps, axis=0), len(game.film.regions)))


def input_gradient(game: Game, _: Amount) -> Answer:
    """|∂v/∂x| of every pixel (Simonyan et al. 2014, arXiv 1312.6034, section 3)."""
    images = game.film.image.clone()
    _tokens, value = game.gradient(images)
    (gradient,) = torch.autograd.grad(value.sum(), images)
    return Answer(2, density=np.abs(gradient[0, 0].double().cpu().numpy()))


def silhouette(game: Game, _: Amount) -> Answer:
    """The body, evenly."""
    return Answer(0, density=film_parts(game.case.film).body.astype(np.float64))


def centre(game: Game, _: Amount) -> Answer:
    """A Gaussian in the middle of the film."""
    films = game.case.film.pixels[None]
    return Answer(0, density=dict(rivals(films))["centre Gaussian"][0].astype(np.float64))


def _of(make: Callable[[int, Amount], Explainer]) -> Run:
    def run(game: Game, amount: Amount) -> Answer:
        explainer = make(amount.masks(game), amount)
        return read(drain(explainer.run(game)), len(game.film.regions))

    return run


def _fixed(key: str) -> Run:
    return _of(lambda _, __: EXPLAINERS[key])


OURS = (
    Method(
        "joint Shapley",
        "ours",
        _of(lambda films, _: JointShapley(precision=0.0, most=films, second_fill=None)),
        players="all",
    ),
    Method(
        "LIME",
        "ours",
        _of(lambda films, _: RegionLime(samples=films, parts=max(2, films // CHUNK))),
    ),
    Method(
        "integrated gradients",
        "ours",
        _of(lambda _, amount: IntegratedGradients(points=amount.points)),
    ),
    Method("Grad-CAM", "ours", _fixed("gradcam"), "relative"),
)
SHAPLEY = (Method("form Shapley, exact", "ours", _fixed("shapley"), players="film and fields"),)
ATTENTION = (Method("cross-attention", "ours", lambda game, _: attention(game), "positive"),)
FAIR = (
    Method("shap KernelExplainer", "library, fair", truth_libraries.kernel_shap, players="all"),
    Method("lime", "library, fair", _of(lambda films, _: LibraryLime(samples=films))),
    Method(
        "captum integrated gradients",
        "library, fair",
        _of(lambda _, amount: CaptumIntegratedGradients(points=amount.points)),
    ),
    Method("captum occlusion", "library, fair", _fixed("captum-occlusion")),
    Method("grad-cam HiResCAM", "library, fair", _fixed("hirescam")),
    Method(
        "grad-cam Grad-CAM",
        "library, fair",
        _of(lambda _, __: LibraryCAM(method="GradCAM")),
        "relative",
    ),
    Method("grad-cam Grad-CAM++", "library, fair", _fixed("gradcam++"), "relative"),
    Method("grad-cam LayerCAM", "library, fair", _fixed("layercam"), "relative"),
)
SHAP_FORM = (Method("shap, form", "library, fair", _fixed("shap-form"), players="film and fields"),)
DEFAULTS = (
    Method("grad-cam Grad-CAM", "library, default", truth_libraries.grad_cam, "positive"),
    Method("captum integrated gradients", "library, default", truth_libraries.integrated),
    Method("lime", "library, default", truth_libraries.lime, is_costly=True),
    Method(
        "shap Partition, blurred", "library, default", truth_libraries.partition, is_costly=True
    ),
)
BASELINES = (
    Method("centre Gaussian", "baseline", centre, "positive"),
    Method("silhouette", "baseline", silhouette, "positive"),
    Method("input gradient", "baseline", input_gradient, "positive"),
)
