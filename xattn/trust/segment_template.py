"""Anatomy by comparison with a phantom's picture: where, how large and how turned it fits best.

Normalised cross-correlation (Lewis 1995) of the film with a picture whose parts are known, over
place, size, turn and side. The parts come from the best fit; below a stated correlation nothing is
found. The picture is a phantom's, so no real film and no learned weight is in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from scipy import ndimage
from skimage.feature import match_template
from skimage.transform import resize

from xattn.trust.segment_film import Mask

COARSE, FINE = 48, 96
"""Sides in pixels of the film on which a fit is sought, and refined."""
FINEST, COARSEST = 0.006, 0.03
"""The scales between which fine structure lies, in shares of the square's side."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A picture (h, w) of an anatomy whose parts are known, and how it may lie on a film.

    `height` is its height in shares of the square's side at scale 1.
    """

    picture: np.ndarray
    parts: tuple[tuple[str, Mask], ...]
    height: float
    tall: tuple[float, ...]
    """Scales along y that are tried."""
    wide: tuple[float, ...]
    """Scales along x, over those along y."""
    turns: tuple[float, ...]
    """Degrees, anticlockwise."""
    sides: tuple[bool, ...]
    """Whether it may be mirrored."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One way to lay a template on a film; the centre is in shares of the square's side."""

    tall: float
    wide: float
    turn: float
    is_mirrored: bool
    row: float = 0.5
    column: float = 0.5
    correlation: float = -1.0


def fit(pixels: np.ndarray, template: Template) -> Fit:
    """The best fit on a film (S, S): sought over everything, then refined about the best."""
    tries = (
        Fit(tall, wide, turn, side)
        for tall, wide, turn, side in product(
            template.tall, template.wide, template.turns, template.sides
        )
    )
    best = _best(pixels, template, tries, COARSE)
    step_tall = np.diff(template.tall).mean() / 2 if len(template.tall) > 1 else 0.0
    step_wide = np.diff(template.wide).mean() / 2 if len(template.wide) > 1 else 0.0
    step_turn = np.diff(template.turns).mean() / 2 if len(template.turns) > 1 else 0.0
    steps = {0.0, -1.0, 1.0}
    near = (
        replace(
            best,
            tall=best.tall + a * step_tall,
            wide=best.wide + b * step_wide,
            turn=best.turn + c * step_turn,
            correlation=-1.0,
        )
        for a, b, c in product(
            sorted(steps if step_tall else {0.0}),
            sorted(steps if step_wide else {0.0}),
            sorted(steps if step_turn else {0.0}),
        )
    )
    return _best(pixels, template, near, FINE)


def _best(pixels: np.ndarray, template: Template, tries: Iterable[Fit], side: int) -> Fit:
    small = resize(pixels, (side, side), anti_aliasing=True)  # type: ignore[no-untyped-call]
    height = template.picture.shape[0]
    picture = ndimage.gaussian_filter(template.picture, 0.35 * height / (template.height * side))
    smooth = replace(template, picture=picture)
    found = [_matched(small, smooth, attempt) for attempt in tries]
    return max(found, key=lambda attempt: attempt.correlation)


def _matched(small: np.ndarray, template: Template, attempt: Fit) -> Fit:
    patch = _posed(template, attempt, small.shape[0])
    if min(patch.shape) < 8 or max(patch.shape) > small.shape[0] or patch.std() == 0:
        return attempt
    field = match_template(small, patch, pad_input=True, mode="edge")  # type: ignore[no-untyped-call]
    field[field > 1] = -1  # where the film is flat, rounding divides by next to nothing
    row, column = np.unravel_index(int(field.argmax()), field.shape)
    return replace(
        attempt,
        # `match_template` gives the pixel under the patch's middle one.
        row=(row + 0.5 * (1 - (patch.shape[0] + 1) % 2)) / small.shape[0],
        column=(column + 0.5 * (1 - (patch.shape[1] + 1) % 2)) / small.shape[1],
        correlation=float(field[row, column]),
    )


def _posed(template: Template, attempt: Fit, side: int) -> np.ndarray:
    """The picture at this size, turn and side, on pixels of a film `side` wide."""
    height, width = template.picture.shape
    tall = template.height * attempt.tall * side
    shape = (max(1, round(tall)), max(1, round(tall * attempt.wide * width / height)))
    rows, columns = np.indices(shape, dtype=np.float64)
    y, x = (rows + 0.5 - shape[0] / 2) / side, (columns + 0.5 - shape[1] / 2) / side
    return _sampled(template.picture, template, attempt, (y, x))


def place(part: np.ndarray, template: Template, found: Fit, size: int) -> np.ndarray:
    """One of the template's layers (h, w) where it lies on the square, (size, size) float."""
    rows, columns = np.indices((size, size), dtype=np.float64)
    y, x = (rows + 0.5) / size - found.row, (columns + 0.5) / size - found.column
    return _sampled(part.astype(np.float32), template, found, (y, x), mode="constant")


def detail(pixels: np.ndarray, template: Template, found: Fit) -> float:
    """Correlation of the film's fine structure with the template's where that lies, −1 to 1.

    A smooth film fits many pictures well; edges and lines fit their own alone.
    """
    size = pixels.shape[0]
    support = place(np.ones(template.picture.shape), template, found, size) > 0.99
    if support.sum() < 100:
        return -1.0
    laid = place(template.picture, template, found, size)
    film, picture = (_fine(layer, support) for layer in (pixels, laid))
    scale = float(np.sqrt((film @ film) * (picture @ picture)))
    return float(film @ picture) / scale if scale else -1.0


def _fine(layer: np.ndarray, support: Mask) -> np.ndarray:
    """What is finer than the detail's scale, over local contrast, where supported."""
    size = layer.shape[0]
    smooth = ndimage.gaussian_filter(layer, FINEST * size)
    rest = smooth - ndimage.gaussian_filter(layer, COARSEST * size)
    inner = ndimage.binary_erosion(support, iterations=max(1, round(COARSEST * size)))
    part = rest[inner]
    return np.asarray(part - part.mean() if len(part) else part, np.float64)


def _sampled(
    layer: np.ndarray,
    template: Template,
    pose: Fit,
    offset: tuple[np.ndarray, np.ndarray],
    mode: str = "nearest",
) -> np.ndarray:
    """A layer at offsets (y, x) from its centre, in shares of the square's side."""
    height, width = layer.shape
    y, x = offset
    angle = np.deg2rad(pose.turn)
    across = np.cos(angle) * x - np.sin(angle) * y
    down = np.sin(angle) * x + np.cos(angle) * y
    across = -across if pose.is_mirrored else across
    unit = template.height * pose.tall / height
    rows = down / unit + height / 2 - 0.5
    columns = across / (unit * pose.wide) + width / 2 - 0.5
    return np.asarray(ndimage.map_coordinates(layer, [rows, columns], order=1, mode=mode))
