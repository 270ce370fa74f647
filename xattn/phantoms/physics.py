"""Radiography from geometry in millimetres: sampling grids, texture, strokes, photons, digits.

Nothing here knows an organ. Every field is a function of position, so a crop and a whole
view of one world are two samplings of the same thing.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, spline_filter

Floats = NDArray[np.float32]
Scalars = NDArray[np.float64]
Point = tuple[float, float]
"""A place in mm, (x, y)."""

CUBIC_POWER = 151 / 315
"""Mean over a cell of the sum of squared cubic B-spline weights, along one axis."""


LARGEST_MM = 36.0
"""Knot distance of a texture's first octave."""


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """A rectangle of the film in mm; x runs right and y down from the film's top-left corner."""

    centre_mm: Point
    size_mm: tuple[float, float]
    """Width and height."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Pixel centres in mm; `xs` and `ys` both increase by `spacing`."""

    xs: Scalars
    ys: Scalars
    spacing: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, columns."""
        return len(self.ys), len(self.xs)

    @property
    def x(self) -> Floats:
        """Columns' positions, (1, W)."""
        return self.xs[None, :].astype(np.float32)

    @property
    def y(self) -> Floats:
        """Rows' positions, (H, 1)."""
        return self.ys[:, None].astype(np.float32)

    def window(self, centre: Point, half: Point) -> tuple[slice, slice]:
        """Rows and columns within `half` of `centre`, along y and x; possibly empty."""
        spans = []
        for axis, middle, reach in ((self.ys, centre[1], half[1]), (self.xs, centre[0], half[0])):
            first = int(np.ceil((middle - reach - axis[0]) / self.spacing))
            last = int(np.floor((middle + reach - axis[0]) / self.spacing)) + 1
            spans.append(slice(min(max(first, 0), len(axis)), min(max(last, 0), len(axis))))
        return spans[0], spans[1]

    def part(self, window: tuple[slice, slice]) -> "Grid":
        """The grid of one window."""
        return Grid(self.xs[window[1]], self.ys[window[0]], self.spacing)


def sample_grid(field: FieldOfView, size: int) -> Grid:
    """Square pixels over a field, `size` of them along its height."""
    width, height = field.size_mm
    spacing = height / size
    columns = max(1, round(width / spacing))
    return Grid(
        _centres(field.centre_mm[0], columns, spacing),
        _centres(field.centre_mm[1], size, spacing),
        spacing,
    )


def _centres(middle: float, count: int, spacing: float) -> Scalars:
    return np.asarray(middle + (np.arange(count) - (count - 1) / 2) * spacing, np.float64)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele et al. 2014): one 64-bit word to another, well scrambled."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def lattice_normal(columns: NDArray[np.int64], rows: NDArray[np.int64], stream: int) -> Floats:
    """A nearly normal number (mean 0, variance 1) for every lattice point, the same each time."""
    key = np.uint64(stream % 2**64)
    words = _mix(columns.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + key)
    words = _mix(words + rows.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03))
    # Four 16-bit uniforms of variance 65536^2 / 12 each.
    total = sum((words >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48))
    return (np.asarray(total, np.float32) - np.float32(4 * 32767.5)) * np.float32(3**0.5 / 65536)


