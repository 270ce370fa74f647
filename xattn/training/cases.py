"""Training cases as tensors, and what is taken from them in training so that absence is known."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import DataLoader, Dataset


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
    def workers(self) -> int:
        """None: what is in memory is at hand."""
        return 0

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


class CaseSource(Protocol):
    """Cases by their row: in memory, or read from files when asked for."""

    @property
    def workers(self) -> int:
        """Processes that read ahead; 0 where nothing need be read."""

    def __len__(self) -> int:
        """How many cases there are."""

    def take(self, index: Tensor) -> Cases:
        """The cases of these rows."""


PREFETCHED = 2
"""Batches that each worker reads ahead."""


class _Parts(Dataset[tuple[Tensor, ...]]):
    """Whole batches as items, so that a worker reads one at a time."""

    def __init__(self, cases: CaseSource, parts: tuple[Tensor, ...]) -> None:
        self.cases, self.parts = cases, parts

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, place: int) -> tuple[Tensor, ...]:
        taken = self.cases.take(self.parts[place])
        return tuple(getattr(taken, field.name) for field in fields(taken))


def batches(
    cases: CaseSource, size: int, *, device: torch.device, order: Tensor | None = None
) -> Iterator[Batch]:
    """The cases in batches, in a given order or their own; read ahead where there are workers."""
    order = torch.arange(len(cases)) if order is None else order
    parts = torch.split(order, size)
    for part in _read_ahead(cases, parts, device) if cases.workers else map(cases.take, parts):
        yield Batch(
            part.images.to(device, non_blocking=True).float() / 255,
            part.values.to(device, non_blocking=True),
            part.known.to(device, non_blocking=True),
            part.targets.to(device, non_blocking=True),
        )


def _read_ahead(
    cases: CaseSource, parts: tuple[Tensor, ...], device: torch.device
) -> Iterator[Cases]:
    loader = DataLoader(
        _Parts(cases, parts),
        batch_size=None,
        num_workers=cases.workers,
        prefetch_factor=PREFETCHED,
        pin_memory=device.type == "cuda",
        # Its own, so that reading ahead leaves the draws of training as they are.
        generator=torch.Generator(),
    )
    return (Cases(*tensors) for tensors in loader)


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
