"""Sentences from numbers: fixed templates, so that every number in a text occurs in the data."""

import numpy as np
from scipy.special import expit

from xattn.data.clinical import Form, Schema
from xattn.explain.grouping import IMAGE, Share
from xattn.explain.joint import ERRORS
from xattn.explain.overlay import STEPS, signed
from xattn.records import Attribution, Case, Prediction
from xattn.reports.figures import ShownMap
from xattn.systems import System
from xattn.trust.wording import DECIMALS, percent, probability

NOT_IMPORTANCE = "Attention weights are not importance."
NOT_RIGHT = "A map says nothing about whether the model is right."
RESEARCH = "Research use, not for diagnosis"
DEMONSTRATION = "DEMONSTRATION OUTPUT – phantom-trained weights"
CONVENTIONS = {
    "breast": "A probability above 2 % already warrants biopsy by BI-RADS convention; "
    "no BI-RADS category is given."
}
"""By system: the line that keeps a low number from being read as an all-clear."""

LIMITS = (
    NOT_RIGHT,
    "Contributions describe this model's output. They are no causes of disease and no advice.",
    "Fields that go together share their contribution: the model was trained with fields missing.",
)
UNRANGED = "The prediction has no interval, and no check that this film is like the training films."
LARGEST_ERROR, OF_LARGEST = f"largest {ERRORS}", " of the largest"
_RAISES = {True: "raises", False: "speaks for"}
DROPPED = frozenset({"scale", "uniform share", "uniform share of patches"})
"""Figures that fix a scale; they are read at its ticks."""


def limits(*, has_range: bool) -> tuple[str, ...]:
    """What every report ends with, and what was not asked of this case."""
    return LIMITS if has_range else (*LIMITS, UNRANGED)


def amount(value: float, unit: str) -> str:
    """A value with sign at the decimals of its unit, without the unit."""
    text = f"{value:+.{DECIMALS.get(unit, 3)}f}".replace("-", "−")
    return text[1:] if not text.strip("+−0.") else text


def details_of(share: Share, schema: Schema, form: Form | None, unit: str) -> str:
    """What stands under a contribution: the field's entry, or what the parts of a group add."""
    if len(share.parts) > 1:
        return ", ".join(f"{schema[name].label} {amount(add, unit)}" for name, add in share.parts)
    name = share.parts[0][0]
    return "" if form is None or name == IMAGE else schema.describe(form, name)


def what_was_read(case: Case) -> str:
    """Which part of the film the model saw."""
    film, height, width = case.film, *case.film.radiograph.shape
    if film.box is None:
        return f"The model read the whole film of {width} × {height} pixels."
    box, side = film.box, film.placement.side
    return (
        f"The model read a square of {side:.0f} × {side:.0f} pixels around the box of "
        f"{box.width} × {box.height} at column {box.x}, row {box.y} of a film of "
        f"{width} × {height} pixels; the rest of the film was not read."
    )


def box_range(prediction: Prediction) -> str:
    """How the prediction moves with the box, and whether it flips."""
    if not prediction.jitter:
        return "No box was drawn, so none was moved."
    ends = min(prediction.jitter), max(prediction.jitter)
    unit = prediction.target.unit
    low, high = (
        (amount(end, unit) for end in ends)
        if prediction.probability is None
        else (probability(float(expit(end))) for end in ends)
    )
    sentence = (
        f"With the box moved and resized by ±10 % in {len(prediction.jitter)} ways the result lies "
        f"between {low} and {high}."
    )
    if prediction.flips:
        sentence += " It crosses even odds: the result depends on how the box was drawn."
    return sentence


def what_it_shows(shown: ShownMap, system: System) -> tuple[str, ...]:
    """The lines under a map: what its colours mean, and its own numbers."""
    entry = shown.attribution
    if entry.kind == "contribution":
        meaning = f"Contribution in {entry.unit}; one scale for all maps of this kind."
    elif "box left" in dict(entry.figures):
        meaning = "Gate from 0 to 1 inside the box that the encoder chose; one for every finding."
    elif entry.kind == "relative":
        side = "lowers" if shown.scale.low < 0 else _RAISES[entry.target.unit != "log-odds"]
        meaning = f"Relative, no unit; only what {side} “{entry.target.name}” is drawn."
    else:
        field = system.schema[shown.field].label.lower()
        meaning = (
            f"To {field}: share of each patch's attention, mean of the heads. {NOT_IMPORTANCE}"
        )
    empty = ("Nothing reaches one step of the scale: the map is empty.",) if shown.is_empty else ()
    reached = (f"Largest standard error {said}.",) if (said := settled(entry)) else ()
    return (meaning, *empty, *reached, own_numbers(shown))


def settled(entry: Attribution) -> str:
    """How far a sampled map was settled: its largest standard error, also of the largest region."""
    figures = dict(entry.figures)
    if entry.regions is None or LARGEST_ERROR not in figures:
        return ""
    error, largest = figures[LARGEST_ERROR], float(np.abs(entry.maps[0].values).max())
    share = f" ({percent(error / largest)}{OF_LARGEST})" if largest else ""
    return f"±{error:.2g} {entry.unit}{share}"


def own_numbers(shown: ShownMap) -> str:
    """The range of a map, and its method's figures and gap."""
    entry = shown.attribution
    parts = [f"Range {' to '.join(extremes(shown))}"]
    parts += [f"{name} {value:.3g}" for name, value in entry.figures if name not in DROPPED]
    if entry.gap is not None:
        parts.append(f"gap {signed(entry.gap, 2)} {entry.unit}")
    return f"{'; '.join(parts)}."


def extremes(shown: ShownMap) -> tuple[str, str]:
    """The least and the largest value of a map; shares carry no sign, less than a step is 0."""
    ends = float(shown.map.values.min()), float(shown.map.values.max())
    if shown.attribution.kind == "attention":
        return f"{ends[0]:.2g}", f"{ends[1]:.2g}"
    step = (shown.scale.high - shown.scale.low) / STEPS
    low, high = (signed(end if abs(end) > step / 2 else 0.0, 2) for end in ends)
    return low, high


def alternative(shown: ShownMap, title: str) -> str:
    """The text that stands for a picture of a map: its range, and where it is largest."""
    scale = shown.scale
    drawn = np.clip(shown.map.values, scale.low, scale.high)
    if shown.is_empty:
        return f"{title}: the film with an empty map."
    lowest, highest = extremes(shown)
    return (
        f"{title}: the film with a map from {lowest} to {highest} ({scale.unit}); the largest "
        f"value drawn is at the {place_of_largest(drawn)} of what was read."
    )


def place_of_largest(values: np.ndarray) -> str:
    """Where |values| is largest, in thirds of the map."""
    row, column = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    vertical = ("upper", "middle", "lower")[int(row) * 3 // values.shape[0]]
    horizontal = ("left", "centre", "right")[int(column) * 3 // values.shape[1]]
    return f"{vertical} {horizontal}"
