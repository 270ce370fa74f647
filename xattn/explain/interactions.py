"""How a field changes the way the film is read: its interactions with the image regions."""

from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from xattn.errors import ExplainError
from xattn.explain.base import Explainer, Game, Steps
from xattn.explain.joint import ERRORS, LEAST_LIMIT
from xattn.explain.overlay import FLOORS
from xattn.explain.regions import paint
from xattn.explain.rows import Rows, settle
from xattn.models.tokens import ImageTokens
from xattn.records import Attribution, Kind, Map


@dataclass(frozen=True, kw_only=True)
class FieldRegionInteraction(Explainer):
    """For each known field f the Shapley values over regions of v(S, form) − v(S, form without f).

    The share of a region is how much more it contributes because f is known, all else of the form
    given; the shares sum to what f adds with the whole film less what it adds without one. Masks,
    solver and rule for stopping are those of `JointShapley`, so the pool is the same; each masked
    film meets one form more than there are known fields. One map per field, the strongest first.

    NOTE[DIFF] Not the Shapley interaction index (Grabisch and Roubens 1999), which averages over
    what else of the form is known: the question here is about this form.
    """

    label: ClassVar[str] = "Field and region interactions"
    kind: ClassVar[Kind] = "contribution"
    draws_pool: ClassVar[bool] = True
    is_by_field: ClassVar[bool] = True

    precision: float = 0.05
    """Largest standard error, as a share of the largest interaction or the scale's least limit."""
    most: int = 512
    """Masked films at which the pool stops growing, however large the errors."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One batch of masked films at a time, all fields at once."""
        if not game.fields:
            raise ExplainError("Interactions need a form with at least one known field.")
        rows = self.rows(game)
        floor = FLOORS.get(game.target.unit, LEAST_LIMIT)
        shares = yield from settle(rows, precision=self.precision, floor=floor, most=self.most)
        labels, whole = game.film.regions, rows.every - rows.none
        strength = np.abs(shares.values).max(axis=0)
        order = np.argsort(-strength, kind="stable")
        return replace(
            self.blank(game),
            maps=tuple(Map(game.fields[i], paint(shares.values[:, i], labels)) for i in order),
            gap=float(np.abs(shares.values.sum(axis=0) - whole).max()),
            figures=(
                (f"largest {ERRORS}", float(shares.errors.max())),
                (f"median {ERRORS}", float(np.median(shares.errors))),
                ("masked films", float(rows.count)),
                ("rounding of the pool", game.rounding),
                ("fusion rows", float(rows.count * (len(game.fields) + 1))),
            ),
            regions=labels,
            passes=rows.count,
        )

    def rows(self, game: Game) -> Rows:
        """The rows of these games, none yet."""
        forms = forms_without_one(game)
        return Rows(
            film=game.film,
            meet=partial(meet, game, forms),
            none=added(game.of_forms(game.film.nothing, forms)),
            every=added(game.of_forms(game.film.tokens, forms)),
        )


def forms_without_one(game: Game) -> np.ndarray:
    """What is known (1 + known fields, F): the form as it is, then without each known field."""
    complete = game.form[1].cpu().numpy()
    forms = np.repeat(complete, 1 + len(game.fields), axis=0)
    columns = [game.schema.names.index(name) for name in game.fields]
    forms[np.arange(1, len(forms)), columns] = False
    return np.asarray(forms)


def added(values: np.ndarray) -> np.ndarray:
    """What each field adds (…, F) to values (…, 1 + F) in the order of `forms_without_one`."""
    return np.asarray(values[..., :1] - values[..., 1:])


def meet(
    game: Game, forms: np.ndarray, masks: np.ndarray, films: ImageTokens, before: int
) -> tuple[np.ndarray, np.ndarray]:
    """Coalitions (M, 1, R) of a batch of masks, and what each field adds to them (M, 1, F)."""
    known = np.broadcast_to(forms, (len(masks), *forms.shape))
    key = ("interactions", before, game.film.seed)
    return masks[:, None], added(game.of_pairs(films, known.copy(), key=key))[:, None]
