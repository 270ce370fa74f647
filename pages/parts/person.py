"""Who sits in front of the page, as the archive asks for it."""

import streamlit as st

from pages.parts import sign_in, state
from xattn.archive.people import LOCAL, MOST_NAME, Person
from xattn.errors import AccessError

READING_AS = "reading_as"
UNCHECKED = "Names are not checked without sign-in: whoever sits here reads under this name."


def person() -> Person:
    """The signed-in person with their roles; without sign-in, whoever the page reads as.

    Raises:
        AccessError: if nobody is signed in where one must, or they have no role.
    """
    sign_in.require_served()
    if not sign_in.is_on():
        return Person(st.session_state.get(READING_AS, LOCAL.name), LOCAL.roles)
    found = sign_in.current()
    if found is None:
        raise AccessError("Sign in first.")
    return sign_in.person_of(found)


def draw_person() -> None:
    """Who is reading: signing out, or, without sign-in, another name."""
    reader = person()
    with st.container(key="person"), st.popover(reader.name, type="tertiary"):
        if sign_in.is_on():
            st.caption(f"Signed in as {', '.join(reader.roles)}.")
            if st.button("Sign out", key="_sign_out"):
                _sign_out()
            return
        st.text_input(
            "Reading as",
            value=reader.name,
            max_chars=MOST_NAME,
            key=state.widget("reading_as"),
            on_change=_read_as,
            args=(state.widget("reading_as"),),
        )
        st.caption(f"{UNCHECKED} Another name closes the case.")


def _sign_out() -> None:
    if (found := sign_in.current()) is not None:
        sign_in.leave(found, "by hand")
    st.logout()


def _read_as(widget: str) -> None:
    """Let another person read: nothing of the one before stays on the page."""
    name = str(st.session_state[widget]).strip() or LOCAL.name
    with state.refusals():
        Person(name, LOCAL.roles)
        sign_in.forget()
        st.session_state[READING_AS] = name
