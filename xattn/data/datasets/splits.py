"""Splits by patient: one person's films never stand on both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeVar

import numpy as np

from xattn.data.datasets.entries import Dataset, Entry, Split, check_splits
from xattn.errors import SchemaError

USUAL_SHARES: Mapping[Split, float] = {"train": 0.7, "validation": 0.1, "test": 0.2}
"""Where a source gives no split of its own; ChestX-ray14's authors used the same."""

Part = Literal["training", "stopping", "calibration", "test"]
"""What a cohort's patients are for in one training run."""

OWN_SHARES: Mapping[Part, float] = {"stopping": 0.1, "calibration": 0.1, "test": 0.2}
"""What is taken from the training patients for each part that the source has none for."""
Name = TypeVar("Name", bound=str)


def parts_of(dataset: Dataset, *, seed: int = 0) -> Mapping[Part, tuple[Entry, ...]]:
    """The entries of each part, no patient in two; the same seed gives the same parts.

    A source's own test and validation patients test and stop. Where there is a validation but no
    test, as in CheXpert without its later table, the validation patients test. What is missing is
    taken from the training patients.

    Raises:
        SchemaError: if only some entries have a split, or there are too few patients to share out.
    """
    given = {split: dataset.part(split) for split in ("train", "validation", "test", "none")}
    if given["none"] and len(given["none"]) < len(dataset):
        raise SchemaError(
            "Either every row or none must have a split, however only some have; fill in the rest."
        )
    pool = given["train"] or given["none"]
    stopping, test = given["validation"], given["test"]
    if not test:
        stopping, test = (), stopping
    own: dict[Part, tuple[Entry, ...]] = {"stopping": stopping, "test": test}
    shares = {part: share for part, share in OWN_SHARES.items() if not own.get(part)}
    if not pool:
        return {"training": (), "calibration": (), **own}
    homes = _homes(pool, {"training": 1 - sum(shares.values()), **shares}, seed)
    taken: dict[Part, tuple[Entry, ...]] = {
        part: tuple(entry for entry in pool if homes[entry.patient] == part)
        for part in ("training", *shares)
    }
    return {**own, **taken}


def split_by_patient(
    entries: Sequence[Entry], shares: Mapping[Split, float], *, seed: int
) -> tuple[Entry, ...]:
    """The entries in their order, each with a split; shares are of the patients and sum to 1.

    Raises:
        SchemaError: if a share is negative, they do not sum to 1, or a share leaves no patient.
    """
    home = _homes(entries, shares, seed)
    divided = tuple(replace(entry, split=home[entry.patient]) for entry in entries)
    check_splits(divided)
    return divided


def _homes(entries: Sequence[Entry], shares: Mapping[Name, float], seed: int) -> dict[str, Name]:
    """Where each patient belongs.

    Patients, in the order of their keys, are shuffled by the seed and cut at the rounded shares,
    so that neither the order of the rows nor the number of films per patient matters.

    Raises:
        SchemaError: if a share is negative, they do not sum to 1, or a share leaves no patient.
    """
    # A share written with two decimals may miss 1 by a few units in the last place.
    if min(shares.values(), default=-1) < 0 or abs(sum(shares.values()) - 1) > 1e-9:
        raise SchemaError(
            "Shares of at least 0 that sum to 1 were expected, however: "
            f"{', '.join(f'{share:g}' for share in shares.values())}; change them."
        )
    patients = sorted({entry.patient for entry in entries})
    order = np.random.default_rng(seed).permutation(len(patients))
    ends = np.rint(np.cumsum(list(shares.values())) * len(patients)).astype(int)
    parts = np.split(order, ends[:-1])
    if any(share > 0 and not len(part) for share, part in zip(shares.values(), parts, strict=True)):
        raise SchemaError(
            f"At least one patient in every part was expected, however {len(patients)} cannot be "
            "shared out so; add patients or drop a part."
        )
    return {
        patients[index]: split for split, part in zip(shares, parts, strict=True) for index in part
    }
