"""Where a kept case stands: its worklist, its place there, its neighbours, its note."""

from collections.abc import Callable

import streamlit as st

from pages.parts import going, state
from pages.parts.kept import Kept
from xattn.archive import worklist
from xattn.archive.worklist import Query

PAGE = "pages/worklist.py"
MOST_NOTE = 2000


def draw_place(here: Kept) -> None:
    """The place among all between two buttons, own bookmark and note, copies of the film."""
    query = state.query() or Query(worklist=here.listed.number)
    with st.container(key="place", horizontal=True, vertical_alignment="center", gap="xsmall"):
        _draw_step(here, query, step=-1)
        st.html(f'<span class="place">{counted(here, query)}</span>', width="content")
        _draw_step(here, query, step=1)
        _draw_notes(here)
    if others := worklist.duplicates(here.archive, here.stored.number):
        st.html(f'<p class="note">The same film is case {", ".join(map(str, others))}.</p>')


def draw_list(here: Kept) -> None:
    """The list's name, which leads to it."""
    st.page_link(PAGE, label=here.listed.name, icon=":material/list:", width="stretch")


def counted(here: Kept, query: Query) -> str:
    """The place of the case among those that are gone through."""
    place = worklist.place_of(here.archive, here.who, query, here.stored.number)
    whole = worklist.count(here.archive, here.who, query)
    return f"{min(place, max(whole, 1)):,} / {whole:,}"


def _draw_step(here: Kept, query: Query, *, step: int) -> None:
    is_next = step == 1
    number = worklist.neighbour(
        here.archive, here.who, query, here.stored.number, step=1 if is_next else -1
    )
    if st.button(
        "Next case" if is_next else "Previous case",
        icon=":material/chevron_right:" if is_next else ":material/chevron_left:",
        key=f"_step_{'next' if is_next else 'previous'}",
        shortcut="PageDown" if is_next else "PageUp",
        help=f"{'Next' if is_next else 'Previous'} case ({'Page Down' if is_next else 'Page Up'})",
        disabled=number is None,
    ):
        assert number is not None  # else the button would have been disabled
        _go(lambda: going.open_number(number))


def _go(act: Callable[[], None]) -> None:
    with state.refusals():
        act()
    st.rerun()


def _draw_notes(here: Kept) -> None:
    number = here.stored.number
    note, is_marked = here.archive.note(here.who, number)
    if st.button(
        "Remove the bookmark" if is_marked else "Bookmark",
        icon=":material/bookmark:" if is_marked else ":material/bookmark_border:",
        key="_mark",
        help="Your own; nobody else sees it",
    ):
        _go(lambda: here.archive.annotate(here.who, number, is_marked=not is_marked))
    icon = ":material/sticky_note_2:" if note else ":material/note_add:"
    with st.popover("Note", icon=icon, key="_own_note"):
        text = st.text_area(
            "Your own note; nobody else sees it", value=note, max_chars=MOST_NOTE,
            key=f"_annotation_{number}_{here.who.name}",
        )  # fmt: skip
        if text != note:
            _go(lambda: here.archive.annotate(here.who, number, note=text))
