"""A radiograph as it was recorded, what is shown of it, and, kept apart, whose it is."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from xattn.data.limits import check_size
from xattn.data.window import Preset, Tone, VoiLut, Window, automatic_window, full_window
from xattn.errors import IntakeError

__all__ = [
    "Preset",
    "Radiograph",
    "SourceIdentity",
    "VoiLut",
    "Window",
    "automatic_window",
    "full_window",
]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Radiograph:
    """The values of one film before any window, and the facts that are nobody's name.

    Attributes:
        values: (H, W) after the modality LUT, read-only: uint16 or int16 where the values are
            whole numbers that fit, else float32. Any numeric array may be given; it is copied.
        presets: the file's own VOI transformations, its default first, and an automatic one; if
            none are given, the automatic one alone.
        is_inverted: low values are shown bright (MONOCHROME1).
        spacing_mm: between the centres of neighbouring rows, and of columns; None if unknown.
        facts: (name, value) pairs in plain words, without identifiers.
        file_sha256: of the file's bytes; empty for a generated film.
        pixel_sha256: over all that fixes `model_values`: shape, type, values, polarity and default
            preset. Equal for every lossless encoding of one film.

    Raises:
        IntakeError: if the values are not a picture of finite numbers of an allowed size.
    """

    values: np.ndarray
    presets: tuple[Preset, ...] = ()
    is_inverted: bool = False
    spacing_mm: tuple[float, float] | None = None
    facts: tuple[tuple[str, str], ...] = ()
    file_sha256: str = ""
    pixel_sha256: str = field(init=False)

    def __post_init__(self) -> None:
        values = _canonical(self.values)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "presets", self.presets or (automatic_window(values),))
        object.__setattr__(self, "pixel_sha256", self._digest())

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"Radiograph({rows} x {columns}, {self.values.dtype}, {self.pixel_sha256[:12]})"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the file."""
        return self.values.shape[0], self.values.shape[1]

    def fact(self, name: str) -> str | None:
        """The value of a fact, or None if the file does not state it."""
        return dict(self.facts).get(name)

    def display(self, preset: Preset | None = None) -> np.ndarray:
        """The picture (H, W) uint8 for a screen on which 255 is white.

        The VOI transformation comes first and polarity last (PS3.3 C.11.2 and C.7.6.3.1.2, with
        C.11.6 for the inverse shape): value 255 times the brightness, rounded to nearest.
        """
        return self._through(preset or self.presets[0], np.dtype(np.uint8))(self.values)

    def model_values(self) -> np.ndarray:
        """The picture (H, W) float32 in [0, 1] through the default preset, bright = dense."""
        return self.tone()(self.values)

    def tone(self) -> Tone:
        """What makes model values, as `model_values` says, of any part of `values`."""
        return self._through(self.presets[0], np.dtype(np.float32))

    def _through(self, preset: Preset, kind: np.dtype[np.generic]) -> Tone:
        """Whole numbers go through a table of their range: one look-up per pixel."""
        if self.values.dtype == np.float32:
            return lambda part: self._toned(preset, part, kind)
        low = min(0, int(self.values.min()))
        table = self._toned(preset, np.arange(low, int(self.values.max()) + 1), kind)
        return lambda part: table[part if low == 0 else part.astype(np.int32) - low]

    def _toned(self, preset: Preset, x: np.ndarray, kind: np.dtype[np.generic]) -> np.ndarray:
        shown = preset.shown(x)
        if self.is_inverted:
            shown = 1 - shown
        return (np.rint(255 * shown) if kind == np.uint8 else shown).astype(kind)

    def _digest(self) -> str:
        preset = self.presets[0]
        content = hashlib.sha256(f"{self.shape} {self.values.dtype} {self.is_inverted}".encode())
        if isinstance(preset, Window):
            content.update(f" {preset.centre!r} {preset.width!r} {preset.function}".encode())
        else:
            content.update(f" {preset.first} {preset.bits} {preset.table.tolist()}".encode())
        content.update(self.values.astype(self.values.dtype.newbyteorder("<"), copy=False).data)
        return content.hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class SourceIdentity:
    """Whose film it is and where it belongs, for DICOM output alone; its repr shows nothing.

    All as written in the file; empty where the file says nothing.
    """

    patient_id: str = ""
    patient_name: str = ""
    birth_date: str = ""
    patient_sex: str = ""
    study_uid: str = ""
    series_uid: str = ""
    sop_uid: str = ""
    sop_class_uid: str = ""
    accession: str = ""
    study_id: str = ""
    study_date: str = ""
    study_time: str = ""

    def __repr__(self) -> str:
        return "SourceIdentity(withheld)"


def whole_type(values: np.ndarray) -> np.dtype[np.generic] | None:
    """The first of uint16 and int16 that holds these whole numbers; None where neither does."""
    lowest, highest = int(values.min()), int(values.max())
    if lowest >= 0 and highest < 2**16:
        return np.dtype(np.uint16)
    return np.dtype(np.int16) if lowest >= -(2**15) and highest < 2**15 else None


def _canonical(values: np.ndarray) -> np.ndarray:
    """Read-only, in the first of the three types that holds it: equal films, equal hashes.

    A copy, but of an array that is so already and nobody's view.
    """
    if values.ndim != 2 or values.dtype.kind not in "buif":
        raise IntakeError("A radiograph of one grey value per pixel was expected; use one channel.")
    check_size(*values.shape)
    kind = whole_type(values) if values.dtype.kind in "bui" else None
    flags = values.flags
    if values.dtype == kind and flags.c_contiguous and flags.owndata and not flags.writeable:
        return values
    with np.errstate(over="ignore"):
        copy = np.array(values, dtype=kind or np.float32, order="C")
    if kind is None and not np.isfinite(copy).all():
        raise IntakeError(
            "Finite pixel values were expected, however some overflow; check the file."
        )
    copy.flags.writeable = False
    return copy
