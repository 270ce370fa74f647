"""Worklists: pages of cases, filtered and in order, and what comes before and after a case.

Paging is by the place of the last row in the order, not by a count, so that rows that come or go
in between neither repeat nor skip others. What tells of the model's result stays empty, and sorts
last, for cases whose result may not be shown to the person; an adjudicator sees it in a list once
their word on the case is in.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select, tuple_

from xattn.archive.access import is_open, is_weighed
from xattn.archive.people import Person
from xattn.archive.store import Archive, require
from xattn.archive.tables import cases, notes, reads, worklists
from xattn.records import Film
from xattn.trust.finding import Level

Order = Literal["added", "title", "novelty", "uncertainty", "disagreement"]
Place = tuple[str | float, int]
"""Where a case stands in an order: its key, and its number where keys are equal."""
BEYOND = 1e300
"""Key of what is not known, so that it comes last in both directions."""


@dataclass(frozen=True, slots=True)
class Worklist:
    """A list as it lies in the archive, and how many cases it holds."""

    number: int
    name: str
    system: str
    target: str
    is_read_first: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which cases of a list, and in what order.

    `text` is looked for in the title and the person's own note; None leaves a filter out.
    """

    worklist: int
    text: str = ""
    is_marked: bool | None = None
    is_unread: bool | None = None
    level: Level | None = None
    order: Order = "added"
    is_descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A case as a list shows it to one person: `is_marked`, `is_read` and `note` are theirs.

    `copies` counts other cases of the same film, on any list. `uncertainty` and `disagreement` are
    None unless `is_open`.
    """

    number: int
    title: str
    added: str
    level: Level | None
    novelty: float | None
    uncertainty: float | None
    disagreement: float | None
    is_open: bool
    is_read: bool
    is_marked: bool
    note: str
    copies: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and where the next page starts; None on the last."""

    rows: tuple[Row, ...]
    after: Place | None


def lists(archive: Archive) -> tuple[Worklist, ...]:
    """All worklists by name."""
    with archive.transaction() as connection:
        rows = connection.execute(_lists().order_by(worklists.c.name))
        return tuple(Worklist(*tuple(row)) for row in rows)


def find(archive: Archive, number: int) -> Worklist:
    """A worklist by its number.

    Raises:
        ArchiveError: if there is none.
    """
    with archive.transaction() as connection:
        require(connection, worklists, number)
        return Worklist(*tuple(connection.execute(_lists().where(worklists.c.id == number)).one()))


def page(
    archive: Archive, person: Person, query: Query, *, after: Place | None = None, size: int = 50
) -> Page:
    """The next rows of a list, from its start or after a place that an earlier page gave."""
    key = _key(query, person)
    wanted = _filtered(select(cases.c.id, key), query, person)
    if after:
        wanted = wanted.where(_beyond(key, after, is_descending=query.is_descending))
    wanted = _ordered(wanted, key, is_descending=query.is_descending).limit(size + 1)
    with archive.transaction() as connection:
        found = connection.execute(wanted).all()
        numbers = [number for number, _ in found[:size]]
        rows = {row.number: row for row in map(_row, connection.execute(_details(numbers, person)))}
    number, last = found[size - 1] if len(found) > size else (0, 0)
    return Page(tuple(rows[n] for n in numbers), (last, number) if number else None)


def count(archive: Archive, person: Person, query: Query) -> int:
    """How many cases the filters leave."""
    with archive.transaction() as connection:
        return int(connection.execute(_filtered(select(func.count()), query, person)).scalar_one())


def place_of(archive: Archive, person: Person, query: Query, number: int) -> int:
    """How many cases of the filtered list come before a case, and one: "12" of "12 / 30".

    Raises:
        ArchiveError: if there is no such case.
    """
    key = _key(query, person)
    before = _filtered(select(func.count()), query, person)
    with archive.transaction() as connection:
        here = _place(connection, key, number)
        before = before.where(_beyond(key, here, is_descending=not query.is_descending))
        return 1 + int(connection.execute(before).scalar_one())


def neighbour(
    archive: Archive, person: Person, query: Query, number: int, *, step: Literal[-1, 1]
) -> int | None:
    """The next (1) or previous (-1) case in the order; None at its end.

    The case itself need not pass the filters: it may have been read since.

    Raises:
        ArchiveError: if there is no such case.
    """
    key = _key(query, person)
    is_descending = query.is_descending == (step == 1)
    wanted = _ordered(
        _filtered(select(cases.c.id), query, person), key, is_descending=is_descending
    )
    with archive.transaction() as connection:
        here = _place(connection, key, number)
        wanted = wanted.where(_beyond(key, here, is_descending=is_descending)).limit(1)
        return connection.execute(wanted).scalar_one_or_none()


def duplicates(archive: Archive, number: int) -> tuple[int, ...]:
    """The other cases of the same film, on any list: equal canonical pixels.

    Raises:
        ArchiveError: if there is no such case.
    """
    pixels = select(cases.c.pixels).where(cases.c.id == number).scalar_subquery()
    same = select(cases.c.id).where(cases.c.pixels == pixels, cases.c.id != number)
    with archive.transaction() as connection:
        require(connection, cases, number)
        return tuple(connection.execute(same.order_by(cases.c.id)).scalars())


