"""Who may see what the model said, and what others read: asked in one place, of the database."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, exists, false, insert, select

from xattn.archive.audit import append, hold, now
from xattn.archive.people import Person
from xattn.archive.reads import ADJUDICATION, ALONE, Read, readers_in, readers_of, rows_of
from xattn.archive.tables import cases, reads, reveals, worklists
from xattn.errors import AccessError

READS = "reads"
"""Stands in `reveals` for the reads of others; all else there is a result's blob."""
FEWEST = 2
"""Readers who must be in before a case can be adjudicated."""


def is_open(person: Person) -> ColumnElement[bool]:
    """Whether nothing keeps the results of a row of `cases` from the person.

    What keeps them is a list that is read first, and holds the same case (equal film, box and form)
    without a read of this person's own, made alone.
    """
    twin, listed = cases.alias(), worklists.alias()
    own = exists().where(
        reads.c.case == twin.c.id, reads.c.reader == person.name, reads.c.stage == ALONE
    )
    closed = exists().where(
        twin.c.digest == cases.c.digest,
        listed.c.id == twin.c.worklist,
        listed.c.is_read_first,
        ~own,
    )
    return ~closed


def is_weighed(person: Person) -> ColumnElement[bool]:
    """Whether the person, as an adjudicator, has given their word on a row of `cases`."""
    if "adjudicator" not in person.roles:
        return false()
    own = reads.c.reader == person.name, reads.c.stage == ADJUDICATION
    return exists().where(reads.c.case == cases.c.id, *own)


def may_see(connection: Connection, person: Person, number: int) -> bool:
    """Whether the results of a case may be shown to the person."""
    asked = select(cases.c.id).where(cases.c.id == number, is_open(person))
    is_free = connection.execute(asked).first() is not None
    return is_free or may_adjudicate(person, rows_of(connection, number))


def require_open(connection: Connection, person: Person, number: int) -> None:
    """Refuse unless the results of a case may be shown to the person.

    Raises:
        AccessError: saying what must come first.
    """
    if not may_see(connection, person, number):
        raise AccessError(
            "This list is read first: record your own finding and confidence, then the result is "
            "shown."
        )


def may_adjudicate(person: Person, rows: Sequence[Read]) -> bool:
    """Whether the person may weigh the reads of a case: two or more in, none of them theirs."""
    is_reader = person.name in readers_of(rows)
    is_adjudicator = "adjudicator" in person.roles
    return is_adjudicator and not is_reader and len(readers_in(rows)) >= FEWEST


def may_see_reads(person: Person, rows: Sequence[Read]) -> bool:
    """Whether all reads of a case may be shown to the person: after a decision of their own."""
    return person.name in readers_in(rows) or may_adjudicate(person, rows)


def shown(connection: Connection, person: Person, number: int) -> tuple[str, ...]:
    """What of a case, on any list, the person was shown: results' blobs, and `READS`."""
    digest = select(cases.c.digest).where(cases.c.id == number).scalar_subquery()
    wanted = (
        select(reveals.c.content)
        .join(cases, cases.c.id == reveals.c.case)
        .where(cases.c.digest == digest, reveals.c.reader == person.name)
    )
    return tuple(connection.execute(wanted).scalars())


def record_shown(
    connection: Connection, person: Person, what: Iterable[tuple[int, str]], act: str
) -> None:
    """Note what of which case is shown to the person; what was shown before is not noted again.

    `act` is the audit's word for it.
    """
    wanted = tuple(dict.fromkeys(what))
    if not (fresh := _fresh(connection, person, wanted)):
        return
    hold(connection)
    fresh = _fresh(connection, person, fresh)
    row = {"reader": person.name, "at": now()}
    for case, content in fresh:
        append(connection, person.name, act, {"case": case, "content": content})
        connection.execute(insert(reveals).values(case=case, content=content, **row))


def _fresh(
    connection: Connection, person: Person, what: tuple[tuple[int, str], ...]
) -> tuple[tuple[int, str], ...]:
    numbers = {case for case, _ in what}
    own = select(reveals.c.case, reveals.c.content).where(reveals.c.reader == person.name)
    if len(numbers) == 1:
        own = own.where(reveals.c.case == numbers.pop())
    known = {(case, content) for case, content in connection.execute(own)}
    return tuple(pair for pair in what if pair not in known)
