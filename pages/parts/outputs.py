"""Which output is explained, and what the model says of all of them."""

from html import escape
from itertools import permutations

import numpy as np
import streamlit as st

from pages.parts import state
from pages.parts.panels import heading
from xattn.records import Prediction, Target
from xattn.systems import LESS, LoadedModel
from xattn.trust import wording


def draw_target(model: LoadedModel) -> Target:
    """The heading of the prediction; a choice where the model has several outputs."""
    names = tuple(target.name for target in model.targets)
    name = state.target((*names, *contrasts(names)), model.target.name)
    if len(names) > 1:
        first, _, second = name.partition(LESS)
        finding, contrast = st.columns([3, 2], gap="small", vertical_alignment="center")
        with finding:
            chosen = st.selectbox(
                "Finding explained",
                names,
                index=names.index(first),
                label_visibility="collapsed",
            )
        others = tuple(other for other in names if other != chosen)
        with contrast, st.popover("Against", help="Against another finding", width="stretch"):
            against = st.selectbox(
                "Against another finding",
                others,
                index=others.index(second) if second in others else None,
                placeholder="none: the finding itself",
                help="What speaks for the first rather than the second, in log-odds.",
            )
        wanted = f"{chosen}{LESS}{against}" if against else chosen
        if wanted != name:
            state.choose_target(wanted)
        name = wanted
    st.html(heading(quantity(model, name)))
    return model.find_target(name)


def contrasts(names: tuple[str, ...]) -> tuple[str, ...]:
    """Every finding against every other."""
    return tuple(f"{first}{LESS}{second}" for first, second in permutations(names, 2))


def quantity(model: LoadedModel, name: str) -> str:
    """What the number is: a probability, an estimate, or how much more speaks for one finding."""
    first, is_contrast, second = name.partition(LESS)
    if is_contrast:
        return f"{first} rather than {second}"
    return f"P({name})" if model.system.is_probability else f"Estimated {name}"


def every_output(result: Prediction, model: LoadedModel) -> str:
    """What the model says of all its outputs; nothing where it has one."""
    if len(result.every) < 2:
        return ""
    names, values = zip(*result.every, strict=True)
    said = model.plain(np.array(values))
    rows = "".join(_row(name, float(p), result.target) for name, p in zip(names, said, strict=True))
    return f'{heading("All findings")}<div class="outputs" role="table">{rows}</div>'


def _row(name: str, probability: float, shown: Target) -> str:
    mark = " explained" if name == shown.name else ""
    number = wording.probability(probability)
    return (
        f'<div class="output{mark}" role="row" style="--share:{100 * probability:.0f}%">'
        f'<span role="rowheader">{escape(name)}</span>'
        f'<span role="cell">{escape(number)}</span></div>'
    )
