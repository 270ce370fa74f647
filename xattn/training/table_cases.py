"""Rows of real tables as training cases in memory, with whose they are."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context

import numpy as np
import torch
from tqdm import tqdm

from xattn.data.datasets import Entry
from xattn.errors import SchemaError
from xattn.systems import System
from xattn.training.cases import Cases
from xattn.training.film_cases import FilmCases, film_cases

READ_AT_ONCE = 16
"""Films between two steps of the progress bar."""


@dataclass(frozen=True, slots=True)
class TableCases:
    """Cases with the keys of their patients and studies (N,), which no model sees."""

    cases: Cases
    patients: np.ndarray
    studies: np.ndarray

    @property
    def people(self) -> int:
        """How many patients there are."""
        return len(set(self.patients.tolist()))


def table_cases(
    entries: Sequence[Entry], system: System, size: int, *, workers: int = 1
) -> TableCases:
    """The films, forms and labels of entries; those without any label are left out.

    Films are read whole, or around their boxes with the system's margin, at `size` pixels: as the
    app reads them. All are held in memory, one byte a pixel: 5 GB for 100,000 films of 224 px.

    Raises:
        IntakeError: with the row, if a film cannot be read.
        SchemaError: if no entry has a label.
    """
    labelled = tuple(entry for entry in entries if not np.isnan(entry.labels).all())
    if not labelled:
        raise SchemaError("Rows with a label were expected, however: none; fill in the labels.")
    films = film_cases(labelled, system.schema, size=size, margin_mm=system.margin_mm)
    parts = list(_read(films, workers))
    columns = {
        field.name: torch.cat([getattr(part, field.name) for part in parts])
        for field in fields(Cases)
    }
    patients = np.array([entry.patient for entry in labelled])
    return TableCases(Cases(**columns), patients, np.array([entry.study for entry in labelled]))


def _read(films: FilmCases, workers: int) -> Iterator[Cases]:
    chunks = torch.split(torch.arange(len(films)), READ_AT_ONCE)
    bar = {"total": len(chunks), "desc": f"films, {READ_AT_ONCE} at once"}
    if workers == 1:
        yield from tqdm(map(films.take, chunks), **bar)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from tqdm(pool.map(films.take, chunks), **bar)
