"""The one door to decoders written by others: their errors, warnings and logs end here.

What they say may quote the header, hence a patient; so nothing of it is passed on.
"""

import logging
import re
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from xattn.errors import IntakeError

_LIBRARIES = ("pydicom", "pylibjpeg", "openjpeg", "PIL")
_IGNORED = ("ignore", None, Warning, re.compile(rf"({'|'.join(_LIBRARIES)})\b"), 0)

FOREIGN_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    SystemError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
    zlib.error,
)
"""What pydicom, gdcm, openjpeg and Pillow were seen to raise on hostile files, with their kin.

Pillow raises SyntaxError for a broken PNG chunk; RuntimeError covers RecursionError.
"""


def silence_libraries() -> None:
    """Keep the libraries' remarks out of terminals and logs, from here on and for every thread.

    Nothing is restored afterwards: `warnings.catch_warnings` swaps one list of the whole process
    and is not safe when two uploads are read at once, while adding the same filter again is.
    """
    if warnings.filters[:1] != [_IGNORED]:
        warnings.filterwarnings("ignore", module=_IGNORED[3].pattern)
    for logger in map(logging.getLogger, _LIBRARIES):
        if logger.level <= logging.CRITICAL:
            logger.setLevel(logging.CRITICAL + 1)


@contextmanager
def foreign_calls(refusal: str, *more: type[Exception]) -> Iterator[None]:
    """Run calls into decoders; whatever they raise becomes an IntakeError that says `refusal`.

    `more` are errors of one library that derive from Exception alone.

    Raises:
        IntakeError: without the library's own text, which may quote the header.
    """
    silence_libraries()
    try:
        yield
    except FOREIGN_ERRORS + more:
        raise IntakeError(refusal) from None
