"""The hip's training rows, its DICOM files and the shipped cases."""

import io
import json
import pickle
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from xattn.data.intake import read_image, read_with_identity
from xattn.data.schemas import HIP
from xattn.phantoms import MAKER
from xattn.phantoms.hip import Settings, display, draw, sample_world
from xattn.phantoms.hip_bayes import expect
from xattn.phantoms.hip_cases import CAUSES, HipRow
from xattn.phantoms.hip_file import hip_file
from xattn.phantoms.hip_samples import HIP_SAMPLES, HipSample, write_hip_sample, write_hip_samples
from xattn.phantoms.hip_tables import VIEWS

SIZE = 64
SEEDS = (0, 1, 5)


def pair(seed, **changes):
    world = sample_world(seed, Settings())
    world = replace(world, technique=replace(world.technique, **changes))
    return draw(world, size=SIZE), world


def test_a_row_holds_the_film_the_form_and_the_truth():
    row = HipRow(Settings(), size=96)(7)
    world = sample_world(7, Settings())
    phantom = draw(world, size=96)
    assert row.pixels.shape == (96, 96)
    assert row.pixels.dtype == np.uint8
    # 96 rows of 88.6 columns: the film's own pixels in the middle, black beside them.
    shown = np.round(display(phantom) * 255)
    left = int(np.flatnonzero(row.pixels.any(axis=0))[0])
    assert np.abs(row.pixels[:, 44:52].astype(int) - shown[:, 44 - left : 52 - left]).mean() < 8
    encoding = HIP.encode(HIP.check(dict(phantom.form)))
    np.testing.assert_array_equal(row.values, encoding.values)
    assert row.known.tolist() == [True] * 10
    assert row.labels.tolist() == [np.float32(phantom.bmd)]
    assert row.expected.shape == (3, 1)
    assert row.expected[:, 0].tolist() == [np.float32(part.mean) for part in phantom.expected]
    assert {row.labels.dtype, row.expected.dtype, row.causes.dtype} == {np.dtype(np.float32)}


def test_a_rows_causes_are_named_in_their_order():
    row, world = HipRow(Settings(), size=32)(9), sample_world(9, Settings())
    values = dict(zip(CAUSES, row.causes.tolist(), strict=True))
    expected = {name: world.causes.values[name] for name in VIEWS}
    expected["neck_width"] = 2 * world.femur.waist * world.scale
    expected["site"] = float(world.causes.site)
    expected["side"] = float(world.technique.side == "R")
    expected["visible_bmd"] = expect(world.causes.views, Settings()).mean
    assert values == pytest.approx(expected, rel=1e-6)  # single precision


def test_a_row_can_go_to_another_process():
    row = pickle.loads(pickle.dumps(HipRow(Settings(confounded=False), size=32)))
    assert row == HipRow(Settings(confounded=False), size=32)
    np.testing.assert_array_equal(
        row(3).pixels, HipRow(Settings(confounded=False), size=32)(3).pixels
    )


@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_pixels_polarity_and_spacing_come_back(seed, is_inverted):
    phantom, world = pair(seed, is_inverted=is_inverted)
    film = read_image(hip_file(phantom, world))
    assert np.array_equal(film.values, phantom.pixels)
    assert film.is_inverted is is_inverted
    assert film.fact("photometric interpretation") == f"MONOCHROME{1 if is_inverted else 2}"
    assert film.fact("presentation LUT shape") == ("INVERSE" if is_inverted else "IDENTITY")
    # Written in six decimals of a millimetre, both ways.
    assert film.spacing_mm == (round(phantom.spacing_mm, 6),) * 2
    # v / top in float32 against the window's formula in float64: one step of float32 below one.
    np.testing.assert_allclose(film.model_values(), display(phantom), rtol=0, atol=2**-23)


