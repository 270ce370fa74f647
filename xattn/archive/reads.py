"""Reads as records: who found what, at which stage, and what they made of the model's result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select

from xattn.archive.people import Role
from xattn.archive.tables import reads

Stage = Literal["alone", "with AI", "with readers", "adjudication"]
ALONE: Stage = "alone"
"""A read before anything of the case was shown to the reader."""
WITH_AI: Stage = "with AI"
"""A read after the model's result was shown, and nobody else's read."""
WITH_READERS: Stage = "with readers"
"""A read after the others' reads were shown."""
ADJUDICATION: Stage = "adjudication"

Decision = Literal["accept", "change", "reject"]
DECISIONS: tuple[Decision, ...] = ("accept", "change", "reject")
"""What a reader may make of the model's result."""


@dataclass(frozen=True, slots=True)
class Read:
    """One row: `finding` is a probability or a number in its unit, `confidence` 0 to 1."""

    number: int
    case: int
    reader: str
    role: Role
    stage: Stage
    finding: float
    confidence: float
    decision: Decision | None
    reason: str
    at: str


def rows_of(connection: Connection, number: int) -> tuple[Read, ...]:
    """All reads of a case in order, whoever asks: `access` says who may see them."""
    rows = connection.execute(select(reads).where(reads.c.case == number).order_by(reads.c.id))
    return tuple(map(read_of, rows))


def read_of(row: Any) -> Read:
    """A row of the table as a record."""
    number, case, reader, role, stage, finding, confidence, decision, reason, at = row
    return Read(number, case, reader, role, stage, finding, confidence, decision, reason, at)


def readers_of(rows: Sequence[Read]) -> tuple[str, ...]:
    """Who has read a case, in the order of their first read; without the adjudicator."""
    return tuple(dict.fromkeys(row.reader for row in rows if row.stage != ADJUDICATION))


def readers_in(rows: Sequence[Read]) -> tuple[str, ...]:
    """Who has read a case and decided on what the model said, in the order of their first read."""
    decided = {row.reader for row in rows if row.decision}
    return tuple(reader for reader in readers_of(rows) if reader in decided)
