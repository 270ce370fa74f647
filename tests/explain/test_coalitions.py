"""After an edit only the coalitions that hold what was edited are new, and no number moves."""

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from xattn.explain.base import FORMS_AT_ONCE, Game, drain
from xattn.explain.coalitions import Coalitions
from xattn.explain.film import EncodedFilm
from xattn.explain.predict import predict
from xattn.explain.shapley import FormShapley
from xattn.models.tokens import ImageTokens

FORMS = np.arange(10, dtype=np.float32)[:, None]


class Asked:
    """Scores that are ten times the row, and what rows were asked for."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        self.rows.append(rows.tolist())
        return 10.0 * rows[:, None]


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many forms each pass over coalitions of the form met."""
    counts: list[int] = []
    honest = Game._scores_of_forms

    def counted(game: Game, image: ImageTokens, known: np.ndarray) -> np.ndarray:
        counts.append(len(known))
        return honest(game, image, known)

    monkeypatch.setattr(Game, "_scores_of_forms", counted)
    return counts


def hip() -> Game:
    model = tiny.model_of("hip")
    game = Game(model, tiny.case_of("hip"), model.target)
    return edited(game, activity=7, alcohol=3, diet=0.5, smoking="EX")


def edited(game: Game, **entries: object) -> Game:
    schema = game.schema
    form = schema.check({**schema.plain(game.case.form), **entries})
    return Game(game.model, game.case.with_form(form), game.target, game.film)


def test_what_is_new_is_filled_up_to_whole_batches() -> None:
    kept, asked = Coalitions(), Asked()
    kept.scores(FORMS[:7], asked, batch=4)
    scores = kept.scores(FORMS, asked, batch=4)
    assert asked.rows == [list(range(7)), [0, 7, 8, 9]]
    assert scores[:, 0].tolist() == [10.0 * row for row in range(10)]


def test_the_same_forms_in_another_order_ask_for_nothing() -> None:
    kept, asked = Coalitions(), Asked()
    kept.scores(FORMS, asked, batch=4)
    again = kept.scores(FORMS[::-1], asked, batch=4)
    assert again[:, 0].tolist() == [10.0 * row for row in reversed(range(10))]
    assert len(asked.rows) == 1


def test_no_more_is_kept_than_was_asked_for_last() -> None:
    kept, asked = Coalitions(), Asked()
    kept.scores(FORMS[:5], asked, batch=1)
    kept.scores(FORMS[5:], asked, batch=1)
    kept.scores(FORMS[:5], asked, batch=1)
    assert asked.rows == [[0, 1, 2, 3, 4]] * 3


def test_half_of_the_coalitions_are_new_after_an_edit(rows: list[int]) -> None:
    game = hip()
    drain(FormShapley().run(game))
    every = 2 ** len(game.fields)
    assert rows == [every, every]
    assert every > FORMS_AT_ONCE
    after = edited(game, alcohol=11)
    shares = drain(FormShapley().run(after)).players
    assert rows == [every, every, every // 2, every // 2]
    alone = Game(after.model, after.case, after.target)
    assert shares == drain(FormShapley().run(alone)).players


def test_another_target_asks_for_nothing(rows: list[int]) -> None:
    model = tiny.model_of("chest")
    game = Game(model, tiny.case_of("chest"), model.target)
    drain(FormShapley().run(game))
    rows.clear()
    other = Game(model, game.case, model.targets[3], game.film)
    shares = drain(FormShapley().run(other)).players
    assert rows == []
    assert shares == drain(FormShapley().run(Game(model, game.case, model.targets[3]))).players


def test_a_moved_box_is_encoded_once_per_film(monkeypatch: pytest.MonkeyPatch) -> None:
    model, case = tiny.model_of("breast"), tiny.case_of("breast")
    moved = np.stack([np.roll(case.film.pixels, step, axis=0) for step in (3, 9)])
    game = Game(model, replace(case, films=(replace(case.film, jittered=moved),)), model.target)
    assert len(set(drain(predict(game)).jitter)) == 2
    monkeypatch.delattr(EncodedFilm, "_encode")
    after = edited(game, density=4)
    jitter = drain(predict(after)).jitter
    monkeypatch.undo()
    assert jitter == drain(predict(Game(model, after.case, model.target))).jitter