@pytest.mark.parametrize("side", ["L", "R"])
def test_side_view_and_kind_are_facts_that_agree_with_the_form(side):
    phantom, world = pair(0, side=side)
    film = read_image(hip_file(phantom, world))
    expected = {
        "laterality": side,
        "view position": "AP",
        "modality": "DX",
        "body part": "HIP",
        "presentation intent": "FOR PRESENTATION",
        "patient sex": world.causes.sex[0],
        "patient age in years": str(world.form["age_at_xray"]),
        "transfer syntax": "JPEG 2000 Image Compression (Lossless Only)",
    }
    assert {name: film.fact(name) for name in expected} == expected


def test_a_file_names_nobody_and_is_the_same_each_time():
    phantom, world = pair(3)
    data = hip_file(phantom, world)
    assert data == hip_file(phantom, world)
    identity = read_with_identity(data)[1]
    assert (identity.patient_id, identity.patient_name) == ("PHANTOM-HIP-3", "PHANTOM^HIP 3")
    other = read_with_identity(hip_file(*pair(4)))[1]
    assert not {identity.study_uid, identity.series_uid, identity.sop_uid} & {
        other.study_uid, other.series_uid, other.sop_uid,
    }  # fmt: skip
    dataset = pydicom.dcmread(io.BytesIO(data))
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.1.1"
    naming = {"PN", "LO", "SH", "ST", "LT", "UT", "UN", "DA", "TM", "DT", "AS", "UC"}
    texts = {e.keyword: str(e.value) for e in dataset.iterall() if naming & {e.VR}}
    assert texts == {
        "Manufacturer": MAKER,
        "PatientName": "PHANTOM^HIP 3",
        "PatientID": "PHANTOM-HIP-3",
        "PatientBirthDate": "",
        "PatientAge": f"{world.causes.age:03d}Y",
        "RescaleType": "US",
    }
    assert not [element for element in dataset.iterall() if element.tag.is_private]


def test_samples_are_of_the_test_part_and_their_names_are_true():
    assert all(sample.seed >= 30_000_000 for sample in HIP_SAMPLES)
    worlds = {s.name[2:]: sample_world(s.seed, Settings()) for s in HIP_SAMPLES}
    expected = {name: draw(world, size=16).expected for name, world in worlds.items()}
    assert worlds["dense-bone"].causes.bmd > 1.038  # Lunar's young mean: T above 0
    assert worlds["thin-bone"].causes.bmd < 0.691  # T of -2.5 on Lunar's scale
    assert worlds["large-body"].form["bmi"] > 40
    hidden = expected["large-body"]
    assert hidden.both.mean - hidden.image.mean > hidden.image.sd
    assert worlds["thin-smoker"].form["bmi"] < 20
    assert worlds["thin-smoker"].form["smoking"] == "CURRENT"
    against = expected["film-against-form"]
    assert against.image.mean - against.form.mean > 2 * max(against.image.sd, against.form.sd)
    for name, world in worlds.items():
        assert abs(expected[name].both.mean - world.causes.bmd) < 0.05


def test_a_sample_is_a_film_and_what_is_known(tmp_path):
    sample = HipSample("bare", 30_000_001, unknown=("age_at_scan", "weight"))
    write_hip_sample(sample, tmp_path)
    assert sorted(p.name for p in (tmp_path / "bare").iterdir()) == ["film.dcm", "form.json"]
    text = (tmp_path / "bare" / "form.json").read_text(encoding="utf-8")
    world = sample_world(sample.seed, Settings())
    assert json.loads(text) == {n: v for n, v in world.form.items() if n not in sample.unknown}
    assert text.endswith("}\n")
    form = HIP.read_json(text)
    assert "weight" not in form.known
    assert {"height", "bmi", "age_at_scan"} <= set(form.known)  # the scan's age is derived
    film = read_image((tmp_path / "bare" / "film.dcm").read_bytes())
    assert film.values.shape == (1040, 960)


@pytest.mark.slow  # six films of a thousand rows
def test_every_sample_is_written(tmp_path):
    write_hip_samples(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [sample.name for sample in HIP_SAMPLES]
    for sample in HIP_SAMPLES:
        HIP.read_json((tmp_path / sample.name / "form.json").read_text(encoding="utf-8"))
        assert set(sample.unknown) <= set(sample_world(sample.seed, Settings()).form)
