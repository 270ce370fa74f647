"""Chest phantoms as training rows: whole frontal films."""

from dataclasses import dataclass

import numpy as np

from xattn.data.placement import Placement
from xattn.data.schemas import CHEST
from xattn.phantoms import chest
from xattn.phantoms.chest import LOOKS, Settings
from xattn.phantoms.chest_causes import SIGNS
from xattn.phantoms.row import PhantomRow

CAUSES = (*SIGNS, *LOOKS)
"""What a film may show, in the order of the row: each sign's conspicuity, then the look."""


@dataclass(frozen=True, slots=True)
class ChestRow:
    """One chest phantom as a training row: the targets are the 14 findings."""

    settings: Settings
    size: int = 224

    def __call__(self, seed: int) -> PhantomRow:
        """The row of a seed."""
        phantom = chest.draw(chest.sample_world(seed, self.settings), size=self.size)
        shown = chest.display(phantom)
        picture = Placement.whole(shown.shape, self.size).to_model(shown, fill=0.0)
        encoding = CHEST.encode(CHEST.check(dict(phantom.form)))
        return PhantomRow(
            np.round(picture * 255).astype(np.uint8),
            encoding.values,
            encoding.known,
            phantom.labels.astype(np.float32),
            phantom.expected.astype(np.float32),
            np.array([phantom.causes[name] for name in CAUSES], np.float32),
        )
