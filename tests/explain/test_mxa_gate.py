"""The gate of MXA: its cells where its box lies, on a fixed scale, for models that have it."""

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.errors import ExplainError
from xattn.explain.base import Game, drain
from xattn.explain.mxa import CORNERS, MXAGate, cells, has_gates
from xattn.systems import SYSTEMS


@pytest.fixture(scope="module")
def game() -> Game:
    model = tiny.model_of("chest")
    return Game(model, tiny.case_of("chest"), model.target)


def test_cells_lie_where_the_box_is() -> None:
    """Columns 4 to 8 of ten in two cells, rows 2 to 6 in one: cells 1 and 2, else 0."""
    labels = cells(np.array([0.4, 0.2, 0.8, 0.6]), (1, 2), 10)
    expected = np.zeros((10, 10), dtype=int)
    expected[2:6, 4:6], expected[2:6, 6:8] = 1, 2
    np.testing.assert_array_equal(labels, expected)


@pytest.mark.parametrize("box", [[0.5, 0.31, 0.7, 0.3101], [1.0, 1.0, 1.0, 1.0]])
def test_a_box_without_height_can_still_be_seen(box: list[float]) -> None:
    labels = cells(np.array(box), (3, 3), 100)
    assert (labels > 0).any(axis=1).sum() == 1
    assert labels.max() <= 9


def test_the_gate_is_the_model_s_on_the_whole_of_its_box(game: Game) -> None:
    attribution = drain(MXAGate().run(game))
    gates = game.film.tokens.gates
    figures = dict(attribution.figures)
    assert [figures[name] for name in CORNERS] == gates["box"][0].tolist()
    assert figures["scale"] == 1.0
    # a mean of float32 in two orders
    assert figures["mean channel gate"] == pytest.approx(float(gates["channel"].mean()), abs=1e-6)
    labels, values = attribution.regions, attribution.maps[0].values
    assert labels is not None
    assert (values[labels == 0] == 0).all()
    seen = np.unique(labels[labels > 0])
    for label in seen:
        expected = float(gates["spatial"].flatten()[label - 1])
        assert (values[labels == label] == np.float32(expected)).all()
    assert len(seen) > 1


def test_of_several_blocks_the_last_comes_first(game: Game) -> None:
    tokens = game.film.tokens
    gates = {
        f"{part}/{block}": gate * scale
        for block, scale in (("1.1", 1.0), ("2.1", 0.5))
        for part, gate in tokens.gates.items()
    }
    other = Game(game.model, game.case, game.target)
    other.film.tokens = type(tokens)(tokens.tokens, tokens.grid, tokens.features, gates)
    attribution = drain(MXAGate().run(other))
    assert [entry.name for entry in attribution.maps] == ["spatial gate 2.1", "spatial gate 1.1"]
    top = float(tokens.gates["spatial"].max())
    assert attribution.maps[0].values.max() <= np.float32(top / 2)
    assert dict(attribution.figures)["box left"] == float(tokens.gates["box"][0, 0] / 2)


def test_a_gate_is_the_same_for_every_finding(game: Game) -> None:
    first, last = (
        MXAGate()(game.model, game.case, target)
        for target in (game.model.targets[0], game.model.targets[-1])
    )
    np.testing.assert_array_equal(first.maps[0].values, last.maps[0].values)


@pytest.mark.parametrize("system", SYSTEMS)
def test_it_is_offered_where_there_is_a_gate_and_refused_elsewhere(system: str) -> None:
    model = tiny.model_of(system)
    with torch.no_grad():
        gates = model.module.encode_image(torch.zeros(1, 1, tiny.SIZE, tiny.SIZE)).gates
    assert has_gates(model) == bool(gates)
    if not gates:
        with pytest.raises(ExplainError, match="no MXA"):
            MXAGate()(model, tiny.case_of(system), model.target)
