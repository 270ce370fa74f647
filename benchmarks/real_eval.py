"""What phantom-trained encoders give on real films: writes docs/results_real.md.

Grouped five-fold cross-validation of heads on frozen encoders, and of whole networks that train on,
on three real data sets of films, forms and labels; then whether the breast model's map finds real
lesions. The data folder is named by XATTN_DATA (default ../shared/data); without it the command
fails. Each section is kept in `runs/real` under its model: a stopped run goes on there.
"""

import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks import real_encoders, real_lesions, real_sets
from benchmarks.kept import kept
from benchmarks.real_folds import Fit, out_of_fold
from benchmarks.real_heads import FUSIONS, AttentionHead, RidgeHead
from benchmarks.real_sets import RealSet
from benchmarks.real_tables import (
    Entry,
    Figure,
    by_label,
    classification,
    comparison,
    regression,
)
from benchmarks.real_text import DOCUMENT
from benchmarks.real_tuned import TunedHead
from xattn.systems import LoadedModel
from xattn.training.label_metrics import MacroAuc

DATA = Path(os.environ.get("XATTN_DATA", "../shared/data"))
CACHE = Path("runs/real")
RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results_real.md"
Heads = dict[tuple[str, str], Fit]
"""What a head is called: its input or fusion, and its kind."""


@dataclass(frozen=True, slots=True)
class Task:
    """One data set: how it is read, whose encoder sees it, what is measured."""

    system: str
    read: Callable[[Path], RealSet]
    figures: Callable[[RealSet], list[Figure]]
    is_regression: bool = False


TASKS = {
    "knee": Task("hip", real_sets.knee, regression, is_regression=True),
    "contrast": Task("breast", real_sets.cesm, classification),
    "chest": Task("chest", real_sets.chest, classification),
}


def main() -> None:
    """Print the document and write it; exit with 1 if the data are absent."""
    if not DATA.is_dir():
        sys.exit("real evaluation: XATTN_DATA (default ../shared/data) names no folder")
    found = {
        name: _kept(name, task.system, partial(_section, name, task))
        for name, task in TASKS.items()
    }
    found["lesions"] = _kept("lesions", "breast", _lesions)
    minutes = sum(spent for _, spent in found.values())
    text = DOCUMENT.format(
        **{name: part for name, (part, _) in found.items()},
        device=f"{platform.machine()} CPU, {torch.get_num_threads()} threads",
        torch=torch.__version__,
        minutes=f"{minutes:.0f}",
    )
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def _kept(name: str, system: str, make: Callable[[], str]) -> tuple[str, float]:
    """A section and its minutes; it is made anew for another model."""
    return kept(CACHE, name, real_encoders.loaded(system).checkpoint.model_id, make)


def _lesions() -> str:
    _say("lesions", "maps of the breast model")
    return real_lesions.section(real_lesions.read(DATA), real_encoders.loaded("breast"))


def _section(name: str, task: Task) -> str:
    _say(name, "reading")
    real = task.read(DATA)
    folds = real.folds
    model = real_encoders.loaded(task.system)
    _say(name, "encoding")
    maps = real_encoders.tokens(model, real.films)
    fresh = real_encoders.tokens(real_encoders.untrained(model), real.films[:, :1])
    heads = {
        **_fusions(real, maps, is_regression=task.is_regression),
        **_tuned(real, model, is_regression=task.is_regression),
        **_ridges(real, trained=maps[:, :1], fresh=fresh),
    }
    entries = []
    for (entry, head), fit in heads.items():
        _say(name, f"{entry}, {head}")
        entries.append(Entry(entry, head, out_of_fold(folds, fit)))
    described = model.checkpoint.description
    encoder = f"{model.system.name} {described.preset} {described.version}"
    groups = len(np.unique(real.groups))
    lines = [f"{len(real)} films of {groups} groups; encoder: {encoder}.", ""]
    lines += [comparison(real, folds, task.figures(real), entries)]
    if real.images:
        lines += ["", by_label(real, [entries[0], *_alone(entries)]), "", _published(real, entries)]
    return "\n".join(lines)


def _fusions(real: RealSet, maps: np.ndarray, *, is_regression: bool) -> Heads:
    """The same head with each fusion, on the encoder's tokens."""
    return {
        (fusion, "tokens"): AttentionHead(
            maps,
            real.values,
            real.known,
            real.labels,
            sizes=real.schema.sizes,
            fusion=fusion,
            is_regression=is_regression,
        )
        for fusion in FUSIONS
    }


def _tuned(real: RealSet, model: LoadedModel, *, is_regression: bool) -> Heads:
    """All weights trained on the films, from the shipped encoder and from a fresh one."""
    starts = {
        "cross-attention": model,
        "cross-attention, untrained encoder": real_encoders.untrained(model),
    }
    return {
        (name, "all weights"): TunedHead(start.module, real, is_regression=is_regression)
        for name, start in starts.items()
    }


def _ridges(real: RealSet, *, trained: np.ndarray, fresh: np.ndarray) -> Heads:
    """Ridge heads on both, on the form, and on three kinds of film."""
    forms = np.hstack([real.values, real.known])
    film = real_encoders.pooled(trained)
    inputs: dict[str, tuple[np.ndarray | None, np.ndarray | None]] = {
        "concatenation": (film, forms),
        "film alone": (film, None),
        "form alone": (None, forms),
        "age alone": (None, real.values[:, :1]),
        "film alone, untrained encoder": (real_encoders.pooled(fresh), None),
        "film alone, 48 px": (real_encoders.crude(real.films[:, :1]), None),
    }
    return {
        (name, "ridge"): RidgeHead(real.labels, real.groups, *parts)
        for name, parts in inputs.items()
    }


def _alone(entries: list[Entry]) -> list[Entry]:
    """The ridge heads of one side alone."""
    return [e for e in entries if e.head == "ridge" and e.name in ("film alone", "form alone")]


def _published(real: RealSet, entries: list[Entry]) -> str:
    """The published network's macro AUC on the films that it was scored on."""
    path = DATA / "nih_chestxray" / "chexnet_reference_predictions.csv"
    rows = {row["Image Index"]: row for row in real_sets.table(path)}
    has = np.array([image in rows for image in real.images])
    theirs = np.array(
        [
            [float(rows[image][f"prob_{name}"]) for name in real.names]
            for image in real.images
            if image in rows
        ]
    )
    macro = MacroAuc(tuple(range(len(real.names))))
    labels = real.labels[has]
    return (
        f"On the {has.sum()} films for which a published DenseNet-121 gave probabilities, its macro"
        f" AUC is {macro(labels, theirs):.3f}; {entries[0].name}'s here is "
        f"{macro(labels, entries[0].scores[has]):.3f}. It was trained on NIH's films, perhaps on "
        "some of these: a ceiling, no rival."
    )


def _say(name: str, step: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {name}: {step}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
