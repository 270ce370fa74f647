"""The stored pixels of a DICOM image: each encoding has one decoder, so pixels never vary."""

from dataclasses import replace
from typing import Any

import numpy as np
from pydicom import uid
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder

from xattn.data.codestream import FrameSize, bare_codestream, frame_size
from xattn.data.dicom_header import Header
from xattn.data.dicom_layout import PixelLayout
from xattn.data.foreign import foreign_calls
from xattn.data.isolated import DecodingError, decode_isolated
from xattn.errors import IntakeError

NATIVE = frozenset(
    {
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
    }
)
PLUGINS = {
    uid.JPEGBaseline8Bit: "pillow",
    uid.JPEGExtended12Bit: "pillow",
    uid.JPEG2000Lossless: "pylibjpeg",
    uid.JPEG2000: "pylibjpeg",
    uid.HTJ2KLossless: "pylibjpeg",
    uid.HTJ2KLosslessRPCL: "pylibjpeg",
    uid.HTJ2K: "pylibjpeg",
}
"""pydicom's decoders that take damaged frames without ending the process."""

ISOLATED = frozenset(
    {
        uid.JPEGLossless,
        uid.JPEGLosslessSV1,
        uid.JPEGLSLossless,
        uid.JPEGLSNearLossless,
        uid.RLELossless,
    }
)
"""GDCM's, with JPEG Extended of more than 8 bits; decoded in a process of its own.

RLE is among them because pylibjpeg's decoder panics on damaged frames and pydicom's unfolds them
64-fold without a bound.
"""

_LOSSY_OF_12_BITS = frozenset({uid.JPEGExtended12Bit, uid.JPEGLSNearLossless})
_CUT_OFF = (
    "A whole image was expected, however its pixel data are cut off or damaged; "
    "export the image again."
)


def decode(header: Header, layout: PixelLayout, syntax: str) -> np.ndarray:
    """The stored pixels (H, W), signed or unsigned, of 8 or 16 bits.

    Raises:
        IntakeError: if the encoding is not supported, the data do not fit the layout, or the
            picture is in colour.
    """
    data = header.raw("PixelData") or b""
    if syntax in NATIVE:
        return _grey(_unpacked(data, layout, syntax, header.representation("PixelData")))
    if syntax not in PLUGINS and syntax not in ISOLATED:
        raise IntakeError(
            f"A usual encoding was expected, however: {uid.UID(syntax).name[:64]}; export the "
            "image uncompressed."
        )
    with foreign_calls(_CUT_OFF):
        frame = bare_codestream(get_frame(data, 0, number_of_frames=1))
    size = _checked_size(frame, layout, syntax)
    if syntax in ISOLATED or (syntax == uid.JPEGExtended12Bit and size.bits > 8):
        return _grey(_isolated(frame, size, layout, syntax))
    # What was checked is what is decoded: the frame alone, wrapped anew.
    return _grey(_unpacked(encapsulate([frame]), layout, syntax))


def _unpacked(
    data: bytes, layout: PixelLayout, syntax: str, representation: str = "OB"
) -> np.ndarray:
    """Pixels (H, W) or (H, W, 3), RGB if in colour, of native or wrapped compressed data."""
    options: dict[str, Any] = {
        "rows": layout.rows,
        "columns": layout.columns,
        "number_of_frames": 1,
        "samples_per_pixel": layout.channels,
        "bits_allocated": layout.bits_allocated,
        "bits_stored": layout.bits_stored,
        "pixel_representation": int(layout.is_signed),
        "photometric_interpretation": layout.photometric,
        "planar_configuration": layout.planar,
        "pixel_keyword": "PixelData",
        "pixel_vr": representation,
    }
    plugin = PLUGINS.get(uid.UID(syntax), "")
    with foreign_calls(_CUT_OFF):
        pixels, _ = get_decoder(syntax).as_array(data, index=0, decoding_plugin=plugin, **options)
    return pixels


def _isolated(frame: bytes, size: FrameSize, layout: PixelLayout, syntax: str) -> np.ndarray:
    """A frame decompressed by GDCM, then read like an uncompressed one of its own depth."""
    try:
        data = decode_isolated(frame, size, syntax)
    except DecodingError:
        raise IntakeError(_CUT_OFF) from None
    is_lossy = syntax in _LOSSY_OF_12_BITS
    native = replace(
        layout,
        bits_allocated=8 if size.bits <= 8 else 16,
        bits_stored=size.bits if is_lossy else min(size.bits, layout.bits_stored),
        planar=0,
        photometric="YBR_FULL" if layout.photometric == "YBR_FULL_422" else layout.photometric,
    )
    pixels = _unpacked(data, native, uid.ExplicitVRLittleEndian)
    if is_lossy and not layout.is_signed:
        # Lossy values overshoot the stored depth; cut to its bits, white would turn black.
        np.minimum(pixels, 2**layout.bits_stored - 1, out=pixels)
    return pixels


def _checked_size(frame: bytes, layout: PixelLayout, syntax: str) -> FrameSize:
    """The codestream's own header, which must agree with the file's; RLE has none."""
    if syntax == uid.RLELossless:
        return FrameSize(layout.rows, layout.columns, layout.channels, layout.bits_allocated)
    size = frame_size(frame)
    if (size.rows, size.columns, size.channels) != (layout.rows, layout.columns, layout.channels):
        raise IntakeError(
            f"A compressed image of {layout.columns} x {layout.rows} as in the header was "
            f"expected, however: {size.columns} x {size.rows}; export the image again."
        )
    if not 8 <= size.bits <= layout.bits_allocated:
        raise IntakeError(
            f"A compressed image of 8 to {layout.bits_allocated} bits was expected, however: "
            f"{size.bits}; export the image again."
        )
    return size


def _grey(pixels: np.ndarray) -> np.ndarray:
    """The only channel, or the first of three equal ones."""
    if pixels.ndim == 2:
        return pixels
    first: np.ndarray = pixels[..., 0]
    if not all(np.array_equal(first, pixels[..., channel]) for channel in (1, 2)):
        raise IntakeError(
            "A radiograph in grey was expected, however the picture is in colour; "
            "export the original image."
        )
    return first
