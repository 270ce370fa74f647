"""What the explainers really return can be reported and exported, whole and consistent."""

import json

import numpy as np
import pytest

from xattn.explain import EXPLAINERS
from xattn.explain.base import Game, drain
from xattn.explain.predict import predict
from xattn.records import Explanation
from xattn.reports import export
from xattn.reports.content import compose
from xattn.reports.export import write_explanation
from xattn.reports.pdf import render

METHODS = {key: method for key, method in EXPLAINERS.items() if key != "mxa"}
"""All that can explain the tiny model: it has no gate."""


@pytest.fixture(scope="module")
def explained(tiny_model, tiny_case):
    game = Game(tiny_model, tiny_case, tiny_model.target)
    entries = tuple((key, drain(method.run(game))) for key, method in METHODS.items())
    return Explanation(tiny_case, drain(predict(game)), entries)


def test_every_method_has_a_figure_and_the_sum_closes(explained, tiny_model):
    report = compose(explained, tiny_model)
    with_maps = [entry.method for _, entry in explained.attributions if entry.maps]
    assert [figure.title for figure in report.figures] == ["Film", *with_maps]
    start, *parts, end = [term.value for term in report.sum.terms]
    # Exact Shapley in float64: 2^4 coalitions leave rounding alone.
    assert start + sum(parts) == pytest.approx(end, abs=1e-9)
    assert end == pytest.approx(explained.prediction.value, abs=1e-6)  # float32 batches differ
    assert render(report, archival=True).startswith(b"%PDF")


def test_every_method_is_exported(explained, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "longest_picture", lambda: 100)
    write_explanation(explained, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "explanation.json").read_text(encoding="utf-8"))
    assert [entry["key"] for entry in written["attributions"]] == list(METHODS)
    film = np.load(tmp_path / "out" / "lime.npy", allow_pickle=False)
    # The tiny film has the model's size, so the map on the film is the map itself.
    assert (film == explained["lime"].maps[0].values).all()
