"""A film as a thumbnail, and as the features that tell what kind of film it is."""

import numpy as np
from scipy import ndimage

from xattn.data.radiograph import Radiograph

SIDE = 64
"""Side of the thumbnail in pixels."""
CELLS, DIRECTIONS = 8, 8
"""Gradients are counted in 8 x 8 cells by 8 signed directions: bright-to-dark is a direction."""
FEATURES = (SIDE // 4) ** 2 + CELLS**2 * DIRECTIONS
"""Length of a feature vector: 16 x 16 greys and 512 shares of gradient."""
_FLAT = 0.02
"""Spread of a row below which it is padding or a collimator's shadow, as a share of the range."""
_OVERSAMPLED = 4


def shown(radiograph: Radiograph, side: int = _OVERSAMPLED * SIDE) -> np.ndarray:
    """The film float32 (h, w) in 0 to 1, bright = dense, thinned to at least `side` pixels."""
    step = max(1, min(radiograph.shape) // side)
    values = radiograph.presets[0].shown(radiograph.values[::step, ::step])
    return np.asarray(1 - values if radiograph.is_inverted else values, dtype=np.float32)


def trimmed(film: np.ndarray) -> np.ndarray:
    """The film without flat borders; the whole of it where hardly anything would be left."""
    rows = np.flatnonzero(film.std(axis=1) > _FLAT)
    columns = np.flatnonzero(film.std(axis=0) > _FLAT)
    if len(rows) < film.shape[0] // 4 or len(columns) < film.shape[1] // 4:
        return film
    return film[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def thumbnail(film: np.ndarray) -> np.ndarray:
    """The trimmed film averaged to (SIDE, SIDE) float64; its aspect is lost."""
    whole = trimmed(film).astype(np.float64)
    if min(whole.shape) < SIDE:
        whole = ndimage.zoom(whole, [max(1.0, 1.001 * SIDE / n) for n in whole.shape], order=1)
    rows, columns = (np.linspace(0, length, SIDE + 1).astype(int) for length in whole.shape)
    sums = np.add.reduceat(np.add.reduceat(whole, rows[:-1], axis=0), columns[:-1], axis=1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)))


def ranks(picture: np.ndarray) -> np.ndarray:
    """Each grey's place among all, from -0.5 to 0.5: unchanged by any window or gamma."""
    _, inverse, counts = np.unique(
        np.round(picture, 3).ravel(), return_inverse=True, return_counts=True
    )
    middle = np.cumsum(counts) - counts / 2
    return np.asarray((middle[inverse] / picture.size - 0.5).reshape(picture.shape))


def features(picture: np.ndarray) -> np.ndarray:
    """The features (FEATURES,) float64 of a thumbnail: coarse ranks, and gradients by direction."""
    ranked = ranks(picture)
    coarse = ranked.reshape(SIDE // 4, 4, SIDE // 4, 4).mean(axis=(1, 3))
    return np.concatenate([2 * coarse.ravel(), _gradients(ranked).ravel()])


def _gradients(ranked: np.ndarray) -> np.ndarray:
    """Square roots of each direction's share (DIRECTIONS, CELLS, CELLS), after Dalal and Triggs."""
    down, across = np.gradient(ndimage.gaussian_filter(ranked, 1.0))
    strength = np.hypot(down, across)
    turn = (np.arctan2(down, across) + np.pi) / (2 * np.pi) * DIRECTIONS
    first = np.floor(turn).astype(int) % DIRECTIONS
    share = turn - np.floor(turn)
    place = np.indices(ranked.shape)
    counted = np.zeros((DIRECTIONS, *ranked.shape))
    np.add.at(counted, (first, *place), strength * (1 - share))
    np.add.at(counted, ((first + 1) % DIRECTIONS, *place), strength * share)
    wide = SIDE // CELLS
    cells = counted.reshape(DIRECTIONS, CELLS, wide, CELLS, wide).sum(axis=(2, 4))
    # 0.25 keeps the noise of empty cells from counting as edges; 0.3 is near the mean.
    return np.asarray(np.sqrt(cells / (cells.sum(axis=0, keepdims=True) + 0.25)) - 0.3)
