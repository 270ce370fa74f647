"""Whether explanations are right, where the answer is known: writes docs/results_truth.md.

Two truths, never mixed. Explainer truth: white boxes on phantom films, whose Shapley values are
known in closed form. World truth: the shipped models' maps against the causes that the phantoms
were drawn from, so that a gap is the model's and the explainer's together; then against what
readers marked on real films. The data folder is named by XATTN_DATA (default ../shared/data).

A run takes an hour or two of a core. Each chapter of each system is kept in `runs/truth` under its
model and amounts: a stopped run goes on there, and `--system` may do one system's part beforehand.
"""

import argparse
import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from benchmarks import truth_explainers, truth_real, truth_world
from benchmarks.kept import kept
from benchmarks.truth_cases import SCENES
from benchmarks.truth_run import QUICK, Amounts
from benchmarks.truth_text import DOCUMENT, MAKING
from xattn.systems import SYSTEMS, load

DATA = Path(os.environ.get("XATTN_DATA", "../shared/data"))
CACHE = Path("runs/truth")
RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results_truth.md"


def main() -> None:
    """Print the document; write it where everything was run in full."""
    options = _options()
    amounts = (QUICK if options.quick else Amounts()).times(options.times)
    systems = (options.system,) if options.system else tuple(SYSTEMS)
    found = {
        chapter: [_kept(chapter, system, amounts) for system in systems] for chapter in CHAPTERS
    }
    parts = {chapter: "\n".join(text for text, _ in each) for chapter, each in found.items()}
    minutes = sum(spent for each in found.values() for _, spent in each)
    command = " ".join(["python -m benchmarks.truth", *sys.argv[1:]])
    text = DOCUMENT.format(
        **parts,
        making=MAKING.format(
            command=command,
            device=f"{platform.machine()} CPU, {torch.get_num_threads()} threads",
            torch=torch.__version__,
            minutes=f"{minutes:.0f}",
            amounts=amounts,
        ),
    )
    print(text)
    if not options.quick and not options.system:
        RESULTS.write_text(text, encoding="utf-8")


def _explainers(system: str, amounts: Amounts) -> str:
    boxes = amounts.batches * amounts.boxes
    opening = (
        f"\n**{system}**: {boxes} white boxes of each recipe, in {amounts.batches} batches of seeds"
        f" from {truth_explainers.FIRST_SEED:,}.\n"
    )
    return "\n".join([opening, truth_explainers.section(system, amounts)])


def _world(system: str, amounts: Amounts) -> str:
    model = load(system, device="cpu")
    scenes = [scene for scene in SCENES if scene.system == system]
    return "\n".join(truth_world.section(scene, model, amounts) for scene in scenes)


def _real(system: str, amounts: Amounts) -> str:
    return truth_real.section(system, DATA, load(system, device="cpu"), amounts)


CHAPTERS: dict[str, Callable[[str, Amounts], str]] = {
    "explainers": _explainers,
    "world": _world,
    "real": _real,
}


def _kept(chapter: str, system: str, amounts: Amounts) -> tuple[str, float]:
    """A chapter's tables of one system, and the minutes that they took when they were made."""
    model = load(system, device="cpu").checkpoint.model_id
    make = partial(CHAPTERS[chapter], system, amounts)
    return kept(CACHE, f"{chapter}-{system}", (model, amounts), make)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few cases, few regions; not written")
    parser.add_argument("--system", choices=SYSTEMS, help="this system alone; not written")
    parser.add_argument("--times", type=int, default=1, help="so many times as many cases")
    return parser.parse_args()


if __name__ == "__main__":
    main()
