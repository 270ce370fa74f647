"""Generated DICOM files: one per property of an image, with the expected pixel beside it."""

import numpy as np
import pytest
from pydicom import uid

from tests.data.dicom_files import IDENTITY, DicomOptions, write_dicom
from xattn.data.dicom import read_dicom
from xattn.data.radiograph import VoiLut, Window
from xattn.errors import IntakeError

RAMP = (np.arange(40 * 50).reshape(40, 50) * 2).astype(np.uint16)


def film_of(pixels=RAMP, **options):
    return read_dicom(write_dicom(pixels, DicomOptions(**options)))[0]


def pipeline_twin(stored, *, slope=1.0, intercept=0.0, window=None, is_inverted=False):
    """Stored pixel -> grey of a screen (PS3.3 C.11.1, C.11.2.1.2.1, C.7.6.3.1.2), in float64."""
    grey = np.empty(stored.shape)
    for place, pixel in np.ndenumerate(stored):
        x = float(pixel) * slope + intercept
        centre, width = window
        if x <= centre - 0.5 - (width - 1) / 2:
            y = 0.0
        elif x > centre - 0.5 + (width - 1) / 2:
            y = 255.0
        else:
            y = ((x - (centre - 0.5)) / (width - 1) + 0.5) * 255.0
        grey[place] = 255.0 - y if is_inverted else y
    return grey


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("rescale", [(1.0, 0.0), (2.0, -1024.0), (0.5, 3.25)])
@pytest.mark.parametrize(
    "syntax",
    [
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
    ],
)
def test_display_is_the_standards_pipeline(photometric, rescale, syntax):
    film = film_of(
        photometric=photometric,
        slope=rescale[0],
        intercept=rescale[1],
        windows=((900, 1100),),
        transfer_syntax=syntax,
    )
    slow = pipeline_twin(
        RAMP,
        slope=rescale[0],
        intercept=rescale[1],
        window=(900, 1100),
        is_inverted=photometric == "MONOCHROME1",
    )
    # Rounding to nearest is at most half a grey away; 1e-9 for the last bits of float64.
    assert np.abs(film.display() - slow).max() <= 0.5 + 1e-9
    # The model reads the same in float32, whose spacing below 1 is 6e-8.
    np.testing.assert_allclose(film.model_values(), slow / 255, atol=6e-8)


@pytest.mark.parametrize("bits", range(8, 17))
def test_every_bit_depth_keeps_its_values_and_drops_the_bits_above(bits):
    stored = np.arange(2**bits - 2048, 2**bits, dtype=np.int64).reshape(64, 32) % 2**bits
    above = np.full_like(stored, 2**16 - 2**bits)
    film = film_of((stored + above).astype(np.uint16), bits_stored=bits)
    assert np.array_equal(film.values, stored)
    assert film.fact("bits stored") == str(bits)


@pytest.mark.parametrize("bits", range(8, 17))
def test_signed_pixels_of_every_depth(bits):
    half = 2 ** (bits - 1)
    stored = np.linspace(-half, half - 1, 1024).astype(np.int16).reshape(32, 32)
    film = film_of(stored, bits_stored=bits)
    assert film.values.dtype == np.int16
    assert np.array_equal(film.values, stored)


def test_eight_bits_allocated_with_an_odd_number_of_pixels():
    stored = (np.arange(33 * 35) % 251).astype(np.uint8).reshape(33, 35)
    for syntax in (
        uid.ExplicitVRLittleEndian,
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
    ):
        assert np.array_equal(film_of(stored, transfer_syntax=syntax).values, stored)


