"""Training's speed beside its bare cost, and its memory beside the stated bound.

    python -m benchmarks.training_speed --system breast --preset compact

The loop (variation, absence, both ways, loss, step) and the bare side (one forward and one backward
of the same network on the same batches) take turns, so that a busy machine slows both.
"""

import argparse
import gc
import platform
import resource
import statistics
import time
from pathlib import Path

import torch
from torch import Tensor

from xattn.models.network import Network
from xattn.models.precision import autocast
from xattn.systems import LoadedModel, find, load
from xattn.training.cases import Batch, Cases, batches
from xattn.training.loop import (
    BothWays,
    Loss,
    Optimisation,
    TrainingConfig,
    train_epoch,
)
from xattn.training.phantom_cases import draw_cases
from xattn.training.processes import compile_in_place
from xattn.training.recipes import RECIPES, World

BYTES_PER_PARAMETER = 16
"""Weight, gradient and AdamW's two moments, each float32."""
WORKSPACE = 128 * 2**20
"""What the kernels themselves may hold: compiled code, and room to lay weights out anew."""
COPIES = 10
"""Floats a pixel while a batch is made: read ahead, moved through a grid of two, its contrast
varied in three steps, blobs drawn, filled."""
WARMING = 2
"""Cases of a first step that loads what torch loads when it is used."""


def main() -> None:
    """Print the two tables."""
    options = _options()
    model, loss, cases = _subject(options)
    config = TrainingConfig(batch=options.batch, warmup=0, compiled=options.compile)
    pair = BothWays(model)
    device = next(model.parameters()).device
    if config.compiled:
        compile_in_place(pair)
    how = Optimisation.of(model, config, len(cases))
    few = cases.take(torch.arange(WARMING))
    train_epoch(pair, loss, how=how, cases=few, config=config)
    _forget(model, how)
    before = _resident(device)
    saved = saved_bytes(pair, loss, next(batches(cases, options.batch, device=device)))
    rates: tuple[list[float], list[float]] = ([], [])
    for epoch in range(options.repeats):
        rates[0].append(train_epoch(pair, loss, how=how, cases=cases, config=config, epoch=epoch))
        rates[1].append(bare_rate(model, loss, cases, options.batch))
    ours, bare = (statistics.median(each) for each in rates)
    print(f"{_hardware(device)}; {_said(model)}; batches of {options.batch}\n")
    print("| training | bare forward and backward | share |\n|---|---|---|")
    print(f"| {ours:.1f} images/s | {bare:.1f} images/s | {ours / bare:.0%} |\n")
    print("| memory | MiB |\n|---|---|")
    making = COPIES * 4 * options.batch * cases.images[0].numel()
    for name, size in memory_rows(model, cases, before=before, saved=saved, making=making):
        print(f"| {name} | {size / 2**20:.0f} |")


def memory_rows(
    model: Network, cases: Cases, *, before: int, saved: int, making: int
) -> list[tuple[str, int]]:
    """What the bound is made of, the bound, and the peak: names with bytes."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    summands = [
        ("before training, with the cases", before),
        (
            f"{BYTES_PER_PARAMETER} bytes × {parameters:,} parameters",
            BYTES_PER_PARAMETER * parameters,
        ),
        ("activations kept for one batch, twice", 2 * saved),
        (f"a batch while it is made, {COPIES} floats a pixel", making),
        ("the kernels' own", WORKSPACE),
    ]
    return [
        (f"{len(cases)} cases", _held_bytes(cases)),
        *summands,
        ("bound: the sum of all but the first", sum(size for _, size in summands)),
        ("peak", peak_bytes(next(model.parameters()).device)),
    ]


def bare_rate(model: Network, loss: Loss, cases: Cases, size: int) -> float:
    """Images per second of forward and backward alone, on batches that lie ready."""
    device = next(model.parameters()).device
    ready = list(batches(cases, size, device=device))
    model.train()
    start = time.perf_counter()
    for batch in ready:
        with autocast(device):
            films = batch.images.contiguous(memory_format=torch.channels_last)
            scores = model(films, batch.values, batch.known).scores
        value = loss(scores.float(), batch.targets[:, 0])
        value.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        model.zero_grad(set_to_none=True)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return len(cases) / (time.perf_counter() - start)


def saved_bytes(pair: BothWays, loss: Loss, batch: Batch) -> int:
    """Bytes that autograd keeps of one batch until its backward pass, weights left out."""
    weights = {parameter.untyped_storage().data_ptr() for parameter in pair.parameters()}
    kept: dict[int, int] = {}

    def count(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        with autocast(batch.images.device):
            both = pair.train()(batch.images, batch.values, batch.known)
        value = sum(loss(scores.float(), batch.targets[:, 0]) for scores in both)
    assert isinstance(value, Tensor)
    return sum(kept.values())


def peak_bytes(device: torch.device) -> int:
    """The most memory that this process held: resident, or on its CUDA device."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _resident(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _forget(model: Network, how: Optimisation) -> None:
    """Give back what the first step left: gradients and moments."""
    model.zero_grad(set_to_none=True)
    how.optimiser.state.clear()
    gc.collect()


def _held_bytes(cases: Cases) -> int:
    parts = (cases.images, cases.values, cases.known, cases.labels, cases.expected, cases.causes)
    return sum(part.nbytes for part in parts)


def _subject(options: argparse.Namespace) -> tuple[Network, Loss, Cases]:
    loaded: LoadedModel | None = load(options.checkpoint) if options.checkpoint else None
    system = loaded.system if loaded else find(options.system)
    if loaded:
        model = loaded.module.requires_grad_(requires_grad=True)
    else:
        torch.manual_seed(0)
        changes = {"size": options.size} if options.size else {}
        model = system.build({**system.presets[options.preset], **changes})
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).to(memory_format=torch.channels_last)
    recipe = RECIPES[system.schema.name]
    world = World(size=model.config.size)
    return model, recipe.loss, draw_cases(recipe.row(world), range(options.cases))


def _said(model: Network) -> str:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return f"{parameters / 1e6:.1f} million parameters at {model.config.size} px"


def _hardware(device: torch.device) -> str:
    name = torch.cuda.get_device_name() if device.type == "cuda" else platform.processor()
    threads = torch.get_num_threads()
    return f"{name or platform.machine()}, {threads} threads, torch {torch.__version__}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", default="breast", choices=("hip", "breast", "chest"))
    parser.add_argument("--preset", default="compact", choices=("compact", "paper"))
    parser.add_argument("--checkpoint", help="a checkpoint folder instead of fresh weights")
    parser.add_argument("--size", type=int, help="side of the films; the preset's unless given")
    parser.add_argument("--cases", type=int, default=128, help="phantoms in memory")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
