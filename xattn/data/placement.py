"""File pixels <-> model pixels, both ways: what part of a film the model reads, and where."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from xattn.data.window import Tone
from xattn.errors import IntakeError

Shape = tuple[int, int]

BAND = 16
"""Model rows that are made at once of a film."""

ASSUMED_FILM_MM = 240.0
"""The long side of a film whose file gives no spacing: the usual detector of mammography."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole file pixels; x runs along columns, y down rows.

    Raises:
        IntakeError: if a side is not positive.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise IntakeError(
                f"A box of at least one pixel was expected, however: {self.width} x {self.height}; "
                "draw it again."
            )

    def within(self, shape: Shape) -> "Box":
        """The same box, known to lie on a film of `shape` (rows, columns).

        Raises:
            IntakeError: if any part of it lies outside.
        """
        rows, columns = shape
        right, bottom = self.x + self.width, self.y + self.height
        if min(self.x, self.y) < 0 or right > columns or bottom > rows:
            raise IntakeError(
                f"A box inside the film of {columns} x {rows} pixels was expected, however it "
                f"reaches from ({self.x}, {self.y}) to ({right}, {bottom}); draw it again."
            )
        return self

    def jittered(self, shape: Shape, *, fraction: float = 0.1) -> tuple["Box", ...]:
        """Eight boxes moved or resized by a fraction of their sides, kept on the film.

        Left, right, up, down; larger, smaller; and both at once along the two diagonals. A box at
        the border, or of a few pixels, may equal its neighbour or itself.
        """
        moves = ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0))
        sizes = ((0, 0, 1), (0, 0, -1), (-1, -1, 1), (1, 1, -1))
        return tuple(self._varied(shape, *step, fraction) for step in moves + sizes)

    def _varied(self, shape: Shape, right: int, down: int, larger: int, by: float) -> "Box":
        rows, columns = shape
        width = min(max(round(self.width * (1 + larger * by)), 1), columns)
        height = min(max(round(self.height * (1 + larger * by)), 1), rows)
        x = round(self.x + self.width * (0.5 + right * by) - width / 2)
        y = round(self.y + self.height * (0.5 + down * by) - height / 2)
        return Box(min(max(x, 0), columns - width), min(max(y, 0), rows - height), width, height)


@dataclass(frozen=True, slots=True)
class Placement:
    """The square of a film that a model reads, and the size it reads it at.

    The film has `height` rows and `width` columns; the square starts at `left`, `top` and is
    `side` file pixels long; what of it lies beyond the film is padding. Coordinates run along
    edges: pixel (row 0, column 0) covers 0 to 1 both ways, and its centre lies at (0.5, 0.5).

    Raises:
        IntakeError: if the square is empty or misses the film.
    """

    height: int
    width: int
    left: float
    top: float
    side: float
    size: int

    def __post_init__(self) -> None:
        right, bottom = self.left + self.side, self.top + self.side
        is_on_film = self.left < self.width and self.top < self.height and min(right, bottom) > 0
        if min(self.height, self.width, self.size) < 1 or not self.side > 0 or not is_on_film:
            raise IntakeError(
                f"A square on the film of {self.width} x {self.height} pixels was expected, "
                f"however: {self.side:g} at ({self.left:g}, {self.top:g}); choose another region."
            )

    @classmethod
    def whole(cls, shape: Shape, size: int) -> "Placement":
        """The whole film, padded to a square about its centre."""
        rows, columns = shape
        side = max(rows, columns)
        return cls(rows, columns, (columns - side) / 2, (rows - side) / 2, side, size)

    @classmethod
    def around(cls, shape: Shape, box: Box, *, size: int, margin: float = 0.25) -> "Placement":
        """A square about a box, with `margin` times its longer side left on every side.

        A square that would reach over the border is moved onto the film, since padding is no
        anatomy; one longer than the film is cut to its longer side and padded like the whole.
        """
        box.within(shape)
        rows, columns = shape
        side = min(max(box.width, box.height) * (1 + 2 * margin), max(rows, columns))
        left = _moved_inside(box.x + box.width / 2 - side / 2, side, columns)
        top = _moved_inside(box.y + box.height / 2 - side / 2, side, rows)
        return cls(rows, columns, left, top, side, size)

    def model_to_file(self, x: float, y: float) -> tuple[float, float]:
        """File coordinates of a point in model pixels."""
        scale = self.side / self.size
        return self.left + x * scale, self.top + y * scale

    def file_to_model(self, x: float, y: float) -> tuple[float, float]:
        """Model coordinates of a point in file pixels; the inverse of `model_to_file`."""
        scale = self.size / self.side
        return (x - self.left) * scale, (y - self.top) * scale

    def read_mask(self) -> np.ndarray:
        """Which file pixels (H, W) bool have their centre in the square."""
        mask = np.zeros((self.height, self.width), dtype=bool)
        mask[_span(self.top, self.side, self.height), _span(self.left, self.side, self.width)] = (
            True
        )
        return mask

    def to_model(self, values: np.ndarray, fill: float, tone: Tone = np.asarray) -> np.ndarray:
        """What the model reads, float32 (size, size), of a film (H, W); padding is `fill`.

        Each model pixel is the mean over the area it covers, so nothing aliases and the mean of
        the film stays; a film smaller than the model is interpolated linearly. `tone` is taken of
        some rows at a time: another copy of a whole large film takes longest.
        """
        rows = _averaging(self.top, self.side, self.height, self.size)
        columns = _averaging(self.left, self.side, self.width, self.size)
        left = _used(columns)
        bands = [rows[first : first + BAND] for first in range(0, self.size, BAND)]
        read = np.concatenate([_mean_rows(band, values[:, left], tone) for band in bands])
        read = columns[:, left] @ read.T
        covered = np.outer(rows.sum(axis=1), columns.sum(axis=1))
        placed: np.ndarray = (read.T + (1 - covered) * fill).astype(np.float32)
        return placed

    def to_file(
        self, grid: np.ndarray, *, mode: Literal["linear", "nearest"] = "linear"
    ) -> np.ndarray:
        """A map over the square, of any resolution (h, w), on the film: float32 (H, W).

        NaN where the film was not read. `linear` joins the centres of the map's cells and stays
        constant beyond the outermost ones; `nearest` keeps labels apart.
        """
        inside = _span(self.top, self.side, self.height), _span(self.left, self.side, self.width)
        rows, columns = (
            _cell_positions(span, start, self.side, count)
            for span, start, count in zip(inside, (self.top, self.left), grid.shape, strict=True)
        )
        film = np.full((self.height, self.width), np.nan, dtype=np.float32)
        if mode == "nearest":
            band = np.take(grid.astype(np.float32), _nearest(columns, grid.shape[1]), axis=1)
            film[inside] = band[_nearest(rows, grid.shape[0])]
        else:
            down, across = _joining(rows, grid.shape[0]), _joining(columns, grid.shape[1])
            film[inside] = down @ (across @ grid.T.astype(np.float32)).T
        return film


