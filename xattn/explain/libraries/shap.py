"""Shapley values by `shap`: fields and film are players, absent is the missing token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from xattn.errors import ExplainError
from xattn.explain.base import FORMS_AT_ONCE, Game, Steps
from xattn.explain.libraries.adapter import LibraryExplainer
from xattn.explain.libraries.outside import Questions, outside
from xattn.explain.shapley import MOST_PLAYERS
from xattn.records import Attribution, Kind

Model = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class ShapForm(LibraryExplainer):
    """`shap` on v as a function of who is present: rows of ones and zeros on a background of zeros.

    Both solvers see every coalition, so neither draws a random number.
    """

    label: ClassVar[str] = "Shapley values of the form (shap)"
    kind: ClassVar[Kind] = "contribution"
    package: ClassVar[str] = "shap"

    solver: Literal["kernel", "exact"] = "kernel"
    """`KernelExplainer` over all coalitions, without its feature selection, or `ExactExplainer`,
    which compiles for ten seconds on first use."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """The library's calls from its own thread, answered from the film's two encodings."""
        players = (*game.fields, "image")
        if len(players) > MOST_PLAYERS:
            raise ExplainError(
                f"Exact Shapley takes {MOST_PLAYERS - 1} fields, however: {len(game.fields)}."
            )
        coalitions = _Coalitions(game)
        shares = yield from outside(
            lambda asked: self._shares(_in_batches(asked), len(players)),
            coalitions,
            batches=-(-(2 ** len(players)) // FORMS_AT_ONCE),
        )
        return Attribution(
            method=self.label,
            kind=self.kind,
            unit=game.target.unit,
            target=game.target,
            placement=game.case.film.placement,
            provenance=self.provenance(game),
            players=tuple(zip(players, (float(share) for share in shares), strict=True)),
            reference=game.reference,
            value=game.value,
            gap=float(shares.sum() - (game.value - game.reference)),
            figures=(("coalitions asked for", float(coalitions.count)),),
            passes=2,
        )

    def _shares(self, asked: Model, players: int) -> np.ndarray:
        import shap

        nobody, everybody = np.zeros((1, players)), np.ones((1, players))
        if self.solver == "exact":
            explain = shap.ExactExplainer(asked, shap.maskers.Independent(nobody))
            return np.asarray(explain(everybody, silent=True).values[0], dtype=np.float64)
        kernel = shap.KernelExplainer(asked, nobody)
        shares = kernel.shap_values(everybody, nsamples=2**players, l1_reg=False, silent=True)
        return np.asarray(shares[0], dtype=np.float64)


def _in_batches(asked: Questions[np.ndarray, np.ndarray]) -> Model:
    """The model as `shap` calls it, with any number of rows at once."""

    def answers(rows: np.ndarray) -> np.ndarray:
        batches = np.split(rows, range(FORMS_AT_ONCE, len(rows), FORMS_AT_ONCE))
        return np.concatenate([asked(batch) for batch in batches])

    return answers


class _Coalitions:
    """v of coalitions as `shap` asks for them, counting the rows."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.count = 0

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Values (M,) of rows (M, P): the form's known fields in order and, last, the film."""
        game, present = self.game, np.asarray(rows) > 0.5
        self.count += len(present)
        known = np.zeros((len(present), len(game.schema.names)), dtype=bool)
        known[:, [game.schema.names.index(name) for name in game.fields]] = present[:, :-1]
        values = np.empty(len(present))
        with_film = present[:, -1]
        for film, chosen in ((game.film.tokens, with_film), (game.film.nothing, ~with_film)):
            if chosen.any():
                values[chosen] = game.of_forms(film, known[chosen])
        return values
