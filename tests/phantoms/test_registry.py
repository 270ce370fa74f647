"""What each system's phantoms offer to the command line and to the app."""

from pathlib import Path

import numpy as np
import pytest

from xattn.data.intake import read_image
from xattn.phantoms.registry import PHANTOMS
from xattn.systems import SYSTEMS


def test_every_system_has_phantoms():
    assert tuple(PHANTOMS) == tuple(SYSTEMS)


@pytest.mark.parametrize("name", PHANTOMS)
def test_the_table_has_lines_for_both_splits(name: str):
    lines = [str(row) for row in PHANTOMS[name].table(120, 1)]
    assert any("deconfounded" in line for line in lines)
    assert any(line.startswith("confounded") for line in lines)
    assert lines == [str(row) for row in PHANTOMS[name].table(120, 1)]


@pytest.mark.parametrize("name", PHANTOMS)
def test_samples_are_films_that_the_intake_reads_with_forms_of_the_schema(
    name: str, tmp_path: Path
):
    PHANTOMS[name].write_samples(tmp_path)
    forms = sorted(tmp_path.glob("*/form.json"))
    assert len(forms) >= 5
    for form in forms:
        SYSTEMS[name].schema.read_json(form.read_text("utf-8"))
        film = read_image(form.with_name("film.dcm"))
        assert np.ptp(film.display()) > 100
        assert film.spacing_mm is not None


@pytest.mark.parametrize("name", PHANTOMS)
def test_the_shipped_samples_are_those_that_are_written(name: str, tmp_path: Path):
    PHANTOMS[name].write_samples(tmp_path)
    shipped = Path(__file__).resolve().parents[2] / "assets" / "cases" / name
    written = {path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")}
    assert written == {path.relative_to(shipped) for path in shipped.rglob("*.*")}
    for path in written:
        if path.suffix == ".dcm":
            ours, theirs = (read_image(root / path) for root in (tmp_path, shipped))
            assert ours.pixel_sha256 == theirs.pixel_sha256, path
        else:
            assert (tmp_path / path).read_text() == (shipped / path).read_text(), path
