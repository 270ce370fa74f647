"""Who has a role is what administrators say; every change, coming and going is in the audit."""

import pytest
from sqlalchemy import select

from xattn.archive.members import SIGNED_IN, appoint, dismiss, find, members, note
from xattn.archive.people import LOCAL, Person
from xattn.archive.store import Archive
from xattn.archive.tables import audit
from xattn.errors import AccessError, ArchiveError


@pytest.fixture
def archive(database, tmp_path):
    with Archive(database, str(tmp_path / "files")) as opened:
        yield opened


def acts(archive):
    columns = audit.c.who, audit.c.what, audit.c.content
    with archive.transaction() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(audit.c.number))]


def test_roles_are_given_changed_and_taken(archive):
    appoint(archive, LOCAL, "ann@example.org", ("reader",))
    boss = appoint(archive, LOCAL, " dora@example.org ", ("administrator", "administrator"))
    assert boss == Person("dora@example.org", ("administrator",))
    appoint(archive, boss, "ann@example.org", ("reader", "adjudicator"))
    assert find(archive, "ann@example.org").roles == ("reader", "adjudicator")
    assert members(archive) == (Person("ann@example.org", ("reader", "adjudicator")), boss)
    dismiss(archive, boss, "ann@example.org")
    with pytest.raises(AccessError, match="You have no role here"):
        find(archive, "ann@example.org")
    note(archive, boss.name, SIGNED_IN)
    assert acts(archive) == [
        ("local reader", "roles given", {"name": "ann@example.org", "roles": ["reader"]}),
        ("local reader", "roles given", {"name": boss.name, "roles": ["administrator"]}),
        (boss.name, "roles given", {"name": "ann@example.org", "roles": ["reader", "adjudicator"]}),
        (boss.name, "roles taken", {"name": "ann@example.org"}),
        (boss.name, "signed in", {}),
    ]
    assert archive.verify().faults == ()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_administrators_say_who_may_what(archive):
    ann = appoint(archive, LOCAL, "ann", ("reader", "adjudicator"))
    with pytest.raises(AccessError, match="role of administrator"):
        appoint(archive, ann, "ann", ("administrator",))
    with pytest.raises(AccessError, match="role of administrator"):
        dismiss(archive, ann, "ann")
    assert find(archive, "ann").roles == ("reader", "adjudicator")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_cannot_be_is_refused(archive):
    for name, roles, words in (
        ("ann", (), "no role here"),
        ("ann", ("king",), "no role here"),
        (" ", ("reader",), "1 to 120 characters"),
        ("x" * 121, ("reader",), "1 to 120 characters"),
        ("a\nb", ("reader",), "printable"),
    ):
        with pytest.raises(AccessError, match=words):
            appoint(archive, LOCAL, name, roles)
    with pytest.raises(ArchiveError, match="without sign-in"):
        appoint(archive, LOCAL, LOCAL.name, ("reader",))
    with pytest.raises(ArchiveError, match="nobody of this name"):
        dismiss(archive, LOCAL, "ann")
    assert acts(archive) == []
