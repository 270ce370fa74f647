"""The gate: findings, the checks of file, header, pixels and content, and a whole case."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import tiny
from xattn.data.intake import read_image
from xattn.data.radiograph import Radiograph
from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.data.window import Window
from xattn.trust import content
from xattn.trust.checks_file import check_file
from xattn.trust.checks_pixels import check_pixels, check_text
from xattn.trust.content import FACING, Classifier, check_content, check_side
from xattn.trust.duplicates import check_duplicate
from xattn.trust.expectations import EXPECTATIONS
from xattn.trust.finding import Finding, Gate
from xattn.trust.gate import check_case
from xattn.trust.header import check_form
from xattn.trust.picture import FEATURES, SIDE, features, ranks, shown, thumbnail, trimmed

ROOT = Path(__file__).resolve().parents[2]
REAL = Path(os.environ.get("XATTN_DATA", ROOT.parent / "shared" / "data")) / "dicom_xray"
SLOPE = np.add.outer(np.arange(256), np.arange(256)) / 510
"""A film (256, 256) from dark to bright along its diagonal."""


def radiograph(values: np.ndarray | None = None, **facts: str) -> Radiograph:
    pairs = tuple((name.replace("_", " "), value) for name, value in facts.items())
    return Radiograph(
        np.arange(1024, dtype=np.uint16).reshape(32, 32) if values is None else values, facts=pairs
    )


def by_check(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.check: finding for finding in findings}


def test_a_gate_takes_the_worst_level_and_blocks_until_every_block_is_acknowledged():
    findings = tuple(
        Finding(c, level, "r")
        for c, level in zip("abcd", ("pass", "block", "warn", "block"), strict=True)
    )
    gate = Gate(findings)
    assert (gate.level, gate.blocks) == ("block", True)
    once = gate.acknowledge("b")
    assert [finding.check for finding in once.pending] == ["d"]
    assert not once.acknowledge("d").blocks
    assert once.acknowledge("d").level == "block"
    assert gate.blocks
    assert Gate(()).level == "pass"


@pytest.mark.parametrize(
    ("system", "fact", "code", "level"),
    [
        ("hip", "modality", "DX", "pass"),
        ("hip", "modality", "MG", "block"),
        ("hip", "modality", "RG", "warn"),
        ("breast", "modality", "MG", "pass"),
        ("breast", "modality", "DX", "warn"),
        ("breast", "modality", "RTIMAGE", "block"),
        ("chest", "body part", "CHEST", "pass"),
        ("chest", "body part", "THORAX", "warn"),
        ("chest", "body part", "HIP", "block"),
        ("chest", "view position", "LL", "block"),
        ("breast", "view position", "MLO", "pass"),
    ],
)
def test_codes_of_the_header_pass_warn_or_block_by_the_table(system, fact, code, level):
    found = by_check(check_file(radiograph(**{fact.replace(" ", "_"): code}), EXPECTATIONS[system]))
    assert found[fact].level == level
    assert code in found[fact].reason


def test_what_the_file_does_not_state_is_not_checked_and_says_so():
    found = by_check(check_file(radiograph(), EXPECTATIONS["hip"]))
    for name in ("modality", "body part", "view position", "age", "lossy compression"):
        assert (found[name].level, found[name].is_checked) == ("pass", False)
        assert found[name].reason.startswith("Not checked: ")


@pytest.mark.parametrize(
    ("age", "level"), [("49", "warn"), ("50", "pass"), ("17", "block"), ("0", "block")]
)
def test_patients_younger_than_those_trained_on_are_told(age, level):
    found = by_check(check_file(radiograph(patient_age_in_years=age), EXPECTATIONS["hip"]))
    assert found["age"].level == level


@pytest.mark.parametrize(
    ("shape", "level"),
    [((400, 400), "pass"), ((399, 800), "warn"), ((400, 1000), "pass"), ((400, 1001), "warn")],
)
def test_small_and_overlong_films_are_warned_of(shape, level):
    film = radiograph(np.zeros(shape, np.uint16))
    assert by_check(check_file(film, EXPECTATIONS["chest"]))["size"].level == level


def test_shallow_lossy_and_contradicting_files_are_warned_of():
    facts = {
        "source_kind": "dicom",
        "bits_stored": "8",
        "lossy_compression": "yes",
        "polarity_conflict": "A with B",
        "burned_in_annotation": "YES",
    }
    found = by_check(check_file(radiograph(**facts), EXPECTATIONS["chest"]))
    for name in ("bit depth", "lossy compression", "stated polarity", "stated text"):
        assert found[name].level == "warn"
    fine = {
        "source_kind": "dicom",
        "bits_stored": "10",
        "lossy_compression": "no",
        "burned_in_annotation": "NO",
    }
    found = by_check(check_file(radiograph(**fine), EXPECTATIONS["chest"]))
    for name in ("bit depth", "lossy compression", "stated polarity", "stated text"):
        assert (found[name].level, found[name].is_checked) == ("pass", True)


def test_header_and_form_are_compared_where_both_speak_and_a_mismatch_blocks():
    film = radiograph(patient_sex="F", patient_age_in_years="71", view_position="AP")
    form = CHEST.check({"age": 73, "sex": "MALE", "projection": "AP", "view": "FRONTAL"})
    found = by_check(check_form(film, form, EXPECTATIONS["chest"]))
    assert found["patient sex against form"].level == "block"
    assert found["patient age in years against form"].level == "block"
    assert found["view position against form"].level == "pass"
    assert "FEMALE" in found["patient sex against form"].reason


@pytest.mark.parametrize(
    ("age", "level"), [(70, "pass"), (72, "pass"), (72.5, "block"), (69, "block")]
)
def test_ages_may_differ_by_one_birthday(age, level):
    film = radiograph(patient_age_in_years="71")
    found = by_check(check_form(film, HIP.check({"age_at_xray": age}), EXPECTATIONS["hip"]))
    assert found["patient age in years against form"].level == level


def test_a_silent_header_an_unknown_entry_and_a_form_without_such_fields_are_not_checked():
    for film, form in (
        (radiograph(), HIP.check({"sex": "MALE"})),
        (radiograph(patient_sex="M"), HIP.blank()),
    ):
        found = by_check(check_form(film, form, EXPECTATIONS["hip"]))
        assert not found["patient sex against form"].is_checked
    (only,) = check_form(radiograph(patient_sex="M"), BREAST.blank("mass"), EXPECTATIONS["breast"])
    assert not only.is_checked


def test_equal_pixels_are_one_film_whatever_the_file():
    values = np.arange(1024, dtype=np.uint16).reshape(32, 32)
    first, again, other = (
        Radiograph(values, file_sha256="a"),
        Radiograph(values, file_sha256="b"),
        Radiograph(values + 1),
    )
    hashes = [film.pixel_sha256 for film in (first, other)]
    assert check_duplicate(again.pixel_sha256, hashes).level == "warn"
    assert check_duplicate(again.pixel_sha256, hashes[1:]).level == "pass"


def test_the_film_is_shown_as_the_model_sees_it_and_thinned():
    values = np.random.default_rng(0).integers(0, 4096, (512, 768)).astype(np.uint16)
    film = Radiograph(values, (Window(2048, 4096),), is_inverted=True)
    # Both go through one window; `model_values` rounds to float32 once more in its table.
    np.testing.assert_allclose(shown(film, 256), film.model_values()[::2, ::2], atol=1e-6)


def test_flat_borders_are_trimmed_and_a_flat_film_is_left():
    film = np.zeros((100, 80))
    film[10:90, 20:70] = SLOPE[:80, :50]
    film[10, 20:70] = np.linspace(0, 1, 50)
    assert trimmed(film).shape == (80, 50)
    assert trimmed(np.zeros((9, 9))).shape == (9, 9)


def test_a_thumbnail_is_the_mean_of_its_blocks_and_small_films_are_enlarged():
    expected = SLOPE.reshape(SIDE, 4, SIDE, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(thumbnail(SLOPE), expected, rtol=0, atol=1e-12)
    assert thumbnail(SLOPE[:33, :40]).shape == (SIDE, SIDE)


def test_ranks_and_features_do_not_change_with_the_window_and_turn_over_with_polarity():
    picture = np.random.default_rng(0).integers(1, 10, (SIDE, SIDE)) / 10
    np.testing.assert_array_equal(ranks(picture), ranks(picture**2 + 1))
    # Ranks of ties are centred, so that inversion only changes their sign.
    np.testing.assert_allclose(ranks(1 - picture), -ranks(picture), rtol=0, atol=1e-12)
    found, turned = features(picture), features(1 - picture)
    assert found.shape == (FEATURES,)
    np.testing.assert_allclose(found[:256], -turned[:256], rtol=0, atol=1e-12)
    # A gradient's direction turns by half a circle: four of eight directions further on.
    directions = found[256:].reshape(8, 8, 8)
    np.testing.assert_allclose(
        turned[256:].reshape(8, 8, 8), np.roll(directions, 4, axis=0), atol=1e-9
    )


def levels(film: np.ndarray, system: str = "breast") -> dict[str, str]:
    return {name: f.level for name, f in by_check(check_pixels(film, EXPECTATIONS[system])).items()}


def test_blank_films_and_noise_block():
    assert levels(np.full((256, 256), 0.4))["picture"] == "block"
    assert levels(np.random.default_rng(0).random((256, 256)))["picture"] == "block"
    assert levels(SLOPE)["picture"] == "pass"


def with_patch(grey: float, side: int, at: int = 100) -> np.ndarray:
    film = 0.6 * SLOPE
    film[at : at + side, at : at + side] = grey
    return film


@pytest.mark.parametrize(
    ("film", "level"),
    [
        (0.6 * SLOPE, "pass"),
        (with_patch(1.0, 20), "warn"),
        (with_patch(0.9, 20), "pass"),
        (with_patch(1.0, 4), "pass"),
        (with_patch(1.0, 156), "pass"),
        (with_patch(1.0, 130), "pass"),
    ],
    ids=["none", "metal", "bone", "letter", "border", "large"],
)
def test_metal_is_a_bright_sharp_area_inside_the_film(film, level):
    assert levels(film, "hip")["metal"] == level


def test_a_smooth_bright_hill_is_no_metal():
    down, across = np.mgrid[:256, :256] - 128
    hill = 1 - 0.9 * np.clip((down**2 + across**2) / 100**2, 0, 1)
    assert levels(hill, "hip")["metal"] == "pass"


def lettered(count: int) -> np.ndarray:
    film = 0.4 * np.kron(SLOPE, np.ones((2, 2)))
    for k in range(count):
        film[400:412, 50 + 14 * k : 52 + 14 * k] = 1.0
        film[400:412, 56 + 14 * k : 58 + 14 * k] = 1.0
        film[405:407, 50 + 14 * k : 58 + 14 * k] = 1.0
    return film


@pytest.mark.parametrize(("count", "level"), [(0, "pass"), (6, "pass"), (7, "warn"), (20, "warn")])
def test_seven_glyphs_in_a_row_are_text(count, level):
    assert check_text(lettered(count)).level == level


CLASSES = ("180", "270", "90", "inverted", "mirrored", "other", "right")


def classifier(**bias: float) -> Classifier:
    """Decides by bias alone, whatever the film."""
    scores = np.array([bias.get(name, 0.0) for name in CLASSES])
    return Classifier(CLASSES, np.zeros((len(CLASSES), FEATURES)), scores, 0.5, 0.1)


@pytest.mark.parametrize(
    ("scores", "system", "bad", "level"),
    [
        ({"right": 9}, "chest", None, "pass"),
        ({"inverted": 9}, "chest", "polarity", "block"),
        ({"inverted": 9, "right": 8}, "chest", "polarity", "warn"),
        ({"other": 9}, "hip", "content", "block"),
        ({"mirrored": 9}, "chest", "orientation", "block"),
        ({"mirrored": 9}, "hip", None, "pass"),
    ],
)
def test_the_likeliest_fault_alone_is_named(scores, system, bad, level):
    found = by_check(check_content(classifier(**scores), SLOPE, system))
    assert {name: f.level for name, f in found.items()} == {
        name: level if name == bad else "pass" for name in ("content", "polarity", "orientation")
    }


def test_a_sided_film_faces_its_side():
    for system, sides in FACING.items():
        for name, side, other in (("right", *sides), ("mirrored", *sides[::-1])):
            faces = classifier(**{name: 9.0})
            assert check_side(faces, SLOPE, system, side).level == "pass"
            assert check_side(faces, SLOPE, system, other).level == "warn"
            assert not check_side(faces, SLOPE, system, None).is_checked
    assert not check_side(faces, SLOPE, "chest", "L").is_checked


def test_a_classifier_comes_back_from_its_file(tmp_path):
    # The file keeps memory as it lies: columns first, as some fits give them, must not matter.
    weights = np.asfortranarray(np.arange(7 * FEATURES).reshape(7, FEATURES) % 1000)
    stored = replace(classifier(right=2.0), weights=weights)
    content.save({"hip": stored}, tmp_path / "content.safetensors")
    back = content.load("hip", tmp_path / "content.safetensors")
    assert (back.classes, back.warn_below, back.block_below) == (CLASSES, 0.5, 0.1)
    np.testing.assert_array_equal(back.bias, stored.bias)
    np.testing.assert_array_equal(back.weights, weights)


def test_every_system_of_the_app_has_its_expectations_and_its_shipped_classifier():
    from xattn.systems import SYSTEMS

    assert set(EXPECTATIONS) == set(SYSTEMS)
    for name, system in SYSTEMS.items():
        assert set(EXPECTATIONS[name].form_facts.values()) <= set(system.schema.names)
        assert content.load(name).weights.shape[1] == FEATURES


@pytest.mark.parametrize("system", ["hip", "breast", "chest"])
def test_a_case_meets_every_check_once_and_the_first_pixel_fault_blocks(system):
    case = tiny.case_of(system)
    gate = check_case(case, classifier(right=9.0), earlier=["another"])
    names = [finding.check for finding in gate.findings]
    assert len(names) == len(set(names))
    assert not gate["novelty"].is_checked
    assert set(EXPECTATIONS[system].unchecked) <= set(names)
    blank = replace(case.film, radiograph=radiograph(np.full((256, 256), 7, np.uint16)))
    found = check_case(replace(case, films=(blank,)), classifier(right=9.0))
    assert (found["picture"].level, found.blocks) == ("block", True)
    assert not check_case(case, classifier(right=9.0))["duplicate"].is_checked
    same = [case.film.radiograph.pixel_sha256]
    assert check_case(case, classifier(right=9.0), earlier=same)["duplicate"].level == "warn"


@pytest.mark.real
@pytest.mark.skipif(not REAL.is_dir(), reason="no real films here; set XATTN_DATA")
@pytest.mark.parametrize(
    ("system", "file", "checks"),
    [
        ("chest", "chest/Fake_MONOHR1.dcm", {"polarity": "block"}),
        ("chest", "chest/966_fixed.dcm", {"polarity": "pass", "content": "pass"}),
        ("chest", "chest/dx_image.dcm", {"age": "block", "size": "warn", "content": "block"}),
        ("breast", "breast/GH133.dcm", {"side": "pass", "modality": "pass", "content": "pass"}),
        ("hip", "other/RTImageStorage.dcm", {"modality": "block"}),
    ],
)
def test_real_files_are_judged_as_the_documentation_says(system, file, checks):
    found = by_check(
        (
            *check_file(film := read_image(REAL / file), EXPECTATIONS[system]),
            *check_content(content.load(system), shown(film), system),
            check_side(content.load(system), shown(film), system, film.fact("laterality")),
        )
    )
    assert {name: found[name].level for name in checks} == checks
