"""Chest phantoms as DICOM files, as shipped cases and as training rows."""

import io
import json
import pickle

import numpy as np
import pydicom
import pytest

from xattn.data.findings import FINDINGS
from xattn.data.intake import read_image
from xattn.data.schemas import CHEST
from xattn.phantoms import MAKER, chest_samples
from xattn.phantoms.chest import Settings, display, draw, sample_world
from xattn.phantoms.chest_bayes import expected
from xattn.phantoms.chest_cases import CAUSES, ChestRow
from xattn.phantoms.chest_file import chest_file
from xattn.phantoms.chest_samples import CHEST_SAMPLES

SEEDS = (0, 1, 5)
NAMING = {"PN", "LO", "SH", "ST", "LT", "UT", "UN", "DA", "TM", "DT", "UC"}
"""Value representations that may hold a person, a place or a day."""
SIZE = 64


def pair(seed):
    world = sample_world(seed, Settings())
    return draw(world, size=SIZE), world


@pytest.mark.parametrize("seed", SEEDS)
def test_a_viewer_shows_what_training_saw(seed):
    phantom, world = pair(seed)
    film = read_image(chest_file(phantom, world))
    assert np.array_equal(film.values, phantom.pixels)
    assert film.is_inverted is phantom.is_inverted
    # v / top in float32 against the window's formula in float64: one step of float32 below one.
    np.testing.assert_allclose(film.model_values(), display(phantom), rtol=0, atol=2**-23)


@pytest.mark.parametrize("seed", SEEDS)
def test_header_says_what_the_form_says(seed):
    phantom, world = pair(seed)
    film = read_image(chest_file(phantom, world))
    facts = {
        "modality": "DX",
        "body part": "CHEST",
        "view position": world.form["projection"],
        "patient sex": world.form["sex"][0],
        "bits stored": str(phantom.bits),
        "photometric interpretation": "MONOCHROME1" if phantom.is_inverted else "MONOCHROME2",
    }
    assert {name: film.fact(name) for name in facts} == facts
    assert film.spacing_mm == (round(phantom.spacing_mm, 6),) * 2


def test_nothing_in_the_file_could_name_anybody():
    dataset = pydicom.dcmread(io.BytesIO(chest_file(*pair(0))))
    texts = {e.keyword: str(e.value) for e in dataset.iterall() if NAMING & {e.VR}}
    assert texts == {
        "Manufacturer": MAKER,
        "PatientName": "PHANTOM^CHEST 0",
        "PatientID": "PHANTOM-CHEST-0",
        "PatientBirthDate": "",
        "RescaleType": "US",
    }
    assert not [element for element in dataset.iterall() if element.tag.is_private]
    assert dataset.file_meta.TransferSyntaxUID == pydicom.uid.JPEG2000Lossless


def test_the_same_phantom_gives_the_same_bytes_and_another_does_not():
    first, second, other = (chest_file(*pair(seed)) for seed in (3, 3, 4))
    assert first == second
    assert first != other


def test_samples_are_written_with_their_forms(tmp_path, monkeypatch):
    monkeypatch.setattr(chest_samples, "ROWS", SIZE)
    chest_samples.write_chest_samples(tmp_path)
    assert sorted(place.name for place in tmp_path.iterdir()) == [
        sample.name for sample in CHEST_SAMPLES
    ]
    for sample in CHEST_SAMPLES:
        place, world = tmp_path / sample.name, sample_world(sample.seed, Settings())
        form = json.loads((place / "form.json").read_text(encoding="utf-8"))
        assert form == world.form
        assert CHEST.check(form).known == ("age", "sex", "projection", "view")
        film = read_image((place / "film.dcm").read_bytes())
        assert np.array_equal(film.values, draw(world, size=SIZE).pixels)


def test_samples_are_what_their_names_say():
    shown, present = {}, {}
    for sample in CHEST_SAMPLES:
        assert sample.seed >= 30_000_000
        phantom = draw(sample_world(sample.seed, Settings()), size=32)
        shown[sample.name[0]] = set(phantom.masks) - {"lung_opacity"}
        present[sample.name[0]] = {
            finding for finding, label in zip(FINDINGS, phantom.labels, strict=True) if label
        } - {"lung_opacity"}
    assert shown == {
        "1": set(),
        "2": {"cardiomegaly", "edema", "pleural_effusion"},
        "3": {"pneumothorax", "fracture"},
        "4": {"atelectasis", "support_devices"},
        "5": {"lung_lesion"},
        "6": set(),
    }
    assert present == shown | {"1": {"no_finding"}, "6": {"fracture"}}


def test_the_form_of_the_hidden_fracture_matters():
    world = sample_world(CHEST_SAMPLES[5].seed, Settings())
    image, form, both = expected(world.causes)[:, FINDINGS.index("fracture")]
    assert both > 4 * image
    assert form > both


def test_a_row_is_the_phantom():
    row = ChestRow(Settings(), size=48)(12)
    phantom, world = draw(sample_world(12, Settings()), size=48), sample_world(12, Settings())
    assert row.pixels.dtype == np.uint8
    assert np.array_equal(row.pixels, np.round(display(phantom) * 255).astype(np.uint8))
    assert np.array_equal(row.labels, phantom.labels.astype(np.float32))
    assert np.array_equal(row.expected, phantom.expected.astype(np.float32))
    assert row.expected.shape == (3, len(FINDINGS))
    encoding = CHEST.encode(CHEST.check(dict(world.form)))
    assert np.array_equal(row.values, encoding.values)
    assert row.known.all()
    assert row.causes.tolist() == [np.float32(phantom.causes[name]) for name in CAUSES]
    assert len(CAUSES) == len(phantom.causes) == 19


def test_a_row_maker_can_be_sent_to_another_process():
    maker = ChestRow(Settings(confounded=True), size=32)
    again = pickle.loads(pickle.dumps(maker))
    assert again == maker
    assert np.array_equal(again(2).pixels, maker(2).pixels)
