"""Which forms a checkpoint was trained on, and what to say of a form that is not like them."""

import math
from dataclasses import replace

import numpy as np

from xattn.data.clinical import Absent, Form, Schema
from xattn.data.fields import Choice, Field, Number
from xattn.errors import CheckpointError
from xattn.models.checkpoint import Description, Seen, Support

SHARE = 0.99
"""How much of the training data a number's range holds, in the middle."""
UNSAID = (
    "The checkpoint does not say on which entries it was trained: an entry beyond them is not "
    "warned of."
)


def support_of(schema: Schema, values: np.ndarray, known: np.ndarray) -> Support:
    """What the form of training cases held, from encoded `values` (N, S) and `known` (N, F)."""
    ends = np.cumsum(schema.sizes)[:-1]
    columns = zip(schema.fields, np.split(values, ends, axis=1), known.T, strict=True)
    return {field.name: _seen(field, slots[rows]) for field, slots, rows in columns}


def applicability(description: Description, schema: Schema, form: Form) -> tuple[str, ...]:
    """One sentence per entry of a form that the checkpoint's training data do not hold.

    What is derived repeats no source's warning. A checkpoint that does not say what it was trained
    on says so, whatever the form.
    """
    if not description.support:
        return (UNSAID,)
    own = _within(schema, description.support)
    unseen = [
        sentence
        for name in form.entered
        if (sentence := _unseen(schema[name], form, description.support.get(name, [])))
    ]
    return (*own.warnings(form), *unseen)


def require_fit(description: Description, schema: Schema, outputs: int) -> None:
    """Refuse a checkpoint whose description speaks of another form or other outputs.

    Raises:
        CheckpointError: naming what differs.
    """
    if len(description.label_means) != outputs:
        raise CheckpointError(
            f"Expected a checkpoint of {outputs} outputs, however: {len(description.label_means)}."
        )
    if not description.support:
        return
    if differing := set(description.support) ^ set(schema.names):
        names = ", ".join(sorted(differing))[:120]
        raise CheckpointError(f"The checkpoint was made for another form; they differ in: {names}.")
    for field in schema:
        known: tuple[object, ...] = field.codes if isinstance(field, Choice) else ()
        if known and not set(description.support[field.name]) <= set(known):
            raise CheckpointError(
                f"The checkpoint knows answers to {field.label} that this form does not have."
            )


def _within(schema: Schema, support: Support) -> Schema:
    """The schema with a checkpoint's own ranges of numbers in place of its constants."""
    fields = tuple(
        replace(field, supported=_range(support.get(field.name, [])))
        if isinstance(field, Number)
        else field
        for field in schema.fields
    )
    return replace(schema, fields=fields)


def _range(ends: Seen) -> tuple[float, float] | None:
    return (float(ends[0]), float(ends[-1])) if ends else None


def _unseen(field: Field, form: Form, seen: Seen) -> str:
    """What to say of an entry that training never met; nothing of a number in its range."""
    if not seen:
        return f"{field.label} was never known in training: the model has not learnt to use it."
    value = form[field.name]
    assert not isinstance(value, Absent)
    if isinstance(field, Number):
        return ""
    new = tuple(code for code in value if code not in seen) if isinstance(value, tuple) else value
    if new == () or new in seen:
        return ""
    return f"{field.label}: {field.describe(new)} was not met in training."


def _seen(field: Field, slots: np.ndarray) -> Seen:
    """What a field's slots (n, size) of the cases that know it held."""
    if not len(slots):
        return []
    if isinstance(field, Choice):
        return [field.codes[place] for place in np.flatnonzero(slots.any(axis=0))]
    if isinstance(field, Number):
        return _ends(slots[:, 0].astype(np.float64) * field.spread + field.centre, field.spread)
    return [answer for answer in (False, True) if (slots[:, 0] == float(answer)).any()]


def _ends(numbers: np.ndarray, spread: float) -> list[float]:
    """The range of the middle `SHARE`, rounded outwards to a power of ten below half the spread.

    Without it, somebody who drinks nothing would lie outside a range that begins at 0.4 units.
    """
    step = 10.0 ** math.floor(math.log10(spread / 2))
    low, high = np.quantile(numbers, [(1 - SHARE) / 2, (1 + SHARE) / 2]) / step
    # Slots are float32: a thousandth of a step is no step.
    return [round(math.floor(low + 1e-3) * step, 6), round(math.ceil(high - 1e-3) * step, 6)]
