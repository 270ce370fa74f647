"""Explainers: the explicit table. A further one is one file and one row."""

from xattn.explain.base import Explainer
from xattn.explain.crossattention import CrossAttention
from xattn.explain.gradcam import GradCAM
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.lime import RegionLime
from xattn.explain.shapley import FormShapley

EXPLAINERS: dict[str, Explainer] = {
    "shapley": FormShapley(),
    "gradcam": GradCAM(),
    "attention": CrossAttention(),
    "lime": RegionLime(),
    "integrated": IntegratedGradients(),
}
"""By key, in the order in which they answer soonest."""

DEFAULT_METHODS = ("shapley", "gradcam", "attention", "lime", "integrated")
"""What `explain` runs unless told otherwise."""
