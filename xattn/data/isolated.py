"""Decoding in a process of its own, for the one decoder that cannot be trusted with ours."""

import json
import subprocess
import sys
from pathlib import Path

from xattn.data.codestream import FrameSize

PROGRAM = Path(__file__).with_name("gdcm_decoder.py")
SECONDS = 60
"""A 14-megapixel mammogram takes three; what takes longer is not an image."""

_DAMAGE = (b"orrupt", b"remature")
"""What the JPEG library says when it fills the missing part of a picture with grey."""


class DecodingError(Exception):
    """The frame is damaged, or the decoder ended, hung, or grew beyond its limits."""


def decode_isolated(frame: bytes, size: FrameSize, syntax: str) -> bytes:
    """The pixels of one JPEG or JPEG-LS frame: rows x columns x channels of one or two bytes.

    Raises:
        DecodingError: whatever happened; the decoder's own words stay behind.
    """
    width = 1 if size.bits <= 8 else 2
    request = {
        "syntax": syntax,
        "rows": size.rows,
        "columns": size.columns,
        "channels": size.channels,
        "bits": size.bits,
        "bytes": width,
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own file
            [sys.executable, "-I", str(PROGRAM)],
            input=json.dumps(request).encode() + b"\n" + frame,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        raise DecodingError from None
    is_damaged = done.returncode != 0 or any(word in done.stderr for word in _DAMAGE)
    if is_damaged or len(done.stdout) != size.rows * size.columns * size.channels * width:
        raise DecodingError
    return done.stdout
