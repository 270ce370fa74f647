"""The nouns of a report: sections as plain records, which every format draws from."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from xattn.explain.overlay import Scale


@dataclass(frozen=True, slots=True)
class Row:
    """A label and its text."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the sum: where it starts, what each player adds, where it ends."""

    label: str
    detail: str
    value: float
    role: Literal["reference", "part", "prediction"]


@dataclass(frozen=True, slots=True)
class Sum:
    """Contributions that add up from the reference to the prediction, in `unit`."""

    terms: tuple[Term, ...]
    unit: str
    note: str


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """A picture (h, w, 3) uint8 with its scale, the lines under it and the text in its stead."""

    title: str
    picture: np.ndarray
    lines: tuple[str, ...]
    alternative: str
    scale: Scale | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reader decided about the model's result, in their own words; never derived."""

    verdict: Literal["accept", "change", "reject", "adjudicate"]
    note: str = ""
    reader: str = ""
    day: date | None = None
    finding: str = ""
    """Their own finding and confidence."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Report:
    """One case under one model, ready for any format. Holds no identity but a typed one."""

    title: str
    use: str
    is_demonstration: bool
    identifier: str
    decision: Decision | None
    header: tuple[Row, ...]
    headline: Row
    """What the number is, and the number."""
    condition: str
    """What the headline's number assumes."""
    result: tuple[Row, ...]
    cautions: tuple[str, ...]
    sum: Sum | None
    line: str
    """One line that reads the case from its numbers."""
    beliefs: tuple[Row, ...]
    form: tuple[Row, ...]
    reading: tuple[str, ...]
    figures: tuple[Figure, ...]
    limits: tuple[str, ...]
    methods: tuple[Row, ...]
    provenance: tuple[Row, ...]
