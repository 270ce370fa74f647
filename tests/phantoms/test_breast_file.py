"""A phantom's DICOM file read back through the front door: pixels, facts, and nobody's name."""

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest
from pydicom import uid

from xattn.data.intake import read_image, read_with_identity
from xattn.data.window import Window
from xattn.phantoms import MAKER
from xattn.phantoms.breast import Settings, display, draw, sample_world
from xattn.phantoms.breast_file import breast_file

SIZE = 64
SEEDS = (0, 1, 5)
NAMING = {"PN", "LO", "SH", "ST", "LT", "UT", "UN", "DA", "TM", "DT", "AS", "UC"}
"""Value representations that may hold a person, a place or a day."""


def pair(seed, **changes):
    world = replace(sample_world(seed, Settings()), **changes)
    return draw(world, size=SIZE), world


def header(data):
    return pydicom.dcmread(io.BytesIO(data))


@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_pixels_polarity_and_spacing_come_back(seed, is_inverted):
    phantom, world = pair(seed, is_inverted=is_inverted)
    film = read_image(breast_file(phantom, world))
    assert film.values.dtype == np.uint16
    assert np.array_equal(film.values, phantom.pixels)
    assert film.is_inverted is is_inverted
    # Written in six decimals of a millimetre, both ways.
    assert film.spacing_mm == (round(phantom.spacing_mm, 6),) * 2
    assert film.fact("bits stored") == str(phantom.bits)


@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_viewer_shows_what_training_saw(seed, is_inverted):
    phantom, world = pair(seed, is_inverted=is_inverted)
    film = read_image(breast_file(phantom, world))
    shown = display(phantom)
    # v / top in float32 against the window's formula in float64: one step of float32 below one.
    np.testing.assert_allclose(film.model_values(), shown, rtol=0, atol=2**-23)
    # 255 v / (2^12 - 1) and 255 v / (2^14 - 1) never lie half way, so rounding agrees.
    assert np.array_equal(film.display(), np.rint(255 * shown).astype(np.uint8))


def test_the_default_window_spans_all_values():
    phantom, world = pair(0)
    levels = 2**phantom.bits
    film = read_image(breast_file(phantom, world))
    assert film.presets[0] == Window(levels / 2, levels, film.presets[0].name)
    ends = film.presets[0].shown(np.array([0, levels - 1]))
    assert ends.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("view", ["CC", "MLO"])
@pytest.mark.parametrize("side", ["L", "R"])
def test_side_view_and_kind_are_facts(side, view):
    phantom, world = pair(0)
    world = replace(world, breast=replace(world.breast, side=side, view=view))
    film = read_image(breast_file(phantom, world))
    expected = {
        "laterality": side,
        "view position": view,
        "modality": "MG",
        "body part": "BREAST",
        "presentation intent": "FOR PRESENTATION",
        "patient sex": "F",
        "transfer syntax": "JPEG 2000 Image Compression (Lossless Only)",
        "photometric interpretation": "MONOCHROME1" if phantom.is_inverted else "MONOCHROME2",
        "presentation LUT shape": "INVERSE" if phantom.is_inverted else "IDENTITY",
    }
    assert {name: film.fact(name) for name in expected} == expected
    assert "patient age in years" not in dict(film.facts)


def test_both_sites_depths_are_written():
    worlds = [sample_world(seed, Settings()) for seed in range(20)]
    depths = set()
    for site in (0, 1):
        world = next(world for world in worlds if world.causes.site == site)
        dataset = header(breast_file(draw(world, size=SIZE), world))
        assert dataset.HighBit == dataset.BitsStored - 1
        assert dataset.BitsAllocated == 16
        depths.add(dataset.BitsStored)
    assert depths == {12, 14}


def test_the_same_phantom_gives_the_same_bytes_and_another_does_not():
    first, second, other = (breast_file(*pair(seed)) for seed in (3, 3, 4))
    assert first == second
    assert first != other


def test_identifiers_belong_to_the_seed_and_to_their_level():
    seen = set()
    for seed in SEEDS:
        identity = read_with_identity(breast_file(*pair(seed)))[1]
        uids = {identity.study_uid, identity.series_uid, identity.sop_uid}
        assert len(uids) == 3
        assert all(pydicom.uid.UID(uid).is_valid for uid in uids)
        assert not uids & seen
        seen |= uids
        assert (identity.patient_id, identity.patient_name) == (
            f"PHANTOM-{seed}",
            f"PHANTOM^{seed}",
        )


def test_nothing_else_in_the_file_could_name_anybody():
    dataset = header(breast_file(*pair(0)))
    texts = {e.keyword: str(e.value) for e in dataset.iterall() if NAMING & {e.VR}}
    assert texts == {
        "Manufacturer": MAKER,
        "PatientName": "PHANTOM^0",
        "PatientID": "PHANTOM-0",
        "PatientBirthDate": "",
        "RescaleType": "US",
    }
    assert not [element for element in dataset.iterall() if element.tag.is_private]


def test_the_file_is_what_its_meta_header_says():
    dataset = header(breast_file(*pair(0)))
    meta = dataset.file_meta
    assert meta.TransferSyntaxUID == uid.JPEG2000Lossless
    assert meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID
    assert meta.MediaStorageSOPClassUID == dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.1.2"
