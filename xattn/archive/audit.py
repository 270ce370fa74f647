"""Who did what, when: rows that cannot be changed, removed or reordered without a trace.

Each row's hash covers the one before; a row of its own holds the length and the last hash, so that
missing last rows are found too. Who can write to the database can rebuild all of it: keep the head
that `verify` prints somewhere else.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from xattn.archive.tables import audit, chain, reads

START = "0" * 64
RECORDED = "read recorded"
"""The word for a read; its row holds the read's number and fingerprint."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: its number, when, who, what, the particulars, and the hashes before and of it."""

    number: int
    at: str
    who: str
    what: str
    content: Mapping[str, object]
    before: str
    hash: str

    @property
    def expected(self) -> str:
        """The hash that its content asks for."""
        parts = [self.number, self.at, self.who, self.what, self.content, self.before]
        text = json.dumps(parts, sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_as_written(self) -> bool:
        """Whether its hash is the one that its content asks for; a NaN can only be tampering."""
        try:
            return self.hash == self.expected
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Check:
    """What `verify` found: how many rows, the last hash, and a sentence per fault.

    Length and hash are what the chain's own row says; a fault tells where the rows say otherwise.
    """

    length: int
    head: str
    faults: tuple[str, ...]


def append(connection: Connection, who: str, what: str, content: Mapping[str, object]) -> None:
    """Add a row within the caller's transaction, so that an act and its record stand together."""
    hold(connection)
    length, before = connection.execute(select(chain.c.length, chain.c.head)).one()
    number = length + 1
    bare = Entry(number, now(), who, what, content, before, hash="")
    row = {"number": number, "at": bare.at, "who": who, "what": what, "content": dict(content)}
    connection.execute(insert(audit).values(**row, before=before, hash=bare.expected))
    connection.execute(update(chain).values(length=number, head=bare.expected))


def hold(connection: Connection) -> None:
    """Hold off every other writer until the transaction ends.

    It must be the first statement of a transaction that decides by what it reads: what is read
    after it cannot change any more.
    """
    connection.execute(update(chain).values(length=chain.c.length))


def entries(connection: Connection) -> Iterator[Entry]:
    """All rows in order."""
    for row in connection.execute(select(audit).order_by(audit.c.number)):
        yield Entry(*row)


def verify(connection: Connection, known: str = "") -> Check:
    """Whether every row is there, in order, and as it was written, and every read as in its row.

    `known` is a head that was printed earlier and kept elsewhere; it must be among the hashes.
    """
    faults: list[str] = []
    number, before = 0, START
    is_known = known in ("", START)
    vouched: dict[int, object] = {}
    try:
        for entry in entries(connection):
            faults += _faults_of(entry, number, before)
            number, before = entry.number, entry.hash
            is_known = is_known or before == known
            if entry.what == RECORDED and (read := _vouched(entry.content)):
                vouched[read[0]] = read[1]
    except json.JSONDecodeError:
        faults.append(f"The row after row {number} cannot be read, nor what follows it.")
    own = connection.execute(select(chain.c.length, chain.c.head)).one_or_none()
    if own is None:
        faults.append("The row that holds the chain's length and last hash is missing.")
    length, head = own or (number, before)
    if number != length:
        faults.append(f"The last row should be number {length}, however it is number {number}.")
    elif before != head:
        faults.append(f"The hash of row {number}, the last, is not the one that was kept beside.")
    if not is_known:
        faults.append("The head that was kept elsewhere is not among the rows: they were rebuilt.")
    return Check(length, head, (*faults, *_faults_of_reads(connection, vouched)))


def _faults_of(entry: Entry, last: int, before: str) -> Iterator[str]:
    """What is wrong with a row that follows the one numbered `last` with the hash `before`."""
    if entry.number != last + 1:
        yield f"Row {last + 1} is missing: row {entry.number} comes in its place."
    if entry.before != before:
        yield f"Row {entry.number} does not follow the row before it."
    if not entry.is_as_written:
        yield f"Row {entry.number} was changed after it was written."


def _vouched(content: object) -> tuple[int, object] | None:
    """The number and fingerprint of the read that a row records; None if they are not there."""
    if not isinstance(content, Mapping) or not {"read", "row"} <= set(content):
        return None
    number = content["read"]
    return (number, content["row"]) if isinstance(number, int) else None


def fingerprint(row: Mapping[str, object]) -> str:
    """SHA-256 of a row of reads without its number: with it the audit vouches for every word."""
    plain = {name: value for name, value in row.items() if name != "id"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _faults_of_reads(connection: Connection, vouched: Mapping[int, object]) -> Iterator[str]:
    found = set()
    for row in connection.execute(select(reads).order_by(reads.c.id)).mappings():
        found.add(row["id"])
        if row["id"] not in vouched:
            yield f"Read {row['id']} has no row in the audit."
        elif fingerprint(dict(row)) != vouched[row["id"]]:
            yield f"Read {row['id']} was changed after it was recorded."
    yield from (f"Read {number} is missing." for number in sorted(set(vouched) - found))


def now() -> str:
    """The time in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
