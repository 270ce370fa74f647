"""Whether a map stays when nothing that matters changes: unseen noise, two pixels, other seeds.

Ghorbani et al. 2019 (arXiv 1710.10547) showed maps that do not. All comparisons are rank
correlations over the regions of the film as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from xattn.explain.base import Explainer, Game, Steps, scaled
from xattn.explain.joint import JointShapley
from xattn.explain.lime import RegionLime
from xattn.records import Attribution, Film
from xattn.trust.agreement import all_maps, mean_correlation, on_square, signed_like

NOISE = 1 / 255
"""Standard deviation of the noise: one grey level of 255, which no eye sees."""
NOISES = 4
"""Films with noise of their own."""
SHIFT = 2
"""Pixels of the model's input by which the film moves, left, right, up and down."""
DIRECTIONS = (("left", 0, -1), ("right", 0, 1), ("up", -1, 0), ("down", 1, 0))
UNSEEN = f"under noise that no eye sees and shifts by {SHIFT} pixels of what is read"
HALVES = "between halves of its masked films, of which the whole is steadier"
BUDGET = 64
"""Encoder passes that all runs of a method on changed films may take together."""


@dataclass(frozen=True, slots=True)
class Stability:
    """Rank correlation of a method's map with the same map under each change that should not count.

    `changes` are the kinds of change with a correlation each; None where a map is constant. With a
    `reason` it was not checked.
    """

    method: str
    changes: tuple[tuple[str, float | None], ...]
    reason: str = ""
    under: str = UNSEEN
    """What was changed, in words."""

    @property
    def correlations(self) -> tuple[float, ...]:
        """Those that could be computed."""
        return tuple(value for _, value in self.changes if value is not None)

    @property
    def minimum(self) -> float | None:
        """The worst of them."""
        return min(self.correlations, default=None)

    @property
    def mean(self) -> float | None:
        """Their mean."""
        return float(np.mean(self.correlations)) if self.correlations else None

    @property
    def sentence(self) -> str:
        """Worst and mean in words, or why there are none."""
        if self.reason:
            return f"{self.method}: stability not checked: {self.reason}."
        if self.mean is None:
            return f"{self.method}: the map is constant; nothing to compare."
        if len(self.correlations) == 1:
            return f"{self.method}: rank correlation {self.mean:.2f} {self.under}."
        return (
            f"{self.method}: rank correlation {self.mean:.2f} on average, {self.minimum:.2f} at "
            f"worst, over {len(self.correlations)} comparisons {self.under}."
        )

    @property
    def plain(self) -> dict[str, object]:
        """Every number, ready for JSON."""
        changes = dict(self.changes)
        return {
            "method": self.method,
            "changes": changes,
            "minimum": self.minimum,
            "mean": self.mean,
            "under": self.under,
            "reason": self.reason,
        }


def find_stability(game: Game, explainer: Explainer, shown: Attribution) -> Steps[Stability]:
    """The stability of a map that is shown, within the budget.

    Methods that fit a pool of masked films are fitted on parts of it, which costs no pass; others
    run again on changed films, as far as the budget goes.
    """
    if isinstance(explainer, RegionLime):
        return (yield from pool_stability(game, explainer))
    if isinstance(explainer, JointShapley):
        return (yield from half_stability(game, explainer, shown))
    runs = NOISES + len(DIRECTIONS)
    if runs * shown.passes > BUDGET:
        needed = f"{runs} runs of {shown.passes} encoder passes each"
        return Stability(shown.method, (), f"{needed} exceed the budget of {BUDGET} passes")
    return (yield from stability(game, explainer, shown))


def stability(
    game: Game, explainer: Explainer, shown: Attribution, *, noises: int = NOISES, seed: int = 0
) -> Steps[Stability]:
    """The method run again on the film with noise and on the film shifted; for quick methods.

    `shown` is its attribution of the film as it is. Each change costs one run on a film that is
    encoded anew. A shifted film's map is shifted back before it is compared.
    """
    labels = game.film.regions
    before = signed_like(shown, all_maps(shown, labels))
    changed = perturbed(game.case.film, noises=noises, seed=seed)
    found = []
    for number, (name, film, (down, right)) in enumerate(changed):
        case = replace(game.case, films=(film,))
        run = explainer.run(Game(game.model, case, game.target))
        after = yield from scaled(run, number / len(changed), (number + 1) / len(changed))
        rows = signed_like(shown, all_maps(moved_back(after, labels.shape[0], down, right), labels))
        found.append((name, mean_correlation(before, rows)))
    return Stability(shown.method, tuple(found))


def perturbed(
    film: Film, *, noises: int, seed: int
) -> tuple[tuple[str, Film, tuple[int, int]], ...]:
    """What is changed, the film then, and how far it moved down and right."""
    generator = np.random.default_rng(seed)
    grain = generator.normal(0, NOISE, (noises, *film.pixels.shape)).astype(np.float32)
    noisy = [
        (f"noise {number}", replace(film, pixels=np.clip(film.pixels + part, 0, 1)), (0, 0))
        for number, part in enumerate(grain, start=1)
    ]
    shifted = [
        (f"{SHIFT} px {name}", replace(film, pixels=moved(film.pixels, *step)), step)
        for name, down, right in DIRECTIONS
        for step in ((SHIFT * down, SHIFT * right),)
    ]
    return (*noisy, *shifted)


def moved(values: np.ndarray, down: int, right: int) -> np.ndarray:
    """A picture (S, S) moved by whole pixels; the edge is repeated where nothing comes in."""
    return np.asarray(ndimage.shift(values, (down, right), order=0, mode="nearest"))


def moved_back(attribution: Attribution, size: int, down: int, right: int) -> Attribution:
    """The same attribution with its maps on the square, moved the other way."""
    if down == 0 and right == 0:
        return attribution
    back = [
        replace(entry, values=moved(on_square(entry.values, size), -down, -right))
        for entry in attribution.maps
    ]
    own = attribution.regions
    regions = None if own is None else moved(own, -down, -right)
    return replace(attribution, maps=tuple(back), regions=regions)


def pool_stability(game: Game, explainer: RegionLime) -> Steps[Stability]:
    """LIME fitted on either half of its pool, drawn from seeds of their own.

    No encoder pass where the pool is there already.
    """
    yield from game.film.grow(explainer.samples)
    masks, films = game.film.pool(explainer.samples)
    values = game.of_films(films)
    split = np.array_split(np.arange(len(masks)), 2)
    fits = [explainer.fit(masks[rows], values[rows], game.value)[0] for rows in split]
    return seed_stability(explainer.label, fits)


def half_stability(game: Game, explainer: JointShapley, shown: Attribution) -> Steps[Stability]:
    """The joint game solved from either half of the masked films that it was solved from."""
    count = int(dict(shown.figures)["masked films"])
    rows = explainer.rows(game)
    while rows.count < count:
        yield rows.extend() / count
    regions = game.film.region_count
    return seed_stability(shown.method, [half.values[:regions, 0] for half in rows.halves()])


def seed_stability(method: str, estimates: Sequence[np.ndarray]) -> Stability:
    """Estimates (R,) of the same regions from different seeds, pair by pair.

    Each rests on its part of the samples alone, so that the whole is steadier than this.
    """
    pairs = [(i, j) for j in range(len(estimates)) for i in range(j)]
    return Stability(
        method,
        tuple(
            (f"seeds {i + 1} and {j + 1}", mean_correlation(estimates[i][None], estimates[j][None]))
            for i, j in pairs
        ),
        under=HALVES,
    )
