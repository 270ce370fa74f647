"""A cohort's figures as interactive charts, on the dark reading surface, safe for colour-blind.

Every point carries the place of its case in `customdata`, so that a click can open it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from xattn.explain.overlay import LOWERS, RAISES, round_up
from xattn.runtime.cohort_comparison import Comparison
from xattn.runtime.cohort_frames import SIDE, frame
from xattn.runtime.cohort_statistics import Figure
from xattn.runtime.cohort_summary import Dot, Group, Importance, Interactions, MeanMap
from xattn.trust.reliability import Reliability

GROUND, PLOT, TEXT, DIM, GRID, ACCENT = (
    "#0b0e11", "#10161b", "#d3dae0", "#8f9aa3", "#28313a", "#5fb8ad",
)  # fmt: skip
ANSWERS = (
    "#56b4e9", "#e69f00", "#f0e442", "#cc79a7", "#009e73", "#d55e00", "#999999", "#ffffff",
)  # fmt: skip
"""By an answer's place among its options (Okabe and Ito 2008)."""
BAR = {"thickness": 12, "len": 0.8}
DIMMED = 0.55
"""How bright an outline's picture is beneath a map."""
ROW_PIXELS = 44
"""Height of one line of a chart."""


def beeswarm(found: Sequence[Importance], unit: str, names: Sequence[str]) -> go.Figure:
    """Each case's contribution of each player, coloured by the entry behind it."""
    chart = go.Figure()
    shown = list(reversed(found))
    widest = max(abs(dot.share) for each in shown for dot in each.dots)
    for row, each in enumerate(shown):
        rise = _swarm([dot.share for dot in each.dots], widest)
        chart.add_trace(_row_of_dots(each, row + rise, names))
    if any(dot.place is not None for each in shown for dot in each.dots):
        chart.add_trace(_colour_key())
    chart.add_vline(0, line={"color": DIM, "dash": "dot", "width": 1})
    labels = [f"{each.label}<br><span style='color:{DIM}'>{_mean(each)}</span>" for each in shown]
    chart.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=labels, range=[-0.6, len(shown) - 0.4]
    )
    chart.update_xaxes(title=f"contribution, {unit}", zeroline=False)
    return _styled(chart, ROW_PIXELS * len(shown) + 70)


def forest(groups: Sequence[Group]) -> go.Figure:
    """The figures of all cases and of groups that can be judged, with their intervals."""
    figures = groups[0].figures
    groups = [groups[0], *(group for group in groups[1:] if group.is_judged)]
    chart = make_subplots(cols=len(figures), shared_yaxes=True, horizontal_spacing=0.03)
    shown = list(reversed(groups))
    labels = [f"{_named(group)} <span style='color:{DIM}'>n = {group.cases}</span>"
              for group in shown]  # fmt: skip
    for column, head in enumerate(figures, start=1):
        cells = [group.figures[column - 1] for group in shown]
        chart.add_trace(_intervals(cells), row=1, col=column)
        chart.add_trace(_remarks(cells), row=1, col=column)
        unit = f", {head.unit}" if head.unit else ""
        chart.update_xaxes(title=f"{head.name}{unit}", row=1, col=column)
        if head.name.startswith("mean said"):
            chart.add_vline(0, line={"color": DIM, "dash": "dot", "width": 1}, row=1, col=column)
        elif head.estimate:
            chart.add_vline(
                head.estimate.value, line={"color": DIM, "dash": "dot", "width": 1},
                row=1, col=column,
            )  # fmt: skip
    chart.update_yaxes(tickvals=list(range(len(shown))), ticktext=labels, row=1, col=1)
    chart.update_yaxes(range=[-0.6, len(shown) - 0.4])
    return _styled(chart, 24 * len(shown) + 80)


def reliability_chart(found: Reliability, unit: str) -> go.Figure:
    """What was said against what was found, in bins of equal counts and by isotonic regression."""
    chart = go.Figure()
    ends = [part.said for part in (*found.bins, *found.curve)]
    ends += [part.found for part in (*found.bins, *found.curve)]
    low, high = (0.0, 1.0) if not unit else (min(ends), max(ends))
    line = {"color": DIM, "dash": "dot", "width": 1}
    chart.add_trace(go.Scatter(x=[low, high], y=[low, high], mode="lines", line=line, name="equal"))
    chart.add_trace(
        go.Scatter(
            x=[part.said for part in found.curve], y=[part.found for part in found.curve],
            mode="lines", line={"color": ACCENT, "width": 2}, name="isotonic",
        )
    )  # fmt: skip
    chart.add_trace(
        go.Scatter(
            x=[part.said for part in found.bins], y=[part.found for part in found.bins],
            mode="markers", marker={"color": "#e69f00", "size": 9}, name="bins of equal counts",
            customdata=[[part.count] for part in found.bins],
            hovertemplate="said %{x:.3f}, found %{y:.3f}<br>%{customdata[0]} cases<extra></extra>",
        )
    )  # fmt: skip
    what = f", {unit}" if unit else ""
    chart.update_xaxes(title=f"said by the model{what}", range=_room(low, high))
    chart.update_yaxes(title=f"found{what}", range=_room(low, high))
    chart.update_layout(showlegend=True, legend={"x": 0.02, "y": 0.98, "bgcolor": "rgba(0,0,0,0)"})
    return _styled(chart, 360)


