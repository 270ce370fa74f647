"""The adding-up bars: where the sum starts, what film and fields add, where it ends, as HTML."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np

from xattn.data.clinical import Form, Schema
from xattn.explain.grouping import IMAGE, grouped
from xattn.explain.overlay import colour, round_up, scale_for
from xattn.records import Attribution
from xattn.reports.sentences import amount, details_of


@dataclass(frozen=True, slots=True)
class Bar:
    """One line: from `start` to `end` on the axis; a total has both at its value."""

    label: str
    detail: str
    start: float
    end: float
    field: str = ""
    is_total: bool = False

    @property
    def value(self) -> float:
        """What is printed: the total, or what is added."""
        return self.end if self.is_total else self.end - self.start


def bars_of(attribution: Attribution, schema: Schema, form: Form | None) -> tuple[Bar, ...]:
    """The lines of an attribution with players: film first, then fields by what they add.

    Without the form that they were made for, the entries are left out.
    """
    assert attribution.reference is not None
    assert attribution.value is not None
    bars = [_total("Reference", "nothing known", attribution.reference)]
    for share in grouped(attribution.players, schema):
        start, field = bars[-1].end, share.parts[0][0]
        detail = details_of(share, schema, form, attribution.unit)
        named = "" if field == IMAGE else field
        bars.append(Bar(share.label, detail, start, start + share.value, named))
    return (*bars, _total("Prediction", "", attribution.value))


def draw_bars(attribution: Attribution, schema: Schema, form: Form | None) -> str:
    """The bars as HTML, in the colours of contributions, on one axis with numbers and unit."""
    bars = bars_of(attribution, schema, form)
    low, high = _axis(bars)
    scale = scale_for([attribution], "contribution")

    def place(value: float) -> float:
        return 100 * (value - low) / (high - low)

    tints = {sign: colour(np.array(sign * scale.high * 0.8), scale) for sign in (-1, 1)}
    rows = [_row(bar, place, tints, attribution.unit) for bar in bars]
    marks = [low, high]
    if low <= 0 <= high:
        marks = [0.0, *(value for value in marks if abs(value) > 0.3 * (high - low))]
    ticks = "".join(
        f'<span style="left:{place(value):.1f}%">{amount(value, attribution.unit)}</span>'
        for value in marks
    )
    axis = f'<span class="name"></span><span class="axis">{ticks}</span><span></span>'
    label = "What adds up to the prediction"
    return f'<div class="bars" role="table" aria-label="{label}">{"".join(rows)}{axis}</div>'


def _row(bar: Bar, place: Callable[[float], float], tints: dict[int, np.ndarray], unit: str) -> str:
    zero = place(0.0)
    line = f'<i class="zero" style="left:{zero:.2f}%"></i>' if 0 <= zero <= 100 else ""
    if bar.is_total:
        mark = f'<i class="total" style="left:{place(bar.end):.2f}%"></i>'
    else:
        left, right = sorted((place(bar.start), place(bar.end)))
        red, green, blue, _ = tints[1 if bar.value >= 0 else -1]
        place_of = f"left:{left:.2f}%;width:{max(right - left, 0.6):.2f}%"
        mark = f'<i style="{place_of};background:rgb({red},{green},{blue})"></i>'
    detail = f"<small>{escape(bar.detail)}</small>" if bar.detail else ""
    name = f'<span class="name" role="rowheader">{escape(bar.label)}{detail}</span>'
    target = f' data-field="{escape(bar.field)}"' if bar.field else ""
    return (
        f'<div class="row{" sum" if bar.is_total else ""}" role="row"{target}>{name}'
        f'<span class="track" aria-hidden="true">{line}{mark}</span>'
        f'<span class="value" role="cell">{amount(bar.value, unit)}</span></div>'
    )


def _axis(bars: tuple[Bar, ...]) -> tuple[float, float]:
    """Ends of the axis: every end of a bar lies on it with a little room; zero if it is near."""
    ends = [end for bar in bars for end in (bar.start, bar.end)]
    low, high = min(ends), max(ends)
    if low > high - low:
        return 0.98 * low, 1.02 * high
    low, high = min(low, 0.0), max(high, 0.0)
    room = 0.04 * max(high - low, 1e-6)
    return (-round_up(room - low) if low < 0 else 0.0), round_up(high + room)


def _total(label: str, detail: str, value: float) -> Bar:
    return Bar(label, detail, value, value, is_total=True)
