"""The benchmark of two truths: closed forms, scores, causes, and what its tables say."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score

from benchmarks import truth_cases, truth_libraries, truth_world
from benchmarks.truth_answer import Amount, Answer, read, smooth
from benchmarks.truth_cases import SCENES, draw_breast, draw_chest, flipped, on_square, opposite
from benchmarks.truth_explainers import COLUMNS, FIELDS, OWN, Boxed, interactions_of, scores_of
from benchmarks.truth_explainers import section as explainer_section
from benchmarks.truth_methods import FAIR, OURS, SHAPLEY, Method
from benchmarks.truth_places import placed
from benchmarks.truth_real import ABSENT, box_mask
from benchmarks.truth_real import section as real_section
from benchmarks.truth_run import Amounts, batch_numbers
from benchmarks.truth_scores import (
    coverage,
    enrichment,
    per_pixel,
    pointing,
    rank_correlation,
    region_precision,
    relative_error,
    sign_accuracy,
    strongest_share,
)
from benchmarks.truth_tables import Column, Row, sentence, table
from benchmarks.truth_whitebox import FILL, RECIPES, Film, Recipe, white_box
from tests import tiny
from xattn.data.datasets.nih_boxes import FindingBox
from xattn.data.placement import Box
from xattn.explain.base import Game, drain
from xattn.explain.joint import JointShapley
from xattn.explain.regions import grid, region_sums
from xattn.explain.shapley import every_coalition
from xattn.explain.shapley import shapley as brute
from xattn.phantoms import breast, hip
from xattn.phantoms.breast_bayes import both_log_odds
from xattn.phantoms.hip_bayes import expect

CELLS = 2
TINY = Amounts(
    batches=1,
    boxes=1,
    located=1,
    diffuse=1,
    costly=0,
    cells=CELLS,
    amount=Amount(points=2),
)


def box_of(recipe: Recipe, seed: int = 3) -> Boxed:
    """A white box of four regions and the three known fields of a breast's form."""
    case = tiny.case()
    labels = grid(tiny.SIZE, CELLS)
    names = tiny.breast_model().system.schema.names
    known = np.array([name in case.form.known for name in names])
    model = white_box("breast", Film(case.film.pixels, labels, known), recipe, seed=seed)
    game = Game(model, case, model.target)
    game.film.__dict__["regions"] = labels
    box = model.module
    return Boxed(game, box.terms, box.held(case.film.pixels, known))


def values(box: Boxed, players: np.ndarray) -> np.ndarray:
    """v of coalitions (M, R + known fields) from the model itself, film by film."""
    game, regions = box.game, box.regions
    known = np.zeros((len(players), len(game.schema.names)), dtype=bool)
    known[:, box.columns - regions] = players[:, regions:]
    films = np.where(players[:, game.film.regions], game.case.film.pixels, FILL)
    scores = game.model.module(
        torch.from_numpy(films.astype(np.float32))[:, None],
        game.form[0].expand(len(players), -1),
        torch.from_numpy(known),
    ).scores
    return np.asarray(game.target.of(scores).detach().numpy())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_closed_form_is_brute_force_over_all_coalitions(recipe: Recipe) -> None:
    box = box_of(recipe)
    every = every_coalition(7)
    joint = np.concatenate(box.exact(OURS[0]))
    # sums of some tens of float64 products of order one
    np.testing.assert_allclose(joint, brute(values(box, every)), rtol=0, atol=1e-12)
    given = np.hstack([every_coalition(4), np.ones((16, 3), dtype=bool)])
    regions, fields = box.exact(OURS[1])
    np.testing.assert_allclose(regions, brute(values(box, given)), rtol=0, atol=1e-12)
    assert not len(fields)
    one = every_coalition(4)
    film = np.hstack([np.repeat(one[:, :1], 4, axis=1), one[:, 1:]])
    regions, fields = box.exact(SHAPLEY[0])
    np.testing.assert_allclose(fields, brute(values(box, film))[1:], rtol=0, atol=1e-12)
    assert not len(regions)


def test_interactions_are_a_game_of_each_field() -> None:
    box = box_of(RECIPES[-1])
    regions = every_coalition(4)
    whole = np.hstack([regions, np.ones((16, 3), dtype=bool)])
    for number, column in enumerate(box.columns):
        without = whole.copy()
        without[:, 4 + number] = False
        added = brute(values(box, whole) - values(box, without))
        np.testing.assert_allclose(box.interactions(int(column)), added, rtol=0, atol=1e-12)


