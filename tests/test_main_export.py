"""`python -m xattn export`: whose list it is, what is printed, and what is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests import tiny
from xattn import load
from xattn.__main__ import main
from xattn.archive.members import appoint
from xattn.archive.people import LOCAL
from xattn.archive.store import open_archive
from xattn.models import checkpoint as checkpoints
from xattn.reports import institution


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tiny checkpoint's folder, beside an archive with one open list of one case."""
    monkeypatch.setenv("XATTN_DATABASE", f"sqlite:///{tmp_path / 'archive.sqlite'}")
    monkeypatch.setenv("XATTN_FILES", str(tmp_path / "files"))
    made = tiny.breast_model()
    description = replace(made.checkpoint.description, config={"size": tiny.SIZE})
    checkpoints.save(tmp_path / "model", replace(made.checkpoint, description=description))
    engine = load(str(tmp_path / "model"), device="cpu")
    with open_archive() as archive:
        listed = archive.worklist(LOCAL, "mine", "breast", is_read_first=False)
        number = archive.add(LOCAL, listed, tiny.case(), title="one", form=tiny.MASS)
        archive.keep(LOCAL, number, "prediction", engine.predict(tiny.case()))
    engine.worker.close()
    return str(tmp_path / "model")


@pytest.mark.parametrize("wanted", ["1", "mine"])
def test_a_list_is_exported_by_number_or_name(model, tmp_path, capsys, monkeypatch, wanted):
    monkeypatch.setenv(institution.LOGO, str(tmp_path / "no.png"))
    out = str(tmp_path / "out")
    options = ["--checkpoint", model, "--device", "cpu", "--archival", "--reader", "Ann"]
    assert main(["export", wanted, "--out", out, *options]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"1 / 1: case 1: case-1.pdf\n{out}\n"
    assert "The report has no logo" in printed.err
    assert (tmp_path / "out" / "case-1.pdf").read_bytes().startswith(b"%PDF")


def test_where_people_have_roles_nobody_else_takes_anything_along(model, tmp_path, capsys):
    with open_archive() as archive:
        appoint(archive, LOCAL, "ann@example.org", ("reader",))
    out = ["--out", str(tmp_path / "out"), "--checkpoint", model, "--device", "cpu"]
    assert main(["export", "1", *out, "--reader", "Eve"]) == 2
    assert main(["export", "7", *out]) == 2
    assert "no worklist of this number or name" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["export", "1", *out, "--reader", "ann@example.org"]) == 0
