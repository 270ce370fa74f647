"""The archive: cases, results, reads and reports, in SQLite or PostgreSQL, with files beside.

Files first, then one transaction for the rows and their record in the audit: what is acknowledged
is there after a kill at any point, and nothing half-written is ever listed.
"""

import hashlib
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import platformdirs
from sqlalchemy import Connection, Engine, Table, create_engine, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from xattn.archive import access, films, packing
from xattn.archive.audit import Check, append, hold, now, verify
from xattn.archive.blobs import Blobs
from xattn.archive.migrate import migrate
from xattn.archive.packing import Result
from xattn.archive.people import Person
from xattn.archive.tables import cases, notes, reports, results, worklists
from xattn.archive.texts import require_fit
from xattn.data.radiograph import Radiograph
from xattn.errors import ArchiveError
from xattn.records import Case


@dataclass(frozen=True, slots=True)
class Stored:
    """A case as it lies in the archive; `form` and `box` are plain, ready for `Schema.check`."""

    number: int
    worklist: int
    title: str
    film: str
    form: Mapping[str, object]
    box: tuple[int, int, int, int] | None
    digest: str
    added: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """What a worklist can be sorted by; None where it is not known.

    `level` is the gate's; `novelty` a percentile, 0 to 100; `uncertainty` and `disagreement` are
    numbers that grow, comparable within a system.
    """

    level: str | None = None
    novelty: float | None = None
    uncertainty: float | None = None
    disagreement: float | None = None


