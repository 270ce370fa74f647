"""The command line: JSON out, files written, refusals in one sentence with exit code 2."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import tiny
from tests.data.dicom_files import write_dicom
from xattn.__main__ import main
from xattn.models import checkpoint as checkpoints

FORM = {"lesion_type": "mass", "density": 2, "mass_shape": "OVAL"}
PHI = ("Doe", "Jane", "ID-4711", "ACC-815", "19500615")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint, a film of 300 × 200, and a form."""
    place = tmp_path_factory.mktemp("case")
    model = tiny.breast_model()
    description = replace(model.checkpoint.description, config={"size": tiny.SIZE})
    checkpoints.save(place / "model", replace(model.checkpoint, description=description))
    values = np.linspace(0, 4095, 300 * 200).reshape(300, 200).astype(np.uint16)
    (place / "film.dcm").write_bytes(write_dicom(values))
    (place / "form.json").write_text(json.dumps(FORM))
    (place / "form.csv").write_text("lesion_type,density,mass_shape\nmass,2,OVAL\n")
    return place


def run(
    folder: Path, command: str, *more: str, form: str = "form.json", film: str = "film.dcm"
) -> int:
    where = [
        "--checkpoint",
        str(folder / "model"),
        "--image",
        str(folder / film),
        "--device",
        "cpu",
    ]
    return main([command, *where, "--form", str(folder / form), *more])


def test_predict_prints_json_that_json_and_csv_forms_agree_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(folder, "predict") == 0
    printed = capsys.readouterr().out
    prediction = json.loads(printed)
    assert prediction["target"]["unit"] == "log-odds"
    odds = np.exp(prediction["value"])
    # The same sigmoid written as odds, in float64.
    assert prediction["probability"] == pytest.approx(odds / (1 + odds), abs=1e-12)
    assert run(folder, "predict", form="form.csv") == 0
    assert capsys.readouterr().out == printed
    assert not any(word in printed for word in PHI)


def test_explain_writes_numbers_maps_and_panels(folder: Path, capsys: pytest.CaptureFixture[str]):
    out = folder / "result"
    assert run(folder, "explain", "--box", "20,40,60,80", "--out", str(out)) == 0
    printed = capsys.readouterr().out.split()
    assert {Path(line).suffix for line in printed} == {".json", ".npy", ".png"}
    explanation = json.loads((out / "explanation.json").read_text())
    assert not any(word in json.dumps(explanation) for word in PHI)
    drawn = json.loads((out / "explanation.json").read_text())["drawn"]
    assert len(drawn) >= 4
    for path in (out / f"{entry['key']}.npy" for entry in drawn):
        values = np.load(path, allow_pickle=False)
        assert values.dtype == np.float32
        assert values.shape == (300, 200)
        assert np.isnan(values).any()  # outside the box's square the film was not read
        assert np.isfinite(values).any()
    for path in out.rglob("*.png"):
        with Image.open(path) as picture:
            assert picture.width > 0


def test_explain_takes_single_methods(folder: Path):
    out = folder / "one"
    assert (
        run(folder, "explain", "--method", "gradcam", "--method", "shapley", "--out", str(out)) == 0
    )
    attributions = json.loads((out / "explanation.json").read_text())["attributions"]
    assert [entry["key"] for entry in attributions] == ["gradcam", "shapley"]


def test_report_writes_a_pdf_twice_the_same(folder: Path):
    for name in ("a.pdf", "b.pdf"):
        assert run(folder, "report", "--out", str(folder / name)) == 0
    first = (folder / "a.pdf").read_bytes()
    assert first.startswith(b"%PDF")
    assert first == (folder / "b.pdf").read_bytes()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["predict", "--image", "nowhere.dcm"], "xattn: "),
        (
            ["predict", "--checkpoint", "nowhere", "--image", "film.dcm"],
            "Expected a system (hip, breast, chest)",
        ),
        (
            ["predict", "--image", "film.dcm", "--form", "nowhere.json"],
            "The form must be a readable",
        ),
        (["predict", "--image", "film.dcm", "--box", "9000,0,50,50"], "xattn: "),
        (
            ["explain", "--image", "film.dcm", "--method", "tea", "--out", "x"],
            "The method must be one of",
        ),
        (["report", "--image", "film.dcm", "--out", "no/such/folder/x.pdf"], "xattn: "),
    ],
)
def test_a_refusal_is_one_sentence(
    folder: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.chdir(folder)
    if "--checkpoint" not in options:
        options = [*options, "--checkpoint", "model"]
    assert main(options) == 2
    printed = capsys.readouterr()
    *found, refusal = printed.err.splitlines()
    assert sentence in refusal
    # Before a report is refused, what the checks of its input found was said.
    assert all(line.startswith(("xattn: warn: ", "xattn: block: ")) for line in found)
    assert not found or "report" in options
    assert printed.out == ""


@pytest.mark.parametrize(
    "command", ["predict", "explain", "report", "train", "evaluate", "phantoms"]
)
def test_help_teaches_by_example(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"python -m xattn {command}" in capsys.readouterr().out


def test_a_box_that_is_no_box_is_a_usage_error(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="2"):
        main(["predict", "--image", "x", "--box", "1,2,three,4"])
    assert "expected x,y,width,height" in capsys.readouterr().err


def test_phantoms_prints_bayes_and_draws_a_sheet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["phantoms", "--count", "300", "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert "image" in capsys.readouterr().out
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.mode == "L"
