"""Cover a part of the film and predict again; every such try is listed with the form it was on."""

from pages.parts.state import Shown
from pages.parts.work import Work
from xattn.data.clinical import Absent, Form, Schema
from xattn.data.placement import Box
from xattn.records import Target
from xattn.reports.sentences import amount
from xattn.runtime.engine import Engine
from xattn.trust.tries import Try
from xattn.trust.wording import said


def cover(engine: Engine, work: Work, shown: Shown, box: Box | None) -> None:
    """Cover a box of the film, or nothing again.

    Raises:
        ExplainError: if the model read nothing of it.
    """
    if box is None:
        shown.covered = None
        return
    case, target = work.case, work.target
    job = engine.start_cover(case, box, target=target, owner=work.owner)
    found, form = job.result(), in_words(engine.schema, case.form)
    change = f"covered {box.width} × {box.height} px at {box.x}, {box.y}"
    made = Try(case.digest, target, change, form, form, found.before, found.value, box)
    shown.covered = made
    shown.note(made)


def covered_now(work: Work, shown: Shown) -> Try | None:
    """The area that is covered on this very entry; an edit of it uncovers."""
    made = shown.covered
    is_of_this = made and (made.case_digest, made.target) == (work.case.digest, work.target)
    return made if is_of_this else None


def outcome(made: Try) -> str:
    """What the output becomes, what it was, and the difference in the target's unit."""
    return (
        f"{said(made.target, made.after)} instead of {_number(made.target, made.before)} "
        f"({difference(made.target, made.after - made.before)})"
    )


def _number(target: Target, value: float) -> str:
    return said(target, value).removeprefix("probability ").removesuffix(f" {target.unit}")


def difference(target: Target, value: float) -> str:
    """A change with its sign and unit."""
    return f"{amount(value, target.unit)} {target.unit}"


def in_words(schema: Schema, form: Form) -> str:
    """The known entries of a form in one line."""
    known = (
        f"{schema[name].label} {schema.describe(form, name)}"
        for name, value in form.entries
        if not isinstance(value, Absent)
    )
    return "; ".join(known) or "nothing known"
