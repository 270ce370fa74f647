"""The command line with each system and with another output than the first."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from xattn.__main__ import main
from xattn.systems import MODELS, SYSTEMS

CASES = MODELS.parent / "cases"


def options(system: str, *more: str) -> list[str]:
    sample = sorted((CASES / system).glob("*/form.json"))[0]
    film = str(sample.with_name("film.dcm"))
    return ["--system", system, "--image", film, "--form", str(sample), "--device", "cpu", *more]


@pytest.mark.parametrize("system", SYSTEMS)
def test_predict_prints_what_the_system_says(system: str, capsys: pytest.CaptureFixture[str]):
    assert main(["predict", *options(system)]) == 0
    found = json.loads(capsys.readouterr().out)
    row = SYSTEMS[system]
    assert found["target"]["name"] == row.targets[row.default_target].name
    assert [name for name, _ in found["every"]] == [target.name for target in row.targets]
    assert (found["probability"] is None) is not row.is_probability


def test_another_finding_is_predicted_by_its_name(capsys: pytest.CaptureFixture[str]):
    assert main(["predict", *options("chest", "--target", "cardiomegaly")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["target"]["name"] == "cardiomegaly"
    assert found["target"]["output"] == 2
    assert dict(found["every"])["cardiomegaly"] == pytest.approx(found["value"], abs=1e-5)


def test_a_finding_that_is_not_there_is_one_sentence(capsys: pytest.CaptureFixture[str]):
    assert main(["predict", *options("chest", "--target", "mumps")]) == 2
    said = capsys.readouterr().err
    assert "The target must be one of no finding" in said
    assert "Traceback" not in said


@pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="poppler-utils counts the pages")
@pytest.mark.parametrize("system", ["hip", "chest"])
def test_a_report_of_two_pages_is_written_for_each_system(system: str, tmp_path: Path):
    out = tmp_path / "case.pdf"
    assert main(["report", *options(system), "--out", str(out)]) == 0
    assert out.read_bytes().startswith(b"%PDF")
    told = subprocess.run(["pdfinfo", out], capture_output=True, check=True).stdout
    assert re.findall(rb"Pages: +([0-9]+)", told) == [b"2"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_phantoms_print_a_table_and_draw_a_sheet(
    system: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    sheet = tmp_path / "sheet.png"
    assert main(["phantoms", "--system", system, "--count", "600", "--sheet", str(sheet)]) == 0
    assert "deconfounded" in capsys.readouterr().out
    with Image.open(sheet) as picture:
        assert picture.mode == "L"
        assert min(picture.size) > 300
