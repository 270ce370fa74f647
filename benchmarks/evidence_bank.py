"""Fills the bank of other cases' maps of a shipped model: `python -m benchmarks.evidence_bank`.

The cases are the first of the system's cached test phantoms, every method runs with its own
settings for every finding, and all of them share one pool of masked films a case: 512 encoder
passes, whatever the number of findings. A map is 784 bytes: with 220 cases 0.5 MB for a system of
one output, and 4.8 MB for the chest's fourteen, which get no LIME. What a case costs is printed at
the end.
"""

import argparse
import time
from collections import defaultdict
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.explain import EXPLAINERS
from xattn.explain.base import Explainer, Game, drain
from xattn.explain.film import EncodedFilm
from xattn.explain.joint import JointShapley
from xattn.records import Attribution, Case, Film, Target
from xattn.systems import MODELS, SYSTEMS, LoadedModel, load
from xattn.training.cases import Cases
from xattn.trust.bank import Bank, bank_bodies, bank_rows, key, save

PHANTOMS = "runs/phantoms/{}-confounded-224-30000000-3000.safetensors"
METHODS = ("gradcam", "joint", "lime")
"""Those of the page's own methods that give one map of the value."""


class RowGame(Game):
    """The game of one training case, whose form comes as slots."""

    def __init__(
        self, model: LoadedModel, row: Cases, target: Target, film: EncodedFilm | None = None
    ) -> None:
        pixels = row.images[0, 0].numpy()
        radiograph = Radiograph(pixels.astype(np.uint16))
        read = (pixels / 255).astype(np.float32)
        nowhere = np.zeros((0, *pixels.shape), np.float32)
        shown = Film(radiograph, Placement.whole(pixels.shape, len(pixels)), read, nowhere)
        case = Case(model.system.name, (shown,), model.system.schema.check({}))
        super().__init__(model, case, target, film)
        self.row = row

    @cached_property
    def form(self) -> tuple[Tensor, Tensor]:
        """The slots and what is known of them."""
        return self.row.values.to(self.model.device), self.row.known.to(self.model.device)

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that are known."""
        known = self.row.known[0].tolist()
        return tuple(
            name for name, is_known in zip(self.schema.names, known, strict=True) if is_known
        )


def run(explainer: Explainer, game: Game) -> Attribution:
    """The attribution with the settings that the page uses.

    The joint game is solved once, at the most masked films: the page stops sooner where errors
    allow, and draws a spread under another fill, neither of which changes the shape of its map.
    """
    if not isinstance(explainer, JointShapley):
        return drain(explainer.run(game))
    rows = explainer.rows(game)
    while rows.count < explainer.most:
        rows.extend()
    return explainer.found(game, rows, rows.shares())


def fill(
    model: LoadedModel, cases: Cases, methods: tuple[str, ...]
) -> tuple[Bank, dict[str, float]]:
    """The bank of all cases, and the seconds of processor that each method took."""
    found: dict[str, list[Attribution]] = defaultdict(list)
    seconds = dict.fromkeys(methods, 0.0)
    films = []
    for number in range(len(cases.images)):
        row, film = cases.take(torch.tensor([number])), None
        for target in model.targets:
            game = RowGame(model, row, target, film)
            film = game.film
            for name in methods:
                start = time.process_time()
                made = run(EXPLAINERS[name], game)
                seconds[name] += time.process_time() - start
                found[key(made)].append(made)
        films.append(row.images[0, 0].numpy() / np.float32(255))
    maps = {name: bank_rows(entries) for name, entries in found.items()}
    return Bank(model.checkpoint.model_id, bank_bodies(films), maps), seconds


def usual(model: LoadedModel) -> tuple[str, ...]:
    """The page's methods; of several findings without LIME, or the folder would pass 10 MB."""
    return METHODS if len(model.targets) == 1 else tuple(name for name in METHODS if name != "lime")


def main() -> None:
    """Fill the bank of one system, and print what each method cost."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    what = "those of the page, LIME where there is one finding, unless given"
    parser.add_argument("--methods", nargs="+", choices=EXPLAINERS, help=what)
    parser.add_argument("--cases", type=int, default=220, help="199 or more, else it is no bank")
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--out", type=Path, help="folder; the checkpoint's own if not given")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    given = parser.parse_args()
    folder = given.checkpoint or MODELS / given.system / "compact"
    model = load(folder, device=given.device)
    cases = Cases.load(Path(PHANTOMS.format(given.system))).take(torch.arange(given.cases))
    bank, seconds = fill(model, cases, tuple(given.methods or usual(model)))
    out = given.out or folder
    out.mkdir(parents=True, exist_ok=True)
    save(out, bank)
    findings = len(model.targets)
    print(f"{given.cases} cases, {findings} findings, {len(bank.maps)} kinds of map")
    for name, spent in seconds.items():
        print(f"{name}: {spent / given.cases:.2f} s of processor a case")


if __name__ == "__main__":
    main()