def _cubic(fraction: Scalars) -> Scalars:
    """The four cubic B-spline weights at a fraction of a cell, (..., 4)."""
    t = fraction
    return (
        np.stack(
            [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=-1
        )
        / 6
    )


def _spline_matrix(positions: Scalars) -> tuple[Floats, NDArray[np.int64]]:
    """Weights (positions, knots) of a cubic B-spline with unit knots, and the knots' indices."""
    cell = np.floor(positions).astype(np.int64)
    first = int(cell.min()) - 1
    matrix = np.zeros((len(positions), int(cell.max()) + 3 - first), np.float32)
    columns = (cell - 1 - first)[:, None] + np.arange(4)
    np.put_along_axis(matrix, columns, _cubic(positions - cell).astype(np.float32), axis=1)
    return matrix, first + np.arange(matrix.shape[1])


def smooth_noise(grid: Grid, knots_mm: float, stream: int) -> Floats:
    """Unit-variance noise, smooth over `knots_mm`: a B-spline through random knots, (H, W)."""
    shift = (stream % 9973) / 9973
    across, columns = _spline_matrix(grid.xs / knots_mm + shift)
    down, rows = _spline_matrix(grid.ys / knots_mm + shift)
    knots = lattice_normal(columns[None, :], rows[:, None], stream)
    return np.asarray(down @ knots @ across.T / CUBIC_POWER, np.float32)


def smooth_noise_at(u: Scalars, v: Scalars, stream: int) -> Floats:
    """The same noise with unit knots at any points, for curved coordinates."""
    columns = np.arange(int(np.floor(u.min())) - 1, int(np.floor(u.max())) + 3)
    rows = np.arange(int(np.floor(v.min())) - 1, int(np.floor(v.max())) + 3)
    knots = lattice_normal(columns[None, :], rows[:, None], stream)
    places = np.stack([v - rows[0], u - columns[0]])
    noise = map_coordinates(knots, places, order=3, mode="nearest", prefilter=False)
    return np.asarray(noise / CUBIC_POWER, np.float32)


def coarse_grid(grid: Grid, spacing: float) -> Grid:
    """A grid of whole multiples of `spacing` that covers another with two points to spare."""
    xs, ys = (
        spacing * np.arange(np.floor(axis[0] / spacing) - 2, np.ceil(axis[-1] / spacing) + 3)
        for axis in (grid.xs, grid.ys)
    )
    return Grid(xs, ys, spacing)


def refine(values: Floats, coarse: Grid, grid: Grid) -> Floats:
    """Smooth values on a coarse grid, interpolated by cubic B-splines on a finer one, (H, W)."""
    across, columns = _spline_matrix((grid.xs - coarse.xs[0]) / coarse.spacing)
    down, rows = _spline_matrix((grid.ys - coarse.ys[0]) / coarse.spacing)
    knots = np.asarray(spline_filter(values, order=3), np.float32)
    return np.asarray(down @ knots[rows][:, columns] @ across.T, np.float32)


def power_law_texture(
    grid: Grid, *, exponent: float, band_mm: tuple[float, float], stream: int
) -> Floats:
    """Noise whose power spectrum falls as frequency^-exponent, (H, W), unit variance in full.

    P(f) ~ f^-b asks of each octave, knots h apart, a variance ~ h^(b-2) (two dimensions).
    The sum runs over knots in `band_mm` (low <= h < high) and stops at the pixel, so a coarse
    grid simply lacks what it could not show; the variance is shared over all octaves down to
    0.1 mm whatever the grid, so that crops and bands agree.
    """
    total = np.zeros(grid.shape, np.float32)
    for octave, (knots_mm, share) in enumerate(_octaves(exponent)):
        if max(band_mm[0], grid.spacing) <= knots_mm < band_mm[1]:
            total += np.float32(np.sqrt(share)) * smooth_noise(grid, knots_mm, stream + octave)
    return total


@cache
def _octaves(exponent: float) -> tuple[tuple[float, float], ...]:
    knots = LARGEST_MM / 2.0 ** np.arange(9)
    variance = knots ** (exponent - 2)
    return tuple(zip(knots.tolist(), (variance / variance.sum()).tolist(), strict=True))


def distance_to_segment(grid: Grid, start: Point, end: Point) -> tuple[Floats, Floats]:
    """Distance in mm to a segment, and the nearest point's place along it in [0, 1]; (H, W)."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    x, y = grid.x - np.float32(start[0]), grid.y - np.float32(start[1])
    along = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1).astype(np.float32)
    return np.hypot(x - along * np.float32(dx), y - along * np.float32(dy)), along


@dataclass(frozen=True, slots=True)
class Stroke:
    """A soft line from start to end, or where both agree a dot, or with `ring` a circle."""

    start: Point
    end: Point
    radius: float
    depth: float
    """Attenuation at the axis; lengths are in mm."""
    ring: float = 0.0
    taper: float = 0.0
    """Share of the depth lost towards the end."""


def add_stroke(layer: Floats, grid: Grid, stroke: Stroke) -> None:
    """Draws a stroke into `layer` where it is stronger than what is there.

    What is thinner than a pixel is drawn as wide as one, and as much weaker.
    """
    width = float(np.hypot(0.6 * stroke.radius, 0.35 * grid.spacing))
    is_dot = stroke.start == stroke.end and not stroke.ring
    weaker = (0.6 * stroke.radius / width) ** (2 if is_dot else 1)
    centre = ((stroke.start[0] + stroke.end[0]) / 2, (stroke.start[1] + stroke.end[1]) / 2)
    reach = stroke.ring + 3.2 * width
    half = (
        abs(stroke.start[0] - stroke.end[0]) / 2 + reach,
        abs(stroke.start[1] - stroke.end[1]) / 2 + reach,
    )
    window = grid.window(centre, half)
    part = grid.part(window)
    if 0 in part.shape:
        return
    distance, along = distance_to_segment(part, stroke.start, stroke.end)
    distance = (distance - np.float32(stroke.ring)) / np.float32(width)
    profile = np.exp(-0.5 * distance * distance) - np.float32(0.006)
    profile *= np.float32(stroke.depth * weaker) * (1 - np.float32(stroke.taper) * along)
    np.maximum(layer[window], profile, out=layer[window])


@dataclass(frozen=True, slots=True)
class Detector:
    """What turns attenuation into a measured attenuation."""

    photons_mm2: float
    """Quanta per square millimetre without an object."""
    electronic_mm2: float
    """Variance of the electronics in quanta per square millimetre."""
    blur_mm: float
    """Standard deviation of the system's point spread."""


def expose(attenuation: Floats, spacing: float, detector: Detector, seed: int) -> Floats:
    """Measured attenuation -ln(I / I0) of a noisy, blurred exposure (Beer-Lambert), (H, W)."""
    intensity = np.exp(-attenuation)
    if detector.blur_mm > 0.25 * spacing:
        intensity = gaussian_filter(intensity, detector.blur_mm / spacing, truncate=3.0)
    area = spacing * spacing
    quanta = np.float32(detector.photons_mm2 * area)
    signal = intensity * quanta
    # Above 100 quanta a Poisson count cannot be told from a normal one of equal variance.
    deviation = np.sqrt(signal + np.float32(detector.electronic_mm2 * area))
    noise = np.random.default_rng([seed, 3]).standard_normal(signal.shape, dtype=np.float32)
    return np.asarray(-np.log(np.maximum(signal + deviation * noise, 1) / quanta), np.float32)


def digitise(brightness: Floats, bits: int, *, is_inverted: bool) -> NDArray[np.uint16]:
    """Stored values of a brightness in [0, 1]; inverted is MONOCHROME1 (PS3.3 C.7.6.3.1.2)."""
    top = 2**bits - 1
    stored = np.rint(np.clip(brightness, 0, 1) * np.float32(top)).astype(np.uint16)
    return np.asarray(top - stored if is_inverted else stored, np.uint16)
