"""The image players: 30 to 60 connected regions that follow the grey-levels, or a fixed grid."""

import numpy as np
from skimage.segmentation import slic

FEWEST, MOST = 30, 60
GRID = 7


def regions(image: np.ndarray) -> np.ndarray:
    """Labels 0 … R−1 (S, S) int of the image players of a film (S, S) in 0 to 1.

    SLIC (Achanta et al. 2012, doi:10.1109/TPAMI.2012.120) on the model's own input; where it gives
    too few or too many regions to be read or solved, a fixed 7 × 7 grid.
    """
    labels = slic(
        image, n_segments=GRID * GRID, compactness=0.1, sigma=1.0, start_label=0, channel_axis=None
    )
    labels = np.asarray(labels)
    follows = FEWEST <= labels.max() + 1 <= MOST
    return labels if follows else grid(image.shape[0])


def grid(side: int, cells: int = GRID) -> np.ndarray:
    """Labels (side, side) of a fixed grid of cells × cells squares, in row order."""
    index = np.arange(side) * cells // side
    return index[:, None] * cells + index[None, :]


def region_sums(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The sum of a map (S, S) over each region (R,)."""
    sums = np.bincount(labels.ravel(), weights=values.ravel().astype(np.float64))
    return np.asarray(sums)


def paint(per_region: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """A map (S, S) float32 that holds each region's number on the whole region."""
    return np.asarray(per_region.astype(np.float32)[labels])
