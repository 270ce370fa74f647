"""The film for the viewer: its 16-bit grey levels in two sizes, and what the browser must know."""

import secrets
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from pages.parts.message import JSON, pack
from xattn.data.radiograph import Radiograph
from xattn.data.window import Preset, Window, automatic_window

DISPLAY_SIDE = 2048
"""Longest side of the display level in pixels: more than a screen shows of a whole film."""

TOKEN_BYTES = 32
"""Random bytes before a level: its address is a hash of them, so nobody can guess it, and two films
that are equal at their ends (all that Streamlit hashes of a large file) stay apart."""

BAND = 256
"""Rows that are halved at once, an even number: what is worked on stays near the processor."""

SIGN = 2**15
"""What is added to int16 values so that they are codes from 0."""

SIDES = {"R": "R", "L": "L", "B": "R + L"}
"""What a marker of lead would say, by the header's code (PS3.3 C.7.3.1.1.1)."""


@dataclass(frozen=True, eq=False)
class Texture:
    """A film as the viewer takes it.

    Both levels are fetched by HTTP, and begin with a random token.

    Attributes:
        key: the film's name, of its content.
        display: what is painted at once: facts, presets, display level.
        codes: of every pixel (H, W), uint16; None where the display level is the film itself.
    """

    key: str
    display: bytes
    codes: np.ndarray | None = None

    @cached_property
    def full(self) -> bytes:
        """The full level, which follows: the codes, little-endian; empty without them."""
        if self.codes is None:
            return b""
        return _with_token(np.ascontiguousarray(self.codes, dtype="<u2").data)


def film_key(radiograph: Radiograph) -> str:
    """The name under which the viewer keeps a film: of the content, of nobody."""
    return radiograph.pixel_sha256[:24]


def texture(radiograph: Radiograph) -> Texture:
    """The film in codes, 16 bits each, `value = intercept + slope * code`.

    Level k holds means over squares of 2^k file pixels; the display level is the first that is
    at most 2,048 pixels long.
    """
    codes, slope, intercept = coded(radiograph.values)
    level, number = codes, 0
    while max(level.shape) > DISPLAY_SIDE:
        level, number = halved(level), number + 1
    arrays = {"level": level}
    rows, columns = radiograph.shape
    facts: JSON = {
        "width": columns,
        "height": rows,
        "level": number,
        "slope": slope,
        "intercept": intercept,
        "codes": [int(codes.min()), int(codes.max())],
        "isInverted": radiograph.is_inverted,
        "presets": [
            _preset(f"preset/{place}", preset, arrays)
            for place, preset in enumerate(presets(radiograph))
        ],
        "spacing": radiograph.spacing_mm,
        "spacingNote": spacing_note(radiograph),
        "marker": marker(radiograph),
    }
    display = _with_token(pack(facts, arrays))
    return Texture(film_key(radiograph), display, codes if number else None)


def coded(values: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Codes (H, W) uint16 with slope and intercept; exact but for float32.

    Of float32 values 65,536 even steps are kept, which is finer than any detector's own.
    """
    if values.dtype == np.uint16:
        return values, 1.0, 0.0
    if values.dtype == np.int16:
        return (values.astype(np.int32) + SIGN).astype(np.uint16), 1.0, float(-SIGN)
    low, high = float(values.min()), float(values.max())
    slope = (high - low) / (2**16 - 1) or 1.0
    return np.rint((values.astype(np.float64) - low) / slope).astype(np.uint16), slope, low


def halved(codes: np.ndarray) -> np.ndarray:
    """Means of 2 × 2 codes, rounded half up; an odd last row or column stands for its double."""
    bands = [_halved(codes[first : first + BAND]) for first in range(0, len(codes), BAND)]
    return np.concatenate(bands)


def _with_token(content: bytes | memoryview) -> bytes:
    return b"".join((secrets.token_bytes(TOKEN_BYTES), content))


def _halved(codes: np.ndarray) -> np.ndarray:
    odd = [(0, side % 2) for side in codes.shape]
    even = np.pad(codes, odd, mode="edge") if any(after for _, after in odd) else codes
    total = even[::2, ::2].astype(np.uint32)
    for down, across in ((0, 1), (1, 0), (1, 1)):
        total += even[down::2, across::2]
    return ((total + 2) >> 2).astype(np.uint16)


def presets(radiograph: Radiograph) -> tuple[Preset, ...]:
    """The film's own views, its default first, then four that any film has."""
    automatic = automatic_window(radiograph.values)
    centre, width = automatic.centre, automatic.width
    low, high = float(radiograph.values.min()), float(radiograph.values.max())
    up = -width / 4 if radiograph.is_inverted else width / 4
    further = (
        Window((low + high) / 2, high - low or 1.0, "whole range", "LINEAR_EXACT"),
        Window(centre + up, width / 2, "bright half", "LINEAR_EXACT"),
        Window(centre - up, width / 2, "dark half", "LINEAR_EXACT"),
        Window(centre, 1.6 * width, "low contrast", "LINEAR_EXACT"),
    )
    return (*radiograph.presets, *further)


def marker(radiograph: Radiograph) -> str:
    """Side and view as the header says them; empty where it says neither."""
    side = SIDES.get(radiograph.fact("laterality") or "", "")
    return f"{side} {radiograph.fact('view position') or ''}".strip()


def spacing_note(radiograph: Radiograph) -> str:
    """What a length in millimetres is measured at; why there is none where there is none."""
    if radiograph.spacing_mm is None:
        return "no spacing in the file"
    kind = radiograph.fact("spacing") or ""
    if kind.startswith("Imager"):
        return "at the detector, magnification not corrected"
    if kind.startswith("Nominal"):
        return "on the digitised film"
    return ""


def _preset(name: str, preset: Preset, arrays: dict[str, np.ndarray]) -> JSON:
    """A window by its numbers; of a table the name of its array."""
    if isinstance(preset, Window):
        return asdict(preset)
    arrays[name] = preset.table.astype(np.uint16)
    return {"name": preset.name, "table": name, "first": preset.first, "bits": preset.bits}
