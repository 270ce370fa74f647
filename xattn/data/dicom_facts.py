"""What a DICOM header says: facts that are nobody's name, and, kept apart, whose film it is."""

import re
from datetime import date

from pydicom.uid import UID

from xattn.data.dicom_header import Header
from xattn.data.radiograph import SourceIdentity

_IDENTITY = {
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "birth_date": "PatientBirthDate",
    "patient_sex": "PatientSex",
    "study_uid": "StudyInstanceUID",
    "series_uid": "SeriesInstanceUID",
    "sop_uid": "SOPInstanceUID",
    "sop_class_uid": "SOPClassUID",
    "accession": "AccessionNumber",
    "study_id": "StudyID",
    "study_date": "StudyDate",
    "study_time": "StudyTime",
}
_CODES = {
    "modality": "Modality",
    "body part": "BodyPartExamined",
    "view position": "ViewPosition",
    "patient sex": "PatientSex",
    "presentation intent": "PresentationIntentType",
    "presentation LUT shape": "PresentationLUTShape",
    "burned in annotation": "BurnedInAnnotation",
    "rescale type": "RescaleType",
}
_FREE_TEXTS = {"manufacturer": "Manufacturer", "model": "ManufacturerModelName"}
_SPACINGS = {
    "PixelSpacing": "Pixel Spacing",
    "ImagerPixelSpacing": "Imager Pixel Spacing, at the detector: magnification not corrected",
    "NominalScannedPixelSpacing": "Nominal Scanned Pixel Spacing, of the digitised film",
}
_SPACING_RANGE_MM = (0.01, 10.0)
"""From the finest detectors to thumbnails; other values, 0 above all, are placeholders."""

_SQUARE_TOLERANCE = 0.01
"""Sides of a pixel that differ by less distort a film by less than positioning does."""

_OLDEST_YEARS = 120
_CODE = re.compile(r"[A-Z0-9][A-Z0-9 _-]{0,15}")
"""A code string (PS3.5 6.2); what does not match is no code and may be anybody's text."""

KEYWORDS = (
    *_IDENTITY.values(),
    *_CODES.values(),
    *_FREE_TEXTS.values(),
    *_SPACINGS,
    "ImageLaterality",
    "Laterality",
    "LossyImageCompression",
    "PatientAge",
    "PixelAspectRatio",
)


def read_identity(header: Header) -> SourceIdentity:
    """Whose film it is, as written."""
    return SourceIdentity(**{name: header.text(keyword) for name, keyword in _IDENTITY.items()})


def read_facts(header: Header, syntax: str) -> tuple[tuple[str, str], ...]:
    """The facts of the header, (name, value), without those it does not state.

    Codes are as in the standard and in capitals; free texts are left out where they repeat any
    part of the patient's identity.
    """
    facts = {name: _code(header, keyword) for name, keyword in _CODES.items()}
    if facts["patient sex"] not in ("F", "M", "O"):
        del facts["patient sex"]
    facts["laterality"] = _code(header, "ImageLaterality") or _code(header, "Laterality")
    facts["patient age in years"] = _age_years(header)
    facts["transfer syntax"] = UID(syntax).name
    facts["lossy compression"] = _lossy(header)
    facts["pixel aspect ratio"] = _aspect(header)
    facts["spacing"] = next((_SPACINGS[word] for word in _SPACINGS if _pair(header, word)), "")
    for name, keyword in _FREE_TEXTS.items():
        facts[name] = without_names(header, header.text(keyword))
    return tuple((name, value) for name, value in facts.items() if value)


def without_names(header: Header, text: str) -> str:
    """A free text of at most 64 characters, or nothing if it repeats a part of the identity."""
    parts = _name_parts(read_identity(header))
    return "" if any(part in text.casefold() for part in parts) else text[:64]


def read_spacing(header: Header) -> tuple[float, float] | None:
    """Millimetres between rows and between columns; calibrated spacing before the detector's.

    PS3.3 10.7.1.1: Imager Pixel Spacing is not corrected for magnification.
    """
    return next((pair for word in _SPACINGS if (pair := _pair(header, word))), None)


def _code(header: Header, keyword: str) -> str:
    text = header.text(keyword).upper()
    return text if _CODE.fullmatch(text) else ""


def _pair(header: Header, keyword: str) -> tuple[float, float] | None:
    numbers = header.decimals(keyword)
    low, high = _SPACING_RANGE_MM
    if len(numbers) != 2 or not all(low <= number <= high for number in numbers):
        return None
    return numbers[0], numbers[1]


def _aspect(header: Header) -> str:
    """Height over width of a pixel, if it is not square."""
    pair = read_spacing(header) or header.decimals("PixelAspectRatio")
    if len(pair) != 2 or min(pair) <= 0 or abs(pair[0] / pair[1] - 1) <= _SQUARE_TOLERANCE:
        return ""
    return f"{pair[0] / pair[1]:.3f}"


def _lossy(header: Header) -> str:
    return {"00": "no", "01": "yes"}.get(header.text("LossyImageCompression"), "not stated")


def _age_years(header: Header) -> str:
    """Whole years from Patient's Age, else from the two dates; empty if neither is believable.

    075Y, 75 and 018M are read. A newborn is written in days, weeks or months, so 000Y is what a
    remover of identities leaves behind, not an age.
    """
    match = re.fullmatch(r"(\d{1,3})([DWMY]?)", header.text("PatientAge").upper())
    if match and int(match[1]) > 0:
        years = int(int(match[1]) / {"D": 365.25, "W": 52.18, "M": 12}.get(match[2], 1))
    else:
        born, taken = _day(header, "PatientBirthDate"), _day(header, "StudyDate")
        if born is None or taken is None or match:
            return ""
        years = taken.year - born.year - ((taken.month, taken.day) < (born.month, born.day))
    return str(years) if 0 <= years <= _OLDEST_YEARS else ""


def _day(header: Header, keyword: str) -> date | None:
    try:
        return date.fromisoformat(header.text(keyword))
    except ValueError:
        return None


def _name_parts(identity: SourceIdentity) -> list[str]:
    """The words by which a free text would give the patient away."""
    texts = (identity.patient_id, identity.patient_name, identity.accession, identity.birth_date)
    words = re.split(r"[\W_]+", " ".join(texts).casefold())
    return [word for word in words if len(word) > 2]
