"""A whole case against the libraries at no greater distance to a converged reference.

    python -m benchmarks.speed_distance --system hip

Ours is the case as the app explains it. Each library samples more and more, in doublings, until it
is as near to its converged reference as ours is to ours, or to the most that is asked for. The
distance is the root mean square difference over that of the reference. Where the two estimate the
same, as all but LIME do, they share a reference; lime draws other masks than ours, which makes it
another estimate, so that it has a reference of its own, on our regions.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

import xattn
from benchmarks import libraries
from benchmarks.speed import CURVES, explained, whole_case
from benchmarks.speed_cases import apart, hardware, seconds, shipped_case
from xattn.explain.base import Game, drain
from xattn.explain.film import EncodedFilm
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.joint import JointShapley
from xattn.explain.lime import RegionLime
from xattn.explain.shapley import FormShapley
from xattn.records import Attribution
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import SYSTEMS, LoadedModel

POINTS = 512
"""Of the path in the reference of integrated gradients."""
MULTIPLE = 32 * RegionLime().parts
"""Of which LIME takes whole numbers of masked films."""
ROUNDING = 1e-4
"""A distance that counts as none: sums in another order differ by as much."""
HEAD = """
{system}; {hardware}; references of {reference} masked films

| part | ours: distance | theirs: distance | theirs samples | theirs, s |
|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One explanation that samples: how near ours came, and theirs by its samples."""

    name: str
    distance: float
    theirs: Callable[[int], np.ndarray]
    converged: np.ndarray
    first: int
    most: int


def main() -> None:
    """Print one table per system, and how many times ours the libraries take in all."""
    options = _options()
    for system in [options.system] if options.system else SYSTEMS:
        model = xattn.load(system, device=options.device).model
        reference = options.reference
        print(HEAD.format(system=system, hardware=hardware(model), reference=reference))
        compared(model, reference, options.most)


def compared(model: LoadedModel, reference: int, most: int) -> None:
    """One line per part, then the whole case."""
    case = shipped_case(Engine(model, Worker()))
    ours = seconds(partial(whole_case, model, case))
    found = dict(explained(model, case).attributions)
    game = Game(model, case, model.target)
    theirs = 0.0
    for part in parts(game, found, reference, most):
        samples, distance, taken = nearest(part)
        theirs += taken
        reached = "" if distance <= allowed(part) else " (not reached)"
        print(
            f"| {part.name} | {part.distance:.4f} | {distance:.4f}{reached} | {samples} "
            f"| {taken:.1f} |", flush=True,
        )  # fmt: skip
    alike = seconds(apart(partial(unsampled, game)))
    print(f"| Grad-CAM, {CURVES} pairs of curves | | | | {alike:.1f} |")
    theirs += alike
    print(f"\nwhole case: ours {ours:.1f} s, libraries {theirs:.1f} s, {theirs / ours:.1f} times")


def parts(game: Game, found: dict[str, Attribution], reference: int, most: int) -> Iterator[Part]:
    """What samples: ours as found, theirs to be run, and the references of both."""
    exact = replace(game.model, is_rounded=False)
    other = Game(exact, game.case, game.target, EncodedFilm(exact, game.case.film, seed=1))
    joint = joint_shares(other, reference)
    yield Part(
        name="Shapley values of regions and fields",
        distance=distance(players(game, found["joint"]), joint),
        theirs=lambda samples: known(game, libraries.shap_of_players(game, samples)),
        converged=joint,
        first=256,
        most=most,
    )
    form = np.array([share for _, share in drain(FormShapley(image="given").run(other)).players])
    yield Part(
        name="Shapley values of the form",
        distance=0.0,
        theirs=lambda samples: known(game, libraries.shap_of_form(game, samples)),
        converged=form,
        first=4,
        most=2 ** len(game.fields),
    )
    lime = RegionLime(samples=-(-reference // MULTIPLE) * MULTIPLE)
    yield Part(
        name="LIME",
        distance=distance(by_region(game, found["lime"]), by_region(game, drain(lime.run(other)))),
        theirs=lambda samples: libraries.lime(game, samples, game.film.regions),
        converged=libraries.lime(game, reference, game.film.regions, seed=1),
        first=80,
        most=most,
    )
    pixels = drain(IntegratedGradients(points=POINTS).run(other)).maps[1].values
    yield Part(
        name="Integrated gradients",
        distance=distance(found["integrated"].maps[1].values, pixels),
        theirs=lambda steps: libraries.integrated(game, steps),
        converged=pixels,
        first=8,
        most=POINTS,
    )


def nearest(part: Part) -> tuple[int, float, float]:
    """The fewest samples, in doublings, that come as near; how near; and in how many seconds."""
    samples = part.first
    while True:
        start = time.perf_counter()
        values = apart(partial(part.theirs, samples))()
        taken = time.perf_counter() - start
        near = distance(np.asarray(values), part.converged)
        if near <= allowed(part) or samples >= part.most:
            return samples, near, taken
        samples *= 2


def allowed(part: Part) -> float:
    """How far from its reference a library may stay."""
    return max(part.distance, ROUNDING)


def distance(one: np.ndarray, reference: np.ndarray) -> float:
    """Root mean square difference, as a share of the reference's root mean square."""
    return float(np.sqrt(np.mean((one - reference) ** 2) / np.mean(reference**2)))


def joint_shares(game: Game, films: int) -> np.ndarray:
    """Shapley values (R + F,) of regions and known fields from so many masked films."""
    rows = JointShapley().rows(game)
    while rows.count < films:
        rows.extend()
    return np.asarray(rows.shares().values[:, 0])


def players(game: Game, joint: Attribution) -> np.ndarray:
    """The shares (R + F,) that an attribution shows of regions and known fields."""
    shares = dict(joint.players)
    return np.concatenate([by_region(game, joint), [shares[name] for name in game.fields]])


def by_region(game: Game, attribution: Attribution) -> np.ndarray:
    """The contribution (R,) of each region, read off the map."""
    _, first = np.unique(game.film.regions, return_index=True)
    return np.asarray(attribution.maps[0].values.ravel()[first])


def known(game: Game, values: np.ndarray) -> np.ndarray:
    """Values of regions and all fields, or of all fields, without those of unknown fields."""
    rest = values.size - len(game.schema.names)
    kept = [rest + game.schema.names.index(name) for name in game.fields]
    return np.concatenate([values[:rest], values[kept]])


def unsampled(game: Game) -> None:
    """What samples nothing, or as much on both sides."""
    libraries.grad_cam(game)
    for _ in range(CURVES):
        libraries.curves(game)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", choices=tuple(SYSTEMS))
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--reference", type=int, default=4096, help="masked films of a reference")
    parser.add_argument("--most", type=int, default=8192, help="samples of a library at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
