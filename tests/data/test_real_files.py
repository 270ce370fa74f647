"""Real and hostile files: what is read, what is refused, and that nothing leaks or grows."""

import os
import resource
import time
from functools import cache
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.errors import InvalidDicomError
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from xattn.data.dicom import read_dicom
from xattn.data.foreign import FOREIGN_ERRORS
from xattn.data.intake import read_image
from xattn.data.radiograph import Radiograph
from xattn.errors import IntakeError

ROOT = Path(__file__).parents[2]
DATA = (ROOT / os.environ.get("XATTN_DATA", "../shared/data")).resolve()
NOTES = {".csv", ".json", ".md", ".txt"}

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="the real radiographs (XATTN_DATA) are not here"),
]


def files_in(folder):
    return sorted(p for p in (DATA / folder).rglob("*") if p.is_file() and p.suffix not in NOTES)


def outcome(path):
    """The film or the sentence, each within the time of the largest film."""
    began = time.process_time()
    try:
        result = read_image(path)
    except IntakeError as refusal:
        result = str(refusal)
        assert result.endswith(".")
        assert "\n" not in result
        assert str(path.parent) not in result
    # The slowest is a 14-megapixel JPEG 2000 mammogram: 0.6 s of processor time.
    assert time.process_time() - began < 5
    return result


COUNTS = {
    # All but the colour photograph (XC); the three 12-bit JPEG Extended films come through GDCM.
    "dicom_xray": (28, 29),
    # Refused: 20 of several frames, 18 in colour or palettes, 14 segmentations and dose grids,
    # 5 below 32 pixels a side, 3 of 7 or 32 bits.
    "dicom_transfer_syntaxes": (25, 85),
    # Ten odd but readable ones and the six 12-bit JPEG files that other decoders refuse; of the
    # rest 10 hold no pixels, 6 lack the DICM mark, 7 are other objects, 12 are broken.
    "dicom_malformed": (16, 51),
    # A film whose lies are in private, text and sequence elements is still a whole film; 42 files
    # name no transfer syntax, 23 hold no pixels, 23 lie about size or bits, 13 are cut off.
    "dicom_fuzz": (195, 305),
    # Four hold no pixel data.
    "dicom_text_and_phi": (9, 13),
    "pelvis_ddh": (20, 20),
    # Read: PNG, JPEG and TIFF that are whole, 8 or 16 bits deep and 32 pixels a side.
    "image_and_table_hostile": (63, 253),
}


@cache
def survey(folder):
    """(path, whether it is a film, all that it shows of its header) of every file, read once."""
    rows = []
    for path in files_in(folder):
        result = outcome(path)
        shown = str(result)
        if isinstance(result, Radiograph):
            names = [getattr(preset, "name", "") for preset in result.presets]
            shown = f"{result!r} {result.facts} {names}"
        rows.append((path, isinstance(result, Radiograph), shown))
    return rows


@pytest.mark.parametrize("folder", list(COUNTS))
def test_every_file_is_a_film_or_one_sentence(folder):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows = survey(folder)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (sum(is_film for _, is_film, _ in rows), len(rows)) == COUNTS[folder]
    # The largest film holds 28 MB, five times over while it is decoded; in kilobytes.
    assert grown < 400_000


@pytest.mark.parametrize(
    "folder", ["knee_osteoporosis/images", "nih_chestxray/originals_1024", "cdd_cesm_mammo"]
)
def test_pictures_of_the_training_sets_are_read(folder):
    for path in files_in(folder)[:8]:
        film = outcome(path)
        assert isinstance(film, Radiograph)
        assert film.fact("colour") in ("grey", "grey saved as colour")


DICOM_FOLDERS = [name for name in COUNTS if name.startswith("dicom")]
IDENTIFIERS = (
    "PatientID", "PatientName", "PatientBirthDate", "AccessionNumber", "OtherPatientIDs",
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "ReferringPhysicianName",
    "OperatorsName",
)  # fmt: skip


UNREADABLE = (InvalidDicomError, *FOREIGN_ERRORS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("folder", DICOM_FOLDERS)
def test_no_identifier_of_the_header_is_in_a_film(folder):
    checked = 0
    for path, _, shown in survey(folder):
        try:
            header = pydicom.dcmread(path, stop_before_pixels=True)
            texts = [str(header.get(keyword, "")) for keyword in IDENTIFIERS]
        except UNREADABLE:
            continue
        for text in texts:
            # Shorter ones, like an ID of "1", occur in any text.
            if len(text.strip()) > 3:
                assert text not in shown
                checked += 1
    assert checked > 30


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name",
    [
        "breast/GH133",
        "breast/MG1_J2KI",
        "breast/OutOfBoundsOverlay",
        "chest/966_fixed",
        "chest/RG1_JLSN",
        "chest/Fake_MONOHR1",
        "chest/dx_image",
        "extremity/RG3_JPLL",
        "hip/RG2_RLE",
        "other/CR-ModalitySequenceLUT",
        "other/RI6XDosiGap",
        "other/RTImageStorage",
        "other/XA1_JLSN",
    ],
)
def test_values_and_display_are_pydicoms(name):
    data = (DATA / "dicom_xray" / f"{name}.dcm").read_bytes()
    film, _ = read_dicom(data)
    dataset = pydicom.dcmread(DATA / "dicom_xray" / f"{name}.dcm")
    values = apply_modality_lut(dataset.pixel_array, dataset)
    np.testing.assert_array_equal(film.values, values.astype(film.values.dtype))
    if film.presets[0].name == "automatic":
        return
    shown = apply_voi_lut(values, dataset).astype(np.float64)
    bits = dataset.BitsStored
    if dataset.get("VOILUTSequence"):
        bits = dataset.VOILUTSequence[0].LUTDescriptor[2]
    shown /= 2**bits - 1
    if film.is_inverted:
        shown = 1 - shown
    # Half a grey of rounding, and the last bits of float64.
    assert np.abs(film.display() / 255 - shown).max() <= 0.5 / 255 + 1e-9


def values_of(name):
    return read_image(DATA / "dicom_xray" / f"{name}.dcm").values.astype(int)


def test_lossless_encodings_are_one_film():
    hips = [f"hip/RG2_{kind}" for kind in ("UNC", "J2KR", "JPLL", "RLE")]
    legs = [f"extremity/RG3_{kind}" for kind in ("UNC", "JPLL")]
    for names in (hips, legs):
        films = {read_image(DATA / "dicom_xray" / f"{name}.dcm").pixel_sha256 for name in names}
        assert len(films) == 1


@pytest.mark.parametrize(
    ("lossy", "lossless", "mean", "most"),
    [
        ("hip/RG2_JPLY_fixed", "hip/RG2_UNC", 3.838, 101),
        ("extremity/RG3_JPLY", "extremity/RG3_UNC", 1.767, 48),
    ],
)
def test_twelve_bit_jpeg_differs_from_its_original_by_its_loss_alone(lossy, lossless, mean, most):
    difference = np.abs(values_of(lossy) - values_of(lossless))
    # Measured against the uncompressed film; a wrapped white pixel would differ by 1,023.
    assert difference.mean() == pytest.approx(mean, abs=0.001)
    assert difference.max() == most
