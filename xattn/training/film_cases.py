"""A cohort's entries as training cases, for films that do not fit into memory together."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from xattn.data.clinical import Schema
from xattn.data.datasets.entries import Entry
from xattn.data.datasets.reading import read_entry
from xattn.training.cases import Cases


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmCases:
    """N cases whose films are read when they are asked for, by `workers` processes ahead of time.

    `take` of all rows gives them in memory. Of a batch there are as many films in memory as
    `workers` × `PREFETCHED` + 1 batches hold.
    """

    entries: tuple[Entry, ...]
    labels: Tensor
    """(N, K) float32, or (N, 2K) once taught."""
    schema: Schema
    size: int
    """Side of the picture in pixels."""
    margin_mm: float
    """How much of the film around an entry's box is read."""
    workers: int = 2

    def __len__(self) -> int:
        return len(self.entries)

    def take(self, index: Tensor) -> Cases:
        """The cases of these rows.

        Raises:
            IntakeError: with the row, if a film cannot be read.
        """
        films, values, known = [], [], []
        for place in index.tolist():
            film, form = read_entry(
                self.entries[place], self.schema, size=self.size, margin_mm=self.margin_mm
            )
            films.append(film)
            values.append(form.values)
            known.append(form.known)
        labels = self.labels[index]
        return Cases(
            images=torch.from_numpy(np.stack(films))[:, None],
            values=torch.from_numpy(np.stack(values)),
            known=torch.from_numpy(np.stack(known)),
            labels=labels,
            expected=torch.full((len(index), 3, labels.shape[1]), torch.nan),
            causes=torch.full((len(index), 1), torch.nan),
        )


def film_cases(
    entries: tuple[Entry, ...], schema: Schema, *, size: int, margin_mm: float, workers: int = 2
) -> FilmCases:
    """Cases of a cohort's entries, such as one split of it, with their own labels."""
    labels = torch.from_numpy(np.stack([entry.labels for entry in entries]))
    return FilmCases(
        entries=entries,
        labels=labels,
        schema=schema,
        size=size,
        margin_mm=margin_mm,
        workers=workers,
    )
