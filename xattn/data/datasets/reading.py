"""An entry's files -> what a model reads: the picture and the encoded form."""

from pathlib import Path

import numpy as np

from xattn.data.clinical import Encoding, Schema
from xattn.data.datasets.entries import Entry
from xattn.data.intake import read_image
from xattn.data.placement import Box, Shape, placed
from xattn.data.radiograph import Radiograph
from xattn.errors import IntakeError

ASPECT_TOLERANCE = 0.02
"""Scanned masks differ from their films by some rows; crops differ by far more."""


def read_entry(
    entry: Entry, schema: Schema, *, size: int, margin_mm: float
) -> tuple[np.ndarray, Encoding]:
    """The picture (size, size) uint8, bright = dense, and the encoded form.

    The film is read whole, or around the entry's box or its mask's with `margin_mm` on every side
    (infinity: whole again); rounded to nearest. Padding is 0.

    Raises:
        IntakeError: with the row, if a file is no film, or none of them is the entry's.
    """
    try:
        film, box = _film(entry)
        here = placed(film.shape, box, size=size, margin_mm=margin_mm, spacing_mm=film.spacing_mm)
    except IntakeError as error:
        raise IntakeError(f"{entry.place}: {error}") from None
    picture = np.rint(255 * here.to_model(film.model_values(), fill=0.0)).astype(np.uint8)
    return picture, schema.encode(entry.form)


def _film(entry: Entry) -> tuple[Radiograph, Box | None]:
    if not entry.images:
        raise IntakeError("A film was expected, however this row has a form alone; leave it out.")
    if len(entry.images) == 1:
        return read_image(entry.images[0]), entry.box
    return _told_apart(entry.images)


def _told_apart(paths: tuple[Path, ...]) -> tuple[Radiograph, Box | None]:
    """The film and its mask's box; without either, the lesion's crop as it is.

    Raises:
        IntakeError: if there are several masks, or nothing but masks.
    """
    pictures = sorted((read_image(path) for path in paths), key=lambda film: film.values.size)
    masks = [film for film in pictures if _is_binary(film.values)]
    grey = [film for film in pictures if film not in masks]
    if len(masks) > 1 or not grey:
        raise IntakeError(
            f"A film and at most one mask of its lesion were expected, however: {len(grey)} "
            f"film(s) and {len(masks)} mask(s); check the folder."
        )
    if masks and _is_same_film(grey[-1].shape, masks[0].shape):
        return grey[-1], _marked(masks[0].values, grey[-1].shape)
    return grey[0], None


def _is_binary(values: np.ndarray) -> bool:
    return bool(((values == values.min()) | (values == values.max())).all())


def _is_same_film(film: Shape, mask: Shape) -> bool:
    down, across = film[0] / mask[0], film[1] / mask[1]
    return abs(down / across - 1) < ASPECT_TOLERANCE and 0.5 <= down <= 2


def _marked(mask: np.ndarray, shape: Shape) -> Box:
    """The smallest box about what a mask marks, in pixels of the film of `shape`."""
    rows, columns = (np.flatnonzero((mask > 0).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        raise IntakeError("A mask that marks a lesion was expected, however: an empty one.")
    down, across = shape[0] / mask.shape[0], shape[1] / mask.shape[1]
    top, bottom = int(rows[0] * down), int(np.ceil((rows[-1] + 1) * down))
    left, right = int(columns[0] * across), int(np.ceil((columns[-1] + 1) * across))
    return Box(left, top, right - left, bottom - top)
