"""Raw scores are kept with the film: another target of the same form costs no fusion."""

from collections.abc import Callable

import numpy as np
import pytest

from tests import tiny
from xattn.explain.base import Game, drain
from xattn.explain.film import BATCHES_KEPT
from xattn.explain.joint import JointShapley
from xattn.models.tokens import Output

JOINT = JointShapley(most=64, second_fill=None)


@pytest.fixture
def game() -> Game:
    model = tiny.model_of("chest")
    return tiny.with_cells(Game(model, tiny.case_of("chest"), model.target), 3)


def of_another(game: Game) -> Game:
    return Game(game.model, game.case, game.model.targets[3], game.film)


def test_another_finding_meets_the_same_scores(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = drain(
        JOINT.run(tiny.with_cells(of_another(Game(game.model, game.case, game.target)), 3))
    )
    drain(JOINT.run(game))
    other = of_another(game)
    rows = JOINT.rows(other)

    def refuse(*_: object) -> Output:
        raise AssertionError("a form was fused")

    monkeypatch.setattr(Game, "fuse", refuse)
    while rows.count < 64:
        rows.extend()
    monkeypatch.undo()
    again = drain(JOINT.run(other))
    assert again.players == alone.players
    assert again.maps[0].values.tobytes() == alone.maps[0].values.tobytes()


def test_another_form_and_another_fill_have_their_own(game: Game) -> None:
    drain(JOINT.run(game))
    form = game.schema.check({"age": 30})
    edited = Game(game.model, game.case.with_form(form), game.target, game.film)
    fresh = tiny.with_cells(Game(game.model, edited.case, game.target), 3)
    assert drain(JOINT.run(edited)).players == drain(JOINT.run(fresh)).players
    spread = JointShapley(most=64, second_fill="mean")
    first, later = drain(spread.run(game)), drain(spread.run(fresh))
    assert first.figures != later.figures


def test_only_the_latest_are_kept(game: Game) -> None:
    def made(number: int) -> Callable[[], np.ndarray]:
        return lambda: np.array([float(number)])

    for number in range(BATCHES_KEPT + 1):
        game.film.scores(number, made(number))
    assert game.film.scores(1, made(-1))[0] == 1.0
    assert game.film.scores(0, made(-1))[0] == -1.0
