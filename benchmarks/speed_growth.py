"""How the cost of a whole case grows with the film, its regions, the form and the samples.

    python -m benchmarks.speed_growth

The joint game of a hip case, one factor at a time; films of another side meet fresh weights. Beside
each time stands that of as many bare encoder passes. Prints the table, and draws
docs/images/growth.png.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import torch

import xattn
from benchmarks.speed_cases import bare, hardware, measure, shipped_case
from xattn.explain.base import Game, drain
from xattn.explain.film import EncodedFilm
from xattn.explain.joint import JointShapley
from xattn.explain.regions import grid
from xattn.records import Case
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import LoadedModel

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "images" / "growth.png"
SIDES = (96, 160, 224, 320, 448)
CELLS = (4, 6, 7, 9, 12)
SAMPLES = (128, 256, 512, 1024)
FILMS = 256
"""Masked films wherever their number is not what varies; many regions ask for more."""


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement: what was varied, to what, and the seconds of both sides."""

    factor: str
    value: int
    ours: float
    passes: float


def main() -> None:
    """Print the table and draw the picture."""
    options = _options()
    model = xattn.load("hip", device=options.device).model
    print(f"{hardware(model)}; hip, joint Shapley values; {FILMS} masked films unless varied\n")
    print("| factor | value | ours, s | bare passes, s | ratio |\n|---|---|---|---|---|")
    points = []
    for point in measured(model, options.repeats):
        points.append(point)
        ratio = point.ours / point.passes
        print(
            f"| {point.factor} | {point.value} | {point.ours:.2f} | {point.passes:.2f} "
            f"| {ratio:.2f} |", flush=True,
        )  # fmt: skip
    draw(points, options.picture)


def measured(model: LoadedModel, repeats: int) -> Iterator[Point]:
    """Every point of the four factors."""
    engine = Engine(model, Worker())
    case = shipped_case(engine)
    for side in SIDES:
        other = resized(model, side)
        its = Engine(other, Worker()).case(case.film.radiograph, case.form, box=case.film.box)
        yield _point(
            "side of the film, px", side, other, lambda o=other, c=its: whole(o, c), repeats
        )
    for cells in CELLS:
        run = lambda n=cells: whole(model, case, cells=n)  # noqa: E731
        yield _point("regions", cells * cells, model, run, repeats)
    plain = engine.schema.plain(case.form)
    for count in range(len(plain) + 1):
        form = engine.schema.check(dict(list(plain.items())[:count]))
        run = lambda f=form: whole(model, case.with_form(f))  # noqa: E731
        yield _point("fields known", len(form.known), model, run, repeats)
    for films in SAMPLES:
        run = lambda n=films: whole(model, case, films=n)  # noqa: E731
        yield _point("masked films", films, model, run, repeats)


def whole(model: LoadedModel, case: Case, *, films: int = FILMS, cells: int = 0) -> int:
    """The joint game of one case, nothing kept from before; gives its encoder passes."""
    film = EncodedFilm(model, case.film)
    if cells:
        film.regions = grid(model.module.config.size, cells)
    explainer = JointShapley(most=films, precision=0.0, second_fill=None)
    return drain(explainer.run(Game(model, case, model.target, film))).passes


def resized(model: LoadedModel, side: int) -> LoadedModel:
    """The same model for films of another side, with fresh weights."""
    config = {**model.system.presets["compact"], "size": side}
    torch.manual_seed(0)
    module = model.system.build(config).eval().requires_grad_(requires_grad=False)
    module = module.to(model.device).to(memory_format=torch.channels_last)
    return replace(model, checkpoint=replace(model.checkpoint, module=module))


def draw(points: list[Point], path: Path) -> None:
    """One plot per factor: ours and the bare passes, in seconds from zero."""
    factors = list(dict.fromkeys(point.factor for point in points))
    figure, axes = plt.subplots(1, len(factors), figsize=(12, 3), layout="constrained")
    for axis, factor in zip(axes, factors, strict=True):
        some = [point for point in points if point.factor == factor]
        values = [point.value for point in some]
        axis.plot(values, [point.ours for point in some], "o-", color="#0072b2", label="ours")
        bare_ones = [point.passes for point in some]
        axis.plot(values, bare_ones, "s--", color="#8a8a8a", label="bare passes")
        axis.set(xlabel=factor, ylim=(0, None))
    axes[0].set_ylabel("seconds")
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _point(
    factor: str,
    value: int,
    model: LoadedModel,
    run: Callable[[], int],
    repeats: int,
) -> Point:
    count = run()
    ours, passes = measure(run, lambda: bare(model, count), repeats)
    return Point(factor, value, ours, passes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    return parser.parse_args()


if __name__ == "__main__":
    main()
