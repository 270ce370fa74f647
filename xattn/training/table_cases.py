"""Rows of real tables as training cases, with whose they are."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple, dataclass
from functools import partial
from math import prod
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from xattn.data.clinical import Schema
from xattn.data.datasets import Entry
from xattn.data.datasets.reading import read_entry
from xattn.errors import SchemaError
from xattn.systems import System
from xattn.training.cases import Cases

READ_AT_ONCE = 16
"""Films that a process is given at a time."""


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
    entries: Sequence[Entry],
    system: System,
    size: int,
    *,
    workers: int = 1,
    folder: Path | None = None,
) -> TableCases:
    """The films, forms and labels of entries; those without any label are left out.

    Films are read whole, or around their boxes with the system's margin, at `size` pixels: as the
    app reads them, by `workers` processes. They take one byte a pixel: in memory, or with `folder`
    in a file there that is mapped, so that they may be more than memory holds; that file is found
    again while entries and files stay as they are.

    Raises:
        IntakeError: with the row, if a film cannot be read.
        SchemaError: if no entry has a label.
    """
    labelled = tuple(entry for entry in entries if not np.isnan(entry.labels).all())
    if not labelled:
        raise SchemaError("Rows with a label were expected, however: none; fill in the labels.")
    shape = (len(labelled), 1, size, size)
    name = f"films-{_digest(labelled, system, size)}"
    if folder and (folder / name).exists():
        images = _mapped(folder / name, shape)
    else:
        place = folder / f"{name}.part" if folder else None
        images = _mapped(place, shape) if place else torch.empty(shape, dtype=torch.uint8)
        for row, film in enumerate(_read(labelled, system, size, workers=workers)):
            images[row, 0] = torch.from_numpy(film)
        if place:
            place.rename(place.with_suffix(""))
    patients = np.array([entry.patient for entry in labelled])
    studies = np.array([entry.study for entry in labelled])
    return TableCases(_cases(images, labelled, system), patients, studies)


def _cases(images: Tensor, entries: tuple[Entry, ...], system: System) -> Cases:
    forms = [system.schema.encode(entry.form) for entry in entries]
    labels = torch.from_numpy(np.stack([entry.labels for entry in entries]))
    return Cases(
        images=images,
        values=torch.from_numpy(np.stack([form.values for form in forms])),
        known=torch.from_numpy(np.stack([form.known for form in forms])),
        labels=labels,
        expected=torch.full((len(labels), 3, labels.shape[1]), torch.nan),
        causes=torch.full((len(labels), 1), torch.nan),
    )


def _mapped(path: Path, shape: tuple[int, ...]) -> Tensor:
    """A tensor whose values lie in a file, which is made if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = torch.from_file(str(path), shared=True, size=prod(shape), dtype=torch.uint8)
    return flat.view(shape)


def _read(
    entries: tuple[Entry, ...], system: System, size: int, *, workers: int
) -> Iterator[np.ndarray]:
    read = partial(_film, schema=system.schema, size=size, margin_mm=system.margin_mm)
    if workers <= 1:
        yield from tqdm(map(read, entries), total=len(entries), desc="films")
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = pool.map(read, entries, chunksize=READ_AT_ONCE)
        yield from tqdm(found, total=len(entries), desc="films")


def _film(entry: Entry, *, schema: Schema, size: int, margin_mm: float) -> np.ndarray:
    return read_entry(entry, schema, size=size, margin_mm=margin_mm)[0]


def _digest(entries: tuple[Entry, ...], system: System, size: int) -> str:
    """Of what the films depend on: which files, as they were last written, and which part."""
    films = [[_stamp(path) for path in entry.images] for entry in entries]
    boxes = [entry.box and astuple(entry.box) for entry in entries]
    content = json.dumps([films, boxes, size, system.margin_mm])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _stamp(path: Path) -> tuple[str, int, int]:
    found = path.stat() if path.exists() else None  # one that is gone is refused when it is read
    return str(path), found.st_size if found else 0, found.st_mtime_ns if found else 0