def test_the_largest_recipe_holds_products_of_four() -> None:
    terms = box_of(RECIPES[-1]).terms
    sizes = (terms.places < terms.players).sum(axis=1)
    # four regions and three known fields alone, then as many products as regions of 2, 3 and 4
    assert np.bincount(sizes).tolist() == [0, 7, 4, 4, 4]


def test_an_absent_film_and_form_are_worth_nothing() -> None:
    box = box_of(RECIPES[-1])
    assert values(box, np.zeros((1, 7), dtype=bool))[0] == 0.0
    assert box.game.reference == 0.0


@pytest.mark.parametrize("recipe", RECIPES[:2], ids=lambda recipe: recipe.name)
def test_joint_shapley_is_exact_up_to_products_of_two(recipe: Recipe) -> None:
    scores = scores_of(OURS[0], {recipe.name: box_of(recipe)}, Amount())
    # pairs of complements cancel what products of two add; the map is stored in float32
    assert scores[f"error, {recipe.name}"] < 1e-6


def test_each_method_is_right_in_the_game_that_it_answers() -> None:
    hardest = RECIPES[-1].name
    boxes = {hardest: box_of(RECIPES[-1])}
    form = scores_of(SHAPLEY[0], boxes, Amount())
    assert form[OWN] < 1e-12
    assert form[FIELDS] > 1e-3  # the film as one player is another game
    path = scores_of(OURS[2], boxes, Amount(points=32))
    assert path[f"error, {hardest}"] > path[OWN]
    assert interactions_of(boxes[hardest])[OWN] < 0.1


def test_shap_on_the_same_players_is_exact_on_a_sum() -> None:
    box = box_of(RECIPES[0])
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    answer = truth_libraries.kernel_shap(box.game, Amount())
    regions, fields = box.exact(FAIR[0])
    found = region_sums(answer.density, box.game.film.regions)
    # shap solves the normal equations, whose condition is the square of the regression's
    np.testing.assert_allclose(found, regions, rtol=0, atol=1e-7)
    told = [answer.fields[name] for name in box.game.fields]
    np.testing.assert_allclose(told, fields, rtol=0, atol=1e-7)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_defaults_are_those_of_the_manuals() -> None:
    box = box_of(RECIPES[0])
    answers = [
        method(box.game, Amount())
        for method in (truth_libraries.grad_cam, truth_libraries.integrated)
    ]
    # a gradient is one pass ahead and one back; captum takes 50 points
    assert [answer.evaluations for answer in answers] == [2, 100]
    cam, path = (answer.density for answer in answers)
    assert (cam.min(), cam.max()) == (0.0, pytest.approx(1.0, abs=1e-6))  # float32, stretched
    module, game = box.game.model.module, box.game
    black = torch.zeros_like(game.film.image)
    at_black = float(game.target.of(module(black, *game.form).scores)[0])
    # completeness from a black film, in float32 gradients of 9,216 pixels
    assert path.sum() == pytest.approx(game.value - at_black, abs=1e-5)


def test_scores_against_exact_values() -> None:
    true, found = np.array([3.0, -4.0, 0.1, 0.0]), np.array([3.0, -3.0, -0.1, 1.0])
    assert relative_error(found, true) == pytest.approx(np.sqrt(2.04 / 25.01), rel=1e-12)
    assert relative_error(np.zeros(4), true) == 1.0
    expected = spearmanr(found, true).statistic
    assert rank_correlation(found, true) == pytest.approx(expected, rel=1e-12)
    assert rank_correlation(np.ones(4), true) == 0.0
    assert sign_accuracy(found, true) == 1.0  # 0.1 is less than a tenth of 4
    assert sign_accuracy(-found, true) == 0.0
    errors = np.array([0.1, 0.6, 0.1, 0.4])  # 1 ≤ 1.176, 0.2 > 0.196, 1 > 0.784
    assert coverage(found, errors, true) == 0.5


