"""Reading: first alone, then with the model's result, then with each other; nothing is unsaid.

The archive knows what it showed to whom, so a read's stage is not the reader's to choose. Rows are
only added: a change of mind is a further row, and every row stands in the audit.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from xattn.archive import access, packing
from xattn.archive.access import READS
from xattn.archive.audit import RECORDED, append, fingerprint, hold, now
from xattn.archive.packing import Result
from xattn.archive.people import Person
from xattn.archive.reads import (
    ADJUDICATION,
    ALONE,
    DECISIONS,
    WITH_AI,
    WITH_READERS,
    Decision,
    Read,
    Stage,
    rows_of,
)
from xattn.archive.store import Archive, require
from xattn.archive.tables import cases, reads, results, worklists
from xattn.archive.texts import require_fit
from xattn.errors import AccessError, ArchiveError
from xattn.trust.tries import Try, audit_rows

TRIED = "what-if tried"
"""The audit's word for a try; its row holds the case's number, the form tried and the outputs."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What someone thinks of a case.

    `finding` is a probability, 0 to 1, or a number in the unit of the list's target; `confidence`
    in it 0 to 1.
    """

    finding: float
    confidence: float


def revealed(
    archive: Archive, person: Person, number: int, *, target: str = ""
) -> tuple[tuple[str, Result], ...]:
    """The kept results of a case by method, oldest first; of one target if it is named.

    What is given is noted as shown to the person. A page that computes asks `require_open` first,
    keeps what it computed, and shows what it gets here.

    Raises:
        AccessError: until the person has read the case alone, where its list is read first.
        ArchiveError: if there is no such case, or a stored result is damaged.
    """
    wanted = select(results.c.method, results.c.content).where(results.c.case == number)
    if target:
        wanted = wanted.where(results.c.target == target)
    with archive.transaction() as connection:
        require(connection, cases, number)
        access.require_open(connection, person, number)
        rows = connection.execute(wanted.order_by(results.c.id)).all()
        what = ((number, content) for _, content in rows)
        access.record_shown(connection, person, what, "result shown")
    return tuple((method, packing.unpack(archive.blobs.get(name))) for method, name in rows)


def require_open(archive: Archive, person: Person, number: int) -> None:
    """Refuse unless the results of a case may be shown to the person.

    Raises:
        AccessError: until the person has read the case alone, where its list is read first.
        ArchiveError: if there is no such case.
    """
    with archive.transaction() as connection:
        require(connection, cases, number)
        access.require_open(connection, person, number)


def record_read(
    archive: Archive,
    person: Person,
    number: int,
    opinion: Opinion,
    *,
    decision: Decision | None = None,
    reason: str = "",
    tries: Iterable[Try] = (),
) -> Read:
    """Add what a reader thinks of a case, and, once its result was shown, what they make of it.

    `tries` are the what-ifs that were seen before it; the audit has each, in the same transaction.

    Raises:
        AccessError: if the person is no reader, decides on what was not shown, or has seen the
            result of a list that is read first without a read of their own.
        ArchiveError: if a number is out of its range, or a decision or its reason is missing or
            too long.
    """
    person.require("reader")
    require_fit(reads.c.reason, reason)
    with archive.transaction() as connection:
        hold(connection)
        require(connection, cases, number)
        _check(connection, number, opinion)
        stage = _stage(connection, person, number)
        _check_decision(stage, decision, reason)
        words = {"stage": stage, "role": "reader", "decision": decision, "reason": reason}
        _append_tries(connection, person, number, tries)
        return _added(connection, person, number, opinion, words)


def adjudicate(
    archive: Archive,
    person: Person,
    number: int,
    opinion: Opinion,
    *,
    reason: str,
    tries: Iterable[Try] = (),
) -> Read:
    """Add the adjudicator's word on a case that two or more readers have decided.

    `tries` as in `record_read`.

    Raises:
        AccessError: if the person is no adjudicator or has read the case, or a reader is not in.
        ArchiveError: if a number is out of its range, or no reason is given or one too long.
    """
    person.require("adjudicator")
    require_fit(reads.c.reason, reason)
    with archive.transaction() as connection:
        hold(connection)
        require(connection, cases, number)
        _check(connection, number, opinion)
        if not access.may_adjudicate(person, rows_of(connection, number)):
            raise AccessError(
                "A case is adjudicated once two readers have decided, by someone who is neither."
            )
        if not reason.strip():
            raise ArchiveError("An adjudication needs its reason; write one sentence.")
        words = {"stage": ADJUDICATION, "role": "adjudicator", "decision": None, "reason": reason}
        _append_tries(connection, person, number, tries)
        return _added(connection, person, number, opinion, words)


def hand_over(
    archive: Archive,
    person: Person,
    number: int,
    seen: Mapping[str, Result],
    tries: Iterable[Try] = (),
) -> None:
    """Keep what a person saw of a case before it was kept, by method; all is noted as shown.

    Raises:
        ArchiveError: if there is no such case.
    """
    kept = [(number, archive.keep(person, number, *each)) for each in seen.items()]
    with archive.transaction() as connection:
        hold(connection)
        require(connection, cases, number)
        access.record_shown(connection, person, kept, "result shown")
        _append_tries(connection, person, number, tries)


def reads_of(archive: Archive, person: Person, number: int) -> tuple[Read, ...]:
    """The reads of a case that the person may see, in order: their own, then all.

    The others' come once the person has decided, and the adjudicator's and for the adjudicator once
    two readers have; they are then noted as shown.

    Raises:
        ArchiveError: if there is no such case.
    """
    with archive.transaction() as connection:
        require(connection, cases, number)
        rows = rows_of(connection, number)
        if not access.may_see_reads(person, rows):
            return tuple(row for row in rows if row.reader == person.name)
        if any(row.reader != person.name for row in rows):
            access.record_shown(connection, person, [(number, READS)], "reads shown")
    return rows


def _append_tries(
    connection: Connection, person: Person, number: int, tries: Iterable[Try]
) -> None:
    for row in audit_rows(tries):
        append(connection, person.name, TRIED, {**row, "case": number, "digest": row["case"]})


def _stage(connection: Connection, person: Person, number: int) -> Stage:
    """What was shown decides."""
    seen = access.shown(connection, person, number)
    if not seen:
        return ALONE
    rows = rows_of(connection, number)
    has_own = any(row.reader == person.name and row.stage == ALONE for row in rows)
    if _listed(connection, number).is_read_first and not has_own:
        raise AccessError(
            "You have seen what is known of this case; on a list that is read first, someone who "
            "has not must read it."
        )
    return WITH_READERS if READS in seen else WITH_AI


def _check(connection: Connection, number: int, opinion: Opinion) -> None:
    from xattn.systems import find

    if not 0 <= opinion.confidence <= 1:
        raise ArchiveError("Confidence must lie between 0 and 1; enter it again.")
    if not math.isfinite(opinion.finding):
        raise ArchiveError("The finding must be a number; enter it again.")
    is_share = find(_listed(connection, number).system).is_probability
    if is_share and not 0 <= opinion.finding <= 1:
        raise ArchiveError("The finding must lie between 0 and 1; enter it again.")


def _check_decision(stage: Stage, decision: Decision | None, reason: str) -> None:
    if stage == ALONE:
        if decision is not None:
            raise AccessError(
                "A decision is about a result that was shown; record finding and confidence first."
            )
        return
    if decision not in DECISIONS:
        raise ArchiveError("Say whether you accept, change or reject the model's result.")
    if decision != "accept" and not reason.strip():
        raise ArchiveError("To change or reject a result needs a reason; write one sentence.")


def _listed(connection: Connection, number: int) -> Any:
    wanted = select(worklists).join(cases, cases.c.worklist == worklists.c.id)
    return connection.execute(wanted.where(cases.c.id == number)).one()


def _added(
    connection: Connection,
    person: Person,
    number: int,
    opinion: Opinion,
    words: Mapping[str, object],
) -> Read:
    said = {"finding": float(opinion.finding), "confidence": float(opinion.confidence)}
    row = {"case": number, "reader": person.name, "at": now(), **said, **words}
    made = connection.execute(insert(reads).values(row)).inserted_primary_key
    assert made is not None
    facts = {name: value for name, value in row.items() if name != "reason"}
    append(
        connection,
        person.name,
        RECORDED,
        {**facts, "read": made[0], "row": fingerprint(row)},
    )
    return rows_of(connection, number)[-1]
