"""What the adapters share: a private model that reads films alone, and contributions by region."""

import copy
from abc import ABC
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import ClassVar

import numpy as np
from torch import Tensor, nn

from xattn.explain.base import Explainer, Game
from xattn.explain.regions import paint
from xattn.records import Attribution, Map, Provenance


class FilmReader(nn.Module):
    """A private copy of a game's model with the form fixed in it, for libraries that hook.

    Hooks, gradients and flags that a library leaves behind are gone with the copy. The form is
    repeated for every film, because libraries batch their films and nothing else.
    """

    def __init__(self, game: Game) -> None:
        super().__init__()
        self.model = copy.deepcopy(game.model.module)
        self.target = game.target
        self.values, self.known = game.form

    def forward(self, films: Tensor) -> Tensor:
        """Values (B, 1), in the target's unit, of films (B, 1, S, S)."""
        rows = films.shape[0]
        tokens = self.model.encode_image(films)
        output = self.model.fuse(tokens, self.values.expand(rows, -1), self.known.expand(rows, -1))
        values: Tensor = self.target.of(output.scores)
        return values[:, None]


@dataclass(frozen=True, kw_only=True)
class LibraryExplainer(Explainer, ABC):
    """An explainer whose arithmetic is a library's; the library's version is in its provenance."""

    is_foreign: ClassVar[bool] = True
    package: ClassVar[str]
    """The distribution that does the work."""

    def provenance(self, game: Game) -> Provenance:
        """All that is needed to get the same numbers again, the library's version included."""
        own = super().provenance(game)
        return replace(own, versions=(*own.versions, (self.package, version(self.package))))

    def by_region(
        self,
        game: Game,
        contributions: np.ndarray,
        *,
        passes: int,
        more: tuple[Map, ...] = (),
        figures: tuple[tuple[str, float], ...] = (),
    ) -> Attribution:
        """Contributions (R,) of the film's regions, with their gap to v(x) − v(form alone)."""
        reference = form_alone(game)
        labels = game.film.regions
        return Attribution(
            method=self.label,
            kind="contribution",
            unit=game.target.unit,
            target=game.target,
            placement=game.case.film.placement,
            provenance=self.provenance(game),
            maps=(Map(game.target.name, paint(contributions, labels)), *more),
            reference=reference,
            value=game.value,
            gap=float(contributions.sum() - (game.value - reference)),
            figures=figures,
            regions=labels,
            passes=passes,
        )


def form_alone(game: Game) -> float:
    """v(form): the film absent, the form as it is."""
    return float(game.of_forms(game.film.nothing, game.form[1].cpu().numpy())[0])
