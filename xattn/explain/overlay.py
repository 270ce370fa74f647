"""From values to colours: the only place that scales or colours a map.

Three kinds of map have three scales, none of them fitted to one picture, so that inside a kind one
colour is one value. Strength is opacity: zero is transparent, and so is what was not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TypeVar

import numpy as np

from xattn.errors import ExplainError
from xattn.records import Attribution, Kind

NOT_READ, ZERO_STEPS = 0, 127
"""Row of the table for what was not read; the rows from zero to the end of a diverging scale."""
STEPS = 2 * ZERO_STEPS
"""From the lowest to the highest row of the table, which are 1 and 255; 128 is their middle."""

FLOORS = {"log-odds": 0.01, "g/cm²": 0.001}
"""The least limit of a contribution scale by unit: less than this is shown as next to nothing."""
SIGNIFICANT = 2
"""Digits that a limit is rounded up to, so that the numbers at its ticks are exact."""

RAISES = ((255, 214, 153), (255, 154, 46), (213, 94, 0))
LOWERS = ((170, 215, 255), (64, 156, 255), (0, 94, 201))
RELATIVE = ((60, 120, 110), (80, 200, 120), (240, 240, 90))
ATTENTION = ((110, 80, 170), (200, 90, 200), (255, 185, 240))
"""Stops from zero to the limit. Orange and blue differ for every common colour blindness."""

HATCH_LINE, HATCH_GROUND = (200, 200, 200, 90), (0, 0, 0, 110)

Shared = TypeVar("Shared", str, float)


@dataclass(frozen=True, slots=True)
class Scale:
    """What the colours of one kind of map mean: `low` and `high` in `unit`.

    Values beyond an end take the end's colour. `reference` is a line on the scale, such as the
    uniform share of attention.
    """

    kind: Kind
    low: float
    high: float
    unit: str
    reference: float | None = None


def scale_for(attributions: Sequence[Attribution], kind: Kind, *, against: bool = False) -> Scale:
    """The one scale for the maps of these attributions, all of this kind.

    Contribution: symmetric, wide enough for every first map, never below the unit's floor.
    Relative: from zero to the figure "scale", the model's own; `against` takes the negative side.
    Attention: from zero past every map, at least twice the figure "uniform share", its reference.

    Raises:
        ExplainError: if kinds, units or the figures that fix a scale differ, or nothing is given.
    """
    if {entry.kind for entry in attributions} != {kind}:
        came = ", ".join(sorted({entry.kind for entry in attributions})) or "none"
        raise ExplainError(f"One scale takes maps of the kind {kind}, however: {came}.")
    unit = _only([entry.unit for entry in attributions], "unit")
    if kind == "contribution":
        limit = round_up(max(FLOORS.get(unit, 1e-3), _largest(attributions, first_only=True)))
        return Scale(kind, -limit, limit, unit)
    if kind == "relative":
        top = _only([_figure(entry, "scale") for entry in attributions], "scale")
        return Scale(kind, -top, 0.0, "no unit") if against else Scale(kind, 0.0, top, "no unit")
    share = _only([_figure(entry, "uniform share") for entry in attributions], "uniform share")
    top = min(1.0, round_up(max(2 * share, _largest(attributions, first_only=False))))
    return Scale(kind, 0.0, top, unit, reference=share)


def lowers(entry: Attribution) -> bool:
    """Whether a relative map is drawn from its negative side: of a number, if its total is larger.

    A number goes up and down; of a finding the map shows what speaks for it, and may be empty.
    """
    values = entry.maps[0].values
    is_number = entry.target.unit != "log-odds"
    return entry.kind == "relative" and is_number and bool(values.sum() < 0)


def lookup_table(scale: Scale) -> np.ndarray:
    """Colours (256, 4) uint8: row 0 is "not read", rows 1 to 255 go evenly from low to high."""
    places = np.linspace(scale.low, scale.high, STEPS + 1) / max(-scale.low, scale.high)
    up = {"contribution": RAISES, "relative": RELATIVE, "attention": ATTENTION}[scale.kind]
    down = LOWERS if scale.kind == "contribution" else up
    table = np.zeros((STEPS + 2, 4), dtype=np.uint8)
    for channel in range(3):
        for side, stops in ((places >= 0, up), (places < 0, down)):
            column = [stop[channel] for stop in stops]
            strength = np.abs(places[side])
            table[1:, channel][side] = np.rint(
                np.interp(strength, np.linspace(0, 1, len(column)), column)
            )
    table[1:, 3] = np.rint(255 * np.abs(places))
    return table


def levels(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Rows of the look-up table, uint8, of the shape of `values`; NaN is "not read"."""
    share = (np.clip(values, scale.low, scale.high) - scale.low) / (scale.high - scale.low)
    rows = 1 + np.rint(np.nan_to_num(share) * STEPS)
    return np.where(np.isnan(values), NOT_READ, rows).astype(np.uint8)


