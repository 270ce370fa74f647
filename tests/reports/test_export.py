"""The files hold the numbers of the records, in the film's own pixels, whole or not at all."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.reports.conftest import make_attribution, make_case, make_explanation, make_prediction
from xattn.errors import ReportError
from xattn.records import Explanation, Map
from xattn.reports import export
from xattn.reports.export import write_explanation


@pytest.fixture(autouse=True)
def small_panels(request, monkeypatch):
    """Panels of full size take a second a case; one test draws them."""
    if "full_size" not in request.fixturenames:
        monkeypatch.setattr(export, "longest_picture", lambda: 100)


@pytest.fixture
def full_size():
    """Leaves the panels at their size."""


def hot_explanation(case, row, column, regions=None):
    values = np.zeros((7, 7), dtype=np.float32)
    values[row, column] = 0.5
    entry = make_attribution(
        case, "hot", "contribution", maps=(Map("malignant", values),), regions=regions
    )
    return Explanation(case, make_prediction(case), (("hot", entry),))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def numbers(folder):
    return json.loads((folder / "explanation.json").read_text(encoding="utf-8"))


def test_a_hot_region_lies_on_its_own_file_pixels(box, tmp_path):
    case = make_case(box)
    regions = np.arange(49).reshape(7, 7)
    write_explanation(hot_explanation(case, 2, 5, regions), tmp_path / "out")
    film = np.load(tmp_path / "out" / "hot.npy", allow_pickle=False)
    assert (film.dtype, film.shape) == (np.float32, case.film.radiograph.shape)
    placement = case.film.placement
    for row in range(film.shape[0]):
        for column in range(film.shape[1]):
            x, y = placement.file_to_model(column + 0.5, row + 0.5)
            is_read = 0 <= x < placement.size and 0 <= y < placement.size
            is_hot = is_read and (int(y / placement.size * 7), int(x / placement.size * 7)) == (
                2,
                5,
            )
            expected = 0.5 if is_hot else 0.0 if is_read else np.nan
            np.testing.assert_equal(film[row, column], np.float32(expected))


def test_a_hot_cell_peaks_at_its_centre(box, tmp_path):
    case = make_case(box)
    write_explanation(hot_explanation(case, 1, 4), tmp_path / "out")
    film = np.load(tmp_path / "out" / "hot.npy", allow_pickle=False)
    row, column = np.unravel_index(np.nanargmax(film), film.shape)
    x, y = case.film.placement.model_to_file(4.5 / 7 * 28, 1.5 / 7 * 28)
    assert abs(column + 0.5 - x) <= 0.5
    assert abs(row + 0.5 - y) <= 0.5


def test_numbers_come_back_as_they_were(boxed, tmp_path):
    write_explanation(boxed, tmp_path / "out")
    read = numbers(tmp_path / "out")
    assert read["format"] == {"name": "xattn.explanation", "version": 1}
    assert read["use"] == "Research use, not for diagnosis"
    assert read["prediction"]["value"] == boxed.prediction.value
    assert read["prediction"]["jitter"] == list(boxed.prediction.jitter)
    assert read["prediction"]["interaction"] == boxed.prediction.interaction
    entries = {entry["key"]: entry for entry in read["attributions"]}
    for key, attribution in boxed.attributions:
        entry = entries[key]
        assert entry["players"] == dict(attribution.players)
        assert entry["figures"] == dict(attribution.figures)
        assert entry["gap"] == attribution.gap
        assert entry["provenance"]["case_digest"] == boxed.case.digest
        for shown, written in zip(attribution.maps, entry["maps"], strict=True):
            assert (np.float32(written["values"]) == shown.values).all()
    assert entries["gradcam"]["scale"]["high"] == 1.25
    assert entries["shapley"]["scale"] is None


def test_the_case_is_described_without_its_owner(boxed, tmp_path):
    write_explanation(boxed, tmp_path / "out")
    case = numbers(tmp_path / "out")["case"]
    assert case["digest"] == boxed.case.digest
    film = case["films"][0]
    assert film["box"] == {"x": 60, "y": 100, "width": 50, "height": 40}
    assert film["facts"] == {"modality": "MG", "laterality": "L", "view position": "MLO"}
    states = {entry["name"]: (entry["state"], entry["value"]) for entry in case["form"]["fields"]}
    assert states["mass_margins"] == ("known", ["SPICULATED", "OBSCURED"])
    assert states["calc_type"] == ("not applicable", None)


def test_large_maps_are_files_over_what_was_read(explanation, tmp_path):
    values = np.random.default_rng(3).normal(size=(33, 32)).astype(np.float32)
    entry = make_attribution(
        explanation.case, "fine", "contribution", maps=(Map("a", values), Map("b", 2 * values))
    )
    fine = replace(explanation, attributions=(("fine", entry),))
    write_explanation(fine, tmp_path / "out")
    maps = numbers(tmp_path / "out")["attributions"][0]["maps"]
    assert [part["file"] for part in maps] == ["fine.0.model.npy", "fine.1.model.npy"]
    stored = np.load(tmp_path / "out" / "fine.1.model.npy", allow_pickle=False)
    assert (stored == 2 * values).all()


def test_regions_are_stored_with_their_labels(explanation, tmp_path):
    write_explanation(explanation, tmp_path / "out")
    labels = np.load(tmp_path / "out" / "lime.regions.npy", allow_pickle=False)
    assert (labels == explanation["lime"].regions).all()


def test_every_file_is_listed_and_every_map_has_a_panel(explanation, tmp_path, full_size):
    write_explanation(explanation, tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == set(numbers(tmp_path / "out")["files"])
    keys = [
        "gradcam",
        "attention-density",
        "attention-mass_shape",
        "attention-mass_margins",
        "lime",
    ]
    assert {f"{key}.{kind}" for key in keys for kind in ("png", "npy")} | {"film.png"} <= names
    for name in names:
        if name.endswith(".png"):
            with Image.open(tmp_path / "out" / name) as panel:
                assert max(panel.size) <= 1600


def test_the_same_explanation_gives_the_same_bytes(explanation, tmp_path):
    write_explanation(explanation, tmp_path / "one")
    write_explanation(explanation, tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_an_earlier_export_is_replaced_as_a_whole(explanation, tmp_path):
    write_explanation(explanation, tmp_path / "out")
    write_explanation(replace(explanation, attributions=()), tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"explanation.json", "film.png"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_while_writing_leaves_the_earlier_files(explanation, tmp_path, monkeypatch):
    write_explanation(explanation, tmp_path / "out")
    before = contents(tmp_path / "out")

    def full(path, values):
        raise OSError("No space left on device")

    monkeypatch.setattr(export, "_save", full)
    with pytest.raises(ReportError, match="could not be written"):
        write_explanation(make_explanation(value=-1.0), tmp_path / "out")
    assert contents(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_failure_while_taking_the_place_puts_the_earlier_folder_back(tmp_path):
    folder = tmp_path / "out"
    with export.replacing(folder) as fresh:
        (fresh / "explanation.json").write_text('{"files": ["explanation.json"]}')
    before = contents(folder)
    with pytest.raises(OSError, match="new"), export.replacing(folder) as fresh:
        fresh.rmdir()
    assert contents(folder) == before


def test_a_number_that_is_not_finite_is_refused_and_nothing_appears(explanation, tmp_path):
    broken = replace(explanation["lime"], figures=(("weighted R²", float("nan")),))
    entries = (*explanation.attributions[:-1], ("lime", broken))
    with pytest.raises(ReportError, match="finite"):
        write_explanation(replace(explanation, attributions=entries), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_other_peoples_files_are_never_replaced(explanation, tmp_path):
    folder = tmp_path / "out"
    write_explanation(explanation, folder)
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ReportError, match="other files"):
        write_explanation(explanation, folder)
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("text", ["not json", "[]", '{"files": 5}', "{}"])
def test_a_folder_with_strange_numbers_is_not_taken_for_ours(explanation, tmp_path, text):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "explanation.json").write_text(text)
    with pytest.raises(ReportError, match="other files"):
        write_explanation(explanation, folder)


def test_an_empty_folder_is_used(explanation, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    write_explanation(explanation, folder)
    assert (folder / "explanation.json").exists()


def test_a_place_that_is_no_folder_is_refused(explanation, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReportError, match="could not be written"):
        write_explanation(explanation, tmp_path / "file" / "out")


def test_results_of_two_cases_are_never_written_together(explanation, tmp_path):
    stranger = make_explanation(make_case(form={"lesion_type": "mass"}))
    mixed = Explanation(explanation.case, stranger.prediction, explanation.attributions)
    with pytest.raises(ReportError, match="one case"):
        write_explanation(mixed, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
