"""What every film has: padding, a frame, markers, background and body, by thresholds and shapes.

All on the model's square (S, S), brightness 0 to 1, bright = dense. Nothing here was learnt.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from xattn.records import Film

Mask = NDArray[np.bool_]

FRAME_DEPTH = 0.12
"""A frame is at most this share of the film's side deep."""
FRAME_STRAIGHT = 0.006
"""Its inner edge keeps to a straight line within this share of the side, or 1.5 pixels."""
FRAME_SHARE = 0.6
"""Least share of a side along which it does; bone, muscle or metal may run into the rest."""
WHITE, BLACK = 0.9, 0.008
"""A frame is brighter than the one, or darker than the other."""
AIR_STEP = 0.09
"""Air is at most this much brighter than the darkest part of the film."""
DARKEST_BODY = 0.25
"""A film whose darkest part is brighter shows no air."""
LETTER = 0.16
"""A marker's letter is at most this share of the square wide and tall."""
LETTER_STEP = 0.3
"""How much brighter a letter is than what lies about it."""
LEAD = 0.8
"""Least brightness of a letter, in shares of the film's brightest: lead lets next to none pass."""
MARGIN = 0.3
"""Markers lie in this outer share of the film, from left and right."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One part of the film: `mask` (S, S) bool, or why it was not found."""

    name: str
    mask: Mask
    reason: str = ""

    @property
    def is_found(self) -> bool:
        """Whether its own checks accept it."""
        return not self.reason


@dataclass(frozen=True, slots=True, eq=False)
class FilmParts:
    """Five parts that together are the square, each pixel in one of them; (S, S) bool each."""

    padding: Mask
    border: Mask
    markers: Mask
    background: Mask
    body: Mask

    def without_markers_in(self, anatomy: Mask) -> "FilmParts":
        """The parts once an anatomy is known: nothing in it is a marker or air, all is body."""
        gained = anatomy & (self.markers | self.background)
        return replace(
            self,
            markers=self.markers & ~gained,
            background=self.background & ~gained,
            body=self.body | gained,
        )


def film_parts(film: Film) -> FilmParts:
    """The parts of what the model reads of a film."""
    pixels = film.pixels
    height, width = film.radiograph.shape
    whole = np.ones((height, width), np.float32)
    padding = film.placement.to_model(whole, fill=0.0) < 0.5
    return split(pixels, padding)


def split(pixels: np.ndarray, padding: Mask) -> FilmParts:
    """The parts of a picture (S, S) of which `padding` is no film."""
    border = frame(pixels, ~padding)
    inner = ~padding & ~border
    air = find_air(pixels, inner)
    markers = find_markers(pixels, inner, air)
    return FilmParts(
        padding, border, markers,
        background=air & ~markers, body=inner & ~air & ~markers,
    )  # fmt: skip


def frame(pixels: np.ndarray, film: Mask) -> Mask:
    """White or black strips (S, S) along the film's sides that end at a straight edge."""
    found = np.zeros(film.shape, bool)
    rows, columns = np.flatnonzero(film.any(axis=1)), np.flatnonzero(film.any(axis=0))
    if not len(rows) or not len(columns):
        return found
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    inside, target = pixels[window], found[window]
    for turns in range(4):
        turned = np.rot90(inside, turns)
        for is_strip in (turned >= WHITE, turned <= BLACK):
            np.rot90(target, turns)[...] |= _strip(is_strip)
    return found


def _strip(is_strip: Mask) -> Mask:
    """The strip along the top of a picture; empty unless it is shallow and straight."""
    depth, width = is_strip.shape
    is_deep = is_strip.copy()
    is_deep[:1] |= is_strip[1:2]  # the first line may be averaged with padding
    runs = np.logical_and.accumulate(is_deep, axis=0).sum(axis=0)
    middle = slice(width // 8, width - width // 8)  # corners belong to the neighbours as well
    columns, lengths = np.arange(width)[middle], runs[middle]
    near = np.abs(lengths - np.median(lengths)) <= max(3.0, 0.03 * depth)
    if near.mean() < FRAME_SHARE or not 0 < np.median(lengths) <= FRAME_DEPTH * depth:
        return np.zeros_like(is_strip)
    line = np.polynomial.Polynomial.fit(columns[near], lengths[near], 1)
    off = np.abs(line(columns) - lengths)
    if np.mean(off <= max(1.5, FRAME_STRAIGHT * depth)) < FRAME_SHARE:
        return np.zeros_like(is_strip)
    reach = np.clip(np.rint(line(np.arange(width))), 0, depth)
    return np.asarray(np.arange(depth)[:, None] < reach[None, :])


def find_air(pixels: np.ndarray, inner: Mask) -> Mask:
    """What is dark and reaches the film's edge, (S, S)."""
    if not inner.any():
        return np.zeros_like(inner)
    smooth = ndimage.gaussian_filter(pixels, 1.0)
    darkest = float(np.percentile(smooth[inner], 1))
    if darkest > DARKEST_BODY:
        return np.zeros_like(inner)
    dark = inner & (smooth < darkest + AIR_STEP)
    labels, count = ndimage.label(dark)
    edge = inner & ~ndimage.binary_erosion(inner, border_value=0)
    reaching = np.unique(labels[edge & dark])
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    kept = [label for label in reaching if label and sizes[label] > 0.003 * inner.sum()]
    return np.asarray(np.isin(labels, kept))


def find_markers(pixels: np.ndarray, inner: Mask, air: Mask) -> Mask:
    """Small bright shapes near the film's sides, and what lies alone in the air; (S, S)."""
    side = pixels.shape[0]
    radius = max(3, round(0.03 * side))
    opened = ndimage.grey_opening(pixels, size=(2 * radius + 1,) * 2)
    white = np.percentile(pixels[inner], 99.9) if inner.any() else 1.0
    bright = inner & (pixels - opened > LETTER_STEP) & (pixels > LEAD * white)
    # Letters of one line are one marker, and their edges are averaged with what lies about them.
    labels, _ = ndimage.label(ndimage.binary_dilation(bright, iterations=2) & inner)
    found = np.zeros_like(inner)
    columns = np.flatnonzero(inner.any(axis=0))
    for number, window in enumerate(ndimage.find_objects(labels), start=1):
        if _is_letter(window, side) and _is_outer(window[1], columns):
            found[window] |= labels[window] == number
    return found | _alone(pixels, inner, air)


def _is_letter(window: tuple[slice, slice], side: int) -> bool:
    height, width = (part.stop - part.start for part in window)
    return bool(
        0.015 * side < height <= LETTER * side and 0.015 * side < width <= 2 * LETTER * side
    )


def _is_outer(columns: slice, film: np.ndarray) -> bool:
    """Whether columns lie in the outer share of the film's, from left or right."""
    first, last = int(film[0]), int(film[-1]) + 1
    place = ((columns.start + columns.stop) / 2 - first) / (last - first)
    return bool(place < MARGIN or place > 1 - MARGIN)


def _alone(pixels: np.ndarray, inner: Mask, air: Mask) -> Mask:
    """What is not air, small, and hangs together with nothing large."""
    labels, count = ndimage.label(inner & ~air)
    if count < 2:
        return np.zeros_like(inner)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    small = [label for label in range(1, count + 1) if sizes[label] < 0.05 * inner.sum()]
    lone = np.isin(labels, [label for label in small if label != int(sizes.argmax())])
    return np.asarray(lone & (ndimage.maximum_filter(pixels, 3) > 0.15))
