"""A tile of a sheet: a picture with words below it."""

import numpy as np
from numpy.typing import NDArray

CAPTION = 13
"""Height of the words in pixels."""
GREYS = 48
"""Grey levels of a sheet: fewer compress better, and no eye tells 48 from 256 in noise."""


def captioned(image: NDArray[np.float32], text: str) -> NDArray[np.uint8]:
    """A picture (H, W) of 0 to 1 as bytes (H + 13, W)."""
    from PIL import Image, ImageDraw

    strip = Image.new("L", (image.shape[1], CAPTION), 0)
    ImageDraw.Draw(strip).text((2, 0), text, fill=220)
    greys = np.rint(image * (GREYS - 1)) * (255 // (GREYS - 1))
    return np.vstack([greys.astype(np.uint8), np.asarray(strip)])
