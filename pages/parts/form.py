"""The clinical form, drawn from its schema: empty is unknown; what does not apply is not asked."""

from collections.abc import Mapping

import streamlit as st

from pages.parts.state import widget
from xattn.data.clinical import Absent, Form, Schema
from xattn.data.fields import Choice, Flag, Number
from xattn.errors import SchemaError

LARGEST_TABLE_BYTES = 1024**2


def draw_form(schema: Schema, form: Form) -> Form:
    """The form on screen, with the entries of `form` to start from; the form as it stands now.

    Raises:
        SchemaError: if an entry is refused.
    """
    entries: dict[str, object] = {}
    answer = None
    if question := schema.deciding:
        with st.container(key=f"field-{question.name}"):
            entries[question.name] = picked = _choice(question, _answer(schema, form))
        answer = picked[0] if picked else None
    for name in schema.applicable(answer):
        if name not in entries:
            with st.container(key=f"field-{name}"):
                entries[name] = _entry(schema, name, form)
    return checked(schema, answer, entries)


def checked(schema: Schema, answer: str | None, entries: Mapping[str, object]) -> Form:
    """The form of these entries; those that do not apply, given the answer, are left out."""
    applicable = schema.applicable(answer)
    given = {name: value for name, value in entries.items() if name in applicable}
    if schema.deciding and answer:
        given[schema.deciding.name] = answer
    return schema.check(given)


def forms_of_file(schema: Schema, content: bytes) -> tuple[Form, ...]:
    """The forms of a CSV or JSON file: one of an object, one per row of a table.

    Raises:
        SchemaError: if the file is too large, is no text, or holds an entry that is refused.
    """
    if len(content) > LARGEST_TABLE_BYTES:
        raise SchemaError(
            f"A form's file of at most 1 MiB was expected, however: {len(content) / 2**20:.1f} MiB."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SchemaError("The form's file must be UTF-8 text; save it as such.") from error
    if text.lstrip().startswith(("{", "[")):
        return (schema.read_json(text),)
    return schema.read_csv(text)


def _answer(schema: Schema, form: Form) -> tuple[str, ...]:
    if schema.variant:
        return (form.variant,) if form.variant else ()
    value = form[schema.decided_by]
    return value if isinstance(value, tuple) else ()


def _entry(schema: Schema, name: str, form: Form) -> object:
    field, value = schema[name], form[name]
    if isinstance(field, Choice):
        return _choice(field, value if isinstance(value, tuple) else ())
    if isinstance(field, Flag):
        return _flag(field, None if isinstance(value, Absent) else bool(value))
    is_entered = name in form.entered
    hint = schema.describe(form, name) if name in form.derived else "unknown"
    return _number(field, value if is_entered else None, hint)


def _choice(field: Choice, chosen: tuple[str, ...]) -> tuple[str, ...]:
    labels = {option.code: option.label for option in field.options}
    if field.multiple:
        several = st.multiselect(
            field.label,
            field.codes,
            default=list(chosen),
            format_func=labels.__getitem__,
            key=widget(field.name),
            help=field.help or None,
            placeholder="unknown",
        )
        return tuple(several)
    one = st.selectbox(
        field.label,
        field.codes,
        index=field.codes.index(chosen[0]) if chosen else None,
        format_func=labels.__getitem__,
        key=widget(field.name),
        help=field.help or None,
        placeholder="unknown",
    )
    return (one,) if one else ()


def _flag(field: Flag, value: bool | None) -> object:  # noqa: FBT001  # a state, not a switch
    return st.selectbox(
        field.label,
        ("yes", "no"),
        index=None if value is None else int(not value),
        key=widget(field.name),
        help=field.help or None,
        placeholder="unknown",
    )


def _number(field: Number, value: object, hint: str) -> object:
    return st.number_input(
        f"{field.label} ({field.unit})",
        min_value=float(field.low),
        max_value=float(field.high),
        value=value if isinstance(value, float) else None,
        key=widget(field.name),
        help=field.help or None,
        placeholder=hint,
        format="%g",
    )
