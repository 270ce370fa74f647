"""The film viewer: one component that takes films and scenes, and gives back events."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.resources import ASSETS
from xattn.data.placement import Box

SCRIPTS = ("messages", "film", "maps", "layout", "pointer", "scene", "evidence", "viewer")
"""Read in this order and joined: a page's component takes one script."""


def draw(film: bytes, scene: bytes) -> tuple[str, Any]:
    """Draw film and scene; the event that the reader caused, as name and content, or ("", None).

    The film travels once: a message that was sent before is only named again.
    """
    component = _component()
    component(data=film, key="_film_texture")
    events = component(
        data=scene,
        key="_viewer",
        on_box_change=_nothing,
        on_cover_change=_nothing,
        on_cancel_change=_nothing,
        on_start_change=_nothing,
    )
    return first_event(events)


def send_progress(shares: Mapping[str, float]) -> None:
    """Tell the viewer the share done of each panel's work."""
    script = (ASSETS / "viewer" / "progress.js").read_text("utf-8")
    component = st.components.v2.component("xattn_progress", js=script)
    component(data=dict(shares), key="_progress")


def first_event(events: Mapping[str, Any]) -> tuple[str, Any]:
    """The one event of a run, as name and content."""
    given = [(name, events.get(name)) for name in ("box", "cover", "cancel", "start")]
    return next(((name, content) for name, content in given if content is not None), ("", None))


def box_of(event: Mapping[str, Any]) -> Box | None:
    """The box in file pixels that an event carries, of a lesion or a cover; None where cleared.

    Raises:
        IntakeError: if it has no size.
    """
    corner = event["box"]
    return Box(*(round(number) for number in corner)) if corner else None


def _component() -> Any:
    folder = ASSETS / "viewer"
    script = "\n".join((folder / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    style = (folder / "viewer.css").read_text("utf-8")
    return st.components.v2.component("xattn_viewer", js=script, css=style)


def _nothing() -> None:
    """Streamlit hands out an event only where a callback is named."""