def test_rescale_that_needs_fractions_is_float32_and_other_rescales_are_whole():
    assert film_of(slope=0.1, intercept=1).values.dtype == np.float32
    np.testing.assert_array_equal(
        film_of(slope=0.1, intercept=1).values, (RAMP * 0.1 + 1).astype(np.float32)
    )
    assert film_of(slope=1, intercept=-1024).values.dtype == np.int16
    assert np.array_equal(film_of(slope=1, intercept=-1024).values, RAMP.astype(int) - 1024)


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_modality_table_comes_before_any_rescale(syntax):
    table = tuple(range(4000, 0, -2))
    film = film_of(modality_table=(table, 10, 16), slope=1, intercept=0, transfer_syntax=syntax)
    slow = [table[min(max(int(x) - 10, 0), len(table) - 1)] for x in RAMP.ravel()]
    assert film.values.ravel().tolist() == slow


@pytest.mark.parametrize("syntax", [uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian])
def test_voi_table_is_the_default_before_windows(syntax):
    table = (tuple(int(255 * (i / 99) ** 2) for i in range(100)), 50, 8)
    film = film_of(voi_tables=(table,), windows=((900, 1100),), transfer_syntax=syntax)
    slow = [table[0][min(max(int(x) - 50, 0), 99)] for x in RAMP.ravel()]
    assert isinstance(film.presets[0], VoiLut)
    assert isinstance(film.presets[1], Window)
    assert film.display().ravel().tolist() == slow


def test_voi_table_with_a_negative_first_value():
    table = ((0, 100, 200, 255), -2, 8)
    film = film_of(RAMP.astype(np.int16) - 1000, voi_tables=(table,))
    slow = [table[0][min(max(int(x) - 1000 + 2, 0), 3)] for x in RAMP.ravel()]
    assert film.display().ravel().tolist() == slow


def test_a_table_of_all_65536_entries_is_written_as_zero():
    film = film_of(voi_tables=((tuple(range(2**16)), 0, 16),))
    np.testing.assert_array_equal(film.display(), np.rint(RAMP / 65535 * 255))


@pytest.mark.parametrize("table", [((0, 1), 0, 7), ((0, 1), 0, 17), ((), 0, 12)])
def test_an_unusable_voi_table_leaves_the_windows(table):
    film = film_of(voi_tables=(table,), windows=((900, 1100),))
    assert film.presets[0] == Window(900, 1100, "window 1")


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_all_windows_and_their_function_are_kept_in_order(function):
    film = film_of(windows=((900, 1100), (1800, 300)), window_function=function)
    assert film.presets[:2] == (
        Window(900, 1100, "window 1", function),
        Window(1800, 300, "window 2", function),
    )
    assert film.presets[2].name == "automatic"


def test_windows_that_are_not_allowed_are_left_out():
    assert len(film_of(windows=((900, 0.5), (900, 1100))).presets) == 2
    assert len(film_of(windows=((900, 1100),), window_function="CUBIC").presets) == 1


def test_a_window_of_other_units_does_not_blank_the_film():
    film = film_of(RAMP + np.uint16(30000), windows=((2725, 5310),))
    assert film.presets[0].name == "automatic"
    assert film.fact("windows left out") == "1 that would show a blank film"


def test_padding_is_outside_the_automatic_window():
    padded = RAMP.copy()
    padded[:20] = 65535
    film = film_of(padded, extra=(("PixelPaddingValue", 65535),))
    low, high = np.percentile(RAMP[20:], (0.5, 99.5))
    assert (film.presets[0].centre, film.presets[0].width) == ((low + high) / 2, high - low)
    ranged = film_of(padded, extra=(("PixelPaddingValue", 65535), ("PixelPaddingRangeLimit", 3000)))
    low, high = np.percentile(padded[padded < 3000], (0.5, 99.5))
    assert (ranged.presets[0].centre, ranged.presets[0].width) == ((low + high) / 2, high - low)


