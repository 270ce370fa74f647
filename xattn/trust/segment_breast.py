"""The breast on a mammogram: the largest piece of body, with its own checks."""

import numpy as np
from scipy import ndimage

from xattn.trust.segment_film import FilmParts, Mask, Segment

LEAST, MOST = 0.06, 0.97
"""Share of the film that a whole breast covers."""
SOLID = 0.80
"""Least share of its convex hull that a breast fills; an axilla and a fold lower it."""
STRAIGHT = 0.5
"""Least share of its height along which a breast ends at a straight side: chest wall or film."""


def breast(parts: FilmParts, *, is_crop: bool) -> Segment:
    """The breast; `is_crop` where the model reads the surroundings of a box, not a whole film."""
    # Bright specks in the breast look like markers as long as nobody knows that it is the breast.
    bright = parts.body | parts.markers
    labels, count = ndimage.label(ndimage.binary_opening(bright, iterations=2))
    if not count:
        return Segment("breast", np.zeros_like(parts.body), "outline not found: no body")
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest = ndimage.binary_fill_holes(labels == int(sizes.argmax()))
    mask = np.asarray(ndimage.binary_dilation(largest, iterations=1) & bright)
    return Segment("breast", mask, _refusal(mask, parts, is_crop=is_crop))


def _refusal(mask: Mask, parts: FilmParts, *, is_crop: bool) -> str:
    film = ~parts.padding & ~parts.border
    share = float(mask.sum() / max(int(film.sum()), 1))
    if share < LEAST:
        return f"outline not found: {share:.0%} of the film"
    if is_crop:
        return ""
    if share > MOST:
        return "outline not found: no air about it"
    if _straightness(mask) < STRAIGHT:
        return "outline not found: no straight side towards the chest"
    return "" if _solidity(mask) >= SOLID else "outline not found: ragged"


def _solidity(mask: Mask) -> float:
    from skimage.morphology import convex_hull_image

    hull = convex_hull_image(mask)  # type: ignore[no-untyped-call]
    return float(mask.sum() / hull.sum())


def _straightness(mask: Mask) -> float:
    """Share of the mask's height that its leftmost or rightmost columns hold."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    sides = mask[:, columns[:4]], mask[:, columns[-4:]]
    height = int(rows[-1] - rows[0] + 1)
    return max(int(side.any(axis=1).sum()) for side in sides) / height
