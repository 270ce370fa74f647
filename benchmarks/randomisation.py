"""Whether methods depend on what a model learnt: `python -m benchmarks.randomisation --system hip`.

Phantoms of the system, each under the trained model and under random ones. `--out` writes the
records as JSON, the content of the checkpoint's `evidence.json`.
"""

import argparse
import json
import time
from pathlib import Path

import xattn
from xattn.data.placement import Box
from xattn.explain import EXPLAINERS
from xattn.explain.base import Explainer
from xattn.explain.integrated import IntegratedGradients
from xattn.explain.joint import JointShapley
from xattn.explain.lime import RegionLime
from xattn.phantoms import breast, chest, hip
from xattn.phantoms.breast_file import breast_file
from xattn.phantoms.chest_file import chest_file
from xattn.phantoms.hip_file import hip_file
from xattn.records import Case
from xattn.runtime.engine import Engine
from xattn.trust.randomisation import Randomisation, randomisation

FIRST_SEED = 41_000_000
METHODS: dict[str, Explainer] = {
    "gradcam": EXPLAINERS["gradcam"],
    "attention": EXPLAINERS["attention"],
    "integrated": IntegratedGradients(points=16),
    "lime": RegionLime(samples=256, parts=2),
    "joint": JointShapley(most=256, second_fill=None),
}
"""What is tried, with fewer samples than a case gets: the maps are a little noisier for it."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", default="hip", help="hip, breast, chest or a checkpoint folder")
    parser.add_argument("--cases", type=int, default=20)
    parser.add_argument("--out", type=Path, help="JSON file for the records")
    options = parser.parse_args()
    engine = xattn.load(options.system)
    cases = [phantom_case(engine, FIRST_SEED + number) for number in range(options.cases)]
    start = time.perf_counter()
    steps = randomisation(engine.model, cases, METHODS)
    while True:
        try:
            share = next(steps)
        except StopIteration as end:
            records: tuple[Randomisation, ...] = end.value
            break
        print(f"{share:.0%} after {time.perf_counter() - start:.0f} s", flush=True)
    for record in records:
        print(table(record))
    if options.out:
        methods = {record.method: record.plain for record in records}
        plain = {"model_id": engine.model.checkpoint.model_id, "methods": methods}
        options.out.write_text(json.dumps(plain, indent=1, allow_nan=False))


def table(record: Randomisation) -> str:
    """One method's levels, both ways, and its verdict."""
    lines = [f"\n{record.sentence}\n", "| random | from the head down to it | it alone |"]
    lines += ["|---|---|---|"]
    for down, alone in zip(record.cascade, record.independent, strict=True):
        figures = (f"{x.mean:.2f} ({x.low:.2f} to {x.high:.2f})" for x in (down, alone))
        lines.append(f"| {down.block} | {' | '.join(figures)} |")
    return "\n".join(lines)


def phantom_case(engine: Engine, seed: int) -> Case:
    """A phantom as a case of its system."""
    system = engine.model.system.name
    if system == "hip":
        world = hip.sample_world(seed, hip.Settings())
        phantom = hip.draw(world)
        return engine.read(hip_file(phantom, world), phantom.form)
    if system == "chest":
        lungs = chest.sample_world(seed, chest.Settings())
        film = chest.draw(lungs)
        return engine.read(chest_file(film, lungs), film.form)
    tissue = breast.sample_world(seed, breast.Settings())
    view = breast.draw(tissue, size=448)
    form = {"lesion_type": view.lesion_type, **view.form}
    box = Box(*view.box) if view.box.width else None
    return engine.read(breast_file(view, tissue), form, box=box)


if __name__ == "__main__":
    main()
