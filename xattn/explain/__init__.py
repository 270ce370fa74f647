"""Explainers: the explicit table. A further one is one file and one row."""

from xattn.explain.base import Explainer
from xattn.explain.crossattention import CrossAttention
from xattn.explain.gradcam import GradCAM
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.interactions import FieldRegionInteraction
from xattn.explain.joint import JointShapley
from xattn.explain.libraries.captum import CaptumIntegratedGradients, CaptumOcclusion
from xattn.explain.libraries.gradcam import HiResCAM, LibraryCAM
from xattn.explain.libraries.lime import LibraryLime
from xattn.explain.libraries.shap import ShapForm
from xattn.explain.lime import RegionLime
from xattn.explain.mxa import MXAGate
from xattn.explain.rollout import AttentionRollout, GradientAttention, NormAttention
from xattn.explain.shapley import FormShapley

EXPLAINERS: dict[str, Explainer] = {
    "shapley": FormShapley(),
    "gradcam": GradCAM(),
    "attention": CrossAttention(),
    "integrated": IntegratedGradients(),
    "lime": RegionLime(),
    "joint": JointShapley(),
    "interactions": FieldRegionInteraction(),
    "attention-norm": NormAttention(),
    "attention-gradient": GradientAttention(),
    "attention-rollout": AttentionRollout(),
    "hirescam": HiResCAM(),
    "gradcam++": LibraryCAM(),
    "layercam": LibraryCAM(method="LayerCAM"),
    "captum-integrated": CaptumIntegratedGradients(),
    "captum-occlusion": CaptumOcclusion(),
    "shap-form": ShapForm(),
    "lime-library": LibraryLime(),
    "mxa": MXAGate(),
}
"""By key: ours in the order in which they answer soonest, then those of the libraries."""

DEFAULT_METHODS = ("shapley", "gradcam", "attention", "joint", "lime")
"""What `explain` runs unless told otherwise."""
