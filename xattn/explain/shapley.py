"""Exact Shapley values of the form, over all coalitions, from image tokens encoded once."""

from dataclasses import dataclass, replace
from math import factorial
from typing import ClassVar, Literal

import numpy as np

from xattn.errors import ExplainError
from xattn.explain.base import Explainer, Game, Steps
from xattn.records import Attribution, Kind

MOST_PLAYERS = 16
"""65,536 coalitions; beyond that exact enumeration is no longer quick."""


@dataclass(frozen=True, kw_only=True)
class FormShapley(Explainer):
    """φ_i = Σ_{S ∌ i} |S|! (n − |S| − 1)! / n! · (v(S ∪ i) − v(S)) over every coalition S.

    Shapley 1953; an absent field is the missing token that the model was trained with. With the
    image as a player the values sum to prediction − v(nothing); with the image given, to prediction
    − v(image alone). Absent fields are no players.
    """

    label: ClassVar[str] = "Shapley values of the form (exact)"
    is_quick: ClassVar[bool] = True
    kind: ClassVar[Kind] = "contribution"

    image: Literal["player", "given"] = "player"
    """Whether the film is one of the players, or there in every coalition."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One fusion pass over all coalitions, and one more without the film."""
        names = game.fields
        if len(names) + 1 > MOST_PLAYERS:
            raise ExplainError(
                f"Exact Shapley takes {MOST_PLAYERS - 1} fields, however: {len(names)}."
            )
        coalitions = every_coalition(len(names))
        known = np.zeros((len(coalitions), len(game.schema.names)), dtype=bool)
        known[:, [game.schema.names.index(name) for name in names]] = coalitions
        values = game.of_coalitions(known, is_film_there=True)
        if self.image == "player":
            without = game.of_coalitions(known, is_film_there=False)
            values = np.concatenate([without, values])
            names = (*names, "image")
        shares = shapley(values)
        yield 1.0
        return replace(
            self.blank(game),
            players=tuple(zip(names, (float(share) for share in shares), strict=True)),
            reference=float(values[0]),
            value=float(values[-1]),
            gap=float(shares.sum() - (values[-1] - values[0])),
            passes=2 if self.image == "player" else 1,
        )


def every_coalition(players: int) -> np.ndarray:
    """All subsets (2ⁿ, n) bool; row r holds player i where bit i of r is set."""
    return (np.arange(2**players)[:, None] >> np.arange(players) & 1).astype(bool)


def shapley(values: np.ndarray) -> np.ndarray:
    """Shapley values (n,) of a game given by v (2ⁿ,) in the order of `every_coalition`."""
    players = int(values.size).bit_length() - 1
    coalitions = every_coalition(players)
    sizes = coalitions.sum(axis=1)
    weights = np.array(
        [factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)]
    )
    rows = np.arange(values.size)
    shares = []
    for player in range(players):
        without = rows[~coalitions[:, player]]
        gains = values[without | (1 << player)] - values[without]
        shares.append(float((weights[sizes[without]] * gains).sum()))
    return np.array(shares)
