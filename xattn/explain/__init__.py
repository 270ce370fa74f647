"""Explainers: the explicit table. A further one is one file and one row."""

from xattn.explain.base import Explainer
from xattn.explain.crossattention import CrossAttention
from xattn.explain.gradcam import GradCAM
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.libraries.captum import CaptumIntegratedGradients, CaptumOcclusion
from xattn.explain.libraries.gradcam import HiResCAM, LibraryCAM
from xattn.explain.libraries.lime import LibraryLime
from xattn.explain.libraries.shap import ShapForm
from xattn.explain.lime import RegionLime
from xattn.explain.shapley import FormShapley

EXPLAINERS: dict[str, Explainer] = {
    "shapley": FormShapley(),
    "gradcam": GradCAM(),
    "attention": CrossAttention(),
    "integrated": IntegratedGradients(),
    "lime": RegionLime(),
    "hirescam": HiResCAM(),
    "gradcam++": LibraryCAM(),
    "layercam": LibraryCAM(method="LayerCAM"),
    "captum-integrated": CaptumIntegratedGradients(),
    "captum-occlusion": CaptumOcclusion(),
    "shap-form": ShapForm(),
    "lime-library": LibraryLime(),
}
"""By key: ours in the order in which they answer soonest, then those of the libraries."""

DEFAULT_METHODS = ("shapley", "gradcam", "attention", "integrated", "lime")
"""What `explain` runs unless told otherwise."""
