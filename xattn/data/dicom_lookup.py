"""From stored pixels to values (modality LUT) and the file's own views of them (VOI presets)."""

from typing import cast, get_args

import numpy as np

from xattn.data.dicom_facts import without_names
from xattn.data.dicom_header import Header
from xattn.data.radiograph import whole_type
from xattn.data.window import Preset, VoiFunction, VoiLut, Window
from xattn.errors import IntakeError

KEYWORDS = (
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "VOILUTSequence",
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
)


def modality_values(header: Header, stored: np.ndarray) -> np.ndarray:
    """Stored pixels (H, W) through the modality LUT (PS3.3 C.11.1): a table, or a linear rescale.

    Where it changes nothing, the stored pixels themselves: a large film takes longest to copy.

    Raises:
        IntakeError: if the table is unusable or the slope is zero or not finite.
    """
    is_table = header.states("ModalityLUTSequence")
    if not is_table and _slope(header) == (1, 0):
        return stored
    low = min(0, int(stored.min()))
    domain = np.arange(low, int(stored.max()) + 1)
    table = _modality_table(header, domain) if is_table else _rescaled(header, domain)
    return table[stored if low == 0 else stored.astype(np.int32) - low]


def _modality_table(header: Header, domain: np.ndarray) -> np.ndarray:
    luts = [_lookup_table(item) for item in header.items("ModalityLUTSequence")]
    if len(luts) != 1 or luts[0] is None:
        raise IntakeError(
            "(0028,3000) 'Modality LUT Sequence' must hold one readable table, however it does "
            "not; export the image again."
        )
    lut = luts[0]
    mapped: np.ndarray = lut.table[np.clip(domain - lut.first, 0, len(lut.table) - 1)]
    return mapped


def _slope(header: Header) -> tuple[float, float]:
    return header.decimal("RescaleSlope", 1), header.decimal("RescaleIntercept", 0)


def _rescaled(header: Header, domain: np.ndarray) -> np.ndarray:
    """Whole numbers stay whole: float64 holds every one below 2^53."""
    slope, intercept = _slope(header)
    if slope == 0:
        raise IntakeError("(0028,1053) 'Rescale Slope' must not be zero, however it is.")
    with np.errstate(over="ignore"):
        table = domain * slope + intercept
        narrow = table.astype(np.float32)
    if slope == int(slope) and intercept == int(intercept) and np.abs(table).max() < 2**31:
        return table.astype(whole_type(table) or np.int32)
    if not np.isfinite(narrow).all():
        raise IntakeError("(0028,1053) 'Rescale Slope' must keep the values finite.")
    return narrow


def file_presets(header: Header) -> tuple[Preset, ...]:
    """The file's VOI tables, then its windows, in its own order; unusable ones are left out.

    Where a file has both, they are alternatives (PS3.3 C.11.2); the table, made for this very
    film, comes first, as in pydicom.
    """
    presets: list[Preset] = []
    for number, item in enumerate(header.items("VOILUTSequence"), start=1):
        title = without_names(header, item.text("LUTExplanation")) or str(number)
        table = _lookup_table(item, f"{title} (table)")
        presets += [] if table is None else [table]
    return (*presets, *_windows(header))


def padding_mask(header: Header, stored: np.ndarray) -> np.ndarray | None:
    """Where stored pixels (H, W) are padding (PS3.3 C.7.5.1.1.2), or None if none is stated."""
    bounds = [header.decimals(name) for name in ("PixelPaddingValue", "PixelPaddingRangeLimit")]
    limits = [numbers[0] for numbers in bounds if len(numbers) == 1]
    if len(bounds[0]) != 1:
        return None
    return (stored >= min(limits)) & (stored <= max(limits))


def _windows(header: Header) -> tuple[Window, ...]:
    name = (header.text("VOILUTFunction") or "LINEAR").upper()
    if name not in get_args(VoiFunction):
        return ()
    function = cast("VoiFunction", name)
    titles = without_names(header, header.text("WindowCenterWidthExplanation")).split("\\")
    pairs = zip(header.decimals("WindowCenter"), header.decimals("WindowWidth"), strict=False)
    windows = []
    for number, (centre, width) in enumerate(pairs):
        title = titles[number] if number < len(titles) else ""
        # A LINEAR window below 1 is not allowed by C.11.2.1.2.1, a width of 0 by none of the three.
        if width >= 1 or (width > 0 and function != "LINEAR"):
            windows.append(Window(centre, width, title or f"window {number + 1}", function))
    return tuple(windows)


def _lookup_table(item: Header, name: str = "") -> VoiLut | None:
    """One LUT item (C.11.1.1, C.11.2.1.1), or None if its descriptor and data do not agree."""
    descriptor = _integers(item, "LUTDescriptor", wide=True)
    if descriptor is None or len(descriptor) != 3:
        return None
    entries, first, bits = int(descriptor[0]) or 2**16, int(descriptor[1]), int(descriptor[2])
    table = _integers(item, "LUTData", wide=_byte_count(item) != entries)
    if not 8 <= bits <= 16 or table is None or not 0 < entries <= len(table):
        return None
    return VoiLut(_frozen(table[:entries]), first, bits, name)


def _byte_count(item: Header) -> int:
    value = item.value("LUTData")
    return len(value) if isinstance(value, bytes) else 0


def _integers(item: Header, keyword: str, *, wide: bool) -> np.ndarray | None:
    """Whole numbers stored as such, or as words (OW) or, if not `wide`, bytes in one string."""
    value = item.value(keyword)
    if isinstance(value, bytes):
        order = "<" if item.is_little_endian else ">"
        width = 2 if wide else 1
        return np.frombuffer(value[: len(value) // width * width], f"{order}u{width}")
    numbers = item.decimals(keyword)
    is_whole = all(number == int(number) and abs(number) < 2**31 for number in numbers)
    return np.array(numbers, dtype=np.int64) if numbers and is_whole else None


def _frozen(table: np.ndarray) -> np.ndarray:
    copy = table.astype(np.uint16)
    copy.flags.writeable = False
    return copy
