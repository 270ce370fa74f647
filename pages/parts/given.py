"""The left column: what the model was given, the film with its checks, and the form."""

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import methods, panels, place, state
from pages.parts.form import draw_form
from pages.parts.kept import Kept
from pages.parts.opening import draw_form_file, draw_opening
from pages.parts.state import Reading
from xattn.errors import SchemaError
from xattn.runtime.engine import Engine

COLUMNS = (2.4, 8.2, 3.2)
"""Shares of the width: what the model was given, film and maps, what it says."""


class Given(NamedTuple):
    """The case as it stands after the form, places for checks and keeping, the further methods.

    What is kept already has its list's name where it could be kept.
    """

    reading: Reading
    checks: DeltaGenerator
    keeping: DeltaGenerator
    chosen: tuple[str, ...]


def draw_given(engine: Engine, reading: Reading, here: Kept | None) -> Given:
    """Draw film, form and the choice of methods; an entry that was changed is in the reading."""
    opening, keeping = st.columns([2, 3], gap="small", vertical_alignment="center")
    with opening, st.popover("Open", width="stretch", help="Open another case"):
        draw_opening(engine)
    if here:
        with keeping:
            place.draw_list(here)
        place.draw_place(here)
    st.html(panels.heading("Film") + panels.facts(reading.case, reading.title))
    checks = st.empty()
    st.html(panels.what_was_read(reading.case, engine.model.system))
    st.html(panels.heading("Form"))
    reading = _entered(engine, reading)
    with st.popover("Read the form from a file", width="stretch"):
        draw_form_file(engine, reading.case)
    return Given(reading, checks, keeping, methods.draw_choice(engine.model))


def _entered(engine: Engine, reading: Reading) -> Reading:
    """The reading with the form as it is entered; a refused entry leaves the form in hand.

    What the training data do not hold of it is said once, among the checks, by the model's card.
    """
    try:
        form = draw_form(engine.schema, reading.case.form)
    except SchemaError as error:
        st.error(str(error))
        form = reading.case.form
    if form == reading.case.form:
        return reading
    has_hints = bool(form.derived or reading.case.form.derived)
    state.change_case(reading.case.with_form(form))
    if has_hints:
        st.rerun()  # the form shows what follows from an entry beside it
    return state.reading() or reading
