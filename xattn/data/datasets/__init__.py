"""Real cohorts: tables and folders as published, and manifests that users write.

Nothing here downloads: each reader takes a folder that holds the data as its publisher laid it out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from xattn.data.clinical import Schema
from xattn.data.datasets.cbis_ddsm import read_cbis_ddsm
from xattn.data.datasets.chexpert import read_chexpert
from xattn.data.datasets.entries import Dataset, Entry, MissingFilms, Split
from xattn.data.datasets.labels import finding_labels
from xattn.data.datasets.manifest import read_manifest
from xattn.data.datasets.nih import read_nih
from xattn.data.datasets.reading import read_entry
from xattn.data.datasets.splits import parts_of, split_by_patient
from xattn.data.findings import PER_FINDING, Policy
from xattn.data.schemas import BREAST, CHEST
from xattn.errors import SchemaError

__all__ = [
    "DATASETS",
    "Dataset",
    "Entry",
    "MissingFilms",
    "PublicDataset",
    "Split",
    "parts_of",
    "read_cohort",
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
    under: Callable[[Policy], Callable[[Path, MissingFilms], Dataset]] | None = None
    """The same reader with another policy of uncertain labels; None where no label is uncertain."""


DATASETS: Mapping[str, PublicDataset] = {
    "cbis-ddsm": PublicDataset(title="CBIS-DDSM", schema=BREAST, read=read_cbis_ddsm),
    "chexpert": PublicDataset(
        title="CheXpert",
        schema=CHEST,
        read=read_chexpert,
        under=lambda policy: partial(read_chexpert, policy=policy),
    ),
    "nih": PublicDataset(title="NIH ChestX-ray14", schema=CHEST, read=read_nih),
}
"""A further one is one file and one row."""


def read_cohort(
    data: Path,
    schema: Schema,
    *,
    layout: str = "",
    policy: Policy = PER_FINDING,
    missing: MissingFilms = "refuse",
) -> Dataset:
    """A cohort for a system's form: a manifest, or a folder in a published layout.

    `policy` says what uncertain findings become where labels may be uncertain.

    Raises:
        SchemaError: if the layout fills another form, or a row is not as it must be.
        IntakeError: if a film is missing and none may.
    """
    if not layout:
        labels = finding_labels(policy) if schema is CHEST else None
        return read_manifest(data, schema, labels=labels)
    source = DATASETS[layout]
    if source.schema is not schema:
        raise SchemaError(
            f"{source.title} is for the system {source.schema.name}, however: {schema.name}; "
            "choose the other system."
        )
    read = source.under(policy) if source.under else source.read
    return read(data, missing)
