"""Who may come in, and as what: a table that administrators keep; all changes are in the audit."""

from collections.abc import Collection

from sqlalchemy import delete, insert, select, update

from xattn.archive.audit import append, hold
from xattn.archive.people import LOCAL, NO_ROLE, Person, Role
from xattn.archive.store import Archive
from xattn.archive.tables import people
from xattn.errors import AccessError, ArchiveError

SIGNED_IN, SIGNED_OUT, REFUSED = "signed in", "signed out", "sign-in refused"
"""The audit's words."""


def appoint(archive: Archive, by: Person, name: str, roles: Collection[Role]) -> Person:
    """Give a person these roles in place of those they had.

    Raises:
        AccessError: if `by` is no administrator, or there is no role, or the name cannot be kept.
        ArchiveError: if the name is the one that stands for a machine without sign-in.
    """
    by.require("administrator")
    person = Person(name.strip(), tuple(dict.fromkeys(roles)))
    if person.name == LOCAL.name:
        raise ArchiveError("This name stands for whoever reads without sign-in; give another.")
    row = {"name": person.name, "roles": list(person.roles)}
    with archive.transaction() as connection:
        hold(connection)
        append(connection, by.name, "roles given", row)
        if not connection.execute(
            update(people).where(people.c.name == person.name).values(row)
        ).rowcount:
            connection.execute(insert(people).values(row))
    return person


def dismiss(archive: Archive, by: Person, name: str) -> None:
    """Take all roles from a person; what they read stays, under their name.

    Raises:
        AccessError: if `by` is no administrator.
        ArchiveError: if there is no such person.
    """
    by.require("administrator")
    with archive.transaction() as connection:
        hold(connection)
        if not connection.execute(delete(people).where(people.c.name == name)).rowcount:
            raise ArchiveError("There is nobody of this name in the table of people.")
        append(connection, by.name, "roles taken", {"name": name})


def members(archive: Archive) -> tuple[Person, ...]:
    """Everybody who has a role, by name."""
    wanted = select(people.c.name, people.c.roles).order_by(people.c.name)
    with archive.transaction() as connection:
        return tuple(Person(row.name, tuple(row.roles)) for row in connection.execute(wanted))


def find(archive: Archive, name: str) -> Person:
    """The person of this name with the roles that they have now.

    Raises:
        AccessError: if they have none.
    """
    wanted = select(people.c.roles).where(people.c.name == name)
    with archive.transaction() as connection:
        roles = connection.execute(wanted).scalar_one_or_none()
    if not roles:
        raise AccessError(NO_ROLE)
    return Person(name, tuple(roles))


def note(archive: Archive, name: str, what: str, *, why: str = "") -> None:
    """Write into the audit that someone came, went, or was not let in."""
    with archive.transaction() as connection:
        append(connection, name, what, {"why": why} if why else {})
