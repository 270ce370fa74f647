"""Breast phantoms as training rows: whole films and lesion crops."""

from dataclasses import dataclass

import numpy as np

from xattn.data.placement import Placement
from xattn.data.schemas import BREAST
from xattn.phantoms import breast
from xattn.phantoms.breast import Settings
from xattn.phantoms.row import PhantomRow

CROPPED = 0.7
"""Share of the cases that show the lesion's surroundings; the others show the whole film."""
JITTER = 0.12
"""Crops are moved and scaled by up to this share, a little more than a reader's box is varied."""
CAUSES = (
    "density", "lesion_type", "skin", "strands", "satellite", "site", "size",
    "mass_shape", "mass_margins", "calc_type", "calc_distribution",
)  # fmt: skip
"""What a film may show, in the order of the row: what each adds to the log-odds, 0 if it lacks."""


@dataclass(frozen=True, slots=True)
class BreastRow:
    """One breast phantom as a training row."""

    settings: Settings
    size: int = 224
    cropped: float = CROPPED

    def __call__(self, seed: int) -> PhantomRow:
        """The row of a seed."""
        world = breast.sample_world(seed, self.settings)
        is_crop = np.random.default_rng([seed, 11]).random() < self.cropped
        field = breast.crop_field(world, jitter=JITTER) if is_crop else None
        phantom = breast.draw(world, size=self.size, field=field)
        shown = breast.display(phantom)
        picture = Placement.whole(shown.shape, self.size).to_model(shown, fill=0.0)
        encoding = BREAST.encode(BREAST.check({"lesion_type": phantom.lesion_type, **phantom.form}))
        bayes = phantom.bayes
        return PhantomRow(
            np.round(picture * 255).astype(np.uint8),
            encoding.values,
            encoding.known,
            np.array([phantom.malignant], np.float32),
            np.array([[bayes.image], [bayes.form], [bayes.both]], np.float32),
            np.array([phantom.causes.get(name, 0.0) for name in CAUSES], np.float32),
        )
