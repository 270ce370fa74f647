"""Amounts of a run, and how many cases, batches and seeds they make."""

import sys
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.truth_answer import Amount
from xattn.explain.base import Game
from xattn.explain.regions import grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """How much is run; the defaults are those of docs/results_truth.md."""

    batches: int = 3
    boxes: int = 5
    """White boxes of each recipe in each batch and system."""
    located: int = 2
    """Cases with a cause on the film in each batch, scene and kind of physics."""
    diffuse: int = 1
    """Cases without one in each batch and scene."""
    costly: int = 1
    """Cases of each batch, physics as in training, that the costliest defaults see as well."""
    real: int = 8
    """Real films of each kind."""
    cells: int = 0
    """Cells along a side of a fixed grid of regions; 0 for the regions of the app."""
    amount: Amount = field(default_factory=Amount)

    def times(self, factor: int) -> "Amounts":
        """So many times as many cases."""
        names = ("boxes", "located", "diffuse", "real")
        more: dict[str, Any] = {name: factor * getattr(self, name) for name in names}
        return replace(self, **more)


QUICK = Amounts(
    batches=1,
    boxes=2,
    located=1,
    diffuse=1,
    costly=0,
    real=1,
    cells=4,
    amount=Amount(points=8),
)


def prepared(game: Game, amounts: Amounts) -> Game:
    """The game, over a fixed grid where the amounts say so."""
    if amounts.cells:
        game.film.__dict__["regions"] = grid(len(game.case.film.pixels), amounts.cells)
    return game


def batch_numbers(batches: int, each: int) -> np.ndarray:
    """The batch (N,) of every case."""
    return np.repeat(np.arange(batches), each)


def say(text: str) -> None:
    """Progress, beside the tables."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