class Archive:
    """One archive: a database by URL, and a place for files."""

    def __init__(self, url: str = "", place: str = "") -> None:
        folder = Path(platformdirs.user_data_dir("xattn"))
        if not url or not place:
            folder.mkdir(parents=True, exist_ok=True)
        self.database = _connected(url or f"sqlite:///{folder / 'archive.sqlite'}")
        self.blobs = Blobs(place or str(folder / "files"))
        migrate(self.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the database's connections back."""
        self.database.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All or nothing."""
        with self.database.begin() as connection:
            yield connection

    def worklist(
        self, person: Person, name: str, system: str, *, is_read_first: bool, target: str = ""
    ) -> int:
        """The number of a new worklist; `target` is what is read on it.

        Raises:
            AccessError: if the person is no administrator.
            ArchiveError: if the name is taken, empty or too long.
        """
        person.require("administrator")
        require_fit(worklists.c.name, name)
        if not name.strip():
            raise ArchiveError("A worklist needs a name; type one.")
        row = {"name": name, "system": system, "target": target, "is_read_first": is_read_first}
        try:
            with self.transaction() as connection:
                append(connection, person.name, "worklist made", row)
                return _number(connection.execute(insert(worklists).values(row)))
        except IntegrityError:
            raise ArchiveError("There is a worklist of this name; choose another name.") from None

    def add(
        self, person: Person, worklist: int, case: Case, *, title: str, form: Mapping[str, object]
    ) -> int:
        """The number of a case in a worklist; a case that is there already keeps its number.

        Raises:
            AccessError: if the person is neither reader nor administrator.
            ArchiveError: if there is no such worklist, or the title is too long.
        """
        person.require("reader", "administrator")
        require_fit(cases.c.title, title)
        film = case.film
        box = film.box
        row = {
            "worklist": worklist,
            "title": title,
            "film": self.blobs.put(films.pack(film.radiograph)),
            "pixels": film.radiograph.pixel_sha256,
            "form": dict(form),
            "box": [box.x, box.y, box.width, box.height] if box else None,
            "digest": case.digest,
            "added": now(),
        }
        facts = {"digest": case.digest, "file": film.radiograph.file_sha256, "worklist": worklist}
        same = cases.c.worklist == worklist, cases.c.digest == case.digest
        with self.transaction() as connection:
            hold(connection)
            require(connection, worklists, worklist)
            found = connection.execute(select(cases.c.id).where(*same)).scalar_one_or_none()
            if found is not None:
                return int(found)
            append(connection, person.name, "case added", facts)
            return _number(connection.execute(insert(cases).values(row)))

    def case(self, number: int) -> Stored:
        """A case by its number.

        Raises:
            ArchiveError: if there is none.
        """
        columns = [cases.c[name] for name in _STORED]
        with self.transaction() as connection:
            row = connection.execute(select(*columns).where(cases.c.id == number)).one_or_none()
        if row is None:
            raise ArchiveError("There is no case of this number in the archive.")
        return _stored(row)

    def film(self, stored: Stored) -> Radiograph:
        """The film of a case."""
        return films.unpack(self.blobs.get(stored.film))

    def keep(self, person: Person, number: int, method: str, result: Result) -> str:
        """Keep a result of a case and give its content's hash; the same result twice is one.

        Raises:
            ArchiveError: if there is no case of this number.
        """
        source, content = result.provenance, self.blobs.put(packing.pack(result))
        row = {
            "case": number,
            "digest": source.case_digest,
            "model": source.model_id,
            "target": result.target.name,
            "method": method,
            "content": content,
            "made": now(),
        }
        facts = {
            "case": number,
            "method": method,
            "target": result.target.name,
            "digest": source.case_digest,
            "file": source.file_sha256,
            "model": source.model_id,
            "settings": dict(source.settings),
            "versions": dict(source.versions),
            "content": content,
        }
        same = [results.c[name] == row[name] for name in _SAME]
        with self.transaction() as connection:
            hold(connection)
            require(connection, cases, number)
            if connection.execute(select(results.c.id).where(*same)).first() is None:
                append(connection, person.name, "result kept", facts)
                connection.execute(insert(results).values(row))
        return content

    def grade(self, number: int, grades: Grades) -> None:
        """Set what a case is sorted by; what is None is no longer known.

        Raises:
            ArchiveError: if there is no case of this number, or a grade is not finite.
        """
        for grade in (grades.novelty, grades.uncertainty, grades.disagreement):
            _require_finite("grade", grade)
        with self.transaction() as connection:
            require(connection, cases, number)
            connection.execute(update(cases).where(cases.c.id == number).values(asdict(grades)))

    def set_truth(self, person: Person, number: int, truth: float) -> None:
        """Set the reference standard of a case: 0 or 1, or a number in the unit of the target.

        Raises:
            AccessError: if the person is no administrator.
            ArchiveError: if there is no case of this number, or the truth is not finite.
        """
        person.require("administrator")
        _require_finite("truth", truth)
        with self.transaction() as connection:
            hold(connection)
            require(connection, cases, number)
            append(connection, person.name, "truth set", {"case": number, "truth": truth})
            connection.execute(update(cases).where(cases.c.id == number).values(truth=truth))

    def note(self, person: Person, number: int) -> tuple[str, bool]:
        """The person's own note of a case, and whether they marked it."""
        own = notes.c.case == number, notes.c.reader == person.name
        with self.transaction() as connection:
            wanted = select(notes.c.note, notes.c.is_marked).where(*own)
            row = connection.execute(wanted).one_or_none()
        return (row[0], row[1]) if row else ("", False)

    def annotate(
        self,
        person: Person,
        number: int,
        *,
        note: str | None = None,
        is_marked: bool | None = None,
    ) -> None:
        """Change the person's own note or bookmark of a case; the audit holds the note's hash.

        Raises:
            ArchiveError: if there is no case of this number, or the note is too long.
        """
        require_fit(notes.c.note, note or "")
        given = {"note": note, "is_marked": is_marked}
        row = {name: value for name, value in given.items() if value is not None}
        facts: dict[str, object] = {"case": number, **row}
        if note is not None:
            facts["note"] = hashlib.sha256(note.encode()).hexdigest()
        own = notes.c.case == number, notes.c.reader == person.name
        with self.transaction() as connection:
            hold(connection)
            require(connection, cases, number)
            append(connection, person.name, "case annotated", facts)
            if not connection.execute(update(notes).where(*own).values(row)).rowcount:
                whole = {"note": "", "is_marked": False, **row}
                connection.execute(insert(notes).values(case=number, reader=person.name, **whole))

    def keep_report(self, person: Person, number: int, pdf: bytes) -> str:
        """Keep a report as it was exported; gives its hash.

        Raises:
            AccessError: if the results of the case may not be shown to the person.
            ArchiveError: if there is no case of this number.
        """
        name = self.blobs.put(pdf)
        row = {"case": number, "reader": person.name, "content": name, "made": now()}
        with self.transaction() as connection:
            hold(connection)
            require(connection, cases, number)
            access.require_open(connection, person, number)
            append(connection, person.name, "report exported", {"case": number, "content": name})
            connection.execute(insert(reports).values(row))
        return name

    def verify(self, known: str = "") -> Check:
        """Whether the audit is whole, and holds the head that was kept elsewhere."""
        with self.transaction() as connection:
            return verify(connection, known)


_STORED = (
    "id",
    "worklist",
    "title",
    "film",
    "form",
    "box",
    "digest",
    "added",
)
_SAME = ("case", "digest", "model", "target", "method")


def open_archive() -> Archive:
    """The archive that `XATTN_DATABASE` and `XATTN_FILES` name, else that of the user."""
    return Archive(os.environ.get("XATTN_DATABASE", ""), os.environ.get("XATTN_FILES", ""))


def require(connection: Connection, table: Table, number: int) -> None:
    """Refuse a number that a table does not have.

    Raises:
        ArchiveError: naming the table.
    """
    if connection.execute(select(table.c.id).where(table.c.id == number)).first() is None:
        raise ArchiveError(f"There is no row of this number among the {table.name}.")


def _require_finite(name: str, value: float | None) -> None:
    if value is not None and not math.isfinite(value):
        raise ArchiveError(f"The {name} must be a finite number, however it is not; give another.")


def _stored(row: Any) -> Stored:
    number, worklist, title, film, form, box, *rest = row
    return Stored(number, worklist, title, film, form, tuple(box) if box else None, *rest)


def _number(outcome: Any) -> int:
    return int(outcome.inserted_primary_key[0])


def _connected(url: str) -> Engine:
    # The parameters of a statement are a patient's: they must not stand in the text of its error.
    database = create_engine(url, pool_pre_ping=True, hide_parameters=True)
    if database.dialect.name == "sqlite":
        event.listen(database, "connect", _strict)
    return database


def _strict(connection: Any, _: object) -> None:
    """SQLite as careful as it can be: waits for its turn, and for the disk."""
    for setting in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=10000",
    ):
        connection.execute(f"PRAGMA {setting}")
