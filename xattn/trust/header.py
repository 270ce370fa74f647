"""The header against the form: what both state must agree, before the header's facts are dropped.

No form asks for the side or the date: the side is compared with the film's own direction, and the
date through the age, which is that on the day of the film.
"""

from xattn.data.clinical import Absent, Form
from xattn.data.fields import Value
from xattn.data.radiograph import Radiograph
from xattn.trust.expectations import Expectation
from xattn.trust.finding import Finding, passed, unchecked

AGE_TOLERANCE = 1
"""Years: a birthday may lie between the film and the form, and forms round."""
_SEXES = {"F": "FEMALE", "M": "MALE"}


def check_form(radiograph: Radiograph, form: Form, expectation: Expectation) -> tuple[Finding, ...]:
    """One finding for each fact that header and form may both state; a mismatch blocks."""
    if not expectation.form_facts:
        return (unchecked("header against form", "the form repeats nothing of the header."),)
    return tuple(
        _compared(fact, radiograph.fact(fact), form[name])
        for fact, name in expectation.form_facts.items()
    )


def _compared(fact: str, stated: str | None, entry: Value | Absent) -> Finding:
    check = f"{fact} against form"
    if stated is None:
        return unchecked(check, f"the file does not state the {fact}.")
    if isinstance(entry, Absent):
        return unchecked(check, f"the form leaves the {fact} {entry.value}.")
    given = f"{entry:g}" if isinstance(entry, float) else "-".join(map(str, entry))  # type: ignore[arg-type]  # no flag states a fact
    if _agree(stated, entry):
        return passed(
            check, f"Header and form agree: {given.lower() if fact != 'view position' else given}."
        )
    reason = f"The header says {_SEXES.get(stated, stated)}, however the form says {given}."
    return Finding(check, "block", reason)


def _agree(stated: str, entry: Value) -> bool:
    if isinstance(entry, float):
        return abs(int(stated) - entry) <= AGE_TOLERANCE
    return _SEXES.get(stated, stated) in (entry if isinstance(entry, tuple) else ())
