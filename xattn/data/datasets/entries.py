"""One film with its form and labels, and the cohorts that are made of such entries."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from xattn.data.clinical import Form
from xattn.data.datasets.table import place_of
from xattn.data.placement import Box
from xattn.errors import IntakeError, SchemaError

Split = Literal["train", "validation", "test", "none"]
"""What an entry may be used for; "none" where the source does not say."""

MissingFilms = Literal["refuse", "leave out", "keep"]
"""What becomes of rows whose film is not in the folder; kept ones serve form-only models."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Entry:
    """One row of a cohort; its repr shows nothing.

    Attributes:
        images: the film; or several files among which film, lesion's mask and lesion's crop are
            told apart by content; or none where there is only a form.
        patient: the key that no split may cut through.
        study: the key of one examination or lesion of the patient.
        labels: (K,) float32, read-only, in the order of `Dataset.labels`; NaN where nobody knows.
        row: the number of its row in `table`, the header being row 1.
        box: the part of the film that is read, with a margin; None for the whole film.
    """

    images: tuple[Path, ...]
    patient: str
    study: str
    form: Form
    labels: np.ndarray
    split: Split
    row: int
    table: str = ""
    box: Box | None = None

    def __post_init__(self) -> None:
        labels = np.array(self.labels, dtype=np.float32)
        labels.flags.writeable = False
        object.__setattr__(self, "labels", labels)

    def __repr__(self) -> str:
        return f"Entry({self.place})"

    @property
    def place(self) -> str:
        """Where it stands, as messages say it."""
        return place_of(self.row, self.table)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Dataset:
    """A named cohort of at least one entry, in which no patient is in two splits.

    Raises:
        SchemaError: if it is empty, or a patient is in two splits.
    """

    name: str
    labels: tuple[str, ...]
    """The names of the labels, in the order of `Entry.labels`."""
    entries: tuple[Entry, ...]
    left_out: tuple[tuple[str, int], ...] = ()
    """Reasons for which rows of the tables are no entries, with how many."""
    is_labelled_by_study: bool = False
    """Whether the views of a study share their labels, so that they are judged together."""

    def __post_init__(self) -> None:
        if not self.entries:
            raise SchemaError("A cohort of at least one film was expected, however: none.")
        check_splits(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __repr__(self) -> str:
        return f"Dataset({self.name}, {len(self)} entries)"

    @property
    def patients(self) -> frozenset[str]:
        """The keys of all patients."""
        return frozenset(entry.patient for entry in self.entries)

    def part(self, split: Split) -> tuple[Entry, ...]:
        """The entries of one split, in order."""
        return tuple(entry for entry in self.entries if entry.split == split)

    def label_matrix(self) -> np.ndarray:
        """The labels (N, K) float32 of all entries, NaN where nobody knows."""
        return np.stack([entry.labels for entry in self.entries])


def check_splits(entries: Iterable[Entry]) -> None:
    """Refuse a patient in two splits: views of one person are no independent evidence.

    Raises:
        SchemaError: naming the two rows, not the patient.
    """
    first: dict[str, Entry] = {}
    for entry in entries:
        other = first.setdefault(entry.patient, entry)
        if other.split != entry.split:
            raise SchemaError(
                f"{entry.place}: each patient must be in one split, however this one is in "
                f"{entry.split} and in {other.split} ({other.place}); split by patient."
            )


def settle_missing(
    entries: Sequence[Entry], missing: MissingFilms
) -> tuple[tuple[Entry, ...], tuple[tuple[str, int], ...]]:
    """The entries that stay where some have no film, and what was left out.

    Raises:
        IntakeError: if a film is missing and none may.
    """
    if missing == "keep":
        return tuple(entries), ()
    there = tuple(entry for entry in entries if entry.images)
    count = len(entries) - len(there)
    if count and missing == "refuse":
        first = next(entry for entry in entries if not entry.images)
        raise IntakeError(
            f"{first.place}: a film in the folder was expected, however it is one of {count} that "
            "are not there; complete the folder or leave such rows out."
        )
    return there, tally(["film not in the folder"] * count)


def tally(reasons: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Each reason with how often it is given."""
    return tuple(Counter(reasons).items())
