"""The main job on real input: `make real`.

Every readable film below the data folder goes through prediction and the five default methods, with
fewer samples than on the page; maps must be finite and lie in the film's own geometry. Every file
that is refused must be refused in one sentence. The data folder is named by XATTN_DATA (default
../shared/data); without it the command fails.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

import xattn
from xattn.errors import IntakeError
from xattn.explain import EXPLAINERS
from xattn.explain.base import Game, drain
from xattn.explain.film import EncodedFilm
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.lime import RegionLime
from xattn.explain.predict import predict
from xattn.records import Attribution, Case
from xattn.runtime.engine import Engine

DATA = Path(os.environ.get("XATTN_DATA", "../shared/data"))
TABLES = {".csv", ".md", ".json", ".xlsx", ".txt"}
METHODS = (
    EXPLAINERS["shapley"],
    EXPLAINERS["gradcam"],
    EXPLAINERS["attention"],
    RegionLime(samples=32, parts=2),
    IntegratedGradients(points=4),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: explained, or refused with its sentence."""

    folder: str
    name: str
    sentence: str
    seconds: float


def main() -> None:
    """Print both tables; exit with 1 if a map is wrong or the data are absent."""
    options = _options()
    if not DATA.is_dir():
        sys.exit("real data: XATTN_DATA (default ../shared/data) names no folder")
    engine = xattn.load("breast", device="auto")
    files = list(_files(options.folder, options.most))
    outcomes = [attempt(engine, path) for path in tqdm(files, unit="file")]
    print(table(outcomes))
    print()
    print(refusals(outcomes, everything=options.refusals))


def attempt(engine: Engine, path: Path) -> Outcome:
    """One file through the whole main job; a map that is wrong stops the run."""
    start = time.perf_counter()
    sentence = ""
    try:
        explain(engine, engine.read(path))
    except IntakeError as refusal:
        sentence = str(refusal)
    folder = path.relative_to(DATA).parts[0]
    return Outcome(folder, path.name, sentence, time.perf_counter() - start)


def explain(engine: Engine, case: Case) -> None:
    """Prediction and every method; finite numbers, maps on the film's own pixels."""
    game = Game(engine.model, case, engine.model.target, EncodedFilm(engine.model, case.film))
    assert np.isfinite(drain(predict(game)).value)
    for method in METHODS:
        check(drain(method.run(game)), case)


def check(attribution: Attribution, case: Case) -> None:
    """A map covers what was read, all of it and nothing else, with finite numbers."""
    placement = case.film.placement
    for entry in attribution.maps[:1]:
        mapped = placement.to_file(entry.values)
        assert mapped.shape == case.film.radiograph.shape
        assert (np.isfinite(mapped) == placement.read_mask()).all()


def table(outcomes: list[Outcome]) -> str:
    """How many files of each folder were explained and refused, and the slowest."""
    lines = ["| folder | explained | refused in a sentence | slowest, s |", "|---|---|---|---|"]
    for folder in sorted({outcome.folder for outcome in outcomes}):
        some = [outcome for outcome in outcomes if outcome.folder == folder]
        refused = sum(bool(outcome.sentence) for outcome in some)
        slowest = max(outcome.seconds for outcome in some)
        lines.append(f"| {folder} | {len(some) - refused} | {refused} | {slowest:.1f} |")
    return "\n".join(lines)


def refusals(outcomes: list[Outcome], *, everything: bool) -> str:
    """Each sentence with the number of files it was said of, or each file with its sentence."""
    if everything:
        return "\n".join(f"{o.folder}/{o.name}: {o.sentence}" for o in outcomes if o.sentence)
    counts = Counter(outcome.sentence for outcome in outcomes if outcome.sentence)
    lines = ["| files | sentence |", "|---|---|"]
    return "\n".join(lines + [f"| {n} | {sentence} |" for sentence, n in counts.most_common()])


def _files(folder: str, most: int) -> Iterator[Path]:
    for top in sorted(path for path in DATA.iterdir() if path.is_dir()):
        files = (
            p for p in sorted(top.rglob("*")) if p.is_file() and p.suffix.lower() not in TABLES
        )
        pictures = [path for path in files if "mask" not in str(path.relative_to(top))]
        if folder in ("", top.name):
            yield from pictures[: most or None]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", default="", help="only this folder of the data")
    parser.add_argument("--most", type=int, default=0, help="at most so many files of each folder")
    parser.add_argument("--refusals", action="store_true", help="list every refused file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
