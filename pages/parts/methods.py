"""Further methods beside those that always run: offered by plain names, chosen by the reader."""

import streamlit as st

from pages.parts import state
from xattn.explain import EXPLAINERS
from xattn.explain.mxa import has_gates
from xattn.systems import LoadedModel

BARS = ("shapley", "shap-form")
"""Methods that say what film and form add: drawn as bars, in this order, not on the film."""

NAMES = {"joint": "Shapley map"}
"""What those that always run are called on the page, where their own name is too long for it."""

OFFERED = {
    "integrated": (
        "Integrated gradients",
        "The change from the absent film to this one, summed over the same regions.",
    ),
    "interactions": (
        "How fields change the reading",
        "What each region adds more, or less, because an entry is known; one map per entry.",
    ),
    "attention-norm": (
        "Attention, what arrives",
        "Cross-attention by the size of what each weight lets through, not by the weight alone.",
    ),
    "attention-gradient": (
        "Attention, what it moves",
        "How the output would move with each attention weight, for and against.",
    ),
    "attention-rollout": (
        "Attention through all layers",
        "Where an entry is read when the layers are followed one after another.",
    ),
    "mxa": ("MXA region and gate", "Where the encoder looked closer; the same for every finding."),
    "hirescam": ("HiResCAM", "Contribution by region from the last feature map."),
    "gradcam++": ("Grad-CAM++", "Grad-CAM with other weights; positive gradients alone, no unit."),
    "layercam": ("LayerCAM", "Grad-CAM place by place; positive gradients alone, no unit."),
    "captum-occlusion": (
        "Occlusion by captum",
        "What the prediction loses when one region is covered.",
    ),
    "captum-integrated": ("Integrated gradients by captum", "A check of integrated gradients."),
    "lime-library": (
        "LIME by lime",
        "A check of LIME on a neighbourhood of its own; takes longest.",
    ),
    "shap-form": ("Bars by shap", "A check of what adds up to the prediction."),
}
"""By key of an explainer what it is called on the page, short enough for a thumbnail, and says."""


def title(method: str) -> str:
    """What a method is called on the page."""
    if method in OFFERED:
        return OFFERED[method][0]
    return NAMES.get(method, EXPLAINERS[method].label)


def offered(model: LoadedModel) -> tuple[str, ...]:
    """The further methods that can explain this model."""
    names = (name for name in OFFERED if name in EXPLAINERS)
    return tuple(name for name in names if name != "mxa" or has_gates(model))


def chosen(model: LoadedModel) -> tuple[str, ...]:
    """The further methods that the reader chose, of those that this model can be asked for."""
    return tuple(name for name in offered(model) if name in state.methods())


def draw_choice(model: LoadedModel) -> tuple[str, ...]:
    """The further methods that the reader wants; kept for the session."""
    before = state.methods()
    names = offered(model)
    with st.popover("More methods", width="stretch"):
        st.caption("Each becomes a further panel and goes into the report.")
        wanted = {
            name: st.checkbox(
                title(name), value=name in before, key=f"_more_{name}", help=OFFERED[name][1]
            )
            for name in names
        }
    elsewhere = tuple(name for name in before if name not in names)
    state.choose_methods((*(name for name in names if wanted[name]), *elsewhere))
    return chosen(model)