def mean_map_chart(found: MeanMap, unit: str) -> go.Figure:
    """The mean map on its standard outline; amounts per hundredth of the frame's area."""
    standard, values = frame(found.frame), per_hundredth(found.values)
    limit = round_up(max(float(np.abs(values).max()), 1e-4))
    chart = go.Figure()
    grey = np.rint(255 * DIMMED * np.clip(standard.picture, 0, 1)).astype(np.uint8)
    chart.add_trace(go.Image(z=np.repeat(grey[..., None], 3, axis=2), hoverinfo="skip"))
    chart.add_trace(
        go.Heatmap(
            z=values, zmin=-limit, zmax=limit, colorscale=_diverging(1), opacity=0.72,
            colorbar={"title": {"text": f"{unit} per 1 %<br>of the frame"}, **BAR},
            hovertemplate="%{z:.3g}<extra></extra>",
        )
    )  # fmt: skip
    outline = standard.outline.astype(float)
    chart.add_trace(
        go.Contour(
            z=outline, contours={"start": 0.5, "end": 0.5, "coloring": "none"},
            line={"color": TEXT, "width": 1.2, "dash": "dot"}, showscale=False, hoverinfo="skip",
        )
    )  # fmt: skip
    chart.update_xaxes(visible=False, range=[-0.5, SIDE - 0.5], constrain="domain")
    chart.update_yaxes(visible=False, range=[SIDE - 0.5, -0.5], scaleanchor="x")
    return _styled(chart, 380)


def interactions_chart(found: Interactions, unit: str) -> go.Figure:
    """Mean contribution of the film, and of each field's interaction with it, by area."""
    rows = list(reversed(found.rows))
    values = np.array([means for _, _, means in rows])
    limit = round_up(max(float(np.abs(values).max()), 1e-4))
    labels = [f"{label} <span style='color:{DIM}'>n = {count}</span>" for label, count, _ in rows]
    areas = [name.replace(" ", "<br>", 1) for name in found.areas]
    chart = go.Figure(
        go.Heatmap(
            z=values, x=areas, y=list(range(len(rows))), zmin=-limit, zmax=limit,
            colorscale=_diverging(-1), texttemplate="%{z:+.2g}", xgap=2, ygap=2,
            textfont={"color": "#ffffff"}, colorbar={"title": {"text": unit}, **BAR},
            hovertemplate="%{x}: %{z:+.4f}<extra></extra>",
        )
    )  # fmt: skip
    chart.update_yaxes(tickvals=list(range(len(rows))), ticktext=labels)
    chart.update_xaxes(tickangle=0)
    return _styled(chart, 34 * len(rows) + 90)


def comparison_chart(found: Comparison, unit: str) -> go.Figure:
    """What the second says of each case against what the first says."""
    names, first, second = zip(*found.rows, strict=True)
    ends = min(first + second), max(first + second)
    chart = go.Figure()
    line = {"color": DIM, "dash": "dot", "width": 1}
    chart.add_trace(go.Scatter(x=ends, y=ends, mode="lines", line=line, hoverinfo="skip"))
    chart.add_trace(
        go.Scatter(
            x=first, y=second, mode="markers", marker={"color": ACCENT, "size": 8},
            text=names, customdata=[[place] for place in range(len(names))],
            hovertemplate="%{text}<br>first %{x:.3f}, second %{y:.3f}<extra></extra>",
        )
    )  # fmt: skip
    what = f", {unit}" if unit else ""
    chart.update_xaxes(title=f"first{what}")
    chart.update_yaxes(title=f"second{what}")
    return _styled(chart, 360)


def per_hundredth(values: np.ndarray) -> np.ndarray:
    """Amounts per pixel of a frame as amounts per hundredth of its area."""
    return values * (values.size / 100)