def placed(
    shape: Shape,
    box: Box | None,
    *,
    size: int,
    margin_mm: float,
    spacing_mm: tuple[float, float] | None,
) -> Placement:
    """The square that is read of a film: all of it, or a box with a margin in millimetres.

    `spacing_mm` is between rows, and between columns; None where the file gives none.

    Raises:
        IntakeError: if the box does not lie on the film.
    """
    if box is None:
        return Placement.whole(shape, size)
    pixel_mm = max(spacing_mm) if spacing_mm else ASSUMED_FILM_MM / max(shape)
    margin = margin_mm / pixel_mm / max(box.width, box.height)
    return Placement.around(shape, box, size=size, margin=margin)


def _moved_inside(start: float, side: float, length: int) -> float:
    """The start nearest to `start` that keeps the span on the film; centred if it is longer."""
    if side > length:
        return (length - side) / 2
    return min(max(start, 0.0), length - side)


def _span(start: float, side: float, length: int) -> slice:
    """The pixels whose centres lie in [start, start + side)."""
    first, last = math.ceil(start - 0.5), math.ceil(start + side - 0.5)
    return slice(max(first, 0), min(last, length))


def _averaging(start: float, side: float, length: int, size: int) -> sparse.csr_array:
    """Weights (size, length) of each file pixel in each model pixel; rows sum to 1 on the film.

    Down to one file pixel per model pixel, the share of the model pixel that the file pixel
    covers; above that, the two nearest centres, the film's border repeated outwards so that the
    padding does not bleed into it. At equal scale and whole offsets the two are the same.
    """
    scale = side / size
    reach = max(scale, 1.0) / 2
    centre = start + (np.arange(size) + 0.5) * scale
    first = np.floor(centre - reach).astype(np.int64)
    pixel = first[:, None] + np.arange(math.ceil(2 * reach) + 1)
    low = np.maximum(pixel, (centre - reach)[:, None])
    high = np.minimum(pixel + 1, (centre + reach)[:, None])
    weight = (high - low) / (2 * reach)
    if scale < 1:
        weight[(centre < 0) | (centre >= length)] = 0
        pixel = np.clip(pixel, 0, length - 1)
    on_film = (pixel >= 0) & (pixel < length) & (weight > 0)
    model = np.broadcast_to(np.arange(size)[:, None], pixel.shape)
    return sparse.csr_array(
        (weight[on_film].astype(np.float32), (model[on_film], pixel[on_film])), shape=(size, length)
    )


def _mean_rows(weights: sparse.csr_array, values: np.ndarray, tone: Tone) -> np.ndarray:
    """Model rows (B, W) of a film (H, W) by their weights (B, H); zeros where all is padding."""
    if not weights.nnz:
        return np.zeros((weights.shape[0], values.shape[1]), dtype=np.float32)
    used = _used(weights)
    part = np.ascontiguousarray(tone(values[used]), dtype=np.float32)
    mean: np.ndarray = weights[:, used] @ part
    return mean


def _used(weights: sparse.csr_array) -> slice:
    return slice(int(weights.indices.min()), int(weights.indices.max()) + 1)


def _cell_positions(span: slice, start: float, side: float, count: int) -> np.ndarray:
    """Where file pixel centres lie among the map's cells; the centre of cell 0 lies at 0."""
    return (np.arange(span.start, span.stop) + 0.5 - start) * count / side - 0.5


def _nearest(position: np.ndarray, count: int) -> np.ndarray:
    return np.clip(np.floor(position + 0.5).astype(np.int64), 0, count - 1)


def _joining(position: np.ndarray, count: int) -> sparse.csr_array:
    """Weights (pixels, count) of the two cells about each position."""
    inside = np.clip(position, 0, count - 1)
    low = np.minimum(np.floor(inside).astype(np.int64), max(count - 2, 0))
    share = (inside - low).astype(np.float32)
    pixel = np.arange(len(position))
    high = np.minimum(low + 1, count - 1)
    return sparse.csr_array(
        (np.concatenate([1 - share, share]), (np.tile(pixel, 2), np.concatenate([low, high]))),
        shape=(len(position), count),
    )
