"""The label columns of each system, and what their cells mean."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from xattn.data.clinical import ABSENT_WORDS
from xattn.data.fields import normalised
from xattn.data.findings import FINDINGS, PER_FINDING, Policy, Uncertain, label_of, read_cell
from xattn.errors import SchemaError

BMD_RANGE = (0.2, 2.0)
"""g/cm²; beyond any femoral neck, so that T-scores and mg/cm² are caught, not rare bones."""

_MALIGNANT = {
    **dict.fromkeys(("1", "1.0", "TRUE", "YES", "MALIGNANT"), 1.0),
    **dict.fromkeys(("0", "0.0", "FALSE", "NO", "BENIGN"), 0.0),
}


@dataclass(frozen=True, slots=True)
class Label:
    """A label column: its name, and what reads a cell that is not blank."""

    name: str
    parse: Callable[[str], float]

    def read(self, cell: str) -> float:
        """The label; NaN of a blank cell.

        Raises:
            SchemaError: if the cell is impossible.
        """
        return math.nan if normalised(cell) in ABSENT_WORDS else self.parse(cell)


def parse_malignant(cell: str) -> float:
    """1 or 0.

    Raises:
        SchemaError: if the cell says neither.
    """
    label = _MALIGNANT.get(normalised(cell))
    if label is None:
        raise SchemaError(
            f"malignant must be 1 or 0 (malignant or benign), however: {cell[:20]!r}; correct it."
        )
    return label


def parse_bmd(cell: str) -> float:
    """A density of the femoral neck in g/cm².

    Raises:
        SchemaError: if it is no number, or no bone's.
    """
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    low, high = BMD_RANGE
    if not low <= value <= high:
        raise SchemaError(
            f"bmd must lie in {low:g} to {high:g} g/cm², however: {cell[:20]!r}; check the unit."
        )
    return value


def finding_labels(policy: Policy = PER_FINDING) -> tuple[Label, ...]:
    """The 14 findings; `policy` says what -1, an uncertain one, becomes."""
    return tuple(Label(code, partial(_parse_finding, policy[code])) for code in FINDINGS)


def _parse_finding(uncertain: Uncertain, cell: str) -> float:
    return label_of(read_cell(cell), uncertain)


LABELS: Mapping[str, tuple[Label, ...]] = {
    "breast": (Label("malignant", parse_malignant),),
    "hip": (Label("bmd", parse_bmd),),
    "chest": finding_labels(),
}
"""The labels of each system by the name of its schema, in the order of the model's outputs."""
