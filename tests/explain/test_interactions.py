"""Fields and regions together: closed forms, brute force, sums, and the pool that is shared."""

import numpy as np
import pytest

from tests import tiny
from xattn.errors import ExplainError
from xattn.explain.base import Game, drain
from xattn.explain.film import CHUNK
from xattn.explain.interactions import FieldRegionInteraction, forms_without_one
from xattn.explain.joint import ERRORS, JointShapley
from xattn.explain.shapley import every_coalition, shapley
from xattn.models.tokens import ImageTokens
from xattn.records import Attribution, Case
from xattn.systems import LoadedModel

QUICK = FieldRegionInteraction(most=CHUNK)
FIELDS = ("density", "mass_shape", "mass_margins")


@pytest.fixture
def game(tiny_model: LoadedModel, tiny_case: Case) -> Game:
    """The untrained network, over nine regions."""
    return tiny.with_cells(Game(tiny_model, tiny_case, tiny_model.target), 3)


def shares(attribution: Attribution) -> np.ndarray:
    """Regions by fields, in the order of the form."""
    assert attribution.regions is not None
    _, first = np.unique(attribution.regions, return_index=True)
    return np.stack([attribution.map(name).values.ravel()[first] for name in FIELDS], axis=1)


def test_each_field_is_left_out_once(game: Game) -> None:
    names = game.schema.names
    missing = [
        set(FIELDS) - {names[i] for i in np.flatnonzero(row)} for row in forms_without_one(game)
    ]
    assert missing == [set(), *({name} for name in FIELDS)]


def test_a_sum_has_none() -> None:
    attribution = drain(QUICK.run(tiny.white_box(tiny.SumModel())))
    # differences of float32 scores of order one
    assert np.abs(shares(attribution)).max() < 1e-6


def test_closed_form_where_film_and_form_multiply() -> None:
    game = tiny.white_box(tiny.SquareModel(), cells=4)
    attribution = drain(QUICK.run(game))
    module = game.model.module
    means = game.case.film.pixels.reshape(4, 24, 4, 24).mean(axis=(1, 3)).ravel()
    film = module.cells.numpy() * (means**2 - 0.25**2)
    expected = film[:, None] * module.fields[:3].numpy() / 1.25
    np.testing.assert_allclose(shares(attribution), expected, rtol=0, atol=1e-5)
    order = [entry.name for entry in attribution.maps]
    assert order == [FIELDS[i] for i in np.argsort(-np.abs(expected).max(axis=0))]


def test_few_regions_are_found_within_their_standard_errors() -> None:
    game = tiny.white_box(tiny.SquareModel(), cells=3)
    attribution = drain(FieldRegionInteraction(precision=0.0, most=256).run(game))
    masks, forms = every_coalition(9), forms_without_one(game)
    parts = [game.film.encode(part) for part in np.split(masks, 16)]
    known = np.tile(forms, (CHUNK, 1, 1))
    values = np.concatenate([game.of_pairs(films, known) for films in parts])
    exact = np.stack([shapley(values[:, 0] - values[:, i]) for i in (1, 2, 3)], axis=1)
    errors = dict(attribution.figures)[f"largest {ERRORS}"]
    assert np.abs(shares(attribution) - exact).max() <= 3 * errors
    assert errors < 0.02 * np.abs(exact).max()


def test_each_map_sums_to_what_the_field_adds_with_the_film_less_without(game: Game) -> None:
    attribution = drain(QUICK.run(game))
    forms = forms_without_one(game)
    there, gone = (game.of_forms(film, forms) for film in (game.film.tokens, game.film.nothing))
    whole = (there[0] - there[1:]) - (gone[0] - gone[1:])
    np.testing.assert_allclose(shares(attribution).sum(axis=0), whole, rtol=0, atol=1e-5)
    assert attribution.gap == pytest.approx(0, abs=1e-12)


def test_the_pool_of_the_joint_game_serves_without_encoding_any(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = drain(QUICK.run(tiny.with_cells(Game(game.model, game.case, game.target), 3)))
    drain(JointShapley(most=CHUNK, second_fill=None).run(game))

    def refuse(*_: object) -> ImageTokens:
        raise AssertionError("a film was encoded")

    monkeypatch.setattr(game.film, "_encode", refuse)
    monkeypatch.setattr("xattn.explain.film.encode", refuse)
    assert np.array_equal(shares(drain(QUICK.run(game))), shares(alone))


def test_an_empty_form_is_refused(tiny_model: LoadedModel) -> None:
    with pytest.raises(ExplainError, match="at least one known field"):
        QUICK(tiny_model, tiny.case({}), tiny_model.target)
