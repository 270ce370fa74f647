"""The clinical form, drawn from its schema: empty is unknown; what does not apply is not asked."""

from collections.abc import Mapping

import streamlit as st

from pages.parts.state import widget
from xattn.data.clinical import Absent, Form, Schema
from xattn.data.fields import Choice, Field, Flag, Number
from xattn.errors import SchemaError

LARGEST_TABLE_BYTES = 1024**2


def draw_form(schema: Schema, form: Form) -> Form:
    """The form on screen, with the entries of `form` to start from; the form as it stands now.

    Raises:
        SchemaError: if an entry is refused.
    """
    variant = form.variant
    if schema.variant:
        picked = _choice(schema.variant, (variant,) if variant else ())
        variant = picked[0] if picked else None
    entries: dict[str, object] = {}
    for name in schema.applicable(variant):
        with st.container(key=f"field-{name}"):
            entries[name] = _entry(schema[name], form)
    return checked(schema, variant, entries)


def checked(schema: Schema, variant: str | None, entries: Mapping[str, object]) -> Form:
    """The form of these entries; those that do not apply to the variant are left out."""
    applicable = schema.applicable(variant)
    given = {name: value for name, value in entries.items() if name in applicable}
    if schema.variant and variant:
        given[schema.variant.name] = variant
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


def _entry(field: Field, form: Form) -> object:
    value = form[field.name]
    if isinstance(field, Choice):
        return _choice(field, value if isinstance(value, tuple) else ())
    if isinstance(field, Flag):
        return _flag(field, None if isinstance(value, Absent) else bool(value))
    return _number(field, None if isinstance(value, Absent) else value)


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


def _number(field: Number, value: object) -> object:
    return st.number_input(
        f"{field.label} ({field.unit})",
        min_value=float(field.low),
        max_value=float(field.high),
        value=value if isinstance(value, float) else None,
        key=widget(field.name),
        help=field.help or None,
        placeholder="unknown",
    )
