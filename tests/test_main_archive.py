"""The archive's commands: what they print, and the exit code that a script goes by."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import tiny
from tests.app.conftest import png
from xattn import load
from xattn.__main__ import main
from xattn.archive.people import LOCAL
from xattn.archive.store import open_archive
from xattn.models import checkpoint as checkpoints


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tiny checkpoint's folder, beside an archive that the environment names."""
    monkeypatch.setenv("XATTN_DATABASE", f"sqlite:///{tmp_path / 'archive.sqlite'}")
    monkeypatch.setenv("XATTN_FILES", str(tmp_path / "files"))
    made = tiny.breast_model()
    description = replace(made.checkpoint.description, config={"size": tiny.SIZE})
    checkpoints.save(tmp_path / "model", replace(made.checkpoint, description=description))
    return str(tmp_path / "model")


def filled(model: str) -> str:
    """A case with its prediction; gives the audit's head."""
    engine = load(model, device="cpu")
    with open_archive() as archive:
        listed = archive.worklist(LOCAL, "mine", "breast", is_read_first=False)
        number = archive.add(LOCAL, listed, tiny.case(), title="one", form=tiny.MASS)
        archive.keep(LOCAL, number, "prediction", engine.predict(tiny.case()))
        return archive.verify().head


def test_verify_prints_the_head_and_fails_on_a_changed_row(model, capsys):
    head = filled(model)
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out == f"3 rows; head {head}\n"
    assert main(["audit", "verify", "--head", head]) == 0
    assert main(["audit", "verify", "--head", "1" * 64]) == 2
    with open_archive() as archive, archive.transaction() as connection:
        connection.execute(text("DROP TRIGGER audit_no_update"))
        connection.execute(text("UPDATE audit SET who = 'somebody else' WHERE number = 2"))
    capsys.readouterr()
    assert main(["audit", "verify"]) == 2
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == "Row 2 was changed after it was written."
    assert printed.err == "xattn: The audit is not whole; faults: 1.\n"


def test_replay_gives_the_numbers_again_or_says_that_it_cannot(model, capsys):
    filled(model)
    assert main(["replay", "1", "--checkpoint", model, "--device", "cpu"]) == 0
    assert capsys.readouterr().out == "prediction of malignant: equal to the bit\n"
    assert main(["replay", "1", "--device", "cpu"]) == 2
    printed = capsys.readouterr()
    assert "made by another model; name its checkpoint" in printed.out
    assert printed.err == "xattn: Of 1 results, 1 did not come again.\n"
    assert main(["replay", "7"]) == 2
    assert "no case of this number" in capsys.readouterr().err


def test_people_are_added_changed_listed_and_removed(model, capsys):
    assert main(["people", "add", "ann@example.org", "--role", "reader"]) == 0
    assert capsys.readouterr().out == "ann@example.org: reader\n"
    assert (
        main(["people", "add", "ann@example.org", "--role", "reader", "--role", "adjudicator"]) == 0
    )
    assert main(["people", "list"]) == 0
    assert capsys.readouterr().out == "ann@example.org: reader, adjudicator\n" * 2
    assert main(["people", "remove", "ann@example.org"]) == 0
    assert capsys.readouterr().out == ""
    for wrong in (["remove", "ann@example.org"], ["add", "ben"], ["add"], ["list", "ben"]):
        assert main(["people", *wrong]) == 2
        assert "You" not in capsys.readouterr().err
    with open_archive() as archive:
        assert archive.verify().length == 3


def test_an_exported_explanation_is_replayed_without_an_archive(model, tmp_path, capsys):
    film, out = tmp_path / "film.png", tmp_path / "out"
    film.write_bytes(png())
    (tmp_path / "form.json").write_text(json.dumps({"density": 2}))
    where = ["--checkpoint", model, "--device", "cpu"]
    given = ["--image", str(film), *where]
    form = ["--form", str(tmp_path / "form.json")]
    assert main(["explain", *given, *form, "--method", "shapley", "--out", str(out)]) == 0
    capsys.readouterr()
    file = str(out / "explanation.json")
    assert main(["replay", file, *given]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "prediction of malignant: equal to the bit",
        "shapley of malignant: equal to the bit",
    ]
    assert main(["replay", file, *where]) == 2
    assert "name it with --image" in capsys.readouterr().err
    assert main(["replay", "twelve"]) == 2
    assert "A case's number or an explanation.json" in capsys.readouterr().err
