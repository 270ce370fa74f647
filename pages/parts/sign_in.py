"""The door: who may see a page at all, and for how long."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from pages.parts import resources, state
from pages.parts.component import draw_component
from xattn.archive import members
from xattn.archive.people import MOST_NAME, Person
from xattn.errors import AccessError, XattnError
from xattn.runtime.faults import log_fault
from xattn.runtime.serving import SignIns, idle_seconds, is_loopback, require_sign_in

logger = logging.getLogger("xattn.app")

NAME_CLAIM = "XATTN_NAME_CLAIM"
"""Environment variable: the provider's claim that names a person in the archive; email if unset."""
IDLE_MINUTES = "XATTN_IDLE_MINUTES"
"""Environment variable: after how long without use one must sign in again; 30 if unset."""
REFUSED = "refused"
"""In a session: whose refusal stands in the audit already."""
BEATS = 4
"""How often within the idle time a tab tells that it is used, and is asked whether it still is."""
LONGEST_BEAT = 15.0
"""Seconds after which a rested screen is cleared at the latest."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Whom the provider vouched for, and when, in seconds since 1970."""

    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Visit:
    """Whether the page may be drawn, and else what is said in its place."""

    is_in: bool
    words: str = ""
    can_sign_in: bool = False


def settings() -> Mapping[str, object]:
    """What secrets.toml says of the provider; empty where nobody signs in.

    Raises:
        AccessError: if there is such a file that cannot be read: it may ask for sign-in.
    """
    try:
        return dict(st.secrets.get("auth", {}))
    except FileNotFoundError:
        if any(Path(path).exists() for path in st.get_option("secrets.files")):
            raise AccessError(
                "The file secrets.toml could not be read, so nobody is let in; mend it and start "
                "again."
            ) from None
        return {}


def is_on() -> bool:
    """Whether one must sign in."""
    return bool(settings())


def require_served() -> None:
    """Refuse to serve others without sign-in, however the server was started.

    Raises:
        AccessError: saying what is missing.
    """
    found = settings()
    require_sign_in(st.get_option("server.address") or "", found)
    if found:
        return
    host = st.context.headers.get("Host", "")
    if host and not is_loopback(host):
        # A proxy, or a page elsewhere whose name was bound to this machine.
        raise AccessError(
            "Without sign-in this server answers this machine alone, however it was called by "
            "another name; configure sign-in as docs/archive.md says."
        )


def person_of(sign_in: SignIn) -> Person:
    """The person with the roles that the archive gives them now.

    Raises:
        AccessError: if they have none.
    """
    return members.find(resources.archive(), sign_in.name)


def current() -> SignIn | None:
    """The sign-in of this browser; None without one, or where it is over.

    Raises:
        AccessError: if the provider does not say who it is.
    """
    found = _vouched()
    return None if found is None or sign_ins().is_over(found.name, found.at) else found


def visit() -> Visit:
    """What this run may show; a first visit, and a refusal, stand in the audit."""
    try:
        require_served()
        if not is_on():
            return Visit(is_in=True)
        found = _vouched()
        if found is None:
            return Visit(is_in=False, words="Sign in to read.", can_sign_in=True)
        if sign_ins().is_over(found.name, found.at):
            leave(found, "without use")
            minutes = sign_ins().seconds / 60
            words = f"You were signed out, by hand or after {minutes:.3g} minutes without use."
            return Visit(is_in=False, words=words, can_sign_in=True)
        return _entered(found)
    except XattnError as refusal:
        return Visit(is_in=False, words=str(refusal))
    except SQLAlchemyError as fault:
        log_fault(logger, "The door", fault)
        return Visit(is_in=False, words="The archive cannot be reached, so nobody is let in.")


def draw(refused: Visit) -> None:
    """The page of someone who is not in: a sentence, and what they can do."""
    with st.container(key="start_sign_in"):
        st.markdown(refused.words)
        if refused.can_sign_in:
            st.button("Sign in", type="primary", on_click=st.login)
        elif _is_vouched():
            st.button("Sign out", on_click=st.logout)


def leave(sign_in: SignIn, why: str) -> None:
    """End a sign-in in every tab, and drop what this one remembers."""
    if sign_ins().end(sign_in.name, sign_in.at):
        members.note(resources.archive(), sign_in.name, members.SIGNED_OUT, why=why)
    forget()


def forget() -> None:
    """Drop the case and all else that the session remembers, so that nobody after sees it."""
    if (work := st.session_state.get(state.WORK)) is not None:
        work.cancel_all()
    generation = st.session_state.get(state.GENERATION, 0)
    st.session_state.clear()
    st.session_state[state.GENERATION] = generation
    state.renew_widgets()


def watch() -> None:
    """Follow whether the tab is used; clear it once it rested too long."""
    if (found := current()) is not None:
        beat = min(LONGEST_BEAT, sign_ins().seconds / BEATS)
        st.fragment(_follow, run_every=beat)(found, beat)


@st.cache_resource
def sign_ins() -> SignIns:
    """The sign-ins that this process knows of."""
    return SignIns(idle_seconds(os.environ.get(IDLE_MINUTES, "")))


def _follow(found: SignIn, beat: float) -> None:
    script = (resources.ASSETS / "sign_in" / "presence.js").read_text("utf-8")
    component = st.components.v2.component("xattn_presence", js=script)
    event, _ = draw_component(component, {"seconds": beat}, key="_presence", events=("used",))
    if event == "used":
        sign_ins().use(found.name, found.at)
    if sign_ins().is_over(found.name, found.at):
        st.rerun()


def _entered(found: SignIn) -> Visit:
    try:
        person_of(found)
    except AccessError:
        if st.session_state.get(REFUSED) != found:
            members.note(resources.archive(), found.name, members.REFUSED)
            st.session_state[REFUSED] = found
        raise
    if sign_ins().begin(found.name, found.at):
        members.note(resources.archive(), found.name, members.SIGNED_IN)
    return Visit(is_in=True)


def _is_vouched() -> bool:
    return bool(st.user.get("is_logged_in"))


def _vouched() -> SignIn | None:
    """Whom the provider named in this browser's cookie, if it named anybody."""
    if not _is_vouched():
        return None
    claim = os.environ.get(NAME_CLAIM) or "email"
    name, at = st.user.get(claim), st.user.get("iat")
    if not isinstance(name, str) or not 0 < len(name) <= MOST_NAME:
        raise AccessError(
            f"The sign-in provider was expected to name you in {claim}, however it does not; ask "
            "an administrator."
        )
    if claim == "email" and st.user.get("email_verified") is False:
        raise AccessError("The sign-in provider has not verified your address; ask it to.")
    if not isinstance(at, int | float):
        raise AccessError("The sign-in provider was expected to say when it named you.")
    return SignIn(name, float(at))
