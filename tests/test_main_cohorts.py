"""The commands about many cases, and about checkpoints that travel, as a shell runs them."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import tiny
from xattn.__main__ import main
from xattn.archive.people import LOCAL
from xattn.archive.store import open_archive
from xattn.errors import CheckpointError
from xattn.models import checkpoint
from xattn.models.checkpoint import Calibration, Checkpoint, Description
from xattn.runtime import operating
from xattn.runtime.engine import load
from xattn.runtime.importing import import_films, plan

DESCRIPTION = Description(
    system="breast",
    preset="compact",
    version="0.0",
    config={"size": tiny.SIZE},
    training_data="nothing",
    is_phantom_trained=True,
    label_means=(0.4,),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint folder of the tiny model."""
    place = tmp_path / "model"
    checkpoint.save(place, Checkpoint(tiny.breast_module(), DESCRIPTION, Calibration(), "card"))
    return place


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two films and their manifest."""
    films = tmp_path / "films"
    films.mkdir()
    for seed in range(2):
        values = np.random.default_rng(seed).integers(0, 2**16, (64, 64), dtype=np.uint16)
        Image.fromarray(values).save(films / f"{seed}.png")
    with (films / "list.csv").open("w", newline="") as stream:
        rows = [("0.png", "Doe", "2", "1"), ("1.png", "Roe", "3", "0")]
        csv.writer(stream).writerows([("image", "patient", "density", "malignant"), *rows])
    return films / "list.csv"


def test_a_manifest_gives_files_and_two_checkpoints_are_paired(folder, table, tmp_path, capsys):
    other, out = tmp_path / "other", tmp_path / "out"
    shutil.copytree(folder, other)
    # The same weights, so the same model's id: what is kept is of another target all the same.
    calibration = json.loads((other / "calibration.json").read_text())
    (other / "calibration.json").write_text(json.dumps({**calibration, "temperature": 2.0}))
    line = ["cohort", "--checkpoint", str(folder), "--against", str(other), "--data", str(table)]
    assert main([*line, "--out", str(out)]) == 0
    printed = {Path(each).name for each in capsys.readouterr().out.split()}
    assert printed == {
        "cases.csv", "cohort.json", "groups.csv", "groups.html", "importances.html",
        "comparison.html", "plotly.min.js",
    }  # fmt: skip
    found = json.loads((out / "cohort.json").read_text())
    for case in found["comparison"]["cases"]:
        first, second = (np.log(case[side] / (1 - case[side])) for side in ("first", "second"))
        assert second == pytest.approx(first / 2, rel=1e-6)  # the same score, twice the divisor
    assert [each["remark"] for each in found["comparison"]["differences"]] == [
        "too few: 2 cases, 20 are needed"
    ] * 3
    with (out / "cases.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["case"], row["truth"]) for row in rows] == [("row 2", "1.0"), ("row 3", "0.0")]
    assert "Doe" not in (out / "cohort.json").read_text() + (out / "cases.csv").read_text()


def test_a_worklist_gives_files_from_the_archive(folder, table, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XATTN_DATABASE", f"sqlite:///{tmp_path / 'archive.sqlite'}")
    monkeypatch.setenv("XATTN_FILES", str(tmp_path / "files"))
    engine = load(folder)
    with open_archive() as archive:
        number = archive.worklist(LOCAL, "mine", "breast", is_read_first=False)
        items = [item for item in plan(table.parent, engine.schema) if item.name != "list.csv"]
        list(import_films(engine, archive, LOCAL, number, tuple(items)))
    line = ["cohort", "--checkpoint", str(folder), "--worklist", str(number)]
    assert main([*line, "--out", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out" / "cohort.json").read_text())
    assert [case["case"] for case in found["cases"]] == ["case 1", "case 2"]
    assert found["reference_standard"] == "none"
    assert found["misses"] == []
    assert not (tmp_path / "out" / "kept").exists()


@pytest.mark.parametrize("named", [[], ["--worklist", "1", "--data", "list.csv"]])
def test_one_of_two_sources_must_be_named(named, tmp_path, capsys):
    assert main(["cohort", *named, "--out", str(tmp_path / "out")]) == 2
    assert "one of the two" in capsys.readouterr().err


def test_a_folder_is_signed_and_a_changed_one_is_not_loaded(folder, table, tmp_path, capsys):
    assert main(["sign", "--make", str(tmp_path / "mine")]) == 0
    secret, public = capsys.readouterr().out.split()
    assert (Path(secret).name, Path(public).name) == ("mine.key", "mine.pub")
    assert main(["sign", str(folder), "--key", secret]) == 0
    (folder / "card.md").write_text("another card")
    line = ["cohort", "--checkpoint", str(folder), "--data", str(table)]
    assert main([*line, "--out", str(tmp_path / "out")]) == 2
    assert "changed, added or removed" in capsys.readouterr().err
    assert main(["sign", str(folder)]) == 2


def test_counts_of_cuts_are_written_beside_the_weights(folder, monkeypatch, capsys):
    from tests.runtime.test_operating import hand_made_cases

    monkeypatch.setattr("xattn.training.run.part_cases", lambda *_: hand_made_cases())
    line = ["operating", "--system", "breast", "--checkpoint", str(folder), "--phantoms", "12"]
    assert main(line) == 0
    engine = load(folder)
    found = operating.load(folder, engine.model.checkpoint.model_id)
    assert found is not None
    assert found.data == "12 phantoms of seeds that training did not see"
    other = replace(engine.model.checkpoint.description, version="0.2")
    checkpoint.redescribe(folder, other, "card")
    with pytest.raises(CheckpointError, match="another model"):
        operating.load(folder, load(folder).model.checkpoint.model_id)
