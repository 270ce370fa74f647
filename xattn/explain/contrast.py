"""One model against another on the same case: a student against its teacher.

A method that is linear in the value says of the difference of two values the difference of what it
says of each, so that nothing is computed anew.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from xattn.errors import ExplainError
from xattn.explain.joint import ERRORS
from xattn.records import Attribution, Map, Target

LINEAR = ("shapley", "joint", "integrated", "lime")
"""Keys of the explainers whose attributions of a difference are differences of attributions."""
LESS, TEACHER = "student − teacher", "teacher"
"""In the names of differences, and the setting of their provenance that names the other model."""


def less(student: Attribution, teacher: Attribution) -> Attribution:
    """What a student's value holds more than its teacher's, by player and by region.

    The first maps are subtracted; standard errors are those of a difference of two estimates, as if
    drawn apart. The provenance is the student's and names the teacher.

    Raises:
        ExplainError: if the two are not of one method, unit, form and set of regions.
    """
    if not _is_comparable(student, teacher):
        raise ExplainError(
            "Student and teacher must be explained by one method, in one unit, on the same regions "
            "and entries, however: they differ."
        )
    settings = (*student.provenance.settings, (TEACHER, teacher.provenance.model_id))
    return replace(
        student,
        method=f"{student.method}, {LESS}",
        target=_named(student.target),
        provenance=replace(student.provenance, settings=settings),
        maps=tuple(_maps(student, teacher)),
        players=tuple(
            (name, ours - theirs)
            for (name, ours), (_, theirs) in zip(student.players, teacher.players, strict=True)
        ),
        reference=_difference(student.reference, teacher.reference),
        value=_difference(student.value, teacher.value),
        gap=_difference(student.gap, teacher.gap),
        figures=(),
        passes=student.passes + teacher.passes,
    )


def _is_comparable(one: Attribution, other: Attribution) -> bool:
    names = [[name for name, _ in entry.players] for entry in (one, other)]
    drawn = [None if entry.regions is None else entry.regions.tobytes() for entry in (one, other)]
    heads = [(entry.method, entry.unit, entry.target.name, entry.kind) for entry in (one, other)]
    is_same = heads[0] == heads[1] and names[0] == names[1] and drawn[0] == drawn[1]
    return is_same and one.kind == "contribution" and len(one.maps) == len(other.maps)


def _maps(student: Attribution, teacher: Attribution) -> Iterable[Map]:
    for place, (ours, theirs) in enumerate(zip(student.maps, teacher.maps, strict=True)):
        if place == 0:
            yield Map(student.target.name, ours.values - theirs.values)
        elif ours.name == ERRORS:
            yield Map(ERRORS, np.hypot(ours.values, theirs.values))


def _named(target: Target) -> Target:
    return replace(target, name=f"{target.name}: {LESS}")


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
