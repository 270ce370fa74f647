"""How large a file and its picture may be, checked before anything is decoded."""

from xattn.errors import IntakeError

MAX_FILE_BYTES = 256 * 2**20
"""The largest films met are 29 MB uncompressed; a tomosynthesis stack is refused anyway.

It also bounds what a deflated DICOM file may inflate to.
"""

MIN_SIDE = 32
"""Below this there is no anatomy left for a model that reads 224 pixels."""

MAX_SIDE = 16384
"""Stitched exposures of a whole spine or leg, the longest films, reach some 10,000 pixels."""

MAX_PIXELS = 64 * 2**20
"""Over four times a 4664 x 3064 mammogram; 128 MiB at 16 bit, 384 MiB if stored as colour."""

MAX_ELEMENT_BYTES = 512 * 1024
"""One header value; three lookup tables of 65,536 entries fit, a file of junk does not."""

MAX_HEADER_READS = 50_000
"""Steps through a DICOM header; real ones take a few thousand, a nested bomb millions."""


def check_size(rows: int, columns: int) -> None:
    """Refuse a picture whose sides or number of pixels cannot be those of a radiograph.

    Raises:
        IntakeError: with the two sides and the bounds.
    """
    is_allowed = min(rows, columns) >= MIN_SIDE and max(rows, columns) <= MAX_SIDE
    if not is_allowed or rows * columns > MAX_PIXELS:
        raise IntakeError(
            f"A radiograph with sides of {MIN_SIDE} to {MAX_SIDE} pixels and at most "
            f"{MAX_PIXELS // 10**6} megapixels was expected, however: {columns} x {rows}; "
            "export the original image again."
        )
