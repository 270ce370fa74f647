"""Quantus's own numbers for one map, from an environment of its own: it brings a second OpenCV.

    uv venv quantus && uv pip install --python quantus/bin/python quantus
    XATTN_QUANTUS=quantus/bin/python make test

Run by the Python that has Quantus. It reads an .npz named on its command line, which holds a small
model (weights, bend), a film (1, h, w), a map of it, the grey that covers and a seed, and prints
JSON. Nothing of xattn is imported; `tests/trust/test_quantus.py` compares.
"""

import json
import sys
from typing import Any

import numpy as np
import quantus


class Quadratic:
    """v(x) = w · x + (u · x)² of films (N, 1, h, w), as Quantus calls a model."""

    def __init__(self, weights: np.ndarray, bend: np.ndarray) -> None:
        self.weights, self.bend = weights.ravel(), bend.ravel()

    def predict(self, films: np.ndarray, *_: object) -> np.ndarray:
        """Values (N, 1)."""
        flat = np.asarray(films, dtype=np.float64).reshape(len(films), -1)
        return np.asarray((flat @ self.weights + (flat @ self.bend) ** 2)[:, None])

    def shape_input(self, films: np.ndarray, shape: tuple[int, ...], **_: object) -> np.ndarray:
        """Films as a batch."""
        return np.reshape(films, (-1, *shape[-3:]))


def faithfulness_correlation(given: Any, model: Quadratic) -> float:
    """Over random subsets of one size, drawn with numpy's own generator from the seed."""
    np.random.seed(int(given["seed"]))  # noqa: NPY002  # where Quantus draws its subsets
    metric = quantus.FaithfulnessCorrelation(
        nr_runs=int(given["runs"]),
        subset_size=int(given["size"]),
        perturb_baseline=float(given["grey"]),
        normalise=False,
        disable_warnings=True,
    )
    return float(np.squeeze(_scores(metric, given, model)))


def pixel_flipping(given: Any, model: Quadratic) -> list[float]:
    """The value after each tenth of the pixels is covered, the largest of the map first."""
    metric = quantus.PixelFlipping(
        features_in_step=given["map"].size // 10,
        perturb_baseline=float(given["grey"]),
        normalise=False,
        disable_warnings=True,
    )
    return [float(value) for value in np.ravel(_scores(metric, given, model))]


def infidelity(given: Any, model: Quadratic) -> float:
    """Over the first one, two, … pixels covered: patches of one pixel stay covered here.

    Quantus multiplies the map by how far each pixel is moved, so that it is given per unit of that.
    """
    metric = quantus.Infidelity(
        perturb_patch_sizes=[1],
        n_perturb_samples=1,
        perturb_baseline=float(given["grey"]),
        disable_warnings=True,
    )
    slope = given["map"] / (given["film"] - given["grey"])
    return float(np.squeeze(_scores(metric, given, model, slope)))


def _scores(metric: Any, given: Any, model: Quadratic, shown: np.ndarray | None = None) -> Any:
    maps = (given["map"] if shown is None else shown)[None]
    films, outputs = given["film"][None], np.array([0])
    return metric.evaluate_batch(model=model, x_batch=films, y_batch=outputs, a_batch=maps)


def main() -> None:
    """Print the numbers."""
    given = np.load(sys.argv[1], allow_pickle=False)
    model = Quadratic(given["weights"], given["bend"])
    found = {
        "version": quantus.__version__,
        "faithfulness correlation": faithfulness_correlation(given, model),
        "pixel flipping": pixel_flipping(given, model),
        "infidelity": infidelity(given, model),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
