"""One phantom as a training case: what every system's phantoms hand to the training."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class PhantomRow:
    """A picture, its form and its truth.

    `pixels` (S, S) uint8, bright = dense. `values` (slots,) float32 and `known` (F,) bool are the
    encoded form. `labels` (K,) float32, NaN where nobody knows. `expected` (3, K) float32 holds the
    label expected given what causes show on the film, given the form, and given both: a probability
    or a number in the target's unit. `causes` (C,) float32 is what an encoder can learn to see.
    """

    pixels: np.ndarray
    values: np.ndarray
    known: np.ndarray
    labels: np.ndarray
    expected: np.ndarray
    causes: np.ndarray
