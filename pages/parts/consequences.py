"""The operating point: what a cut means for people at the prevalence that the reader sets."""

from html import escape

import streamlit as st

from pages.parts import panels, state
from xattn.data.densitometry import PAPER_THRESHOLD
from xattn.errors import CheckpointError
from xattn.runtime import cohort_charts as charts
from xattn.runtime import operating
from xattn.runtime.operating import PEOPLE, Consequences, Curve, Operating
from xattn.systems import LoadedModel
from xattn.training.metrics import Estimate
from xattn.trust.reliability import Reliability

NOT_MADE = (
    "Not made for this checkpoint: no operating point can be judged. Make it with "
    "python -m xattn operating --checkpoint FOLDER."
)


def operating_of(model: LoadedModel) -> Operating | None:
    """What lies beside the model's weights; a damaged file is said and counts as none."""
    try:
        return operating.load(model.folder, model.checkpoint.model_id)
    except CheckpointError as error:
        st.html(panels.warning(str(error)))
        return None


def draw_consequences(model: LoadedModel, found: Operating | None) -> None:
    """Cut and prevalence on sliders, and what follows from them for a thousand people."""
    st.html(panels.heading(f"Operating point, per {PEOPLE:,} people"))
    if found is None or not found.curves:
        st.html(panels.warning(NOT_MADE))
        return
    names = [curve.target for curve in found.curves]
    first = names.index(model.target.name) if model.target.name in names else 0
    target, cut, people = st.columns([1.4, 1, 1], vertical_alignment="bottom")
    with target:
        name = st.selectbox("Finding", names, index=first, key=state.widget("cut_target"))
    curve = found.curve(name)
    assert curve is not None
    unit = "g/cm²" if curve.is_low else ""
    with cut:
        chosen = st.select_slider(
            f"Called at or {'below' if curve.is_low else 'above'}", curve.cuts,
            value=_start(curve), key=state.widget(f"cut_{name}"),
            format_func=lambda value: f"{value:.2f} {unit}".strip(),
        )  # fmt: skip
    with people:
        percent = st.number_input(
            "Prevalence, %", 0.1, 99.9, value=_prevalence(curve), step=0.5, format="%.1f",
            key=state.widget(f"prevalence_{name}"),
            help="Of the finding among the people you would read: set your own.",
        )  # fmt: skip
    place = curve.cuts.index(chosen)
    made = operating.consequences(curve, place, percent / 100)
    st.html(table(made, model.system.negative_reads, unit))
    st.html(
        f'<p class="note">On {escape(found.data)}: {curve.positives:,} with {_finding(curve)} and '
        f"{curve.negatives:,} without. Sensitivity and specificity are taken to hold at every "
        "prevalence; in other patients they need not.</p>"
    )


def draw_reliability(model: LoadedModel, found: Operating | None) -> None:
    """Said against found, of the target that is explained first."""
    st.html(panels.heading("Reliability"))
    curve = found.curve(st.session_state.get(state.widget("cut_target"), "")) if found else None
    if found and curve is None:
        curve = found.curve(model.target.name)
    if curve is None or found is None:
        st.html(panels.warning(NOT_MADE))
        return
    said = Reliability(
        count=curve.positives + curve.negatives, bins=curve.bins, curve=curve.steps,
        score=0.0, miscalibration=0.0, discrimination=0.0, uncertainty=0.0,
    )  # fmt: skip
    chart = charts.reliability_chart(said, "g/cm²" if curve.is_low else "")
    st.plotly_chart(chart, config={"displayModeBar": False}, key="_model_reliability")
    st.html(f'<p class="note">{escape(curve.target)}, on {escape(found.data)}</p>')


def table(made: Consequences, below: str, unit: str) -> str:
    """What a cut comes to, as HTML; below it nobody is called safe."""
    cut = f"{made.cut:.2f} {unit}".strip()
    cells = (
        ("Sensitivity", _share(made.sensitivity), f"{made.found:.0f} found"),
        ("", "", f"{made.missed:.0f} missed: not called, though they have it"),
        ("Specificity", _share(made.specificity), f"{made.false_alarms:.0f} called without it"),
        ("PPV", _percent(made.positive_value), "of those called, who have it"),
        (
            "NPV",
            _percent(made.negative_value),
            f"of those not called, who do not have it: {made.spared:.0f}",
        ),
    )
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td><td>{escape(words)}</td></tr>"
        for name, value, words in cells
    )
    words = f"Not called at {cut}: {below}. Of {PEOPLE:,} people {made.missed:.0f} with it are so."
    return f'<table class="details">{rows}</table>' + panels.warning(words)


def _finding(curve: Curve) -> str:
    """What the cases were divided by."""
    if not curve.is_low:
        return "the finding"
    return f"the reference standard at or below {PAPER_THRESHOLD.value:.3f} g/cm²"


def _start(curve: Curve) -> float:
    """Even odds, or the cut nearest to the threshold of low bone density."""
    wanted = PAPER_THRESHOLD.value if curve.is_low else 0.5
    return min(curve.cuts, key=lambda cut: abs(cut - wanted))


def _prevalence(curve: Curve) -> float:
    """That of the cases that were counted, in per cent."""
    share = 100 * curve.positives / (curve.positives + curve.negatives)
    return min(max(round(share, 1), 0.1), 99.9)


def _share(found: Estimate) -> str:
    return f"{100 * found.value:.1f} % [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _percent(value: float | None) -> str:
    return "nobody is on that side" if value is None else f"{100 * value:.1f} %"