def colour(values: np.ndarray, scale: Scale) -> np.ndarray:
    """Colours (..., 4) uint8 of values (...); alpha grows with |value| and is 0 at zero and NaN."""
    return np.asarray(lookup_table(scale)[levels(values, scale)])


def hatch(mask: np.ndarray, *, period: int = 16) -> np.ndarray:
    """The pattern (H, W, 4) uint8 of "not read" over a mask (H, W), transparent elsewhere."""
    diagonals = np.arange(mask.shape[0])[:, None] + np.arange(mask.shape[1])
    is_line = diagonals % period < max(1, period // 8)
    pattern = np.array([(0, 0, 0, 0), HATCH_GROUND, HATCH_LINE], dtype=np.uint8)
    return np.asarray(pattern[np.where(mask, 1 + is_line, 0)])


def overlay(
    display: np.ndarray, values: np.ndarray, scale: Scale, opacity: float = 0.6
) -> np.ndarray:
    """The picture (H, W, 3) uint8 of a map (H, W) on a film (H, W) uint8; NaN is hatched.

    Raises:
        ExplainError: if film and map differ in shape.
    """
    if display.shape != values.shape:
        raise ExplainError(
            f"The map must have the film's {display.shape} pixels, however: {values.shape}."
        )
    coloured = _blend(display[..., None], colour(values, scale), opacity)
    return _blend(coloured, hatch(np.isnan(values)), 1.0)


def hatched(display: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The film (H, W) uint8 as RGB (H, W, 3) with "not read" drawn over a mask (H, W)."""
    return _blend(display[..., None], hatch(mask), 1.0)


def ticks(scale: Scale) -> tuple[tuple[float, str], ...]:
    """The values to mark on the scale with their texts, from low to high."""
    if scale.kind == "contribution":
        return tuple((mark, signed(mark)) for mark in (scale.low, 0.0, scale.high))
    ends: tuple[tuple[float, str], ...] = ((scale.low, "0"), (scale.high, f"{scale.high:.3g}"))
    if scale.kind == "relative":
        beyond = f"≥ {scale.high:.3g}" if scale.high else f"≤ −{-scale.low:.3g}"
        ends = (
            ((scale.low, beyond), (0.0, "0")) if scale.low else ((0.0, "0"), (scale.high, beyond))
        )
    if scale.reference is None:
        return ends
    return (ends[0], (scale.reference, f"uniform {scale.reference:.2g}"), ends[1])


def signed(value: float, digits: int = 3) -> str:
    """A number with its sign as a true minus or plus, and none on zero."""
    text = f"{value:+.{digits}g}".replace("-", "−")
    return "0" if float(f"{value:.{digits}g}") == 0 else text


def round_up(limit: float) -> float:
    """The least number of two significant digits that is not below a positive limit.

    Maps are float32, so 0.4 may come as 0.40000001: what exceeds a number by less than 1e-5 of it
    counts as that number.
    """
    decimals = SIGNIFICANT - 1 - floor(log10(limit))
    return float(round(ceil(round(limit * 10.0**decimals, 4)) / 10.0**decimals, max(decimals, 0)))


def _largest(attributions: Sequence[Attribution], *, first_only: bool) -> float:
    maps = [entry.maps[:1] if first_only else entry.maps for entry in attributions]
    return max((float(np.abs(part.values).max()) for group in maps for part in group), default=0.0)


def _figure(attribution: Attribution, name: str) -> float:
    figures = dict(attribution.figures)
    if not figures.get(name, 0) > 0:
        raise ExplainError(f"{attribution.method} needs the positive figure {name!r} to be drawn.")
    return figures[name]


def _only(values: Sequence[Shared], name: str) -> Shared:
    if len(set(values)) != 1:
        raise ExplainError(
            f"Maps on one scale must share their {name}, however: {len(set(values))} are given."
        )
    return values[0]


def _blend(below: np.ndarray, above: np.ndarray, opacity: float) -> np.ndarray:
    """`above` RGBA over `below`, RGB or grey, rounded to nearest."""
    share = above[..., 3:] * np.float32(opacity / 255)
    blended = below + share * (above[..., :3] - below.astype(np.float32))
    return np.asarray(np.rint(blended), dtype=np.uint8)