def test_scores_of_places() -> None:
    labels = grid(12, 3)
    mask = np.zeros((12, 12), dtype=bool)
    mask[2:6, 1:7] = True
    density = per_pixel(np.random.default_rng(0).normal(size=9), labels)
    # the twin: every pixel for itself, with the mean of its region
    pixels = average_precision_score(mask.ravel(), density.ravel())
    assert region_precision(density, mask, labels) == pytest.approx(pixels, rel=1e-12)
    even = np.ones((12, 12))
    assert region_precision(even, mask, labels) == pytest.approx(mask.mean(), rel=1e-12)
    assert enrichment(even, mask) == pytest.approx(1.0, rel=1e-12)
    assert enrichment(mask.astype(float), mask) == pytest.approx(6.0, rel=1e-12)
    assert pointing(even, mask) == pytest.approx(1 / 6, rel=1e-12)
    assert strongest_share(even, labels) == pytest.approx(1 / 9, rel=1e-12)
    assert strongest_share(labels == 4, labels) == 1.0
    assert region_sums(density, labels).sum() == pytest.approx(density.sum(), rel=1e-12)


def test_the_part_with_the_causes_sign_is_scored() -> None:
    box = box_of(RECIPES[0])
    labels = box.game.film.regions
    density = per_pixel(np.array([-3.0, 1.0, 0.0, 0.0]), labels)
    lowers = {"mask": labels == 0, "game": box.game, "sign": -1.0}
    scores = placed(OURS[0], Answer(1, density=density), **lowers)
    assert (scores["pointing game"], scores["sign right in the mask"]) == (1.0, 1.0)
    raises = placed(OURS[0], Answer(1, density=density), **{**lowers, "sign": 1.0})
    assert (raises["pointing game"], raises["sign right in the mask"]) == (0.0, 0.0)


def test_cells_are_drawn_between_their_centres() -> None:
    drawn = smooth(np.array([[0.0, 1.0]]), 4)
    np.testing.assert_allclose(drawn[0], [0.0, 0.25, 0.75, 1.0], rtol=0, atol=1e-12)


def test_a_map_of_regions_keeps_its_sums() -> None:
    box = box_of(RECIPES[1])
    answer = read(drain(JointShapley(second_fill=None).run(box.game)), tiny.SIZE)
    found = region_sums(answer.density, box.game.film.regions)
    whole = found.sum() + sum(answer.fields.values())
    # float32 maps of order one
    assert whole == pytest.approx(box.game.value - box.game.reference, abs=1e-6)


def test_opposite_evidence() -> None:
    # ln(0.29 / 0.12) = 0.88 is nearest to −ln(0.17 / 0.37) = 0.78
    assert opposite("mass_margins", "SPICULATED") == "CIRCUMSCRIBED"
    assert opposite("mass_margins", "CIRCUMSCRIBED") == "SPICULATED"


def test_what_a_lesion_adds_is_the_bayes_difference() -> None:
    seed = next(s for s in range(100) if breast.sample_world(s, breast.Settings()).causes.has_mass)
    causes = breast.sample_world(seed, breast.Settings()).causes
    found = draw_breast(seed, size=56)
    assert found.effect == both_log_odds(causes) - both_log_odds(flipped(causes))
    assert flipped(causes).form == causes.form
    assert found.mask.shape == (56, 56)
    assert found.case.film.pixels.dtype == np.float32


def test_an_occult_lesion_adds_nothing_and_has_no_place_in_the_table() -> None:
    def hides(seed: int) -> bool:
        causes = breast.sample_world(seed, breast.Settings()).causes
        return not causes.shows_mass and not causes.has_calcifications

    found = draw_breast(next(seed for seed in range(400) if hides(seed)), size=56)
    assert found.effect == 0.0


def test_what_a_necks_contrast_adds() -> None:
    found = SCENES[0].draw(7, size=56)
    settings = hip.Settings()
    causes = hip.sample_world(7, settings).causes
    known = {**causes.views, **causes.form}
    others = [hip.sample_world(seed, settings).causes.views["contrast"] for seed in range(400)]
    mirrored = {**known, "contrast": 2 * float(np.mean(others)) - causes.views["contrast"]}
    added = expect(known, settings).mean - expect(mirrored, settings).mean
    # a mean of 400 with a deviation of 0.16 is known to 0.008, and counts twice
    assert found.effect == pytest.approx(added, abs=0.03)
    assert abs(found.effect) > 0.06
    assert 0 < found.mask.mean() < 0.05


