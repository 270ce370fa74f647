"""The shipped cases are what their seeds write: form, box and pixels."""

import json
from pathlib import Path

import numpy as np
import pytest

from xattn.data.intake import read_image
from xattn.data.schemas import BREAST
from xattn.phantoms.breast import Settings, draw, sample_world
from xattn.phantoms.breast_anatomy import FILM_MM
from xattn.phantoms.breast_samples import (
    BREAST_SAMPLES,
    ROWS,
    BreastSample,
    write_breast_sample,
    write_breast_samples,
)
from xattn.systems import MODELS

pytestmark = pytest.mark.slow  # draws and compresses seven whole films

SHIPPED = MODELS.parent / "cases" / "breast"
SPACING = FILM_MM[1] / ROWS
each_sample = pytest.mark.parametrize("sample", BREAST_SAMPLES, ids=lambda sample: sample.name)
boxed = pytest.mark.parametrize(
    "sample", [s for s in BREAST_SAMPLES if s.is_boxed], ids=lambda sample: sample.name
)


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    write_breast_samples(folder)
    return folder


def shipped_box(sample):
    return json.loads((SHIPPED / sample.name / "box.json").read_text(encoding="utf-8"))


def test_nothing_else_is_shipped(written):
    shipped, fresh = (
        sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        for folder in (SHIPPED, written)
    )
    assert shipped == fresh
    assert len(BREAST_SAMPLES) == len({sample.seed for sample in BREAST_SAMPLES})


@each_sample
def test_form_and_box_are_the_same_bytes(written, sample):
    names = ("form.json", "box.json") if sample.is_boxed else ("form.json",)
    for name in names:
        shipped = (SHIPPED / sample.name / name).read_bytes()
        assert shipped == (written / sample.name / name).read_bytes()


@each_sample
def test_the_film_holds_the_same_picture(written, sample):
    # Values, not bytes: another version of the JPEG 2000 encoder may pack them otherwise.
    shipped, fresh = (
        read_image(folder / sample.name / "film.dcm") for folder in (SHIPPED, written)
    )
    assert shipped.pixel_sha256 == fresh.pixel_sha256
    assert (shipped.spacing_mm, shipped.facts) == (fresh.spacing_mm, fresh.facts)
    assert shipped.shape == (ROWS, round(ROWS * FILM_MM[0] / FILM_MM[1]))


@boxed
def test_the_box_holds_the_lesions_place(sample):
    world = sample_world(sample.seed, Settings())
    x, y = world.lesion_mm
    x = x if world.breast.side == "L" else FILM_MM[0] - x
    left, top, width, height = shipped_box(sample)
    assert left < x / SPACING < left + width
    assert top < y / SPACING < top + height


@boxed
def test_the_box_bounds_the_lesion_drawn_on_a_coarser_film(sample):
    coarser = 4
    mask = draw(sample_world(sample.seed, Settings()), size=ROWS // coarser).lesion_mask
    rows, columns = np.nonzero(mask)
    left, top, width, height = shipped_box(sample)
    # One coarse pixel for its own extent, and for rays drawn as wide as a pixel: 3.2 x 0.35 more.
    slack = 3 * coarser
    found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    expected = np.array([left, top, left + width, top + height])
    assert np.abs(np.array(found) * coarser - expected).max() <= slack


@each_sample
def test_the_form_is_the_readers_less_what_is_unknown(sample):
    text = (SHIPPED / sample.name / "form.json").read_text(encoding="utf-8")
    world = sample_world(sample.seed, Settings())
    said = {"lesion_type": world.causes.lesion_type, **world.form}
    assert json.loads(text) == {k: v for k, v in said.items() if k not in sample.unknown}
    assert set(sample.unknown) <= set(world.form)
    form = BREAST.read_json(text)
    assert set(form.known) == set(world.form) - set(sample.unknown)


def test_names_say_what_the_causes_are():
    causes = {s.name[2:]: sample_world(s.seed, Settings()).causes for s in BREAST_SAMPLES}
    assert causes["spiculated-mass"].signs["mass_margins"] == "SPICULATED"
    assert causes["circumscribed-mass"].signs["mass_margins"] == "CIRCUMSCRIBED"
    assert causes["pleomorphic-calcifications"].signs["calc_type"] == "PLEOMORPHIC"
    hidden = causes["mass-hidden-in-dense-tissue"]
    assert hidden.has_mass
    assert hidden.is_occult
    assert hidden.density >= 3


def test_a_sample_without_a_box_writes_none(tmp_path):
    sample = BreastSample("bare", 30_000_001, unknown=("density",), is_boxed=False)
    write_breast_sample(sample, tmp_path)
    assert sorted(p.name for p in (tmp_path / "bare").iterdir()) == ["film.dcm", "form.json"]
    text = (tmp_path / "bare" / "form.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "density" not in json.loads(text)
