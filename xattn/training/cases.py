"""Training cases as tensors, and what is taken from them in training so that absence is known."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Cases:
    """N cases: `images` (N, 1, S, S) uint8, slots (N, S), known (N, F) of the form, labels (N, K).

    `expected` (N, 3, K) holds the label expected given image causes, form, and both: the best that
    can be said, a probability or a number in the target's unit. `causes` (N, C) is what an encoder
    can learn to see. NaN where nobody knows. Labels of taught cases are (N, 2K): a teacher's
    logits stand behind them.
    """

    images: Tensor
    values: Tensor
    known: Tensor
    labels: Tensor
    expected: Tensor
    causes: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def targets(self) -> Tensor:
        """What training aims at (N, 2, K): for film and form, and for the film alone.

        Phantoms know E[label | causes seen], whose expectation given any part of a case is that
        part's own: the same optimum as with drawn labels, with less noise. Cases without it (NaN)
        aim at their label, and so does what stands behind the labels.
        """
        aims = self.labels[:, None].repeat(1, 2, 1)
        known = self.expected[:, [2, 0]]
        own = aims[..., : known.shape[-1]]
        own.copy_(torch.where(known.isnan(), own, known))
        return aims

    def take(self, index: Tensor) -> "Cases":
        """The cases of these rows."""
        return Cases(*(getattr(self, field.name)[index] for field in fields(self)))

    def save(self, path: Path) -> None:
        """Write the cases to one safetensors file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({field.name: getattr(self, field.name) for field in fields(self)}, path)

    @staticmethod
    def load(path: Path) -> "Cases":
        """The cases of a file that `save` wrote."""
        tensors = load_file(path)
        return Cases(**{field.name: tensors[field.name] for field in fields(Cases)})


@dataclass(frozen=True, slots=True)
class Batch:
    """Cases on a device: images (B, 1, S, S) in 0 to 1, the form, and `Cases.targets` (B, 2, K)."""

    images: Tensor
    values: Tensor
    known: Tensor
    targets: Tensor


PREFETCHED = 2
"""Batches that are taken ahead while the device computes."""


def batches(
    cases: Cases, size: int, *, device: torch.device, order: Tensor | None = None
) -> Iterator[Batch]:
    """The cases in batches, in a given order or their own; a thread takes the next ones ahead."""
    order = torch.arange(len(cases)) if order is None else order
    for part in _ahead(cases, torch.split(order, size), is_pinned=device.type == "cuda"):
        yield Batch(
            part.images.to(device, non_blocking=True).float() / 255,
            part.values.to(device, non_blocking=True),
            part.known.to(device, non_blocking=True),
            part.targets.to(device, non_blocking=True),
        )


def _ahead(cases: Cases, parts: tuple[Tensor, ...], *, is_pinned: bool) -> Iterator[Cases]:
    def taken(index: Tensor) -> Cases:
        part = cases.take(index)
        return replace(part, images=part.images.pin_memory()) if is_pinned else part

    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(taken, index) for index in parts[:PREFETCHED])
        for index in (*parts[PREFETCHED:], *[None] * len(waiting)):
            part = waiting.popleft().result()
            if index is not None:
                waiting.append(pool.submit(taken, index))
            yield part


def absent(batch: Batch, fill: float, generator: torch.Generator) -> Batch:
    """The batch with parts of every case taken away: fields, and blobs of the film filled.

    Each case draws one rate for its film and one for its form from U(0, 1), so that everything from
    nothing absent to all of it is met; half stay whole on either side, and one in twelve loses
    everything, which makes v(nothing) the prior (DESIGN 8).
    """
    count = len(batch.targets)
    whole = torch.rand(count, 2, generator=generator) < 0.5
    rates = torch.rand(count, 2, generator=generator).masked_fill(whole, 0.0)
    nothing = torch.rand(count, generator=generator) < 1 / 12
    rates[nothing] = 1.0
    film_rates, form_rates = rates.unbind(dim=1)
    lost = torch.rand(batch.known.shape, generator=generator) < form_rates[:, None]
    covered = blobs(film_rates.to(batch.images.device), batch.images.shape[-1], generator)
    return Batch(
        torch.where(covered, fill, batch.images),
        batch.values,
        batch.known & ~lost.to(batch.known.device),
        batch.targets,
    )


def blobs(rates: Tensor, side: int, generator: torch.Generator) -> Tensor:
    """Masks (B, 1, side, side) bool of irregular patches, each covering its share of the film."""
    noise = torch.rand(len(rates), 1, 9, 9, generator=generator).to(rates.device)
    smooth = torch.nn.functional.interpolate(noise, size=(side, side), mode="bilinear")
    coarse = torch.nn.functional.interpolate(noise, size=(56, 56), mode="bilinear").flatten(1)
    rank = (rates * (coarse.shape[1] - 1)).long()
    cut = coarse.sort(dim=1).values.gather(1, rank[:, None])
    covered = smooth < cut.view(-1, 1, 1, 1)
    covered[rates >= 1] = True
    return covered
