"""The 14 findings of a chest film: their order, their names, and how label cells are read.

CheXpert's tables (Irvin et al. 2019, arXiv 1901.07031) hold 1, 0, −1 (uncertain) or a blank.
"""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from xattn.data.fields import normalised
from xattn.errors import SchemaError

FINDINGS: tuple[str, ...] = (
    "no_finding",
    "enlarged_cardiomediastinum",
    "cardiomegaly",
    "lung_opacity",
    "lung_lesion",
    "edema",
    "consolidation",
    "pneumonia",
    "atelectasis",
    "pneumothorax",
    "pleural_effusion",
    "pleural_other",
    "fracture",
    "support_devices",
)
"""Codes in the order of CheXpert's label columns, which is the order of the model's outputs."""

LABELS: tuple[str, ...] = tuple(code.replace("_", " ").capitalize() for code in FINDINGS)
"""The same for the screen: "Pleural effusion"."""

COMPETITION: tuple[str, ...] = (
    "atelectasis",
    "cardiomegaly",
    "consolidation",
    "edema",
    "pleural_effusion",
)
"""The five findings whose mean AUC CheXpert's comparisons report."""


class Mention(StrEnum):
    """What a report says of a finding."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCERTAIN = "uncertain"
    BLANK = "blank"


class Uncertain(StrEnum):
    """What an uncertain mention is trained as."""

    ONE = "one"
    ZERO = "zero"
    IGNORED = "ignored"


Policy = Mapping[str, Uncertain]
"""What an uncertain mention of each finding is trained as."""

U_ONES: Policy = dict.fromkeys(FINDINGS, Uncertain.ONE)
U_ZEROS: Policy = dict.fromkeys(FINDINGS, Uncertain.ZERO)
U_IGNORE: Policy = dict.fromkeys(FINDINGS, Uncertain.IGNORED)

PER_FINDING: Policy = {
    **U_IGNORE,
    "atelectasis": Uncertain.ONE,
    "edema": Uncertain.ONE,
    "consolidation": Uncertain.ZERO,
}
"""A rule of thumb, unverified: the best policy on CheXpert's validation set as remembered.

Findings of which nothing is remembered are ignored where uncertain.
"""

POLICIES: Mapping[str, Policy] = {
    "per-finding": PER_FINDING,
    "u-ones": U_ONES,
    "u-zeros": U_ZEROS,
    "u-ignore": U_IGNORE,
}
"""Every policy by the name that a command line takes; the first is the default."""

_MENTIONS = {1.0: Mention.POSITIVE, 0.0: Mention.NEGATIVE, -1.0: Mention.UNCERTAIN}


def read_cell(raw: object) -> Mention:
    """What a cell says. It is read as a number: a file may hold "-1.0" where another has "-1".

    Raises:
        SchemaError: if it is neither 1, 0, −1 nor blank.
    """
    text = "" if raw is None else str(raw).strip().replace("−", "-")
    if text.lower() in ("", "nan"):
        return Mention.BLANK
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if number not in _MENTIONS:
        raise SchemaError(
            f"A label must be 1, 0, -1 (uncertain) or blank, however: {text[:20]!r}. "
            "Correct the cell."
        )
    return _MENTIONS[number]


def label_of(
    mention: Mention, uncertain: Uncertain, *, blank: Literal["zero", "ignore"] = "zero"
) -> float:
    """1, 0, or NaN where the finding is left out of the loss."""
    if mention is Mention.UNCERTAIN:
        return {Uncertain.ONE: 1.0, Uncertain.ZERO: 0.0, Uncertain.IGNORED: math.nan}[uncertain]
    if mention is Mention.BLANK and blank == "ignore":
        return math.nan
    return float(mention is Mention.POSITIVE)


def labels_of(
    row: Mapping[str, object],
    policy: Policy = PER_FINDING,
    *,
    blank: Literal["zero", "ignore"] = "zero",
) -> NDArray[np.float32]:
    """The labels (14,) of a table's row, NaN = ignored; a blank is 0 as CheXpert has it.

    Columns are found by their names in any spelling, never by place; others are passed over.
    A finding without a column is NaN: the table says nothing of it.

    Raises:
        SchemaError: if a cell is refused, with the finding's name, or no finding has a column.
    """
    cells = {normalised(heading).lower(): cell for heading, cell in row.items()}
    if not cells.keys() & set(FINDINGS):
        raise SchemaError(
            "A row of labels must have columns named after findings, however: none. "
            f"Name them as in {', '.join(LABELS[:3])}."
        )
    labels = [_label(code, cells, policy[code], blank) for code in FINDINGS]
    return np.array(labels, dtype=np.float32)


def _label(
    code: str, cells: Mapping[str, object], uncertain: Uncertain, blank: Literal["zero", "ignore"]
) -> float:
    if code not in cells:
        return math.nan
    try:
        return label_of(read_cell(cells[code]), uncertain, blank=blank)
    except SchemaError as error:
        raise SchemaError(f"{code}: {error}") from error
