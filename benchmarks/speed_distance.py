"""Time to equal distance from a converged reference: the joint game against shap's regression.

    python -m benchmarks.speed_distance --system hip

Both estimate the Shapley values of the same regions and fields of one case. The reference is our
estimator on many more masked films of another seed; the distance is the root mean square over the
players. shap samples more and more whole forward passes until it is as near as ours, or `--most`.
"""

import argparse
import time
from dataclasses import replace

import numpy as np

import xattn
from benchmarks.libraries import kernel_shap, of_players
from benchmarks.speed_cases import hardware, shipped_case
from xattn.explain.base import Game
from xattn.explain.film import EncodedFilm
from xattn.explain.joint import JointShapley
from xattn.explain.rows import Rows
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS, LoadedModel

FIRST = 256
"""Coalitions that shap samples first; doubled until it is as near."""


def main() -> None:
    """Print one line per system."""
    options = _options()
    print("| system | ours: distance | s | passes | shap: distance | s | passes | shap / ours |")
    print("|---|---|---|---|---|---|---|---|")
    for system in [options.system] if options.system else SYSTEMS:
        model = xattn.load(system, device=options.device).model
        print(f"| {system} | {' | '.join(compared(model, options))} |", flush=True)
    print(f"\n{hardware(model)}; reference of {options.reference} films")


def compared(model: LoadedModel, options: argparse.Namespace) -> list[str]:
    """The cells of a system's line."""
    case = shipped_case(Engine(model, Worker()))
    exact = replace(model, is_rounded=False)
    other = Game(exact, case, model.target, EncodedFilm(exact, case.film, seed=1))
    converged = shares(other, options.reference)
    start = time.perf_counter()
    game = Game(model, case, model.target)
    found = shares(game, options.films)
    ours = time.perf_counter() - start, distance(found, converged)
    count, theirs = FIRST, (0.0, np.inf)
    while theirs[1] > ours[1] and count <= options.most:
        start = time.perf_counter()
        values = kernel_shap(of_players(game), len(converged) + unknown(game), count)
        seen = values[: game.film.region_count], values[game.film.region_count :][_known(game)]
        near = distance(np.concatenate(seen), converged)
        theirs, count = (time.perf_counter() - start, near), 2 * count
    sign = "" if theirs[1] <= ours[1] else "> "
    return [
        f"{ours[1]:.4f}", f"{ours[0]:.1f}", f"{options.films}",
        f"{theirs[1]:.4f}", f"{theirs[0]:.1f}", f"{count // 2}", f"{sign}{theirs[0] / ours[0]:.1f}",
    ]  # fmt: skip


def shares(game: Game, films: int) -> np.ndarray:
    """Shapley values (R + F,) of regions and known fields from so many masked films."""
    rows: Rows = JointShapley().rows(game)
    while rows.count < films:
        rows.extend()
    return np.asarray(rows.shares().values[:, 0])


def distance(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square difference over the players, in the target's unit."""
    return float(np.sqrt(np.mean((one - other) ** 2)))


def unknown(game: Game) -> int:
    """Fields that the form leaves unknown: players to shap that change nothing."""
    return len(game.schema.names) - len(game.fields)


def _known(game: Game) -> np.ndarray:
    return np.array([name in game.fields for name in game.schema.names])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", choices=tuple(SYSTEMS))
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--films", type=int, default=512, help="masked films of ours")
    parser.add_argument("--reference", type=int, default=4096, help="masked films of the reference")
    parser.add_argument("--most", type=int, default=8192, help="coalitions of shap at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
