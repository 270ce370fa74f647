"""Real cohorts: tables and folders as published, and manifests that users write.

Nothing here downloads: each reader takes a folder that holds the data as its publisher laid it out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from xattn.data.clinical import Schema
from xattn.data.datasets.cbis_ddsm import read_cbis_ddsm
from xattn.data.datasets.chexpert import read_chexpert
from xattn.data.datasets.entries import Dataset, Entry, MissingFilms, Split
from xattn.data.datasets.manifest import read_manifest
from xattn.data.datasets.nih import read_nih
from xattn.data.datasets.reading import read_entry
from xattn.data.datasets.splits import split_by_patient
from xattn.data.schemas import BREAST, CHEST

__all__ = [
    "DATASETS",
    "Dataset",
    "Entry",
    "MissingFilms",
    "PublicDataset",
    "Split",
    "read_entry",
    "read_manifest",
    "split_by_patient",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicDataset:
    """A published cohort: whose form it fills, and what reads its folder."""

    title: str
    schema: Schema
    read: Callable[[Path, MissingFilms], Dataset]


DATASETS: Mapping[str, PublicDataset] = {
    "cbis-ddsm": PublicDataset(title="CBIS-DDSM", schema=BREAST, read=read_cbis_ddsm),
    "chexpert": PublicDataset(title="CheXpert", schema=CHEST, read=read_chexpert),
    "nih": PublicDataset(title="NIH ChestX-ray14", schema=CHEST, read=read_nih),
}
"""A further one is one file and one row."""
