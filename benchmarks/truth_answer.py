"""What a method says of one prediction, in one form for all methods."""

from dataclasses import dataclass, field

import numpy as np
import torch

from benchmarks.truth_scores import per_pixel
from xattn.explain.base import Game
from xattn.explain.grouping import IMAGE
from xattn.explain.joint import ERRORS
from xattn.explain.rows import enough_masks
from xattn.records import Attribution


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What a method says: a map (S, S) to be summed over regions, and numbers of fields.

    `errors` (R,) are its own standard errors; `evaluations` counts films that the encoder read.
    """

    evaluations: int
    density: np.ndarray | None = None
    fields: dict[str, float] = field(default_factory=dict)
    errors: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """What every method may use: masked films, and points of a path."""

    films: int = 0
    points: int = 32

    def masks(self, game: Game) -> int:
        """Masked films for a game: never fewer than the joint game needs."""
        return max(self.films, enough_masks(game.film.region_count))


def read(attribution: Attribution, side: int) -> Answer:
    """An attribution as an answer; maps of cells are drawn smoothly, as they are shown."""
    fields = {name: value for name, value in attribution.players if name not in (IMAGE, "image")}
    if not attribution.maps:
        return Answer(attribution.passes, fields=fields)
    first, labels = attribution.maps[0].values, attribution.regions
    if labels is None:
        return Answer(attribution.passes, density=smooth(first, side), fields=fields)
    _, places = np.unique(labels, return_index=True)
    errors = [entry.values.ravel()[places] for entry in attribution.maps if entry.name == ERRORS]
    return Answer(
        attribution.passes,
        density=per_pixel(first.ravel()[places].astype(np.float64), labels),
        fields=fields,
        errors=errors[0].astype(np.float64) if errors else None,
    )


def smooth(cells: np.ndarray, side: int) -> np.ndarray:
    """A map of cells (h, w) at every pixel (S, S), linear between the cells' centres."""
    grid = torch.from_numpy(cells.astype(np.float64))[None, None]
    drawn = torch.nn.functional.interpolate(grid, size=(side, side), mode="bilinear")
    return np.asarray(drawn[0, 0].numpy())
