"""Maps that know nothing of the model's reading of this case: what a map must beat.

All live on a coarse square of CELLS × CELLS over what the model reads. Smooth maps keep the map's
own spectrum, histogram and radial profile and forget its places; silhouettes know where the body is
and nothing else. Other cases' maps are in `bank`.
"""

import numpy as np
from scipy.ndimage import binary_fill_holes, distance_transform_edt, gaussian_filter, label, zoom
from skimage.filters import threshold_otsu

CELLS = 28
"""Side of the square on which maps are compared: about four cells to a region's side."""
DRAWS = 199
"""Maps drawn for each null, as many as a bank must hold; p can be as small as one in 200."""
RINGS = 6
"""Distances from the body's centre between which a radial profile may differ."""
BODY_SHARES = (0.1, 0.97)
"""A silhouette outside these shares of the square is none: the body is all that was read."""


def coarse(values: np.ndarray) -> np.ndarray:
    """A map (h, w) as means or interpolated values (CELLS, CELLS) float64."""
    height, width = values.shape
    values = values.astype(np.float64)
    if height % CELLS == 0 and width % CELLS == 0:
        return np.asarray(
            values.reshape(CELLS, height // CELLS, CELLS, width // CELLS).mean((1, 3))
        )
    if min(height, width) > CELLS:
        values = gaussian_filter(values, (height / CELLS / 4, width / CELLS / 4), mode="nearest")
    scale = (CELLS / height, CELLS / width)
    return np.asarray(zoom(values, scale, order=1, grid_mode=True, mode="nearest"))


def body_mask(film: np.ndarray) -> np.ndarray:
    """Where the body is (CELLS, CELLS): the largest bright part of a film (S, S), holes filled.

    Otsu's threshold on the smoothed film; all True where that finds next to nothing or everything.
    """
    smooth = gaussian_filter(coarse(film), 1.0, mode="nearest")
    if np.ptp(smooth) == 0:
        return np.ones_like(smooth, dtype=bool)
    parts, count = label(smooth > threshold_otsu(smooth))  # type: ignore[no-untyped-call]
    largest = parts == 1 + np.argmax(np.bincount(parts.ravel(), minlength=count + 1)[1:])
    body = np.asarray(binary_fill_holes(largest))
    low, high = BODY_SHARES
    return body if low <= body.mean() <= high else np.ones_like(body)


def smooth_maps(own: np.ndarray, body: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Maps (DRAWS, C, C) with the spectrum, histogram and radial profile of `own` in the body.

    Phases are those of white noise, as in surrogate data (Theiler et al. 1992,
    doi:10.1016/0167-2789(92)90102-S), of what the radial profile leaves of the map.
    """
    profile = radial_profile(own, body)
    rest = np.where(body, own - profile, 0.0)
    amplitude = np.abs(np.fft.rfft2(rest))
    noise = np.fft.rfft2(generator.normal(size=(DRAWS, *own.shape)))
    phases = noise / np.maximum(np.abs(noise), 1e-12)
    drawn = np.fft.irfft2(amplitude * phases, own.shape)
    ranks = drawn[:, body].argsort(axis=1).argsort(axis=1)
    maps = np.zeros((DRAWS, *own.shape))
    maps[:, body] = np.sort(rest[body])[ranks] + profile[body]
    return maps


def radial_profile(values: np.ndarray, body: np.ndarray) -> np.ndarray:
    """The mean of a map (C, C) at each distance from the body's centre, in RINGS equal parts."""
    rows, columns = np.nonzero(body)
    grid = np.indices(values.shape)
    distance = np.hypot(grid[0] - rows.mean(), grid[1] - columns.mean())
    edges = np.quantile(distance[body], np.linspace(0, 1, RINGS + 1)[1:-1])
    ring = np.digitize(distance, edges)
    sums = np.bincount(ring[body], weights=values[body], minlength=RINGS)
    counts = np.bincount(ring[body], minlength=RINGS)
    return np.asarray((sums / np.maximum(counts, 1))[ring])


def silhouettes(film: np.ndarray, body: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Maps (DRAWS, C, C) of the body's outline: filled, shrunk, grown or a rim; sharp or soft.

    Within it they are even, or vary as smoothly as chance or the film's own brightness has it.
    """
    depth = np.where(body, distance_transform_edt(body), -distance_transform_edt(~body))
    deepest = max(float(depth.max()), 1.0)
    start, width, end = generator.random((3, DRAWS, 1, 1))
    start, width = deepest * (start * 0.9 - 0.3), 0.2 + 2.0 * width
    end = np.where(end < 0.5, np.inf, start + deepest * (end - 0.4))
    outline = _step((depth - start) / width) * _step((end - depth) / width)
    bright = _standard(gaussian_filter(coarse(film), 1.0))
    waves = generator.normal(size=(DRAWS, *body.shape))
    waves = _standard(gaussian_filter(waves, (0, 4.0, 4.0), mode="nearest"))
    share, depth_of = generator.random((2, DRAWS, 1, 1))
    return np.asarray(outline * (1 + depth_of * (share * waves + (1 - share) * bright) / 2))


def _step(values: np.ndarray) -> np.ndarray:
    return np.asarray(0.5 * (1 + np.tanh(values)))


def _standard(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean(axis=(-2, -1), keepdims=True)
    spread = centred.std(axis=(-2, -1), keepdims=True)
    return np.asarray(centred / np.maximum(spread, 1e-12))
