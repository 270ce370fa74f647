"""Shapley values: the permutation definition, the axioms, and closed forms on white boxes."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests import tiny, twins
from xattn.errors import ExplainError
from xattn.explain.base import Game, drain
from xattn.explain.shapley import FormShapley, every_coalition, shapley
from xattn.records import Case
from xattn.systems import LoadedModel


@pytest.fixture
def game() -> np.ndarray:
    """A game of five players without any structure."""
    return np.random.default_rng(3).normal(size=32)


def rows(coalition: frozenset[int]) -> int:
    return sum(1 << player for player in coalition)


def test_coalitions_by_hand() -> None:
    assert every_coalition(2).tolist() == [
        [False, False],
        [True, False],
        [False, True],
        [True, True],
    ]


def test_equals_the_permutation_definition(game: np.ndarray) -> None:
    twin = twins.shapley_by_permutations(lambda s: float(game[rows(s)]), 5)
    # float64 over 120 orders
    np.testing.assert_allclose(shapley(game), twin, rtol=0, atol=1e-13)


def test_sums_to_the_difference(game: np.ndarray) -> None:
    assert shapley(game).sum() == pytest.approx(game[-1] - game[0], abs=1e-10)


def test_a_dummy_gets_exactly_nothing(game: np.ndarray) -> None:
    with_dummy = np.concatenate([game, game])
    assert shapley(with_dummy)[5] == 0.0
    np.testing.assert_allclose(shapley(with_dummy)[:5], shapley(game), rtol=0, atol=1e-13)


def test_equal_players_get_equal_shares() -> None:
    sizes = every_coalition(4).sum(axis=1)
    # four sums of the same eight terms, taken in different orders
    np.testing.assert_allclose(shapley(sizes**2.0), np.full(4, 4.0), rtol=0, atol=1e-14)


def test_shares_of_a_sum_of_games_are_sums_of_shares(game: np.ndarray) -> None:
    other = np.random.default_rng(4).normal(size=32)
    np.testing.assert_allclose(
        shapley(game + other), shapley(game) + shapley(other), rtol=0, atol=1e-14
    )


def test_closed_form_on_a_sum() -> None:
    model, case = tiny.loaded(tiny.SumModel()), tiny.case()
    attribution = FormShapley()(model, case, model.target)
    cells, fields = model.module.cells.numpy(), model.module.fields.numpy()
    means = case.film.pixels.reshape(4, 24, 4, 24).mean(axis=(1, 3)).ravel()
    expected = [*fields[:3], cells @ (means - 0.25)]
    assert [name for name, _ in attribution.players] == [
        "density",
        "mass_shape",
        "mass_margins",
        "image",
    ]
    # float32 scores of order one
    np.testing.assert_allclose(
        [share for _, share in attribution.players], np.array(expected) / 1.25, rtol=0, atol=1e-6
    )
    empty = (0.25 * cells.sum() + tiny.SumModel.BIAS) / 1.25
    assert attribution.reference == pytest.approx(empty, abs=1e-6)
    assert attribution.gap == pytest.approx(0, abs=1e-12)


def test_a_field_that_the_model_ignores_gets_exactly_nothing() -> None:
    module = tiny.SquareModel()
    module.fields.data[1] = 0
    model = tiny.loaded(module)
    shares = dict(FormShapley()(model, tiny.case(), model.target).players)
    assert shares["mass_shape"] == 0.0
    assert shares["density"] != 0.0


def test_interactions_are_shared_as_by_permutations() -> None:
    model = tiny.loaded(tiny.SquareModel())
    game = Game(model, tiny.case(), model.target)

    def value(coalition: frozenset[int]) -> float:
        known = np.array([[player in coalition for player in range(5)]])
        known[:, 3:] = False
        film = game.film.tokens if 3 in coalition else game.film.nothing
        return float(game.of_forms(film, known)[0])

    shares = [share for _, share in drain(FormShapley().run(game)).players]
    # float32 scores of order one in batches of one and of eight
    np.testing.assert_allclose(shares, twins.shapley_by_permutations(value, 4), rtol=0, atol=1e-6)


def test_with_the_image_given_the_form_explains_the_rest(
    tiny_model: LoadedModel, tiny_case: Case
) -> None:
    game = Game(tiny_model, tiny_case, tiny_model.target)
    attribution = drain(FormShapley(image="given").run(game))
    alone = float(game.of_forms(game.film.tokens, np.zeros((1, 5), dtype=bool))[0])
    # float32 scores in batches of one and of eight
    assert attribution.reference == pytest.approx(alone, abs=1e-5)
    assert sum(share for _, share in attribution.players) == pytest.approx(
        game.value - alone, abs=1e-5
    )
    assert [name for name, _ in attribution.players] == ["density", "mass_shape", "mass_margins"]


def test_fields_that_hold_no_value_are_no_players(tiny_model: LoadedModel) -> None:
    case = tiny.case({"lesion_type": "calcification", "calc_type": "PLEOMORPHIC"})
    attribution = FormShapley()(tiny_model, case, tiny_model.target)
    assert [name for name, _ in attribution.players] == ["calc_type", "image"]


def test_too_many_fields_are_refused() -> None:
    game = SimpleNamespace(fields=tuple("abcdefghijklmnop"))
    with pytest.raises(ExplainError, match="takes 15 fields, however: 16"):
        drain(FormShapley().steps(game))  # type: ignore[arg-type]
