"""The phantoms of each system: what can be known of them, a sheet, and the app's sample cases."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xattn.phantoms.breast_bayes import bayes_table
from xattn.phantoms.breast_samples import write_breast_samples
from xattn.phantoms.breast_sheet import breast_sheet
from xattn.phantoms.chest_bayes import chest_bayes_table
from xattn.phantoms.chest_samples import write_chest_samples
from xattn.phantoms.chest_sheet import chest_sheet
from xattn.phantoms.hip_bayes import hip_bayes_table
from xattn.phantoms.hip_samples import write_hip_samples
from xattn.phantoms.hip_sheet import hip_sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Phantoms:
    """One system's synthetic films."""

    table: Callable[[int, int], Sequence[object]]
    """From a number of worlds and a seed to lines: how well each source can be read at best."""
    sheet: Callable[[int], np.ndarray]
    """From a seed to a picture (H, W) uint8 of what they draw."""
    write_samples: Callable[[Path], None]
    """Writes the app's sample cases below a folder."""


PHANTOMS = {
    "hip": Phantoms(
        table=hip_bayes_table,
        sheet=lambda seed: hip_sheet(seed=seed),
        write_samples=write_hip_samples,
    ),
    "breast": Phantoms(
        table=bayes_table,
        sheet=lambda seed: breast_sheet(seed=seed),
        write_samples=write_breast_samples,
    ),
    "chest": Phantoms(
        table=chest_bayes_table,
        sheet=lambda seed: chest_sheet(seed=seed),
        write_samples=write_chest_samples,
    ),
}
