"""What the speed benchmarks have in common: a shipped case of each system, turns, and a clock."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path

import torch

from xattn.data.placement import Box
from xattn.explain.encoding import AT_ONCE
from xattn.records import Case
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import LoadedModel, load

CASES = Path(__file__).resolve().parents[1] / "assets" / "cases"
Side = Callable[[], object]


def subject(name: str, *, preset: str, device: str) -> LoadedModel:
    """A checkpoint, or its system at another size with fresh weights: they cost the same."""
    model = load(name, device=device)
    description = model.checkpoint.description
    if preset == description.preset:
        return model
    torch.manual_seed(0)
    module = (
        model.system.build(model.system.presets[preset]).eval().requires_grad_(requires_grad=False)
    )
    module.to(model.device).to(memory_format=torch.channels_last)
    described = replace(description, preset=f"{preset}, fresh weights")
    return replace(
        model, checkpoint=replace(model.checkpoint, module=module, description=described)
    )


def shipped_case(engine: Engine) -> Case:
    """The first case that is shipped for a system: film, form and, where there is one, box."""
    folder = sorted((CASES / engine.model.system.name).iterdir())[0]
    form = engine.schema.read_json((folder / "form.json").read_text("utf-8"))
    box = folder / "box.json"
    where = Box(*json.loads(box.read_text("utf-8"))) if box.exists() else None
    return engine.read(film_of(folder), form, box=where)


def film_of(folder: Path) -> Path:
    """The film of a shipped case."""
    return next(path for path in sorted(folder.iterdir()) if path.stem == "film")


@contextmanager
def alone(engine: Engine) -> Iterator[Engine]:
    """The engine and its films with another worker, so that no result is known, which then ends.

    torch keeps a pool of threads for each thread that computes; a second pool would slow the first.
    """
    other = copy(engine)
    other.worker = Worker()
    try:
        yield other
    finally:
        other.worker.close()


def apart(side: Side) -> Side:
    """The same work in a thread that ends with it, as the engine's does."""

    def run() -> object:
        with ThreadPoolExecutor(max_workers=1) as thread:
            return thread.submit(side).result()

    return run


def measure(ours: Side, other: Side, repeats: int) -> tuple[float, float]:
    """The median seconds of both sides, which take turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for side, kept in zip((ours, other), times, strict=True):
            kept.append(seconds(side))
    return statistics.median(times[0]), statistics.median(times[1])


def seconds(side: Side) -> float:
    """How long one call takes, the device's own work included."""
    start = time.perf_counter()
    side()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def bare(model: LoadedModel, passes: int) -> None:
    """As many encoder passes as asked for, in the pool's chunks and precision, and nothing else."""
    from xattn.models.precision import autocast

    size = model.module.config.size
    chunk = AT_ONCE if model.device.type == "cpu" else passes
    films = torch.full((chunk, 1, size, size), 0.5, device=model.device)
    with torch.no_grad(), autocast(model.device, enabled=model.is_rounded):
        for start in range(0, passes, chunk):
            model.module.encode_image(films[: passes - start])


def hardware(model: LoadedModel) -> str:
    """The device, its threads, and torch's version."""
    name = torch.cuda.get_device_name() if model.device.type == "cuda" else platform.processor()
    threads = torch.get_num_threads()
    return f"{name or platform.machine()}, {threads} threads, torch {torch.__version__}"
