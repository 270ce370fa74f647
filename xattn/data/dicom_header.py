"""A DICOM header read within bounds: what is missing, broken or huge is a sentence, or absent."""

import io
import math
import zlib
from dataclasses import dataclass, field
from typing import Any

from pydicom.datadict import dictionary_description, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)

from xattn.data.foreign import FOREIGN_ERRORS, foreign_calls
from xattn.data.limits import MAX_ELEMENT_BYTES, MAX_FILE_BYTES, MAX_HEADER_READS
from xattn.errors import IntakeError

PREFIX_END = 132
"""128 bytes of anything, then DICM (PS3.10 7.1)."""

_TRANSFER_SYNTAX = 0x00020010
_PYDICOMS_OWN = (BytesLengthException, InvalidDicomError)
_ERRORS = FOREIGN_ERRORS + _PYDICOMS_OWN
_BROKEN = (
    "A DICOM file with a whole header was expected, however its header is broken or cut off; "
    "export the image again."
)


@dataclass(frozen=True, slots=True)
class Header:
    """A data set whose elements are looked up by keyword without ever raising a foreign error."""

    dataset: Dataset = field(repr=False)
    is_little_endian: bool = True

    def states(self, keyword: str) -> bool:
        """Whether the element is there and not empty, readable or not."""
        try:
            element = self.dataset.get_item(keyword)
        except _ERRORS:
            return True
        return element is not None and not _is_empty(element.value)

    def value(self, keyword: str) -> Any:
        """The value, or None if the element is absent, empty, too long, or cannot be read."""
        try:
            element = self.dataset.get_item(keyword)
            if element is None or _is_long(element.value):
                return None
            value = self.dataset[keyword].value
        except _ERRORS:
            return None
        return None if _is_empty(value) else value

    def raw(self, keyword: str) -> bytes | None:
        """The bytes of an element as they stand in the file, of any length; None if absent."""
        element = self._element(keyword)
        content = None if element is None else element.value
        return content if isinstance(content, bytes) else None

    def representation(self, keyword: str) -> str:
        """The value representation (VR) an element is written with; empty if it states none."""
        element = self._element(keyword)
        return "" if element is None else str(element.VR or "")

    def whole(self, keyword: str, default: int | None = None) -> int:
        """One whole number.

        Raises:
            IntakeError: if it is absent and has no default, or is there and is no whole number.
        """
        number = self.decimal(keyword, default)
        if number != int(number):
            raise IntakeError(f"{_name(keyword)} must be a whole number, however it is not.")
        return int(number)

    def decimal(self, keyword: str, default: float | None = None) -> float:
        """One finite number.

        Raises:
            IntakeError: if it is absent and has no default, or is there and is no finite number.
        """
        if not self.states(keyword) and default is not None:
            return default
        numbers = self.decimals(keyword)
        if len(numbers) != 1:
            raise IntakeError(
                f"{_name(keyword)} must hold one number, however it is missing or cannot be read; "
                "export the image again."
            )
        return numbers[0]

    def decimals(self, keyword: str) -> tuple[float, ...]:
        """All numbers of an element; empty if any cannot be read or is not finite."""
        try:
            numbers = [float(part) for part in self._parts(keyword)]
        except (TypeError, ValueError, OverflowError):
            return ()
        return tuple(numbers) if all(map(math.isfinite, numbers)) else ()

    def text(self, keyword: str) -> str:
        """A value as text on one line, at most 256 characters; empty if it cannot be read."""
        try:
            joined = "\\".join(str(part) for part in self._parts(keyword)[:8])
        except _ERRORS:
            return ""
        return "".join(c if c.isprintable() else " " for c in joined[:256]).strip()

    def items(self, keyword: str) -> tuple["Header", ...]:
        """The items of a sequence, each a header; empty if it is absent or cannot be read."""
        value = self.value(keyword)
        items = value if isinstance(value, Sequence) else ()
        return tuple(Header(item, self.is_little_endian) for item in items)

    def _element(self, keyword: str) -> Any:
        try:
            return self.dataset.get_item(keyword)
        except _ERRORS:
            return None

    def _parts(self, keyword: str) -> list[Any]:
        value = self.value(keyword)
        if isinstance(value, list | MultiValue):
            return list(value)
        return [] if value is None else [value]


def read_header(data: bytes, keywords: tuple[str, ...]) -> tuple[str, Header]:
    """The transfer syntax UID and the header, of which only the named elements are kept.

    Raises:
        IntakeError: if the file is broken, does not name its transfer syntax, or unfolds into
            more than a header ever holds.
    """
    stream = _MeteredStream(data)
    stream.seek(PREFIX_END)
    with foreign_calls(_BROKEN, *_PYDICOMS_OWN):
        meta = read_dataset(stream, False, True, stop_when=_is_after_meta)  # noqa: FBT003 - pydicom's
    syntax = Header(meta).text("TransferSyntaxUID")
    if not syntax:
        raise IntakeError(
            "(0002,0010) 'Transfer Syntax UID' must say how the image is encoded, however it is "
            "missing or cannot be read; export the image again."
        )
    if syntax == DeflatedExplicitVRLittleEndian:
        stream = _MeteredStream(_inflated(data[stream.tell() :]))
    is_little_endian = syntax != ExplicitVRBigEndian
    with foreign_calls(_BROKEN, *_PYDICOMS_OWN):
        dataset = read_dataset(
            stream,
            syntax == ImplicitVRLittleEndian,
            is_little_endian,
            specific_tags=[_tag(keyword) for keyword in keywords],
        )
    return syntax, Header(dataset, is_little_endian)


class _MeteredStream(io.BytesIO):
    """A stream that stops after as many reads as a header could need.

    pydicom reads every element, and each nested item several times, through `read`; a file of
    32 million empty items would otherwise fill the memory before it is known to be no image.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads_left = MAX_HEADER_READS

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads_left -= 1
        if self._reads_left < 0:
            raise IntakeError(
                f"A header of at most some {MAX_HEADER_READS} elements was expected, however it "
                "holds more; export the image again."
            )
        return super().read(size)


def _inflated(packed: bytes) -> bytes:
    """The deflated part of a file (PS3.5 A.5), never more than a file may hold."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    with foreign_calls(_BROKEN, *_PYDICOMS_OWN):
        content = unpacker.decompress(packed, MAX_FILE_BYTES)
    if unpacker.unconsumed_tail:
        raise IntakeError(
            f"A file of at most {MAX_FILE_BYTES // 2**20} MB was expected, however this one "
            "inflates to more; export the image again without deflate."
        )
    return content


def _is_after_meta(tag: int, _vr: str | None, _length: int) -> bool:
    return tag >> 16 != _TRANSFER_SYNTAX >> 16


def _is_empty(value: Any) -> bool:
    return value is None or (hasattr(value, "__len__") and len(value) == 0)


def _is_long(content: Any) -> bool:
    return isinstance(content, bytes) and len(content) > MAX_ELEMENT_BYTES


def _tag(keyword: str) -> int:
    tag = tag_for_keyword(keyword)
    assert tag is not None, keyword
    return tag


def _name(keyword: str) -> str:
    tag = _tag(keyword)
    return f"({tag >> 16:04x},{tag & 0xFFFF:04x}) '{dictionary_description(tag)}'"
