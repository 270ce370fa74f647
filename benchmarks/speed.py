"""Speed as ratios of two sides measured in one run: `make bench`.

Both sides explain the same phantom with the same model and device. Each figure is the median of the
repeats; the two sides take turns, so that a busy machine slows both.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

import torch

import xattn
from benchmarks import libraries
from xattn.data.placement import Box
from xattn.explain.film import CHUNK
from xattn.phantoms import breast
from xattn.phantoms.mammogram_file import mammogram_file
from xattn.records import Case
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import LoadedModel

Side = Callable[[], object]
METHODS = ("shapley", "gradcam", "attention", "integrated", "lime")
"""What the libraries can compose as well; the joint game has no counterpart there."""


def main() -> None:
    """Print the table."""
    options = _options()
    model = xattn.load(options.checkpoint, device=options.device).model
    case = phantom_case(model)
    print(
        f"{_hardware(model)}; {model.checkpoint.description.preset} {model.system.name}; "
        f"median of {options.repeats}\n"
    )
    print("| what | ours, s | other side, s | other / ours |\n|---|---|---|---|")
    for name, ours, other in rows(model, case):
        left, right = measure(ours, other, options.repeats)
        print(f"| {name} | {left:.3f} | {right:.3f} | {right / left:.1f} |", flush=True)


def rows(model: LoadedModel, case: Case) -> list[tuple[str, Side, Side]]:
    """Each comparison: its name, our side, the other side."""
    engine = Engine(model, Worker())
    engine.explain(case)
    forms = iter(_edits(engine, case))
    whole = partial(whole_case, model, case)
    passes = 320 + 2 * 32 + 3
    script = [sys.executable, "-c"]
    return [
        ("whole case, libraries at equal sample counts", whole,
         partial(libraries.composition, model, case, lime_samples=320, steps=32)),
        ("whole case, libraries at their defaults", whole,
         partial(libraries.composition, model, case, lime_samples=1000, steps=50)),
        (f"whole case, {passes} bare encoder passes", whole, partial(bare, model, passes)),
        ("edit of the form, whole case", lambda: edit(engine, next(forms)), whole),
        ("`import xattn`, bare Python start", partial(subprocess.run, [*script, "import xattn"]),
         partial(subprocess.run, [*script, "pass"])),
    ]  # fmt: skip


def phantom_case(model: LoadedModel) -> Case:
    """A phantom's whole film of 1,280 rows, with its form and its lesion boxed."""
    world = breast.sample_world(5, breast.Settings())
    phantom = breast.draw(world, size=1280)
    form = {"lesion_type": phantom.lesion_type, **phantom.form}
    return Engine(model, Worker()).read(mammogram_file(phantom, world), form, box=Box(*phantom.box))


def whole_case(model: LoadedModel, case: Case) -> object:
    """Prediction and the five explanations, nothing kept from before."""
    return Engine(model, Worker()).explain(case, METHODS)


def edit(engine: Engine, case: Case) -> object:
    """What follows an edit of the form at once: prediction, exact Shapley, attention."""
    engine.predict(case)
    return [engine.start_explanation(case, key).result() for key in ("shapley", "attention")]


def bare(model: LoadedModel, passes: int) -> None:
    """As many encoder passes as a whole case takes, in the same chunks, and nothing else."""
    size = model.module.config.size
    films = torch.full((CHUNK, 1, size, size), 0.5, device=model.device)
    with torch.no_grad():
        for start in range(0, passes, CHUNK):
            model.module.encode_image(films[: passes - start])
    if model.device.type == "cuda":
        torch.cuda.synchronize()


def measure(ours: Side, other: Side, repeats: int) -> tuple[float, float]:
    """The median seconds of both sides, which take turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for side, kept in zip((ours, other), times, strict=True):
            start = time.perf_counter()
            side()
            kept.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def _edits(engine: Engine, case: Case) -> list[Case]:
    shapes = engine.schema["mass_shape"].options
    pairs = [(density, shape.code) for density in "1234" for shape in shapes]
    return [
        case.with_form(
            engine.schema.check({"lesion_type": "mass", "density": d, "mass_shape": shape})
        )
        for d, shape in pairs
    ]


def _hardware(model: LoadedModel) -> str:
    name = torch.cuda.get_device_name() if model.device.type == "cuda" else platform.processor()
    threads = torch.get_num_threads()
    return f"{name or platform.machine()}, {threads} threads, torch {torch.__version__}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", default="breast", help="a system or a checkpoint folder")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()