def test_presentation_lut_shape_inverts_once():
    both = film_of(photometric="MONOCHROME1", extra=(("PresentationLUTShape", "INVERSE"),))
    assert both.is_inverted
    assert both.fact("polarity conflict") is None
    contrary = film_of(extra=(("PresentationLUTShape", "INVERSE"),))
    assert contrary.is_inverted
    assert contrary.fact("polarity conflict") == "MONOCHROME2 with INVERSE"


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_grey_saved_as_colour_is_read(photometric):
    grey = np.arange(2048, dtype=np.uint8).reshape(32, 64)
    chroma = grey if photometric == "RGB" else np.full_like(grey, 128)
    film = film_of(np.stack([grey, chroma, chroma], axis=-1), photometric=photometric)
    assert np.array_equal(film.values, grey)


def test_a_colour_picture_is_refused():
    colour = np.zeros((32, 32, 3), dtype=np.uint8)
    colour[3, 4] = (10, 10, 11)
    with pytest.raises(IntakeError, match="in colour"):
        film_of(colour, photometric="RGB")


FRAMES = np.zeros((2, 32, 32), dtype=np.uint16)


@pytest.mark.parametrize(
    ("pixels", "options", "message"),
    [
        (FRAMES, {"frames": 2}, "holds 2 frames"),
        (RAMP, {"frames": 999999}, "holds 999999 frames"),
        (RAMP, {"frames": 0}, "holds 0 frames"),
        (RAMP, {"photometric": "PALETTE COLOR"}, "Photometric Interpretation.*PALETTE COLOR"),
        (RAMP, {"extra": (("PhotometricInterpretation", None),)}, "however: none"),
        (RAMP, {"extra": (("SamplesPerPixel", 3),)}, "Samples per Pixel' must be 1"),
        (RAMP, {"extra": (("Rows", 0),)}, "sides of 32 to 16384.*50 x 0"),
        (RAMP, {"extra": (("Rows", 65535), ("Columns", 65535))}, "65535 x 65535"),
        (RAMP, {"extra": (("Rows", 16384), ("Columns", 16384))}, "67 megapixels"),
        (RAMP, {"extra": (("Rows", 16000), ("Columns", 4000))}, "cut off or damaged"),
        (RAMP, {"extra": (("Rows", None),)}, r"\(0028,0010\) 'Rows' must hold one number"),
        (RAMP, {"extra": (("Rows", [40, 40]),)}, "'Rows' must hold one number"),
        (RAMP, {"extra": (("BitsAllocated", 32), ("BitsStored", 32))}, "32 in 32"),
        (RAMP, {"extra": (("BitsStored", 7),)}, "7 in 16"),
        (RAMP, {"extra": (("BitsStored", 17),)}, "17 in 16"),
        (RAMP, {"bits_stored": 12, "extra": (("HighBit", 15),)}, "'High Bit' must be one less"),
        (RAMP, {"slope": 0.0}, "'Rescale Slope' must not be zero"),
        (RAMP, {"slope": 1e39}, "Rescale Slope' must keep the values finite"),
        (RAMP, {"modality_table": ((1, 2), 0, 99)}, "'Modality LUT Sequence' must hold"),
        (RAMP, {"extra": (("PixelData", None),)}, "holds no pixel data"),
        (RAMP, {"extra": (("FloatPixelData", b"\0" * 8000),)}, "floating-point"),
        (RAMP, {"extra": (("Modality", "SR"),)}, "is a structured report"),
        (RAMP, {"extra": (("SOPClassUID", uid.SegmentationStorage),)}, "is a segmentation"),
        (RAMP, {"extra": (("SOPClassUID", uid.RTDoseStorage),)}, "is a radiotherapy dose grid"),
    ],
)
def test_what_is_no_single_grey_picture_is_refused_with_its_reason(pixels, options, message):
    with pytest.raises(IntakeError, match=message):
        film_of(pixels, **options)


def test_a_frame_count_of_one_is_a_single_picture():
    assert film_of(frames=1).shape == (40, 50)


