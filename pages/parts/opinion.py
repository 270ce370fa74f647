"""What somebody thinks of a case, as they enter it: a finding, and how sure they are of it."""

from typing import NamedTuple

import streamlit as st

from pages.parts.outputs import quantity
from xattn.archive.reading import Opinion
from xattn.records import Target
from xattn.systems import LoadedModel, System

CONFIDENCES = (0.25, 0.5, 0.75, 0.95)
"""Four steps: a finer scale would promise more than a reader can mean."""
MISSING = "Enter your finding and how sure you are of it, then record it."


class Asked(NamedTuple):
    """What is asked of whom: the model that has the target, its key among widgets."""

    model: LoadedModel
    target: Target
    key: str


def draw_finding(asked: Asked, *, before: float | None = None) -> float | None:
    """A probability in percent, or a number in the target's unit; None until it is entered."""
    name, system = quantity(asked.model, asked.target.name), asked.model.system
    if system.is_probability:
        percent = st.number_input(
            f"{name} (%)",
            0,
            100,
            value=None if before is None else round(100 * before),
            step=5,
            placeholder="0 to 100",
            key=f"_finding_{asked.key}",
        )
        return None if percent is None else percent / 100
    return st.number_input(
        f"{name} ({asked.target.unit})",
        value=before,
        step=0.01,
        format="%.3f",
        placeholder="enter it",
        key=f"_finding_{asked.key}",
    )


def draw_confidence(asked: Asked) -> float | None:
    """How sure the reader is of the finding, 0 to 1; None until it is chosen."""
    return st.segmented_control(
        "How sure of it",
        CONFIDENCES,
        format_func=lambda share: f"{100 * share:.0f} %",
        key=f"_confidence_{asked.key}",
        width="stretch",
    )


def opinion(finding: float | None, confidence: float | None) -> Opinion | None:
    """Both together, or nothing."""
    if finding is None or confidence is None:
        return None
    return Opinion(finding, confidence)


def as_read(value: float, probability: float | None, system: System) -> float:
    """The model's own number on the scale on which readers find."""
    return probability if system.is_probability and probability is not None else value