def test_a_drawn_finding_raises_its_own_odds() -> None:
    found = [draw_chest(seed, size=56) for seed in range(12)]
    assert all(case.effect > 0 for case in found if case.mask.any())
    assert {case.is_shown for case in found} == {True, False}


def test_shifted_physics_change_the_film_alone() -> None:
    usual, shifted = (draw_breast(5, shifted=value, size=56) for value in (False, True))
    assert usual.effect == shifted.effect
    np.testing.assert_array_equal(usual.mask, shifted.mask)
    assert np.abs(usual.case.film.pixels - shifted.case.film.pixels).max() > 0.05


def test_masks_keep_their_place_on_the_square() -> None:
    mask = np.zeros((40, 20), dtype=bool)
    mask[:20] = True
    square = on_square(mask, 40)
    assert square[:20, 10:30].all()
    assert square.sum() == 400


def row(name: str, source: str, scores: list[float]) -> Row:
    method = Method(name, source, lambda *_: Answer(0))  # type: ignore[arg-type]
    return Row(method, np.full(len(scores), 64.0), {"AUC": np.array(scores)})


def test_tables_say_where_ours_is_not_best() -> None:
    column = Column("AUC")
    rows = [
        row("joint", "ours", [0.5, 0.6, 0.5, 0.6, 0.5, 0.6]),
        row("mine", "ours", [0.1] * 6),
        row("good", "library, fair", [0.8, 0.9, 0.8, 0.9, 0.8, 0.9]),
        row("bad", "library, default", [0.2, 0.3, 0.2, 0.3, 0.2, 0.3]),
        row("twin", "library, fair", [0.5, 0.6, 0.5, 0.6, 0.5, 0.6]),
        row("noisy", "baseline", [0.9, 0.2, 0.1, 1.0, 0.2, 0.9]),
        row("rare", "baseline", [0.9] * 2 + [np.nan] * 4),
    ]
    cases = np.arange(6)
    assert sentence(rows, column, cases) == (
        "By AUC, the best of ours is joint (0.55): better than 1 of 5 rivals; worse than "
        "good (library, fair); not told apart from noisy (baseline); the same as "
        "twin (library, fair); too few cases against rare (baseline)."
    )
    assert sentence([rows[0], rows[3]], column, cases).endswith("better than all 1 rivals.")
    lower = sentence(rows[:4], Column("AUC", lower_is_better=True), cases)
    assert lower.startswith("By AUC, the best of ours is mine (0.10): better than all 2 rivals")
    text = table(rows, (column,), batch_numbers(3, 2))
    # batches of joint have the mean 0.55 each, of noisy 0.55 each too; of rare there is one
    assert "| joint | ours | 6 | 0.55 ± 0.00 | 64 |" in text
    assert "| rare | baseline | 6 | 0.90 | 64 |" in text


def test_every_method_has_a_line_in_the_table_of_white_boxes() -> None:
    text = explainer_section("breast", TINY)
    for method in (*OURS, *SHAPLEY, *FAIR):
        assert f"| {method.name} | {method.source} | 1 |" in text
    assert "library, default | 0" not in text
    assert "| lime | library, default |" not in text  # costly, and nothing of it was asked
    assert COLUMNS[0].name in text


def test_a_scene_gives_a_table_of_places_and_one_of_evenness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(truth_cases, "SIZE", tiny.SIZE)
    monkeypatch.setattr(truth_world, "PHYSICS", {"as in training": False})
    text = truth_world.section(SCENES[3], tiny.model_of("chest"), TINY)
    assert text.count("| joint Shapley | ours |") == 2
    assert "cross-attention" not in text  # no field of the chest model looks at the film
    assert "centre Gaussian | baseline | 1 |" in text
    assert "too few cases to compare" in text


def test_without_the_data_a_sentence_says_so() -> None:
    model = tiny.model_of("breast")
    assert real_section("breast", Path("nowhere"), model, TINY) == ABSENT


def test_a_box_covers_its_pixels() -> None:
    mask = box_mask(FindingBox("Mass", "lung_lesion", Box(10, 20, 30, 5)))
    assert mask.sum() == 150
    assert mask[20, 10]
    assert mask[24, 39]
