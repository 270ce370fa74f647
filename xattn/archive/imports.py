"""What was taken in from folders, and what was refused and why; without the files' names."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import ColumnElement, insert, select, update

from xattn.archive.audit import append, hold, now
from xattn.archive.people import Person
from xattn.archive.store import Archive, require
from xattn.archive.tables import imports, worklists

LONGEST = 500
"""Letters of a refusal that are kept."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as the archive knows it: hashes of its name and of its content with its row.

    `row` is its place in the manifest or the folder, so that a person can find it again.
    """

    worklist: int
    row: int
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken in: where it stood, why, and when."""

    row: int
    refusal: str
    at: str


def hashed(text: str) -> str:
    """SHA-256 of a file's name."""
    return hashlib.sha256(text.encode()).hexdigest()


def taken(archive: Archive, source: Source) -> int | None:
    """The case that a file became in an earlier run; None if it was refused or is new."""
    with archive.transaction() as connection:
        wanted = select(imports.c.case).where(*_same(source))
        return connection.execute(wanted).scalar_one_or_none()


def record(
    archive: Archive,
    person: Person,
    source: Source,
    *,
    case: int | None = None,
    refusal: str = "",
) -> None:
    """Note that a file became a case, or why not; the audit has its row and hash alone.

    Raises:
        ArchiveError: if there is no such worklist.
    """
    facts = {"worklist": source.worklist, "row": source.row, "content": source.content}
    row = {"row": source.row, "case": case, "refusal": refusal[:LONGEST], "at": now()}
    with archive.transaction() as connection:
        hold(connection)
        require(connection, worklists, source.worklist)
        append(connection, person.name, "file refused" if refusal else "file taken in", facts)
        if not connection.execute(update(imports).where(*_same(source)).values(row)).rowcount:
            names = {name: getattr(source, name) for name in ("worklist", "name", "content")}
            connection.execute(insert(imports).values(**names, **row))


def refused(archive: Archive, worklist: int) -> tuple[Refused, ...]:
    """The files of a list that were refused, by their place."""
    columns = (imports.c.row, imports.c.refusal, imports.c.at)
    wanted = select(*columns).where(imports.c.worklist == worklist, imports.c.refusal != "")
    with archive.transaction() as connection:
        rows = connection.execute(wanted.order_by(imports.c.row, imports.c.id)).all()
    return tuple(Refused(*tuple(row)) for row in rows)


def _same(source: Source) -> tuple[ColumnElement[bool], ...]:
    return tuple(
        imports.c[name] == getattr(source, name) for name in ("worklist", "name", "content")
    )
