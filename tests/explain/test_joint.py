"""One game of regions and fields: brute force, closed forms, sums, errors, and its pool."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests import tiny
from xattn.errors import ExplainError
from xattn.explain.base import Game, drain
from xattn.explain.film import CHUNK
from xattn.explain.grouping import IMAGE
from xattn.explain.joint import ERRORS, SPREAD, JointShapley
from xattn.explain.regions import region_sums
from xattn.explain.rows import enough_masks
from xattn.explain.shapley import FormShapley, every_coalition, shapley
from xattn.models.tokens import ImageTokens
from xattn.records import Attribution, Case
from xattn.systems import LoadedModel

QUICK = JointShapley(most=CHUNK, second_fill=None)
"""As few masks as it takes."""


def by_region(attribution: Attribution, name: str) -> np.ndarray:
    assert attribution.regions is not None
    _, first = np.unique(attribution.regions, return_index=True)
    return attribution.map(name).values.ravel()[first].astype(float)


def shares(attribution: Attribution) -> np.ndarray:
    """Regions, then fields; the image is the sum of the regions."""
    fields = [share for name, share in attribution.players if name != IMAGE]
    return np.array([*by_region(attribution, attribution.target.name), *fields])


@pytest.fixture
def game(tiny_model: LoadedModel, tiny_case: Case) -> Game:
    """The untrained network, over nine regions."""
    return tiny.with_cells(Game(tiny_model, tiny_case, tiny_model.target), 3)


def brute_force(game: Game, joint: JointShapley) -> np.ndarray:
    """Exact Shapley values over all coalitions of few regions and the known fields."""
    regions = game.film.region_count
    rows = every_coalition(regions + len(game.fields))
    masks = every_coalition(regions)
    known = np.zeros((len(rows), len(game.schema.names)), dtype=bool)
    known[:, [game.schema.names.index(name) for name in game.fields]] = rows[:, regions:]
    films = game.film.encode(masks)
    values = [game.of_pairs(films, np.tile(form, (len(masks), 1, 1)))[:, 0] for form in known]
    table = np.array(values)[np.arange(len(rows)), np.arange(len(rows)) % len(masks)]
    return shapley(joint.link(table))


@pytest.mark.parametrize("unit", ["score", "probability"])
def test_seven_players_are_found_within_their_standard_errors(unit: str) -> None:
    game = tiny.white_box(tiny.SquareModel(), cells=2)
    joint = JointShapley(precision=0.0, most=256, second_fill=None, unit=unit)  # type: ignore[arg-type]
    attribution = drain(joint.run(game))
    found, exact = shares(attribution), brute_force(game, joint)
    errors = dict(attribution.figures)[f"largest {ERRORS}"]
    assert len(found) == 7
    assert np.abs(found - exact).max() <= 3 * errors
    assert errors < 0.02 * np.abs(exact).max()


def test_a_probability_is_a_game_of_its_own() -> None:
    game = tiny.white_box(tiny.SquareModel(), cells=2)
    score, chance = (
        drain(JointShapley(second_fill=None, unit=unit).run(game))  # type: ignore[arg-type]
        for unit in ("score", "probability")
    )
    assert (score.unit, chance.unit) == ("log-odds", "probability")
    assert chance.value == expit(score.value)
    assert chance.reference == expit(score.reference)
    assert sum(share for _, share in chance.players) == pytest.approx(
        chance.value - chance.reference, abs=1e-12
    )
    rescaled = shares(score) * (chance.value - chance.reference) / (score.value - score.reference)
    assert np.abs(shares(chance) - rescaled).max() > 1e-3


def test_a_probability_needs_one_log_odds() -> None:
    joint = JointShapley(unit="probability")
    model, contrasts = tiny.model_of("hip"), tiny.loaded(tiny.SumModel())
    with pytest.raises(ExplainError, match="only where the target is a log-odds"):
        joint(model, tiny.case_of("hip"), model.target)
    with pytest.raises(ExplainError, match="only where the target is a log-odds"):
        joint(contrasts, tiny.case(), replace(contrasts.target, minus=0))


def test_closed_form_on_a_sum() -> None:
    game = tiny.white_box(tiny.SumModel())
    attribution = drain(QUICK.run(game))
    module = game.model.module
    weights = module.cells.numpy().reshape(4, 4).repeat(24, axis=0).repeat(24, axis=1)
    per_pixel = weights / 24**2 * (game.case.film.pixels - 0.25) / 1.25
    expected = [*region_sums(per_pixel, game.film.regions), *module.fields[:3].numpy() / 1.25]
    # float32 scores of order one
    np.testing.assert_allclose(shares(attribution), expected, rtol=0, atol=1e-5)
    assert by_region(attribution, ERRORS).max() < 1e-6
    # settled at once: never before four masks per region, never after that on a sum
    assert attribution.passes == enough_masks(game.film.region_count)


def test_players_that_a_sum_ignores_get_nothing() -> None:
    module = tiny.SumModel()
    module.fields.data[1] = 0
    module.cells.data[:] = 0
    found = shares(drain(QUICK.run(tiny.white_box(module))))
    fields = found[-3:]
    assert np.abs(found[:-3]).max() < 1e-6
    assert abs(fields[1]) < 1e-6
    assert abs(fields[0]) > 0.1


def test_equal_players_of_a_sum_share_alike() -> None:
    module = tiny.SumModel()
    module.fields.data[:2] = 0.7
    found = shares(drain(QUICK.run(tiny.white_box(module))))
    # float32 scores of order one
    assert found[-3] == pytest.approx(found[-2], abs=1e-6)


def test_the_shares_add_up_to_the_prediction(game: Game) -> None:
    attribution = drain(QUICK.run(game))
    assert (attribution.value, attribution.reference) == (game.value, game.reference)
    total = sum(share for _, share in attribution.players)
    assert total == pytest.approx(game.value - game.reference, abs=1e-5)
    assert attribution.gap == pytest.approx(0, abs=1e-12)
    assert [name for name, _ in attribution.players] == [*game.case.form.known, IMAGE]
    # the map is stored as float32
    assert by_region(attribution, "malignant").sum() == pytest.approx(
        dict(attribution.players)[IMAGE], abs=1e-6
    )


def test_the_form_agrees_with_its_own_game_where_nothing_acts_together() -> None:
    game = tiny.white_box(tiny.SumModel())
    joint, form = (dict(drain(method.run(game)).players) for method in (QUICK, FormShapley()))
    assert joint == pytest.approx(form, abs=1e-5)
    acting = tiny.white_box(tiny.SquareModel())
    joint, form = (dict(drain(method.run(acting)).players) for method in (QUICK, FormShapley()))
    # film times form: halved between them in both games, for any parts of the film
    errors = 3 * QUICK.precision * abs(joint[IMAGE])
    assert joint == pytest.approx(form, abs=max(errors, 1e-3))


def test_without_a_form_the_regions_are_the_players(tiny_model: LoadedModel) -> None:
    game = tiny.with_cells(Game(tiny_model, tiny.case({}), tiny_model.target), 3)
    attribution = drain(QUICK.run(game))
    assert [name for name, _ in attribution.players] == [IMAGE]
    assert dict(attribution.figures)["fusion rows"] == attribution.passes


def test_all_regions_absent_is_the_image_absent(game: Game) -> None:
    masks = np.zeros((CHUNK, game.film.region_count), dtype=bool)
    known = every_coalition(5)[:, None, :]
    values = game.of_pairs(game.film.encode(masks), known)[:, 0]
    np.testing.assert_allclose(
        values, game.of_forms(game.film.nothing, known[:, 0]), rtol=0, atol=1e-6
    )


def test_it_stops_where_the_errors_are_asked_for() -> None:
    def passes(precision: float) -> int:
        joint = JointShapley(precision=precision, second_fill=None)
        found = drain(joint.run(tiny.white_box(tiny.SquareModel(), cells=3)))
        limit = precision * np.abs(by_region(found, "malignant")).max()
        largest = dict(found.figures)[f"largest {ERRORS}"]
        # the map is stored as float32
        assert (largest <= limit * (1 + 1e-6)) == (found.passes < 512)
        return found.passes

    assert passes(0.5) == enough_masks(9) == 64
    assert 64 < passes(0.03) < passes(0.02) < 512
    assert passes(0.0) == 512


def same(a: Attribution, b: Attribution) -> bool:
    pairs = zip(a.maps, b.maps, strict=True)
    return a.players == b.players and all(
        x.values.tobytes() == y.values.tobytes() for x, y in pairs
    )


def test_the_same_bytes_whatever_the_pool_held_and_after_a_cancel(
    tiny_model: LoadedModel, tiny_case: Case
) -> None:
    fresh, grown, stopped = (
        tiny.with_cells(Game(tiny_model, tiny_case, tiny_model.target), 3) for _ in range(3)
    )
    list(grown.film.grow(4 * CHUNK))
    steps = QUICK.run(stopped)
    next(steps)
    steps.close()
    assert len(stopped.film.pool(CHUNK)[1]) == 1
    first = drain(QUICK.run(fresh))
    assert same(first, drain(QUICK.run(grown)))
    assert same(first, drain(QUICK.run(stopped)))


def test_another_form_meets_the_same_films_without_encoding_any(
    game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    joint = JointShapley(most=CHUNK)
    before = drain(joint.run(game))

    def refuse(*_: object) -> ImageTokens:
        raise AssertionError("a film was encoded")

    monkeypatch.setattr(game.film, "_encode", refuse)
    monkeypatch.setattr("xattn.explain.film.encode", refuse)
    edited = tiny.case({"lesion_type": "mass", "density": 4})
    after = drain(joint.run(Game(game.model, edited, game.target, game.film)))
    assert not same(before, after)


def test_the_spread_is_what_another_fill_moves() -> None:
    game = tiny.white_box(tiny.SumModel())
    attribution = drain(JointShapley(most=CHUNK, second_fill="mean").run(game))
    weights = game.model.module.cells.numpy().reshape(4, 4).repeat(24, axis=0).repeat(24, axis=1)
    mean = float(game.case.film.pixels.mean())
    expected = np.abs(region_sums(weights / 24**2 * (0.25 - mean) / 1.25, game.film.regions))
    # float32 scores of order one
    np.testing.assert_allclose(by_region(attribution, SPREAD), expected, rtol=0, atol=1e-5)
    figures = dict(attribution.figures)
    assert figures[f"largest {SPREAD}"] == pytest.approx(expected.max(), abs=1e-5)
    assert attribution.passes == 2 * enough_masks(game.film.region_count)


def test_the_same_fill_gives_no_spread_and_half_the_masks_suffice() -> None:
    game = tiny.white_box(tiny.SquareModel())
    joint = JointShapley(precision=0.0, second_fill="trained")
    attribution = drain(joint.run(game))
    assert by_region(attribution, SPREAD).max() == 0.0
    assert attribution.passes == 512 + 256


def test_a_target_in_another_unit_is_the_game_scaled() -> None:
    game = tiny.white_box(tiny.SumModel())
    half = replace(game.target, scale=game.target.scale / 2, offset=3.0)
    scaled = drain(QUICK.run(Game(game.model, game.case, half, game.film)))
    np.testing.assert_allclose(
        shares(scaled), shares(drain(QUICK.run(game))) / 2, rtol=0, atol=1e-7
    )
