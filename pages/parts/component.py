"""A component of ours on the page, and the one event of the reader that it gives."""

from collections.abc import Callable, Sequence
from typing import Any

Component = Callable[..., Any]
"""What `st.components.v2.component` gives."""


def draw_component(
    component: Component, data: object, *, key: str, events: Sequence[str]
) -> tuple[str, Any]:
    """Draw it; the first of its events that the reader caused, as name and content, or ("", None).

    An event lives for one run of the page.
    """
    heard = {f"on_{name}_change": _nothing for name in events}
    found = component(data=data, key=key, **heard)
    given = ((name, found.get(name)) for name in events)
    return next(((name, content) for name, content in given if content is not None), ("", None))


def _nothing() -> None:
    """Streamlit tells of an event only where somebody listens."""
