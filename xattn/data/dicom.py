"""DICOM file -> Radiograph: decode, modality LUT, VOI presets, polarity; identity kept apart."""

import hashlib

import numpy as np
from pydicom import uid

from xattn.data import dicom_facts, dicom_layout, dicom_lookup, dicom_pixels
from xattn.data.dicom_header import Header, read_header
from xattn.data.radiograph import Radiograph, SourceIdentity
from xattn.data.window import Preset, Window, automatic_window
from xattn.errors import IntakeError

_KEYWORDS = dicom_facts.KEYWORDS + dicom_lookup.KEYWORDS + dicom_layout.KEYWORDS
_DERIVED_GRIDS = {
    uid.SegmentationStorage: "a segmentation",
    uid.RTDoseStorage: "a radiotherapy dose grid",
    uid.ParametricMapStorage: "a parametric map",
}
"""Storage classes that have rows, columns and pixels, and yet are not pictures of a patient."""

_NO_PICTURES = {
    "DOC": "a document",
    "KO": "a list of key objects",
    "PLAN": "a plan",
    "PR": "a presentation state",
    "REG": "a registration",
    "RTDOSE": "a radiotherapy dose grid",
    "RTPLAN": "a radiotherapy plan",
    "RTSTRUCT": "a set of radiotherapy contours",
    "SEG": "a segmentation",
    "SR": "a structured report",
}
"""Modalities (PS3.3 C.7.3.1.1.1) of objects that belong to an image but are none."""


def read_dicom(data: bytes) -> tuple[Radiograph, SourceIdentity]:
    """The film in a DICOM file, and whose it is.

    `data` starts with 128 bytes and DICM. Any single grey picture of 8 to 16 bits is read, of
    whatever modality: whether it is the right one for a model is for the gate to judge.

    Raises:
        IntakeError: if the file is broken, hostile, not a picture, or not grey.
    """
    syntax, header = read_header(data, _KEYWORDS)
    _refuse_other_objects(header)
    layout = dicom_layout.read_layout(header)
    stored = dicom_pixels.decode(header, layout, syntax)
    values = dicom_lookup.modality_values(header, stored)
    automatic = _automatic(header, stored, values)
    presets = dicom_lookup.file_presets(header)
    useful = tuple(preset for preset in presets if not _shows_nothing(preset, automatic))
    values.flags.writeable = False  # ours alone, so that the film need not copy them
    shape = header.text("PresentationLUTShape").upper()
    radiograph = Radiograph(
        values=values,
        presets=(*useful, automatic),
        # PS3.3 C.8.11.3.1.2 ties INVERSE to MONOCHROME1; a file that has one of them means it.
        is_inverted=layout.photometric == "MONOCHROME1" or shape == "INVERSE",
        spacing_mm=dicom_facts.read_spacing(header),
        facts=(
            ("source kind", "dicom"),
            ("photometric interpretation", layout.photometric),
            ("bits stored", str(layout.bits_stored)),
            *dicom_facts.read_facts(header, syntax),
            *_remarks(layout, shape, len(presets) - len(useful)),
        ),
        file_sha256=hashlib.sha256(data).hexdigest(),
    )
    return radiograph, dicom_facts.read_identity(header)


def _refuse_other_objects(header: Header) -> None:
    noun = _DERIVED_GRIDS.get(uid.UID(header.text("SOPClassUID")))
    noun = noun or _NO_PICTURES.get(header.text("Modality").upper())
    if noun:
        raise IntakeError(
            f"A radiograph was expected, however this DICOM file is {noun}; "
            "open the image it belongs to."
        )


def _remarks(layout: dicom_layout.PixelLayout, shape: str, blank: int) -> list[tuple[str, str]]:
    """Facts about the file's contradictions, which the gate warns of."""
    remarks = []
    if (layout.photometric, shape) in (("MONOCHROME2", "INVERSE"), ("MONOCHROME1", "IDENTITY")):
        remarks.append(("polarity conflict", f"{layout.photometric} with {shape}"))
    if blank:
        remarks.append(("windows left out", f"{blank} that would show a blank film"))
    return remarks


def _automatic(header: Header, stored: np.ndarray, values: np.ndarray) -> Window:
    """The window over all pixels that are not padding."""
    padding = dicom_lookup.padding_mask(header, stored)
    if padding is None or padding.all():
        return automatic_window(values)
    return automatic_window(values[~padding])


def _shows_nothing(preset: Preset, automatic: Window) -> bool:
    """Whether nearly all of the film comes out in one grey, as with a window of other units."""
    reach = automatic.width / 2
    low, high = preset.shown(np.array([automatic.centre - reach, automatic.centre + reach]))
    return bool(low == high)
