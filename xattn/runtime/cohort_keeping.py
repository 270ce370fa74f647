"""Where the results of a cohort are kept, so that a second run does not compute them again."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, select

from xattn.archive import packing
from xattn.archive.access import record_shown, require_open
from xattn.archive.answers import About, find_answer, keep_answer
from xattn.archive.packing import Result
from xattn.archive.people import Person
from xattn.archive.store import Archive, Grades
from xattn.archive.tables import cases, results
from xattn.errors import ArchiveError
from xattn.records import Target
from xattn.runtime.cohort_members import Member


@dataclass(frozen=True, slots=True)
class Checks:
    """What the checks say of one case: what a worklist sorts by, and the answer of its map.

    `tracks` is "yes", "unclear" or "not shown"; empty where nobody asked.
    """

    grades: Grades = field(default_factory=Grades)
    tracks: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of whom, which model and which target."""

    member: Member
    model: str
    target: Target


class Keeper(Protocol):
    """Finds and keeps what was computed."""

    def find(self, asked: Asked, method: str) -> Result | None:
        """What is kept, if it is of this very target."""

    def keep(self, asked: Asked, method: str, result: Result) -> None:
        """Keep a result."""

    def checks(self, asked: Asked) -> Checks | None:
        """What is kept of the checks."""

    def keep_checks(self, asked: Asked, checks: Checks) -> None:
        """Keep what the checks said."""


@dataclass(frozen=True, slots=True)
class InArchive:
    """Keeps in the archive; what it gives, and what is computed, is noted as shown."""

    archive: Archive
    person: Person

    def find(self, asked: Asked, method: str) -> Result | None:
        """The kept result.

        Raises:
            AccessError: if the case may not be shown to the person.
        """
        row = {"case": _number(asked), "digest": asked.member.content, "model": asked.model}
        row |= {"target": asked.target.name, "method": method}
        same = [results.c[name] == value for name, value in row.items()]
        with self.archive.transaction() as connection:
            require_open(connection, self.person, _number(asked))
            name = connection.execute(select(results.c.content).where(*same)).scalar_one_or_none()
        if name is None:
            return None
        found = packing.unpack(self.archive.blobs.get(name))
        if found.target != asked.target:
            return None
        with self.archive.transaction() as connection:
            self._note(connection, asked, name)
        return found

    def keep(self, asked: Asked, method: str, result: Result) -> None:
        """Keep the result beside the case."""
        name = self.archive.keep(self.person, _number(asked), method, result)
        with self.archive.transaction() as connection:
            require_open(connection, self.person, _number(asked))
            self._note(connection, asked, name)

    def checks(self, asked: Asked) -> Checks | None:
        """What the case was graded with, by whatever model read it first, and its map's answer."""
        columns = (cases.c[each.name] for each in fields(Grades))
        wanted = select(*columns).where(cases.c.id == _number(asked))
        with self.archive.transaction() as connection:
            graded = Grades(**connection.execute(wanted).mappings().one())
        if graded == Grades():
            return None
        return Checks(graded, find_answer(self.archive, _about(asked)))

    def keep_checks(self, asked: Asked, checks: Checks) -> None:
        """Grade the case, unless it was graded, and keep the map's answer."""
        if self.checks(asked) is None:
            self.archive.grade(_number(asked), checks.grades)
        if checks.tracks:
            keep_answer(self.archive, self.person, _about(asked), checks.tracks)

    def _note(self, connection: Connection, asked: Asked, content: str) -> None:
        record_shown(connection, self.person, [(_number(asked), content)], "result shown")


@dataclass(frozen=True, slots=True)
class InFolder:
    """Keeps in files of a folder that are called by hashes."""

    folder: Path

    def find(self, asked: Asked, method: str) -> Result | None:
        """The kept result; a damaged file counts as none."""
        try:
            found = packing.unpack(self._path(asked, method).read_bytes())
        except (OSError, ArchiveError):
            return None
        return found if found.target == asked.target else None

    def keep(self, asked: Asked, method: str, result: Result) -> None:
        """Write the result.

        Raises:
            ArchiveError: if the folder cannot be written.
        """
        self._write(self._path(asked, method), packing.pack(result))

    def checks(self, asked: Asked) -> Checks | None:
        """What was kept; damaged counts as none."""
        try:
            plain = json.loads(self._path(asked, "checks").read_bytes())
            return Checks(Grades(**plain["grades"]), plain["tracks"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep_checks(self, asked: Asked, checks: Checks) -> None:
        """Write the checks, the map's answer among them.

        Raises:
            ArchiveError: if the folder cannot be written.
        """
        self._write(self._path(asked, "checks"), json.dumps(asdict(checks)).encode())

    def _path(self, asked: Asked, what: str) -> Path:
        parts = [asked.member.content, asked.model, asked.target.name, what]
        return self.folder / hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def _write(self, path: Path, content: bytes) -> None:
        part = path.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_bytes(content)
            part.replace(path)
        except OSError:
            raise ArchiveError(
                "Results are kept in a folder that can be written; choose another."
            ) from None


def _about(asked: Asked) -> About:
    return About(
        case=_number(asked),
        digest=asked.member.content,
        model=asked.model,
        target=asked.target.name,
    )


def _number(asked: Asked) -> int:
    assert asked.member.number is not None
    return asked.member.number
