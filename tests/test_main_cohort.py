"""The command line on patients instead of phantoms: train, evaluate, crossvalidate; and cards."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.datasets.trees import write_csv, write_png
from xattn.__main__ import main

SMALL = ["--size", "64", "--epochs", "1"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty films of twenty patients."""
    folder = tmp_path_factory.mktemp("own")
    rows = [["image", "patient", "lesion_type", "density", "malignant"]]
    for number in range(40):
        grey = np.full((64, 48), 3 * number, np.uint8)
        write_png(folder / f"{number}.png", grey)
        label = "malignant" if number // 2 % 2 else "benign"
        rows.append([f"{number}.png", f"P{number // 2}", "mass", "2", label])
    return write_csv(folder / "own.csv", rows)


def test_what_is_trained_on_patients_is_evaluated_on_others(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "model"
    data = ["--data", str(table)]
    assert main(["train", "--system", "breast", *data, *SMALL, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed.strip() in (out / "card.md").read_text()
    assert main(["evaluate", "--checkpoint", str(out), *data, "--device", "cpu"]) == 0
    assert capsys.readouterr().out == printed
    # Four of the twenty patients test; a model that saw nobody may be tried on all.
    assert "| film and form | 8 |" in printed
    assert main(["evaluate", "--checkpoint", str(out), *data, "--everybody"]) == 0
    assert "| film and form | 40 |" in capsys.readouterr().out


def test_a_cohort_is_cross_validated(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    where = ["--data", str(table), "--out", str(tmp_path), "--folds", "3"]
    assert main(["crossvalidate", "--system", "breast", *where, *SMALL]) == 0
    printed = capsys.readouterr().out
    assert "3-fold cross-validation of 40 cases of 20 patients" in printed
    # Finished folds are kept: the same again, from their files.
    assert main(["crossvalidate", "--system", "breast", *where, *SMALL]) == 0
    assert capsys.readouterr().out == printed


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--system", "hip"], "must have a label column of bmd"),
        (["--system", "hip", "--layout", "chexpert"], "CheXpert is for the system chest"),
        (["--system", "breast", "--teacher", "x"], "A teacher speaks of phantoms"),
    ],
)
def test_a_refusal_is_one_sentence(
    table: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["train", *options, "--data", str(table), "--out", "nowhere"]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", ["crossvalidate", "card"])
def test_help_teaches_by_example(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"python -m xattn {command}" in capsys.readouterr().out
