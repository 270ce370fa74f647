"""What a compressed frame says of itself, read before a decoder written in C sees it.

Decoders size their memory by the codestream, not by the DICOM header; a frame whose own sides,
channels or depth differ from the header is damaged or hostile and is refused here.
"""

import struct
from dataclasses import dataclass

from xattn.errors import IntakeError

MAX_TILES = 4096
"""A 64-megapixel film in tiles of 128 pixels; the decoder sets up each tile before it reads any."""

_JPEG_2000_START = b"\xff\x4f\xff\x51"
_JP2_START = b"\x00\x00\x00\x0c\x6a\x50\x20\x20"
_JP2_BOXES = 4096
"""The boxes before the codestream; longer ones hold colour profiles, which no grey film needs."""

_JPEG_START = b"\xff\xd8"
_FRAME_MARKERS = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xF7})
"""Baseline, extended, progressive, lossless (ITU-T T.81 table B.1) and JPEG-LS (T.87 C.1)."""

_DAMAGED = (
    "A compressed image with a readable start was expected, however it is damaged or of another "
    "kind than the header says; export the image again."
)


@dataclass(frozen=True, slots=True)
class FrameSize:
    """Sides in pixels, number of channels and bits per channel that a codestream declares."""

    rows: int
    columns: int
    channels: int
    bits: int


def bare_codestream(frame: bytes) -> bytes:
    """The frame without the JP2 file boxes that PS3.5 A.4.4 forbids and some writers leave on."""
    if not frame.startswith(_JP2_START):
        return frame
    return frame[max(frame.find(_JPEG_2000_START, 0, _JP2_BOXES), 0) :]


def frame_size(frame: bytes) -> FrameSize:
    """What a JPEG, JPEG-LS or JPEG 2000 codestream declares.

    Raises:
        IntakeError: if it starts as none of them, or is cut off before it declares its size.
    """
    try:
        if frame.startswith(_JPEG_2000_START):
            return _jpeg_2000_size(frame)
        if frame.startswith(_JPEG_START):
            return _jpeg_size(frame)
    except (IndexError, struct.error):
        pass
    raise IntakeError(_DAMAGED)


def _jpeg_size(frame: bytes) -> FrameSize:
    """The first frame header (T.81 B.2.2): marker segments are walked, each with its length."""
    position = 2
    while frame[position] == 0xFF:
        marker = frame[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _FRAME_MARKERS:
            bits, rows, columns, channels = struct.unpack_from(">BHHB", frame, position + 4)
            return FrameSize(rows, columns, channels, bits)
        position += 2 + struct.unpack_from(">H", frame, position + 2)[0]
    raise IntakeError(_DAMAGED)


def _jpeg_2000_size(frame: bytes) -> FrameSize:
    """The SIZ segment (T.800 A.5.1), which always comes first."""
    x1, y1, x0, y0, tile_w, tile_h, tile_x, tile_y, channels = struct.unpack_from(">8IH", frame, 8)
    parts = struct.unpack_from(f">{3 * channels}B", frame, 42)
    is_subsampled = any(step != 1 for step in parts[1::3] + parts[2::3])
    if not (tile_w and tile_h and channels) or is_subsampled or max(tile_x, x0, tile_y, y0) > 0:
        raise IntakeError(_DAMAGED)
    if -(-x1 // tile_w) * -(-y1 // tile_h) > MAX_TILES:
        raise IntakeError(_DAMAGED)
    return FrameSize(y1, x1, channels, max((part & 0x7F) + 1 for part in parts[::3]))
