"""A student's explanation beside its teacher's: what the student adds of its own."""

from dataclasses import replace

from xattn.errors import ExplainError
from xattn.explain.contrast import LINEAR, less
from xattn.records import Explanation
from xattn.runtime.engine import Engine

SUFFIX = "-teacher"
"""Of the keys under which the differences stand in an explanation."""


def against_teacher(explanation: Explanation, teacher: Engine) -> Explanation:
    """The explanation with a difference to the teacher's for every method that allows it.

    The teacher reads the same film, box and form; where its input has another size regions differ,
    and only what the form adds is compared.

    Raises:
        ExplainError: if the teacher is of another system, or does not say what is explained.
    """
    case, target = explanation.case, explanation.prediction.target
    if teacher.model.system.name != case.system:
        raise ExplainError(
            f"A teacher of the system {case.system} was expected, however: one of "
            f"{teacher.model.system.name}."
        )
    theirs = teacher.case(case.film.radiograph, case.form, box=case.film.box)
    is_alike = theirs.film.pixels.shape == case.film.pixels.shape
    ours = {
        key: entry
        for key, entry in explanation.attributions
        if key in LINEAR and (is_alike or not entry.maps)
    }
    named = teacher.model.find_target(target.name)
    other = dict(teacher.explain(theirs, tuple(ours), target=named).attributions)
    added = tuple((f"{key}{SUFFIX}", less(entry, other[key])) for key, entry in ours.items())
    return replace(explanation, attributions=(*explanation.attributions, *added))
