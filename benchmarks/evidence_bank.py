"""Fills the bank of other cases' maps of a shipped model: `python -m benchmarks.evidence_bank`.

The cases are the first of the system's cached test phantoms. A method runs with its own settings;
where it draws a spread under another fill, that is left out, since its first map does not change.
"""

import argparse
import time
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from xattn.data.placement import Placement
from xattn.data.radiograph import Radiograph
from xattn.explain import EXPLAINERS
from xattn.explain.base import Explainer, Game, drain
from xattn.explain.joint import JointShapley
from xattn.models import checkpoint
from xattn.records import Attribution, Case, Film
from xattn.systems import MODELS, SYSTEMS, LoadedModel
from xattn.training.cases import Cases
from xattn.trust.bank import Bank, bank_bodies, bank_rows, key, save

PHANTOMS = "runs/phantoms/{}-confounded-224-30000000-3000.safetensors"
METHODS = ("gradcam", "attention", "integrated", "lime")


class RowGame(Game):
    """The game of one training case, whose form comes as slots."""

    def __init__(self, model: LoadedModel, row: Cases) -> None:
        pixels = row.images[0, 0].numpy()
        radiograph = Radiograph(pixels.astype(np.uint16))
        read = (pixels / 255).astype(np.float32)
        nowhere = np.zeros((0, *pixels.shape), np.float32)
        film = Film(radiograph, Placement.whole(pixels.shape, len(pixels)), read, nowhere)
        case = Case(model.system.name, (film,), model.system.schema.check({}))
        super().__init__(model, case, model.target)
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
    """The attribution with the settings that the page uses."""
    if isinstance(explainer, JointShapley):
        found = drain(replace(explainer, second_fill=None).run(game))
        return replace(found, provenance=explainer.provenance(game))
    return drain(explainer.run(game))


def main() -> None:
    """Fill the bank of one system, and print what each method cost."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--methods", nargs="+", choices=EXPLAINERS, default=METHODS)
    parser.add_argument("--cases", type=int, default=220)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--out", type=Path, help="folder; the checkpoint's own if not given")
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    folder = given.checkpoint or MODELS / given.system / "compact"
    stored = checkpoint.load(folder, SYSTEMS[given.system].build, given.system)
    model = LoadedModel(SYSTEMS[given.system], stored, torch.device(given.device))
    cases = Cases.load(Path(PHANTOMS.format(given.system)))
    found: dict[str, list[Attribution]] = {name: [] for name in given.methods}
    seconds = dict.fromkeys(given.methods, 0.0)
    films = []
    for number in range(given.cases):
        game = RowGame(model, cases.take(torch.tensor([number])))
        films.append(game.case.film.pixels)
        for name in given.methods:
            start = time.process_time()
            found[name].append(run(EXPLAINERS[name], game))
            seconds[name] += time.process_time() - start
    maps = {key(entries[0]): bank_rows(entries) for entries in found.values()}
    out = given.out or folder
    out.mkdir(parents=True, exist_ok=True)
    save(out, Bank(stored.model_id, bank_bodies(films), maps))
    for name, spent in seconds.items():
        print(f"{name}: {spent / given.cases:.3f} s of processor a case")


if __name__ == "__main__":
    main()
