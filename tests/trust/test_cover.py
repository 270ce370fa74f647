"""Covering parts of the film: exact on the sum of cells, and the two ends to the last bit."""

import numpy as np
import pytest

from tests import tiny
from xattn.data.placement import Box
from xattn.errors import ExplainError, IntakeError
from xattn.explain.base import Game, drain
from xattn.systems import LoadedModel
from xattn.trust.cover import area_of_box, area_of_regions, cover


@pytest.fixture
def game(tiny_model: LoadedModel) -> Game:
    return Game(tiny_model, tiny.case(), tiny_model.target)


def test_a_covered_cell_takes_its_contribution_away():
    model = tiny.loaded(tiny.SumModel())
    game = Game(model, tiny.case(), model.target)
    found = drain(cover(game, area_of_box(Box(24, 48, 24, 24), tiny.SIZE)))
    # Column 1 of row 2 on the 4 × 4 grid; temperature 1.25.
    weight = float(model.module.cells[9])
    mean = float(game.case.film.pixels[48:72, 24:48].mean())
    assert found.change == pytest.approx(-weight * (mean - 0.25) / 1.25, abs=1e-6)
    assert found.share == 1 / 16
    assert found.probability == pytest.approx(1 / (1 + np.exp(-found.value)))


def test_nothing_covered_is_the_prediction_and_everything_the_absent_film(game: Game):
    none = drain(cover(game, np.zeros((tiny.SIZE, tiny.SIZE), dtype=bool)))
    assert none.value == none.before == game.value
    whole = drain(cover(game, np.ones((tiny.SIZE, tiny.SIZE), dtype=bool)))
    absent = game.of_forms(game.film.nothing, game.form[1].cpu().numpy())[0]
    assert whole.value == absent


def test_regions_are_covered_as_the_players_are(game: Game):
    chosen = [0, 5, 7]
    area = area_of_regions(game.film.regions, chosen)
    mask = np.ones((1, game.film.region_count), dtype=bool)
    mask[0, chosen] = False
    twin = float(game.of_films([game.film.encode(mask)])[0])
    # A batch of one rounds otherwise than the pool's batches, by less than 1e-6.
    assert drain(cover(game, area)).value == pytest.approx(twin, abs=1e-6)


def test_the_same_area_gives_the_same_record(game: Game):
    area = area_of_box(Box(10, 20, 30, 40), tiny.SIZE)
    first, again = drain(cover(game, area)), drain(cover(game, area))
    assert first.plain == again.plain
    other = drain(cover(game, area_of_box(Box(10, 20, 30, 41), tiny.SIZE)))
    assert other.provenance.settings != first.provenance.settings
    assert first.provenance.method == "cover"


def test_the_model_is_left_as_it_was(game: Game):
    before = tiny.fingerprint(game.model.module)
    drain(cover(game, area_of_box(Box(0, 0, 9, 9), tiny.SIZE)))
    assert tiny.fingerprint(game.model.module) == before


def test_areas_that_do_not_fit_are_refused(game: Game):
    with pytest.raises(ExplainError, match="96 x 96"):
        drain(cover(game, np.zeros((9, 9), dtype=bool)))
    with pytest.raises(IntakeError, match="inside"):
        area_of_box(Box(90, 0, 10, 10), tiny.SIZE)
