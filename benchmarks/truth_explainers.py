"""Explainer truth: every method against the exact values of white boxes on phantom films."""

from dataclasses import dataclass

import numpy as np

from benchmarks.truth_answer import Amount, Answer
from benchmarks.truth_cases import SCENES
from benchmarks.truth_methods import DEFAULTS, FAIR, OURS, SHAP_FORM, SHAPLEY, Method
from benchmarks.truth_run import Amounts, batch_numbers, prepared, say
from benchmarks.truth_scores import coverage, rank_correlation, relative_error, sign_accuracy
from benchmarks.truth_tables import Column, Row, sentence, table
from benchmarks.truth_whitebox import GIVEN, RECIPES, Film, Recipe, Terms, WhiteBox, white_box
from benchmarks.truth_whitebox import shapley as shapley_of
from xattn.explain import EXPLAINERS
from xattn.explain.base import Game, drain
from xattn.explain.regions import grid, region_sums, regions
from xattn.systems import SYSTEMS

SIZE = 112
FIRST_SEED = 51_000_000
"""Of phantoms that nothing was trained on or tuned on; batches lie 100,000 apart."""
INTERACTIONS = Method("field and region interactions", "ours", lambda _, __: Answer(0))
"""Scored by itself: it answers one game of regions for each field."""
METHODS = (*OURS, *SHAPLEY, *FAIR, *SHAP_FORM, *DEFAULTS)
HARDEST = RECIPES[-1]
OWN, RANK, SIGN = "error in its own game", "rank ρ", "sign right"
FIELDS, COVERED = "error of fields", "95 % interval covers"
COLUMNS = (
    *(Column(f"error, {recipe.name}", lower_is_better=True) for recipe in reversed(RECIPES)),
    Column(OWN, lower_is_better=True),
    Column(RANK),
    Column(SIGN),
    Column(FIELDS, lower_is_better=True),
    Column(COVERED),
)
Scores = dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Boxed:
    """A game of a white box, and the exact values (P,) of its players in three games."""

    game: Game
    terms: Terms
    held: np.ndarray

    @property
    def regions(self) -> int:
        """R; the players after them are the form's fields."""
        return self.game.film.region_count

    @property
    def columns(self) -> np.ndarray:
        """Places of the known fields among the players, in the order of `Game.fields`."""
        names = self.game.schema.names
        return np.array([self.regions + names.index(name) for name in self.game.fields], dtype=int)

    def exact(self, method: Method) -> tuple[np.ndarray, np.ndarray]:
        """Values of regions (R,) and known fields (F,) in the game that the method answers.

        Empty where its players are none of these.
        """
        groups = np.arange(len(self.held))
        if method.players == "regions":
            groups[self.regions :] = GIVEN
            return self.shares(groups), np.zeros(0)
        if method.players == "film and fields":
            groups[: self.regions] = 0
            return np.zeros(0), self.shares(groups)[self.columns]
        shares = self.shares(groups)
        return shares[: self.regions], shares[self.columns]

    def shares(self, groups: np.ndarray, terms: Terms | None = None) -> np.ndarray:
        """Shapley values in the unit of the target."""
        found = shapley_of(terms or self.terms, self.held, groups)
        return found * self.game.target.scale

    def interactions(self, column: int) -> np.ndarray:
        """What one field adds to each region (R,), the rest of the form given."""
        has = (self.terms.places == column).any(axis=1)
        terms = Terms(self.terms.places[has], self.terms.factors[has], self.terms.players)
        groups = np.arange(len(self.held))
        groups[self.regions :] = GIVEN
        return self.shares(groups, terms)


