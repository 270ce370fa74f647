"""Who is in a cohort: the cases of a worklist that a person may see, or the rows of a manifest."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from xattn.archive.access import may_see, may_see_reads
from xattn.archive.audit import append
from xattn.archive.people import Person
from xattn.archive.reads import rows_of
from xattn.archive.store import Archive, Stored
from xattn.archive.tables import cases
from xattn.archive.worklist import Worklist, find
from xattn.data.clinical import Form, Schema
from xattn.data.datasets import Entry, read_manifest
from xattn.data.intake import read_image
from xattn.data.placement import Box
from xattn.data.radiograph import Radiograph
from xattn.errors import ArchiveError
from xattn.systems import LoadedModel

NOT_READ = "to be read by you first"
"""Why a case of a list is left out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Member:
    """One case of a cohort. Holds no identity: `cluster` is a hash of what hangs together.

    `truth` is the reference standard, NaN where nobody knows. It is always part of figures over
    many cases; `shows_truth` says whether the person may see it beside this very case.
    """

    name: str
    form: Form
    box: Box | None
    content: str
    """Equal for equal film, box and form: what is kept of it is found again by this."""
    cluster: str
    read: Callable[[], Radiograph]
    truth: float = math.nan
    shows_truth: bool = True
    number: int | None = None
    """Its number in the archive, if it lies there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Cohort:
    """Cases that are judged together, of one system and target, and who was left out and why."""

    title: str
    system: str
    target: str
    members: tuple[Member, ...]
    left_out: tuple[tuple[str, int], ...] = ()

    @property
    def has_truth(self) -> bool:
        """Whether any case has a reference standard."""
        return any(not math.isnan(member.truth) for member in self.members)


def of_worklist(archive: Archive, person: Person, worklist: int, model: LoadedModel) -> Cohort:
    """The cases of a list whose results may be shown to the person, oldest first.

    The reference standard of a single case is shown once the person has decided on it; on lists
    that are not read first, to administrators at once.

    Raises:
        ArchiveError: if there is no such list, or it is of another system than the model.
    """
    listed = find(archive, worklist)
    if listed.system != model.system.name:
        raise ArchiveError("The worklist is of another system; choose the model that reads it.")
    target = model.find_target(listed.target) if listed.target else model.target
    person = looking(person)
    names = ("id", "pixels", "truth")
    wanted = select(*(cases.c[name] for name in names)).where(cases.c.worklist == worklist)
    with archive.transaction() as connection:
        rows = connection.execute(wanted.order_by(cases.c.id)).all()
        seen = [row for row in rows if may_see(connection, person, row.id)]
        shows = [_shows_truth(connection, person, row.id, listed) for row in seen]
        facts = {"worklist": worklist, "cases": len(rows), "shown": len(seen)}
        append(connection, person.name, "cohort asked for", facts)
    schema = model.system.schema
    members = [
        _stored(archive, schema, row, shows_truth=is_shown)
        for row, is_shown in zip(seen, shows, strict=True)
    ]
    hidden = len(rows) - len(seen)
    return Cohort(
        title=listed.name,
        system=listed.system,
        target=target.name,
        members=tuple(members),
        left_out=((NOT_READ, hidden),) if hidden else (),
    )


def of_manifest(table: Path, model: LoadedModel, *, target: str = "") -> Cohort:
    """The rows of a manifest `image,patient,<fields>,<labels>` beside its films.

    Raises:
        SchemaError: if a column or cell is not as it must be.
        IntakeError: if an image is not there.
    """
    schema = model.system.schema
    named = model.find_target(target) if target else model.target
    # Nobody labels a difference of two findings.
    place = named.output if named.minus is None else None
    entries = read_manifest(table, schema).entries
    return Cohort(
        title=table.stem,
        system=model.system.name,
        target=named.name,
        members=tuple(_listed(entry, place) for entry in entries),
    )


def looking(person: Person) -> Person:
    """The person as they look at a cohort: whoever could read looks as a reader.

    An adjudicator may see what readers may not yet; to look as one is chosen case by case.
    """
    if "reader" not in person.roles:
        return person
    return replace(person, roles=tuple(role for role in person.roles if role != "adjudicator"))


def counted(reasons: list[str]) -> tuple[tuple[str, int], ...]:
    """Each reason with how often it is given, the most frequent first."""
    return tuple(Counter(reasons).most_common())


def _shows_truth(connection: Connection, person: Person, number: int, listed: Worklist) -> bool:
    if may_see_reads(person, rows_of(connection, number)):
        return True
    return not listed.is_read_first and "administrator" in person.roles


def _stored(archive: Archive, schema: Schema, row: Any, *, shows_truth: bool) -> Member:
    stored: Stored = archive.case(row.id)
    return Member(
        name=f"case {row.id}",
        form=schema.check(stored.form),
        box=Box(*stored.box) if stored.box else None,
        content=stored.digest,
        cluster=row.pixels,
        read=partial(archive.film, stored),
        truth=math.nan if row.truth is None else float(row.truth),
        shows_truth=shows_truth,
        number=row.id,
    )


def _listed(entry: Entry, place: int | None) -> Member:
    film = entry.images[0]
    box = [entry.box.x, entry.box.y, entry.box.width, entry.box.height] if entry.box else None
    with film.open("rb") as stream:
        file = hashlib.file_digest(stream, "sha256").hexdigest()
    content = json.dumps([file, box, entry.form.plain], sort_keys=True)
    return Member(
        name=f"row {entry.row}",
        form=entry.form,
        box=entry.box,
        content=hashlib.sha256(content.encode()).hexdigest(),
        cluster=hashlib.sha256(entry.patient.encode()).hexdigest(),
        read=partial(read_image, film),
        truth=math.nan if place is None else float(entry.labels[place]),
    )
