"""One frame for many films: maps laid onto a standard outline, so that they can be averaged.

The segmented outline's bounding box is laid on that of a standard outline: two scales, two shifts,
mirrored where the anatomy has a side. A breast lesion that was boxed is laid by its box instead.
Sums are kept: what a map holds inside the frame is what its film held there.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from xattn.records import Film
from xattn.trust import segment_chest, segment_hip
from xattn.trust.segment_chest import LUNGS
from xattn.trust.segment_film import Mask, Segment
from xattn.trust.segment_hip import FEMUR
from xattn.trust.segment_template import Fit, Template, place

SIDE = 96
"""Pixels of a frame's side."""
LEAST_FIT = 0.7
"""A Dice coefficient of laid and standard outline below this is no registration."""
BOX, BREAST = "lesion box", "breast"
UPRIGHT = Fit(tall=1.0, wide=1.0, turn=0.0, is_mirrored=False)


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A standard outline (SIDE, SIDE), what is drawn beneath a mean map (0 to 1), and its name."""

    name: str
    outline: Mask
    picture: np.ndarray
    has_side: bool
    """Whether a film may show it mirrored."""


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """Weights from the model's square (S, S) to the frame, or the reason why there are none.

    `dice` is how well the laid outline fits the standard one; None where a box was laid.
    """

    frame: str
    rows: np.ndarray
    columns: np.ndarray
    dice: float | None
    reason: str = ""

    def lay(self, density: np.ndarray) -> np.ndarray:
        """A map (S, S) of amounts per pixel in the frame (SIDE, SIDE); sums are kept."""
        return np.asarray(self.rows @ density @ self.columns.T)

    def cover(self, mask: np.ndarray) -> Mask:
        """The frame's pixels that are covered by half or more."""
        area = np.outer(self.rows.sum(axis=1), self.columns.sum(axis=1))
        return np.asarray(self.lay(mask.astype(np.float64)) > 0.5 * np.maximum(area, 1e-9))


Ends = tuple[float, float, float, float]
"""Upper and lower, left and right edge of a bounding box, in pixels."""


def register(film: Film, parts: tuple[Segment, ...], system: str) -> Registration:
    """How a film's maps are laid onto the frame of its system."""
    if system == "breast" and film.box is not None:
        return _laid(BOX, _box_ends(film), _ends(frame(BOX).outline), film.pixels.shape[0])
    name = {"hip": FEMUR, "breast": BREAST, "chest": LUNGS}.get(system, "")
    found = next((part for part in parts if part.name == name), None)
    if found is None or not found.is_found:
        return _none(name, found.reason if found else "no outline is known for this system")
    standard = frame(name)
    tries = [
        _fitted(found.mask, standard, is_mirrored=side)
        for side in ((False, True) if standard.has_side else (False,))
    ]
    best = max(tries, key=lambda attempt: attempt.dice or 0.0)
    assert best.dice is not None
    if best.dice < LEAST_FIT:
        return _none(name, "outline found, but unlike the standard one")
    return best


def areas(film: Film, parts: tuple[Segment, ...], system: str) -> tuple[tuple[str, Mask], ...]:
    """Named areas that together are the square (S, S), each pixel in one; anatomy first."""
    named = {part.name: part.mask for part in parts}
    wanted = [(part.name, part.mask) for part in parts[5:] if part.is_found]
    if system == "breast" and film.box is not None:
        wanted = [("in the box", _box_mask(film))]
    body = "around the box" if film.box is not None and system == "breast" else "rest of the body"
    wanted += [(body, named["body"]), ("off the patient", np.ones_like(named["body"]))]
    left = np.ones_like(named["body"])
    split: list[tuple[str, Mask]] = []
    for name, mask in wanted:
        split.append((name, mask & left))
        left = left & ~mask
    return tuple(split)


@cache
def frame(name: str) -> Frame:
    """The standard outline of this name."""
    if name == LUNGS:
        return _of_template(LUNGS, segment_chest.template(), has_side=False)
    if name == FEMUR:
        return _of_template(FEMUR, segment_hip.template(), has_side=True)
    rows, columns = (np.indices((SIDE, SIDE)) + 0.5) / SIDE
    if name == BOX:
        box = (np.abs(rows - 0.5) < 1 / 6) & (np.abs(columns - 0.5) < 1 / 6)
        return Frame(BOX, box, 0.12 + 0.1 * box, has_side=False)
    half = ((columns - 0.1) / 0.6) ** 2 + ((rows - 0.5) / 0.42) ** 2
    breast = (columns >= 0.1) & (half <= 1)
    return Frame(BREAST, breast, 0.35 * breast * np.sqrt(np.clip(1.15 - half, 0, 1)), has_side=True)


def overlaps(start: float, step: float, count: int) -> np.ndarray:
    """Weights (SIDE, count): the share of each square pixel that lies in each frame pixel.

    Frame pixel i covers start + i · step to start + (i + 1) · step on the square.
    """
    low = start + step * np.arange(SIDE)[:, None]
    pixel = np.arange(count)[None, :]
    covered = np.minimum(low + step, pixel + 1) - np.maximum(low, pixel)
    return np.asarray(np.clip(covered, 0, None))


def _of_template(name: str, template: Template, *, has_side: bool) -> Frame:
    outline = place(dict(template.parts)[name], template, UPRIGHT, SIDE) > 0.5
    return Frame(name, outline, place(template.picture, template, UPRIGHT, SIDE), has_side)


def _fitted(mask: Mask, standard: Frame, *, is_mirrored: bool) -> Registration:
    size = mask.shape[0]
    seen = mask[:, ::-1] if is_mirrored else mask
    laid = _laid(standard.name, _ends(seen), _ends(standard.outline), size)
    if is_mirrored:
        laid = Registration(laid.frame, laid.rows, laid.columns[:, ::-1], None)
    covered = laid.cover(mask)
    both = 2 * (covered & standard.outline).sum() / (covered.sum() + standard.outline.sum())
    return Registration(laid.frame, laid.rows, laid.columns, float(both))


def _laid(name: str, own: Ends, standard: Ends, size: int) -> Registration:
    weights = []
    for first in (0, 2):
        step = (own[first + 1] - own[first]) / (standard[first + 1] - standard[first])
        weights.append(overlaps(own[first] - step * standard[first], step, size))
    return Registration(name, weights[0], weights[1], None)


def _none(name: str, reason: str) -> Registration:
    return Registration(name, np.zeros((SIDE, 0)), np.zeros((SIDE, 0)), None, reason)


def _ends(mask: Mask) -> Ends:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    return float(rows[0]), float(rows[-1] + 1), float(columns[0]), float(columns[-1] + 1)


def _box_ends(film: Film) -> Ends:
    """A square about the box's centre, as long as its longer side, in the model's pixels."""
    left, top, right, bottom = _box_edges(film)
    half = max(right - left, bottom - top) / 2
    row, column = (top + bottom) / 2, (left + right) / 2
    return row - half, row + half, column - half, column + half


def _box_mask(film: Film) -> Mask:
    left, top, right, bottom = _box_edges(film)
    middles = np.arange(film.pixels.shape[0]) + 0.5
    down, across = (middles > top) & (middles < bottom), (middles > left) & (middles < right)
    return np.asarray(down[:, None] & across)


def _box_edges(film: Film) -> tuple[float, float, float, float]:
    assert film.box is not None
    box, here = film.box, film.placement
    left, top = here.file_to_model(box.x, box.y)
    return left, top, *here.file_to_model(box.x + box.width, box.y + box.height)
