"""One Shapley game over the regions of the film and the fields of the form."""

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Literal

import numpy as np
from scipy.special import expit

from xattn.errors import ExplainError
from xattn.explain.base import Explainer, Game, Steps, scaled
from xattn.explain.film import Fill
from xattn.explain.grouping import IMAGE
from xattn.explain.overlay import FLOORS
from xattn.explain.regions import paint
from xattn.explain.rows import Rows, enough_masks, settle
from xattn.explain.sampling import FORMS, Shares, draw_forms
from xattn.models.tokens import ImageTokens
from xattn.records import Attribution, Kind, Map

ERRORS, SPREAD = "standard error", "spread between fills"
"""Names of the maps beside the contributions."""
LEAST_LIMIT = 1e-3
"""Of a colour scale whose unit has no floor of its own."""


@dataclass(frozen=True, kw_only=True)
class JointShapley(Explainer):
    """Shapley values of every image region and every known field, in one game and one unit.

    KernelSHAP's regression under the sum constraint (Lundberg and Lee 2017, arXiv 1705.07874) on
    rows drawn by leverage in pairs of complements (Musco and Witter 2024, arXiv 2410.01917): each
    masked film of the pool meets several coalitions of fields, drawn at its own rate. The shares
    sum to prediction − v(nothing); a sum of players is recovered from any sample. The pool grows
    until every standard error is below `precision` of the largest region, or to `most` films: what
    three and more regions do together is what keeps errors up, which neither more forms to a film
    (2 to 32 were tried) nor trees as a control variate change, so that the map says what it
    reached.

    "image" among the players is the sum of the regions. It differs from the film's share in
    `FormShapley`, where the film is one player, once two regions and a field act together: here
    each of the three takes a third of that, there film and field take a half.

    A target with another scale or offset, such as T-score points, is this game scaled; a
    probability is a game of its own.
    """

    label: ClassVar[str] = "Shapley values of regions and fields"
    kind: ClassVar[Kind] = "contribution"
    draws_pool: ClassVar[bool] = True

    precision: float = 0.05
    """Largest standard error, as a share of the largest region or the scale's least limit."""
    most: int = 512
    """Masked films at which the pool stops growing, however large the errors."""
    forms: int = 8
    """Coalitions of fields that each masked film meets."""
    unit: Literal["score", "probability"] = "score"
    """Whether v is the target in its own unit, or the sigmoid of a log-odds."""
    second_fill: Fill | None = "blurred"
    """The fill that a spread is shown against, over half of the masks; None for no spread."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One batch of masked films at a time until the shares are settled; then the other fill."""
        if self.unit == "probability" and not _is_log_odds(game):
            raise ExplainError("A probability is explained only where the target is a log-odds.")
        unit = "probability" if self.unit == "probability" else game.target.unit
        rows = self.rows(game)
        growing = settle(
            rows,
            precision=self.precision,
            floor=FLOORS.get(unit, LEAST_LIMIT),
            most=self.most,
        )
        shares = yield from scaled(growing, 0, 2 / 3 if self.second_fill else 1)
        found = replace(self.found(game, rows, shares), unit=unit)
        return (yield from scaled(self.with_spread(game, rows, found), 2 / 3, 1))

    def rows(self, game: Game, fill: Fill = "trained") -> Rows:
        """The rows of this game, none yet."""
        nobody = np.zeros_like(game.form[1].cpu().numpy())
        return Rows(
            film=game.film,
            meet=partial(self.meet, game, fill),
            none=self.link(game.of_forms(game.film.absent(fill), nobody)),
            every=self.link(np.array([game.value])),
            fill=fill,
        )

    def meet(
        self, game: Game, fill: Fill, masks: np.ndarray, films: ImageTokens, before: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Coalitions (M, K, R + F) of a batch of masks (M, R), and their values (M, K, 1)."""
        columns = [game.schema.names.index(name) for name in game.fields]
        count = self.forms if columns else 1
        seed = (game.film.seed, FORMS, before)
        present = draw_forms(masks, len(columns), count=count, seed=seed)
        known = np.zeros((*present.shape[:2], len(game.schema.names)), dtype=bool)
        known[:, :, columns] = present
        regions = np.broadcast_to(masks[:, None], (*present.shape[:2], masks.shape[1]))
        key = ("joint", fill, count, before, game.film.seed)
        values = self.link(game.of_pairs(films, known, key=key))
        return np.concatenate([regions, present], axis=2), values[:, :, None]

    def link(self, values: np.ndarray) -> np.ndarray:
        """Values of the target as values of the game."""
        return np.asarray(expit(values)) if self.unit == "probability" else values

    def with_spread(self, game: Game, rows: Rows, found: Attribution) -> Steps[Attribution]:
        """The attribution with how far each region's share moves under the other fill."""
        if self.second_fill is None:
            return found
        other = self.rows(game, self.second_fill)
        wanted = max(enough_masks(game.film.region_count), rows.count // 2)
        while other.extend() < wanted:
            yield other.count / wanted
        moved = other.difference(rows)
        regions = game.film.region_count
        spread = np.abs(moved.values[:regions, 0])
        return replace(
            found,
            maps=(*found.maps, Map(SPREAD, paint(spread, game.film.regions))),
            figures=(
                *found.figures,
                (f"largest {SPREAD}", float(spread.max())),
                (f"its largest {ERRORS}", float(moved.errors[:regions].max())),
            ),
            passes=rows.count + other.count,
        )

    def found(self, game: Game, rows: Rows, shares: Shares) -> Attribution:
        """The attribution as far as the trained fill gives it."""
        labels, count = game.film.regions, game.film.region_count
        values, errors = shares.values[:, 0], shares.errors[:, 0]
        every, none = float(rows.every[0]), float(rows.none[0])
        players = (*values[count:], values[:count].sum())
        fusions = sum(gains[..., 0].size for gains in rows.gains)
        return replace(
            self.blank(game),
            maps=(
                Map(game.target.name, paint(values[:count], labels)),
                Map(ERRORS, paint(errors[:count], labels)),
            ),
            players=tuple(zip((*game.fields, IMAGE), map(float, players), strict=True)),
            reference=none,
            value=every,
            gap=float(sum(players)) - (every - none),
            figures=(
                (f"largest {ERRORS}", float(errors.max())),
                (f"median {ERRORS}", float(np.median(errors))),
                ("masked films", float(rows.count)),
                ("rounding of the pool", game.rounding),
                ("fusion rows", float(fusions)),
            ),
            regions=labels,
            passes=rows.count,
        )


def _is_log_odds(game: Game) -> bool:
    return game.model.system.is_probability and game.target.minus is None