def waiting(archive: Archive, person: Person, pixels: str) -> int | None:
    """The first case of a film, by its canonical pixels, that the person has yet to read first.

    None where no such case waits for them, on any list.
    """
    closed = select(cases.c.id).where(cases.c.pixels == pixels, ~is_open(person))
    with archive.transaction() as connection:
        return connection.execute(closed.order_by(cases.c.id)).scalars().first()


def same_films(archive: Archive, worklist: int, film: Film, *, but: str) -> frozenset[str]:
    """Canonical pixels of the other entries of a list that the gate compares a film with.

    They are those of the very same film and box alone: others cannot be its duplicates, and another
    box on one film is another lesion or the other hip. `but` is the digest of the entry itself.
    """
    pixels, box = film.radiograph.pixel_sha256, film.box
    read = [box.x, box.y, box.width, box.height] if box else None
    other = cases.c.worklist == worklist, cases.c.pixels == pixels, cases.c.digest != but
    with archive.transaction() as connection:
        found = connection.execute(select(cases.c.pixels, cases.c.box).where(*other)).all()
    return frozenset(same for same, area in found if area == read)


def _lists() -> Select[Any]:
    count = select(func.count()).where(cases.c.worklist == worklists.c.id).scalar_subquery()
    names = ("id", "name", "system", "target", "is_read_first")
    return select(*(worklists.c[name] for name in names), count)


def _key(query: Query, person: Person) -> ColumnElement[Any]:
    if query.order == "added":
        return cases.c.added
    if query.order == "title":
        return func.lower(cases.c.title)
    beyond = -BEYOND if query.is_descending else BEYOND
    if query.order == "novelty":
        return func.coalesce(cases.c.novelty, beyond)
    return func.coalesce(_veiled(cases.c[query.order], person), beyond)


def _veiled(column: ColumnElement[Any], person: Person) -> ColumnElement[Any]:
    """A number of the model's, or nothing where it may not be shown."""
    return case((_is_shown(person), column))


def _is_shown(person: Person) -> ColumnElement[bool]:
    return is_open(person) | is_weighed(person)


def _beyond(key: ColumnElement[Any], here: Place, *, is_descending: bool) -> ColumnElement[bool]:
    both, there = tuple_(key, cases.c.id), tuple_(*here)
    return both < there if is_descending else both > there


def _ordered(wanted: Select[Any], key: ColumnElement[Any], *, is_descending: bool) -> Select[Any]:
    return wanted.order_by(*((c.desc() if is_descending else c.asc()) for c in (key, cases.c.id)))


def _place(connection: Any, key: ColumnElement[Any], number: int) -> Place:
    require(connection, cases, number)
    found = connection.execute(select(key, cases.c.id).where(cases.c.id == number)).one()
    return found[0], found[1]


def _filtered(wanted: Select[Any], query: Query, person: Person) -> Select[Any]:
    wanted = wanted.select_from(cases.outerjoin(notes, _own_note(person)))
    wanted = wanted.where(cases.c.worklist == query.worklist)
    if query.text:
        parts = (cases.c.title, func.coalesce(notes.c.note, ""))
        hit = [part.icontains(query.text, autoescape=True) for part in parts]
        wanted = wanted.where(hit[0] | hit[1])
    if query.is_marked is not None:
        wanted = wanted.where(_is_marked() == query.is_marked)
    if query.is_unread is not None:
        wanted = wanted.where(~_is_read(person) if query.is_unread else _is_read(person))
    if query.level:
        wanted = wanted.where(cases.c.level == query.level)
    return wanted


def _details(numbers: list[int], person: Person) -> Select[Any]:
    twin = cases.alias()
    same = twin.c.pixels == cases.c.pixels, twin.c.id != cases.c.id
    return (
        select(
            *(cases.c[name] for name in ("id", "title", "added", "level", "novelty")),
            _veiled(cases.c.uncertainty, person),
            _veiled(cases.c.disagreement, person),
            _is_shown(person),
            _is_read(person),
            _is_marked(),
            func.coalesce(notes.c.note, ""),
            select(func.count()).where(*same).scalar_subquery(),
        )
        .select_from(cases.outerjoin(notes, _own_note(person)))
        .where(cases.c.id.in_(numbers))
    )


def _row(found: Any) -> Row:
    return Row(**dict(zip(Row.__dataclass_fields__, found, strict=True)))


def _own_note(person: Person) -> ColumnElement[bool]:
    return and_(notes.c.case == cases.c.id, notes.c.reader == person.name)


def _is_marked() -> ColumnElement[bool]:
    return func.coalesce(notes.c.is_marked, False)


def _is_read(person: Person) -> ColumnElement[bool]:
    return exists().where(reads.c.case == cases.c.id, reads.c.reader == person.name)
