"""Whether a kept map tracks the model, as its test said: kept, since the test takes seconds."""

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, insert, select

from xattn.archive.audit import append, hold
from xattn.archive.people import Person
from xattn.archive.store import Archive, require
from xattn.archive.tables import answers, cases


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Of which case, form (by the case's digest), model and target an answer is."""

    case: int
    digest: str
    model: str
    target: str


def find_answer(archive: Archive, about: About) -> str:
    """The kept answer; empty where there is none."""
    with archive.transaction() as connection:
        return connection.execute(select(answers.c.answer).where(*_same(about))).scalar() or ""


def keep_answer(archive: Archive, person: Person, about: About, answer: str) -> None:
    """Keep an answer, unless one is kept: the same map gives the same answer.

    Raises:
        ArchiveError: if there is no case of this number.
    """
    row = {**asdict(about), "answer": answer}
    with archive.transaction() as connection:
        hold(connection)
        require(connection, cases, about.case)
        if connection.execute(select(answers.c.id).where(*_same(about))).first() is None:
            append(connection, person.name, "answer kept", row)
            connection.execute(insert(answers).values(row))


def _same(about: About) -> list[ColumnElement[bool]]:
    return [answers.c[name] == value for name, value in asdict(about).items()]