def _row_of_dots(each: Importance, heights: np.ndarray, names: Sequence[str]) -> go.Scattergl:
    return go.Scatter(
        x=[dot.share for dot in each.dots],
        y=heights,
        mode="markers",
        marker={"size": 7, "color": [_tint(dot) for dot in each.dots], "line": {"width": 0}},
        text=[f"{names[dot.case]}: {dot.entry}" for dot in each.dots],
        customdata=[[dot.case] for dot in each.dots],
        hovertemplate=f"{each.label}<br>%{{text}}<br>%{{x:+.3f}}<extra></extra>",
        name=each.label,
    )


def _swarm(shares: Sequence[float], widest: float) -> np.ndarray:
    """How far each dot stands above its line, so that equal shares do not hide each other."""
    slots = np.rint(np.array(shares) / (widest or 1.0) * 60).astype(int)
    heights = np.zeros(len(slots))
    for slot in np.unique(slots):
        here = np.flatnonzero(slots == slot)
        step = min(0.1, 0.76 / len(here))
        heights[here] = (np.arange(len(here)) - (len(here) - 1) / 2) * step
    return heights


def _tint(dot: Dot) -> str:
    if dot.place is not None:
        from plotly.colors import sample_colorscale

        return str(sample_colorscale("Cividis", [dot.place])[0])
    return ANSWERS[dot.answer % len(ANSWERS)] if dot.answer is not None else DIM


def _colour_key() -> go.Scatter:
    """The bar that says what a number's colour means."""
    bar = {"title": {"text": "number<br>in the<br>cohort"}, "tickvals": [0, 1], "thickness": 10,
           "ticktext": ["least", "largest"], "len": 0.6}  # fmt: skip
    marker = {"color": [0], "cmin": 0, "cmax": 1, "colorscale": "Cividis", "colorbar": bar}
    return go.Scatter(x=[None], y=[None], mode="markers", marker=marker, hoverinfo="skip")


def _mean(each: Importance) -> str:
    found = each.mean.estimate
    if found is None:
        return each.mean.remark
    return f"mean |·| {found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _intervals(cells: Sequence[Figure]) -> go.Scatter:
    known = [(row, cell.estimate) for row, cell in enumerate(cells) if cell.estimate]
    return go.Scatter(
        x=[found.value for _, found in known],
        y=[row for row, _ in known],
        mode="markers",
        marker={"color": ACCENT, "size": 8},
        error_x={
            "array": [found.high - found.value for _, found in known],
            "arrayminus": [found.value - found.low for _, found in known],
            "color": ACCENT,
            "thickness": 1.4,
        },
        text=[str(found) for _, found in known],
        hovertemplate="%{text}<extra></extra>",
    )


def _remarks(cells: Sequence[Figure]) -> go.Scatter:
    """The words in place of a figure, in the middle of what the others span."""
    ends = [
        end for cell in cells if cell.estimate for end in (cell.estimate.low, cell.estimate.high)
    ]
    middle = (min(ends) + max(ends)) / 2 if ends else 0.0
    rows = [(row, cell.remark) for row, cell in enumerate(cells) if cell.remark]
    return go.Scatter(
        x=[middle] * len(rows),
        y=[row for row, _ in rows],
        mode="text",
        text=[remark for _, remark in rows],
        textfont={"color": DIM, "size": 11},
        hoverinfo="skip",
    )


def _named(group: Group) -> str:
    return f"{group.field}: {group.name}" if group.field else f"<b>{group.name}</b>"


def _diverging(strength: int) -> list[list[Any]]:
    """The colours of contributions: lower blue, zero dark, raise orange; −1 bears white text."""
    stops = [LOWERS[strength], (16, 22, 27), RAISES[strength]]
    texts = ["rgb({},{},{})".format(*stop) for stop in stops]
    return [[place / (len(texts) - 1), text] for place, text in enumerate(texts)]


def _room(low: float, high: float) -> list[float]:
    room = 0.04 * (high - low)
    return [low - room, high + room]


def _styled(chart: go.Figure, height: int) -> go.Figure:
    chart.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        paper_bgcolor=GROUND,
        plot_bgcolor=PLOT,
        font={"color": TEXT, "size": 12},
        showlegend=bool(chart.layout.showlegend),
        hoverlabel={"bgcolor": "#151b21", "font": {"color": TEXT}},
        clickmode="event+select",
    )
    chart.update_xaxes(gridcolor=GRID, zerolinecolor=GRID, automargin=True)
    chart.update_yaxes(gridcolor=GRID, zerolinecolor=GRID, automargin=True)
    return chart
