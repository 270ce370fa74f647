"""Regions: a partition into connected parts, and sums over it that lose nothing."""

import numpy as np
import pytest
from scipy.ndimage import label

from tests import tiny
from xattn.explain.regions import FEWEST, MOST, grid, paint, region_sums, regions


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return regions(tiny.case().film.pixels)


def test_every_label_from_zero_is_used(labels: np.ndarray) -> None:
    assert np.unique(labels).tolist() == list(range(labels.max() + 1))
    assert FEWEST <= labels.max() + 1 <= MOST


def test_every_region_is_connected(labels: np.ndarray) -> None:
    assert [label(labels == region)[1] for region in range(labels.max() + 1)] == [1] * (
        labels.max() + 1
    )


def test_regions_follow_the_film_and_not_the_grid(labels: np.ndarray) -> None:
    assert not np.array_equal(labels, grid(labels.shape[0]))


def test_too_small_a_film_falls_back_to_the_grid() -> None:
    film = np.random.default_rng(0).random((8, 8)).astype(np.float32)
    assert np.array_equal(regions(film), grid(8))


def test_grid_by_hand() -> None:
    assert grid(4, 2).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert grid(5, 2)[0].tolist() == [0, 0, 0, 1, 1]


def test_sums_by_hand() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert region_sums(values, np.array([[0, 1], [1, 2]])).tolist() == [1.0, 5.0, 4.0]


def test_region_sums_add_up_to_the_sum_of_the_map(labels: np.ndarray) -> None:
    values = np.random.default_rng(1).normal(size=labels.shape)
    # float64 sums of about ten thousand normal numbers in two orders
    assert region_sums(values, labels).sum() == pytest.approx(values.sum(), abs=1e-10)


def test_painting_puts_each_number_on_its_whole_region(labels: np.ndarray) -> None:
    numbers = np.arange(labels.max() + 1) / 8
    painted = paint(numbers, labels)
    assert painted.dtype == np.float32
    # eighths are exact in float32
    assert np.array_equal(region_sums(painted, labels), numbers * np.bincount(labels.ravel()))
