"""From an entry's files to the picture: scale, polarity, boxes, and files told apart by content."""

import math

import numpy as np
import pytest

from tests import tiny
from tests.data.datasets.trees import cbis_pixels, write_png
from tests.data.dicom_files import DicomOptions, write_dicom
from xattn.data.clinical import Absent
from xattn.data.datasets.entries import Entry
from xattn.data.datasets.reading import read_entry
from xattn.data.placement import ASSUMED_FILM_MM, Box, Placement, placed
from xattn.data.schemas import CHEST
from xattn.errors import IntakeError
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker


def entry(*images, box=None):
    return Entry(
        images=images,
        patient="P4711",
        study="S",
        form=CHEST.check({"age": 78, "sex": "F"}),
        labels=np.array([1.0]),
        split="train",
        row=5,
        box=box,
    )


def picture(one, size=32, margin_mm=0.0):
    return read_entry(one, CHEST, size=size, margin_mm=margin_mm)[0]


def dicom(path, pixels, **options):
    path.write_bytes(write_dicom(pixels, DicomOptions(**options)))
    return path


def test_the_picture_is_the_film_in_its_own_greys_and_the_form_is_encoded(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8)
    shown, encoding = read_entry(
        entry(write_png(tmp_path / "a.png", pixels)), CHEST, size=64, margin_mm=0
    )
    # An 8-bit picture is shown as stored (PS3.3 C.11.2.1.2: centre 128, width 256), and at equal
    # scale each model pixel is one of the file.
    np.testing.assert_array_equal(shown, pixels)
    assert shown.dtype == np.uint8
    assert encoding.values[0] == 1.0  # (78 - 60) / 18
    assert encoding.known.tolist() == [True, True, False, False]


def test_dense_is_bright_whichever_way_the_file_is_stored(tmp_path):
    pixels = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
    plain = dicom(tmp_path / "plain.dcm", pixels, bits_stored=12)
    inverted = dicom(
        tmp_path / "inverted.dcm", 4095 - pixels, bits_stored=12, photometric="MONOCHROME1"
    )
    # Rounding of both, once each.
    difference = picture(entry(plain)).astype(int) - picture(entry(inverted))
    assert np.abs(difference).max() <= 1
    assert picture(entry(plain))[-1].mean() > 240


def test_the_padding_of_a_narrow_film_is_black(tmp_path):
    shown = picture(entry(write_png(tmp_path / "a.png", np.full((64, 32), 200, np.uint8))), size=64)
    assert not shown[:, :16].any()
    assert not shown[:, 48:].any()
    assert set(shown[:, 16:48].ravel()) == {200}


def test_a_box_is_read_with_its_margin_in_millimetres():
    shape, box = (480, 240), Box(100, 200, 40, 20)

    def read(box, margin_mm, spacing_mm=None):
        return placed(shape, box, size=32, margin_mm=margin_mm, spacing_mm=spacing_mm)

    # 40 pixels, and 10 mm of 0.25 mm (the coarser side) on both sides.
    assert read(box, 10, (0.2, 0.25)).side == 40 + 2 * 40
    assert read(box, 10).side == pytest.approx(40 + 2 * 10 / (ASSUMED_FILM_MM / 480))
    whole = Placement.whole(shape, 32)
    assert read(None, 10) == whole
    assert read(box, math.inf) == whole


def test_an_entry_is_read_as_the_engine_reads_it(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 4096, (96, 64)).astype(np.uint16)
    file = dicom(tmp_path / "film.dcm", pixels, bits_stored=12)
    engine = Engine(tiny.breast_model(), Worker())
    box = Box(10, 20, 24, 16)
    case = engine.read(file, {}, box=box)
    margin = engine.model.system.margin_mm
    shown = picture(entry(file, box=box), size=tiny.SIZE, margin_mm=margin)
    np.testing.assert_array_equal(shown, np.rint(255 * case.film.pixels).astype(np.uint8))


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_film_crop_and_mask_are_told_apart_by_content(tmp_path, order):
    films = [dicom(tmp_path / f"{n}.dcm", p) for n, p in enumerate(cbis_pixels())]
    shown = picture(entry(*(films[n] for n in order)), size=40)
    expected = picture(entry(films[0], box=Box(30, 40, 40, 40)), size=40)
    np.testing.assert_array_equal(shown, expected)
    # The box is the bright lesion and nothing else.
    assert shown.min() > 200


def test_a_crop_alone_is_read_as_it_is(tmp_path):
    _, crop, mask = cbis_pixels()
    alone = dicom(tmp_path / "crop.dcm", crop)
    beside = dicom(tmp_path / "mask.dcm", mask)
    np.testing.assert_array_equal(picture(entry(beside, alone)), picture(entry(alone)))


def test_a_mask_of_half_the_resolution_marks_the_same_box(tmp_path):
    film, _, mask = cbis_pixels()
    full, half = dicom(tmp_path / "film.dcm", film), dicom(tmp_path / "mask.dcm", mask[::2, ::2])
    np.testing.assert_array_equal(
        picture(entry(full, half)), picture(entry(full, box=Box(30, 40, 40, 40)))
    )


def test_what_cannot_be_read_is_refused_with_the_row_alone(tmp_path):
    film, _, mask = cbis_pixels()
    full, marks = dicom(tmp_path / "film.dcm", film), dicom(tmp_path / "mask.dcm", mask)
    empty = dicom(tmp_path / "empty.dcm", np.zeros_like(mask))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for one, message in (
        (entry(), "this row has a form alone"),
        (entry(tmp_path / "absent.png"), "there is none of that name"),
        (entry(tmp_path / "broken.png"), "damaged"),
        (entry(full, box=Box(100, 0, 40, 40)), "inside the film"),
        (entry(full, empty), "an empty one"),
        (entry(full, marks, empty), r"1 film\(s\) and 2 mask\(s\)"),
        (entry(marks, marks), r"0 film\(s\) and 2 mask\(s\)"),
    ):
        with pytest.raises(IntakeError, match=message) as refusal:
            picture(one)
        assert str(refusal.value).startswith("Row 5: ")
        assert str(tmp_path) not in str(refusal.value)
        assert "4711" not in str(refusal.value)


def test_unknown_fields_stay_unknown():
    assert entry().form["projection"] is Absent.UNKNOWN
