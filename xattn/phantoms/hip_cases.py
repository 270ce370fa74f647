"""Hip phantoms as training rows: whole films."""

from dataclasses import dataclass

import numpy as np

from xattn.data.placement import Placement
from xattn.data.schemas import HIP
from xattn.phantoms import hip
from xattn.phantoms.hip import Settings
from xattn.phantoms.hip_tables import VIEWS
from xattn.phantoms.row import PhantomRow

CAUSES = (*VIEWS, "neck_width", "site", "side", "visible_bmd")
"""What a film may show, in the order of the row.

Views in the units of `hip_tables`, the neck's width in mm, flags for the second site and the right
side, and the BMD in g/cm2 that is expected from the film.
"""


@dataclass(frozen=True, slots=True)
class HipRow:
    """One hip phantom as a training row: the target is the BMD in g/cm2."""

    settings: Settings
    size: int = 224

    def __call__(self, seed: int) -> PhantomRow:
        """The row of a seed."""
        world = hip.sample_world(seed, self.settings)
        phantom = hip.draw(world, size=self.size)
        shown = hip.display(phantom)
        picture = Placement.whole(shown.shape, self.size).to_model(shown, fill=0.0)
        encoding = HIP.encode(HIP.check(dict(phantom.form)))
        causes = {
            **phantom.causes,
            "neck_width": 2 * world.femur.waist * world.scale,
            "side": float(phantom.side == "R"),
            "visible_bmd": phantom.expected.image.mean,
        }
        return PhantomRow(
            np.round(picture * 255).astype(np.uint8),
            encoding.values,
            encoding.known,
            np.array([phantom.bmd], np.float32),
            np.array([[part.mean] for part in phantom.expected], np.float32),
            np.array([causes[name] for name in CAUSES], np.float32),
        )