def section(system: str, amounts: Amounts) -> str:
    """The table of one system."""
    rows: dict[str, list[Scores]] = {method.name + method.source: [] for method in METHODS}
    own: list[Scores] = []
    for batch in range(amounts.batches):
        for number in range(amounts.boxes):
            say(f"white boxes, {system}: {batch + 1}.{number + 1}")
            seed = FIRST_SEED + 100_000 * batch + number
            boxes = {r.name: boxed(system, r, seed=seed, amounts=amounts) for r in RECIPES}
            for method in METHODS:
                asked = not method.is_costly or number < amounts.costly
                scores = scores_of(method, boxes, amounts.amount) if asked else {}
                rows[method.name + method.source].append(scores)
            own.append(interactions_of(boxes[HARDEST.name]))
    told = [row_of(method, rows[method.name + method.source]) for method in METHODS]
    told.append(row_of(INTERACTIONS, own))
    told = [row for row in told if np.isfinite(row.evaluations).any()]
    batches = batch_numbers(amounts.batches, amounts.boxes)
    cases = np.arange(len(batches))
    said = [sentence(told, column, cases) for column in (COLUMNS[0], COLUMNS[3])]
    return "\n".join([table(told, COLUMNS, batches), "", *said])


def boxed(system: str, recipe: Recipe, *, seed: int, amounts: Amounts) -> Boxed:
    """A white box on the phantom film of a seed."""
    draw = next(scene.draw for scene in SCENES if scene.system == system)
    case = draw(seed, size=SIZE).case
    pixels = case.film.pixels
    labels = grid(SIZE, amounts.cells) if amounts.cells else regions(pixels)
    known = np.array([name in case.form.known for name in SYSTEMS[system].schema.names])
    model = white_box(system, Film(pixels, labels, known), recipe, seed=seed)
    game = prepared(Game(model, case, model.target), amounts)
    box = model.module
    assert isinstance(box, WhiteBox)
    return Boxed(game, box.terms, box.held(pixels, known))


def scores_of(method: Method, boxes: dict[str, Boxed], amount: Amount) -> Scores:
    """What a method scores on one white box of each recipe."""
    scores: Scores = {}
    for name, box in boxes.items():
        answer = method.run(box.game, amount)
        scores["evaluations"] = float(answer.evaluations)
        if answer.density is not None and method.sign == "contribution":
            shares = box.exact(OURS[0])[0]
            found = region_sums(answer.density, box.game.film.regions)
            scores[f"error, {name}"] = relative_error(found, shares)
        if name == HARDEST.name:
            scores |= closely(method, box, answer)
    return scores


def closely(method: Method, box: Boxed, answer: Answer) -> Scores:
    """The other columns, of the hardest white box."""
    scores: Scores = {}
    joint_regions, joint_fields = box.exact(OURS[0])
    own = np.concatenate(box.exact(method))
    found = np.zeros(0)
    if answer.density is not None:
        found = region_sums(answer.density, box.game.film.regions)
        scores[RANK] = rank_correlation(found, joint_regions)
        if method.sign != "positive":
            scores[SIGN] = sign_accuracy(found, joint_regions)
    if answer.fields:
        fields = np.array([answer.fields[name] for name in box.game.fields])
        scores[FIELDS] = relative_error(fields, joint_fields)
        found = np.concatenate([found, fields])
    if method.sign == "contribution":
        scores[OWN] = relative_error(found, own)
    if answer.errors is not None:
        regions_found = found[: box.regions]
        scores[COVERED] = coverage(regions_found, answer.errors, joint_regions)
    return scores


def interactions_of(box: Boxed) -> Scores:
    """What the interactions of fields and regions score in their own games."""
    if not box.game.fields:
        return {}
    found = drain(EXPLAINERS["interactions"].run(box.game))
    _, places = np.unique(box.game.film.regions, return_index=True)
    told = [found.map(name).values.ravel()[places] for name in box.game.fields]
    true = [box.interactions(int(column)) for column in box.columns]
    values, exact = np.concatenate(told).astype(np.float64), np.concatenate(true)
    return {
        "evaluations": float(found.passes),
        OWN: relative_error(values, exact),
        RANK: rank_correlation(values, exact),
        SIGN: sign_accuracy(values, exact),
    }


def row_of(method: Method, scores: list[Scores]) -> Row:
    """The scores of all cases as columns, NaN where there is none."""
    names = (*(column.name for column in COLUMNS), "evaluations")
    columns = {name: np.array([case.get(name, np.nan) for case in scores]) for name in names}
    return Row(method, columns.pop("evaluations"), columns)
