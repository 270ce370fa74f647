"""How the pixels of a DICOM image lie in their bytes, checked before any is decoded."""

from dataclasses import dataclass

from xattn.data.dicom_header import Header
from xattn.data.limits import check_size
from xattn.errors import IntakeError

KEYWORDS = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "PlanarConfiguration",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PixelData",
    "FloatPixelData",
    "DoubleFloatPixelData",
)
_CHANNELS = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelLayout:
    """How one frame lies in its bytes (PS3.3 C.7.6.3), within the bounds of the intake."""

    rows: int
    columns: int
    channels: int
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    photometric: str
    planar: int


def read_layout(header: Header) -> PixelLayout:
    """The layout, if it is that of a single picture of 8 to 16 bits.

    Raises:
        IntakeError: with the first thing that is not.
    """
    _refuse_other_pixels(header)
    photometric = header.text("PhotometricInterpretation").upper()
    layout = PixelLayout(
        rows=header.whole("Rows"),
        columns=header.whole("Columns"),
        channels=header.whole("SamplesPerPixel", 1),
        bits_allocated=header.whole("BitsAllocated"),
        bits_stored=header.whole("BitsStored"),
        is_signed=header.whole("PixelRepresentation", 0) == 1,
        photometric=photometric,
        planar=header.whole("PlanarConfiguration", 0),
    )
    check_size(layout.rows, layout.columns)
    _check_samples(layout)
    _check_bits(layout, header.whole("HighBit", layout.bits_stored - 1))
    return layout


def _refuse_other_pixels(header: Header) -> None:
    frames = header.whole("NumberOfFrames", 1)
    if frames != 1:
        raise IntakeError(
            f"One picture was expected, however the file says it holds {frames} frames; "
            "export the frame to be read as an image of its own."
        )
    if header.states("FloatPixelData") or header.states("DoubleFloatPixelData"):
        raise IntakeError(
            "Whole-number pixels of 8 to 16 bits were expected, however they are floating-point; "
            "export the original image."
        )
    if not header.states("PixelData"):
        raise IntakeError(
            "An image was expected, however this DICOM file holds no pixel data, or is cut off "
            "before them; open the image it belongs to, or export it again."
        )


def _check_samples(layout: PixelLayout) -> None:
    if layout.photometric not in _CHANNELS:
        raise IntakeError(
            "(0028,0004) 'Photometric Interpretation' must be MONOCHROME1, MONOCHROME2, RGB or "
            f"YBR, however: {layout.photometric[:16] or 'none'}; export the image in grey."
        )
    if layout.channels != _CHANNELS[layout.photometric]:
        raise IntakeError(
            f"(0028,0002) 'Samples per Pixel' must be {_CHANNELS[layout.photometric]} for "
            f"{layout.photometric}, however: {layout.channels}; export the image again."
        )


def _check_bits(layout: PixelLayout, high_bit: int) -> None:
    is_allowed = layout.bits_allocated in (8, 16) and layout.bits_stored >= 8
    if not is_allowed or layout.bits_stored > layout.bits_allocated:
        raise IntakeError(
            "Pixels of 8 to 16 bits in 8 or 16 were expected, however: "
            f"{layout.bits_stored} in {layout.bits_allocated}; export the original image."
        )
    if high_bit != layout.bits_stored - 1:
        raise IntakeError(
            "(0028,0102) 'High Bit' must be one less than 'Bits Stored' (PS3.5 8.1.1), however: "
            f"{high_bit}; export the image again."
        )
