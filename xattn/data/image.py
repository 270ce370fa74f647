"""PNG, JPEG and TIFF -> Radiograph: grey levels as stored, with the trust such a file deserves."""

import hashlib
import io

import numpy as np
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from xattn.data.foreign import foreign_calls
from xattn.data.limits import MAX_PIXELS, check_size
from xattn.data.radiograph import Radiograph
from xattn.data.window import automatic_window, full_window
from xattn.errors import IntakeError

FORMATS = ("PNG", "JPEG", "TIFF")

_GREY_MODES = {"L": 8, "I;16": 16, "I;16L": 16, "I;16B": 16, "I;16N": 16}
_COLOUR_MODES = ("RGB", "RGBA", "RGBX", "LA", "La", "PA", "P", "CMYK", "YCbCr", "LAB", "HSV")
_REASONS = {
    "1": "1 bit per pixel",
    "F": "floating-point pixels",
    "I": "signed or 32-bit pixels",
}
_PHOTOMETRIC_TAG, _WHITE_IS_ZERO = 262, 0
"""TIFF 6.0, section 8."""

_DAMAGED = (
    "A whole image was expected, however the file is cut off, damaged, or of a rare kind; "
    "export it again as PNG or DICOM."
)


def read_raster(data: bytes) -> Radiograph:
    """The film in a PNG, JPEG or TIFF file; colour becomes luminance.

    8-bit values are shown as stored, since someone has already windowed them; of 16-bit ones no
    one knows the range in use, so the automatic window comes first.

    Raises:
        IntakeError: if the file is broken, holds several pictures, or is not 8 or 16 bits deep.
    """
    picture = _opened(data)
    # Known from the file's header alone: no pixel is decoded before this.
    check_size(picture.height, picture.width)
    if picture.mode not in _GREY_MODES and picture.mode not in _COLOUR_MODES:
        reason = _REASONS.get(picture.mode, f"pixels of mode {picture.mode}")
        raise IntakeError(
            f"Grey levels of 8 or 16 bits were expected, however: {reason}; export the image as "
            "16-bit PNG or as DICOM."
        )
    _refuse_several(picture)
    with foreign_calls(_DAMAGED):
        values, handling = _grey_values(ImageOps.exif_transpose(picture))
    bits = _GREY_MODES.get(picture.mode, 8)
    views = (full_window(bits), automatic_window(values))
    kind = (picture.format or "").lower()
    return Radiograph(
        values=values,
        presets=views if bits == 8 else views[::-1],
        is_inverted=bits == 16 and _is_white_zero(picture),
        facts=(
            ("source kind", kind),
            ("trust", f"no bit depth, spacing or polarity is certain in a {kind.upper()} file"),
            ("bits stored", str(bits)),
            ("colour", handling),
        ),
        file_sha256=hashlib.sha256(data).hexdigest(),
    )


def _opened(data: bytes) -> Image.Image:
    with foreign_calls(_DAMAGED):
        try:
            return Image.open(io.BytesIO(data), formats=FORMATS)
        except Image.DecompressionBombError:
            raise IntakeError(
                f"An image of at most {MAX_PIXELS // 10**6} megapixels was expected, however it is "
                "larger; export the original image again."
            ) from None


def _is_white_zero(picture: Image.Image) -> bool:
    """Whether a TIFF shows low values bright; Pillow sees to that itself below 16 bits."""
    if not isinstance(picture, TiffImageFile):
        return False
    return bool(picture.tag_v2.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO)


def _refuse_several(picture: Image.Image) -> None:
    """Only the second picture is sought: counting them all would walk through a hostile file."""
    with foreign_calls(_DAMAGED):
        try:
            picture.seek(1)
        except EOFError:
            picture.seek(0)
            return
    raise IntakeError(
        "One picture was expected, however the file holds several; export the one to be read."
    )


def _grey_values(picture: Image.Image) -> tuple[np.ndarray, str]:
    """The grey levels (H, W) and what was done to get them."""
    if picture.mode in _GREY_MODES:
        return np.asarray(picture).astype(np.uint16), "grey"
    solid = picture.convert("RGBA")
    pixels = np.asarray(solid)
    remark = ""
    if pixels[..., 3].min() < 255:
        backdrop = Image.new("RGBA", solid.size, (0, 0, 0, 255))
        pixels = np.asarray(Image.alpha_composite(backdrop, solid))
        remark = ", transparent parts put on black"
    red, green, blue = (pixels[..., channel] for channel in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return red.astype(np.uint16), f"grey saved as colour{remark}"
    # ITU-R BT.601, as in every JPEG: 0.299 R + 0.587 G + 0.114 B.
    luminance = Image.fromarray(pixels[..., :3]).convert("L")
    return np.asarray(luminance).astype(np.uint16), f"colour reduced to luminance{remark}"
