"""An exported explanation gives its numbers again from the film alone, without an archive."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import tiny
from xattn.data.placement import Box
from xattn.errors import ReportError
from xattn.records import Explanation
from xattn.reports.export import NUMBERS, write_explanation
from xattn.reports.stored import read_explanation
from xattn.runtime.engine import Engine
from xattn.runtime.replaying import replay_file
from xattn.runtime.worker import Worker

METHODS = ("shapley", "gradcam", "attention", "lime")


@pytest.fixture(scope="module")
def explanation(engine: Engine) -> Explanation:
    """A boxed case with a map of every kind."""
    return engine.explain(engine.with_box(tiny.case(), Box(20, 20, 50, 40)), METHODS)


@pytest.fixture
def written(explanation: Explanation, tmp_path: Path) -> Path:
    write_explanation(explanation, tmp_path / "out")
    return tmp_path / "out" / NUMBERS


def test_what_was_written_is_read_back_as_it_was(explanation, written):
    stored = read_explanation(written)
    assert stored.prediction == explanation.prediction
    assert (stored.system, stored.box) == ("breast", explanation.case.film.box)
    for (key, back), (name, entry) in zip(
        stored.attributions, explanation.attributions, strict=True
    ):
        assert key == name
        plain = {"maps": (), "regions": None}
        assert replace(back, **plain).provenance == replace(entry, **plain).provenance
        for one, other in zip(back.maps, entry.maps, strict=True):
            assert one.name == other.name
            np.testing.assert_array_equal(one.values, other.values)


def test_every_number_comes_again_to_the_bit_in_another_engine(explanation, written):
    other = Engine(tiny.breast_model(), Worker())
    film = explanation.case.film.radiograph
    outcomes = list(replay_file(other, film, read_explanation(written)))
    other.worker.close()
    assert [(one.method, one.outcome) for one in outcomes] == [
        (name, "equal to the bit") for name in ("prediction", *METHODS)
    ]


def test_a_changed_number_and_a_changed_film_are_found(engine, explanation, written):
    content = json.loads(written.read_text(encoding="utf-8"))
    content["prediction"]["form_only"] += 0.5
    written.write_text(json.dumps(content), encoding="utf-8")
    film = explanation.case.film.radiograph
    first = next(replay_file(engine, film, read_explanation(written)))
    assert (first.outcome, first.is_same) == ("different", False)
    assert first.largest == pytest.approx(0.5, abs=1e-12)
    another = replace(film, values=film.values[::-1].copy())
    with pytest.raises(ReportError, match="its pixels differ"):
        next(replay_file(engine, another, read_explanation(written)))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"case": {"films": []}}'])
def test_what_is_no_explanation_is_refused(tmp_path: Path, text: str):
    (tmp_path / NUMBERS).write_text(text, encoding="utf-8")
    with pytest.raises(ReportError, match="explain the case again"):
        read_explanation(tmp_path / NUMBERS)


def test_a_missing_array_is_refused(written: Path):
    (written.parent / "lime.regions.npy").unlink()
    with pytest.raises(ReportError, match="arrays beside"):
        read_explanation(written)
