"""VOI transformations: which part of the values is shown, and how (DICOM PS3.3 C.11.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from xattn.errors import IntakeError

Tone = Callable[[np.ndarray], np.ndarray]
"""From values of a film to the greys that are shown or read, element by element."""
VoiFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
"""How brightness follows the values inside a window (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""

AUTOMATIC_PERCENTILES = (0.5, 99.5)
"""Between these lies the anatomy on a film with markers, wires and a dead column."""

AUTOMATIC_SAMPLE = 2**20
"""Pixels the automatic window looks at; their percentiles differ from all by less than a grey."""


@dataclass(frozen=True, slots=True)
class Window:
    """A window of `width` values about `centre`, shown by one of the three standard functions.

    Raises:
        IntakeError: if the width is below 1 (LINEAR), not positive (others), or not finite.
    """

    centre: float
    width: float
    name: str = ""
    function: VoiFunction = "LINEAR"

    def __post_init__(self) -> None:
        is_wide_enough = self.width >= 1 if self.function == "LINEAR" else self.width > 0
        if not (np.isfinite([self.centre, self.width]).all() and is_wide_enough):
            least = "at least 1" if self.function == "LINEAR" else "above 0"
            raise IntakeError(
                f"A window with a width {least} and finite values was expected, however: centre "
                f"{self.centre:g}, width {self.width:g}; choose another window."
            )

    def shown(self, values: np.ndarray) -> np.ndarray:
        """The brightness in [0, 1], float64, before polarity.

        LINEAR        y = (x - (c - 0.5)) / (w - 1) + 0.5      C.11.2.1.2.1
        SIGMOID       y = 1 / (1 + exp(-4 (x - c) / w))        C.11.2.1.3.1
        LINEAR_EXACT  y = (x - c) / w + 0.5                    C.11.2.1.3.2
        """
        x = values.astype(np.float64)
        if self.function == "SIGMOID":
            # Beyond 40 the result is 0 or 1 to the last bit; without the clip exp overflows.
            return 1 / (1 + np.exp(-np.clip(4 * (x - self.centre) / self.width, -40, 40)))
        if self.function == "LINEAR_EXACT":
            return np.clip((x - self.centre) / self.width + 0.5, 0, 1)
        if self.width == 1:
            return (x > self.centre - 0.5).astype(np.float64)
        return np.clip((x - (self.centre - 0.5)) / (self.width - 1) + 0.5, 0, 1)


@dataclass(frozen=True, slots=True, eq=False)
class VoiLut:
    """A table of brightnesses: entry 0 is for the value `first` and below, the last for the rest.

    `table` uint16 (N,) holds 0 to 2^bits - 1 (PS3.3 C.11.2.1.1).
    """

    table: np.ndarray
    first: int
    bits: int
    name: str = ""

    def shown(self, values: np.ndarray) -> np.ndarray:
        """The brightness in [0, 1], float64, before polarity."""
        index = np.clip(np.floor(values).astype(np.int64) - self.first, 0, len(self.table) - 1)
        shown: np.ndarray = np.minimum(self.table / (2**self.bits - 1), 1)[index]
        return shown


Preset = Window | VoiLut


def automatic_window(values: np.ndarray) -> Window:
    """The window from the 0.5th to the 99.5th percentile, named "automatic".

    `values` of any shape, at least one; evenly spaced ones are looked at if there are many.
    """
    sample = values.reshape(-1)[:: 1 + values.size // AUTOMATIC_SAMPLE]
    low, high = np.percentile(sample, AUTOMATIC_PERCENTILES)
    centre, width = (low + high) / 2, high - low
    # A flat film has no width of its own; any positive one shows it mid-grey.
    return Window(float(centre), float(width) or 1.0, "automatic", "LINEAR_EXACT")


def full_window(bits: int) -> Window:
    """The window that shows 0 as black and 2^bits - 1 as white, named "as stored"."""
    return Window(2.0 ** (bits - 1), 2.0**bits, "as stored")
