"""The film viewer: one component that takes films and scenes, and gives back events."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit import runtime

from pages.parts.component import draw_component
from pages.parts.film import Texture
from pages.parts.resources import ASSETS
from xattn.data.placement import Box

SCRIPTS = (
    "messages",
    "levels",
    "tone",
    "paint",
    "film",
    "maps",
    "ruler",
    "lens",
    "tools",
    "layout",
    "thumbs",
    "pointer",
    "keys",
    "scene",
    "words",
    "evidence",
    "viewer",
)
"""Read in this order and joined: a page's component takes one script."""
EVENTS = ("box", "cover", "cancel", "start")


def draw(film: Texture, scene: bytes, *, is_first: bool = False) -> tuple[str, Any]:
    """Draw film and scene; the event that the reader caused, as name and content, or ("", None).

    At the first sight of a film its full level is not named: what is painted first waits for
    nothing.
    """
    name(film, has_full=not is_first)
    return draw_component(_component(), scene, key="_viewer", events=EVENTS)


def name(film: Texture, *, has_full: bool = False) -> None:
    """Say where a film is; the browser fetches what it has not got, whether it is drawn yet or not.

    So each level travels once, and beside whatever else the page sends.
    """
    message = {
        "kind": "film",
        "hash": film.key,
        "display": _address(film.display, "display"),
        "full": _address(film.full, "full") if has_full else "",
    }
    _component()(data=message, key="_film")


def send_progress(shares: Mapping[str, float]) -> None:
    """Tell the viewer the share done of each panel's work."""
    script = (ASSETS / "viewer" / "progress.js").read_text("utf-8")
    component = st.components.v2.component("xattn_progress", js=script)
    component(data=dict(shares), key="_progress")


def box_of(event: Mapping[str, Any]) -> Box | None:
    """The box in file pixels that an event carries, of a lesion or a cover; None where cleared.

    Raises:
        IntakeError: if it has no size.
    """
    corner = event["box"]
    return Box(*(round(number) for number in corner)) if corner else None


def _address(level: bytes, name: str) -> str:
    """Where the browser fetches a level; empty where there is none.

    Streamlit serves a session's media by a hash of their content, which begins with a secret, and
    drops those that a whole run of the page did not name: with the case, with the session.
    """
    if not level or not runtime.exists():
        return ""
    files = runtime.get_instance().media_file_mgr
    address = files.add(level, "application/octet-stream", f"xattn-film-{name}")
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}{address}" if base else address


def _component() -> Any:
    folder = ASSETS / "viewer"
    script = "\n".join((folder / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    style = (folder / "viewer.css").read_text("utf-8")
    return st.components.v2.component("xattn_viewer", js=script, css=style)
