"""Stability: what is moved comes back, seeds pair by pair, and a map that cannot change."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from tests import tiny
from xattn.explain.base import Explainer, Game, Steps, drain
from xattn.explain.gradcam import GradCAM
from xattn.explain.joint import JointShapley
from xattn.explain.lime import RegionLime
from xattn.records import Attribution, Kind, Map
from xattn.trust.stability import (
    NOISE,
    NOISES,
    find_stability,
    moved,
    moved_back,
    perturbed,
    pool_stability,
    seed_stability,
    stability,
)


@dataclass(frozen=True, kw_only=True)
class FilmItself(Explainer):
    """The film's own brightness as a map: it moves with the film and with nothing else."""

    label: ClassVar[str] = "Film"
    kind: ClassVar[Kind] = "relative"

    def steps(self, game: Game) -> Steps[Attribution]:
        yield 1.0
        return replace(
            self.blank(game), maps=(Map("film", game.film.image[0, 0].numpy()),), passes=0
        )


@dataclass(frozen=True, kw_only=True)
class Fixed(FilmItself):
    """The same waves whatever the film: they do not move with it."""

    def steps(self, game: Game) -> Steps[Attribution]:
        shown = yield from super().steps(game)
        waves = np.tile(2 + np.cos(np.arange(96) * 0.31).astype(np.float32), (96, 1))
        return replace(shown, maps=(Map("waves", waves),))


def game_of(system: str = "breast") -> Game:
    model = tiny.model_of(system)
    return Game(model, tiny.case_of(system), model.target)


def test_films_are_changed_as_stated() -> None:
    film = tiny.case().film
    changed = perturbed(film, noises=2, seed=5)
    assert [name for name, _, _ in changed] == [
        "noise 1", "noise 2", "2 px left", "2 px right", "2 px up", "2 px down",
    ]  # fmt: skip
    grain = np.random.default_rng(5).normal(0, NOISE, (2, 96, 96)).astype(np.float32)
    assert np.array_equal(changed[1][1].pixels, np.clip(film.pixels + grain[1], 0, 1))
    left = changed[2][1].pixels
    assert np.array_equal(left[:, :-2], film.pixels[:, 2:])
    assert np.array_equal(left[:, -1], film.pixels[:, -1])
    assert np.array_equal(changed[5][1].pixels[2:], film.pixels[:-2])


def test_what_moved_with_the_film_comes_back() -> None:
    game = game_of()
    shown = drain(FilmItself().run(game))
    shifted = replace(shown, maps=(Map("film", moved(shown.maps[0].values, 2, 0)),))
    back = moved_back(shifted, 96, 2, 0).maps[0].values
    assert np.array_equal(back[:-2], shown.maps[0].values[:-2])


def test_a_map_that_is_the_film_is_stable_but_for_its_edge() -> None:
    game = game_of()
    found = drain(stability(game, FilmItself(), drain(FilmItself().run(game))))
    assert len(found.correlations) == 8
    # two lines of pixels at one edge are lost; regions' means hardly feel the noise
    assert found.minimum > 0.97


def test_a_map_that_stays_in_place_is_less_stable_than_one_that_follows() -> None:
    game = game_of()
    found = dict(drain(stability(game, Fixed(), drain(Fixed().run(game)))).changes)
    assert found["noise 1"] == pytest.approx(1.0, abs=1e-12)
    assert found["2 px up"] == pytest.approx(1.0, abs=1e-12)  # equal along columns
    assert found["2 px left"] < 0.95


def test_a_real_method_is_run_again_and_repeats() -> None:
    game = game_of()
    shown = drain(GradCAM().run(game))
    first = stability(game, GradCAM(), shown, noises=1)
    shares = []
    while True:
        try:
            shares.append(next(first))
        except StopIteration as end:
            found = end.value
            break
    assert shares == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert found == drain(stability(game, GradCAM(), shown, noises=1))
    assert found.mean == pytest.approx(np.mean(found.correlations), abs=1e-15)
    assert found.plain["minimum"] == min(found.correlations)


def test_seeds_are_compared_pair_by_pair() -> None:
    up, down = np.arange(6.0), -np.arange(6.0)
    found = seed_stability("LIME", [up, up, down])
    assert [name for name, _ in found.changes] == [
        "seeds 1 and 2", "seeds 1 and 3", "seeds 2 and 3",
    ]  # fmt: skip
    assert found.correlations == pytest.approx((1.0, -1.0, -1.0), abs=1e-12)
    assert found.sentence == (
        "LIME: rank correlation -0.33 on average, -1.00 at worst, over 3 comparisons between "
        "halves of its masked films, of which the whole is steadier."
    )


def test_parts_of_the_pool_are_fitted_apart_without_another_pass() -> None:
    game = game_of()
    explainer = RegionLime(samples=128, parts=4)
    drain(explainer.run(game))
    masks, films = game.film.pool(128)
    values = game.of_films(films)
    fits = [
        explainer.fit(masks[rows], values[rows], game.value)[0]
        for rows in (slice(64), slice(64, 128))
    ]
    expected = seed_stability("LIME", fits)
    assert drain(pool_stability(game, explainer)) == expected
    assert len(expected.changes) == 1
    assert expected.sentence == (
        f"LIME: rank correlation {expected.mean:.2f} between halves of its masked films, of which "
        "the whole is steadier."
    )


def test_a_quick_method_is_run_on_changed_films_and_a_dear_one_is_not_checked() -> None:
    game = game_of()
    shown = drain(GradCAM().run(game))
    assert drain(find_stability(game, GradCAM(), shown)) == drain(stability(game, GradCAM(), shown))
    # eight runs of eight passes are the budget of 64
    dear = drain(find_stability(game, GradCAM(), replace(shown, passes=9)))
    assert (dear.changes, dear.mean) == ((), None)
    assert dear.sentence == (
        "Grad-CAM: stability not checked: 8 runs of 9 encoder passes each exceed the budget of 64 "
        "passes."
    )
    assert drain(find_stability(game, GradCAM(), replace(shown, passes=8))).reason == ""
    assert len(perturbed(game.case.film, noises=NOISES, seed=0)) == 8


def test_the_joint_game_is_solved_from_either_half_without_another_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    game = tiny.with_cells(game_of(), 3)
    joint = JointShapley(precision=0.0, most=128, second_fill=None)
    shown = drain(joint.run(game))

    def refuse(*_: object) -> None:
        raise AssertionError("a film was encoded")

    monkeypatch.setattr("xattn.explain.film.encode", refuse)
    found = drain(find_stability(game, joint, shown))
    rows = joint.rows(game)
    while rows.count < 128:
        rows.extend()
    halves = []
    for part in (slice(0, 2), slice(2, 4)):
        half = replace(rows, coalitions=rows.coalitions[part], gains=rows.gains[part])
        halves.append(half.shares().values[:9, 0])
    assert found == seed_stability(JointShapley.label, halves)
    assert len(found.correlations) == 1


def test_a_constant_map_has_nothing_to_compare() -> None:
    found = seed_stability("flat", [np.ones(4), np.ones(4)])
    assert (found.minimum, found.mean) == (None, None)
    assert found.sentence == "flat: the map is constant; nothing to compare."
