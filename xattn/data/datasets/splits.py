"""Splits by patient: one person's films never stand on both sides."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from xattn.data.datasets.entries import Entry, Split, check_splits
from xattn.errors import SchemaError

USUAL_SHARES: Mapping[Split, float] = {"train": 0.7, "validation": 0.1, "test": 0.2}
"""Where a source gives no split of its own; ChestX-ray14's authors used the same."""


def split_by_patient(
    entries: Sequence[Entry], shares: Mapping[Split, float], *, seed: int
) -> tuple[Entry, ...]:
    """The entries in their order, each with a split; shares are of the patients and sum to 1.

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
    home: dict[str, Split] = {
        patients[index]: split for split, part in zip(shares, parts, strict=True) for index in part
    }
    divided = tuple(replace(entry, split=home[entry.patient]) for entry in entries)
    check_splits(divided)
    return divided