@pytest.mark.parametrize(
    ("extra", "spacing", "source"),
    [
        ((("PixelSpacing", [0.2, 0.2]),), (0.2, 0.2), "Pixel Spacing"),
        ((("ImagerPixelSpacing", [0.1, 0.1]),), (0.1, 0.1), "Imager Pixel Spacing, at the"),
        ((("PixelSpacing", [0, 0]), ("ImagerPixelSpacing", [0.1, 0.1])), (0.1, 0.1), "Imager"),
        ((("PixelSpacing", [0.2, 0.2, 0.2]),), None, None),
        ((), None, None),
    ],
)
def test_spacing_and_where_it_is_from(extra, spacing, source):
    film = film_of(extra=extra)
    assert film.spacing_mm == spacing
    assert (film.fact("spacing") or "").startswith(source or "")
    assert (film.fact("spacing") is None) == (source is None)


@pytest.mark.parametrize(
    ("extra", "aspect"),
    [
        ((("PixelSpacing", [0.2, 0.1]),), "2.000"),
        ((("PixelAspectRatio", [3, 4]),), "0.750"),
        ((("PixelSpacing", [0.2, 0.2001]),), None),
    ],
)
def test_pixels_that_are_not_square_are_noted(extra, aspect):
    assert film_of(extra=extra).fact("pixel aspect ratio") == aspect


@pytest.mark.parametrize(
    ("age", "birth", "study", "years"),
    [
        ("075Y", "", "", "75"),
        ("62", "", "", "62"),
        ("018M", "", "", "1"),
        ("090D", "", "", "0"),
        ("000Y", "19500615", "20200614", None),
        ("", "19500615", "20200614", "69"),
        ("", "19500615", "20200615", "70"),
        ("", "00000000", "20200615", None),
        ("", "18000101", "20200615", None),
        ("old", "", "", None),
    ],
)
def test_age_in_years(age, birth, study, years):
    extra = (("PatientAge", age), ("PatientBirthDate", birth), ("StudyDate", study))
    assert film_of(extra=extra).fact("patient age in years") == years


def test_facts_and_identity_are_kept_apart():
    extra = (
        ("PatientSex", "F"),
        ("BodyPartExamined", "CHEST"),
        ("ViewPosition", "PA"),
        ("Laterality", "L"),
        ("PresentationIntentType", "FOR PROCESSING"),
        ("LossyImageCompression", "01"),
        ("Manufacturer", "Acme"),
        ("ManufacturerModelName", "set up for Jane"),
        ("WindowCenterWidthExplanation", "DOE"),
    )
    film, identity = read_dicom(write_dicom(RAMP, DicomOptions(extra=extra, windows=((9, 99),))))
    assert dict(film.facts) == {
        "source kind": "dicom",
        "photometric interpretation": "MONOCHROME2",
        "bits stored": "16",
        "modality": "DX",
        "body part": "CHEST",
        "view position": "PA",
        "patient sex": "F",
        "presentation intent": "FOR PROCESSING",
        "laterality": "L",
        "transfer syntax": "Explicit VR Little Endian",
        "lossy compression": "yes",
        "manufacturer": "Acme",
    }
    assert film.presets[0].name == "window 1"
    assert identity.patient_name == IDENTITY["PatientName"]
    assert identity.sop_uid == IDENTITY["SOPInstanceUID"]
    assert identity.sop_class_uid == uid.DigitalXRayImageStorageForPresentation
    shown = repr((film, film.facts, film.presets, identity))
    assert not [value for value in IDENTITY.values() if value in shown]


def test_a_code_that_is_no_code_is_no_fact():
    data = write_dicom(RAMP, DicomOptions(extra=(("BodyPartExamined", "CHEST"),)))
    film, _ = read_dicom(data.replace(b"CHEST ", b"<b>hi<"))
    assert film.fact("body part") is None


def test_other_modalities_are_read_and_named():
    assert film_of(extra=(("Modality", "CT"),)).fact("modality") == "CT"


def test_hashes_tell_films_from_files():
    plain = film_of()
    deflated = film_of(transfer_syntax=uid.DeflatedExplicitVRLittleEndian)
    assert plain.pixel_sha256 == deflated.pixel_sha256
    assert plain.file_sha256 != deflated.file_sha256
