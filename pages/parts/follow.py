"""From the case in hand to what the page draws of it: its work, its panels, the viewer's events."""

import time
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts import kept, state, viewer
from pages.parts.belief import mark_of
from pages.parts.cover import cover
from pages.parts.gate import CHECKING
from pages.parts.methods import BARS, chosen, title
from pages.parts.scene import Around, Panel, scene
from pages.parts.state import Reading, Shown
from pages.parts.work import EVIDENCE, Work
from xattn.records import Target
from xattn.runtime.engine import Engine
from xattn.trust.evidence import UNJUDGED

PANELS = ("gradcam", "lime", "joint", "attention")
"""The first thumbnails, in this order; those of the methods that the reader chose follow."""
FILM = Panel("original", "Film")
ASKING = "The model is being asked."
POLL_SECONDS = 0.4
BYTES_A_SECOND = 8e6
"""Of a new film that a browser without graphics hardware takes in and paints, on this machine too:
for so long nothing else is asked of it."""


def work_on(engine: Engine, reading: Reading, target: Target, chosen: tuple[str, ...] = ()) -> Work:
    """The work on this very entry, begun if need be; that on an earlier entry is stopped."""
    work: Work | None = st.session_state.get(state.WORK)
    wanted = (engine, reading.case.digest, target)
    if work is None or (work.engine, work.case.digest, work.target) != wanted:
        if work:
            work.cancel_all()
        earlier = kept.same_films(reading)
        work = Work(engine, reading.case, target, state.owner(), chosen, earlier=earlier)
        st.session_state[state.WORK] = work
    work.choose(chosen)
    work.wait()
    work.collect(state.shown())
    return work


class Places(NamedTuple):
    """Where the page says what it says of a film, and draws it."""

    checks: DeltaGenerator
    film: DeltaGenerator
    answer: DeltaGenerator
    below: DeltaGenerator


def first_sight(reading: Reading, engine: Engine, places: Places) -> None:
    """Draw a film that was not yet seen before anything is asked of the model.

    Nothing of another film stays beside it meanwhile.
    """
    notes = (places.checks, CHECKING), (places.answer, ASKING), (places.below, "")
    for place, words in notes:
        place.html(f'<p class="note">{words}</p>')
    panels = [FILM, *(Panel(name, title(name), "pending") for name in _shown(chosen(engine.model)))]
    around = Around(can_cover=False, evidence="pending")
    packed = scene(reading.case, panels, engine.schema, around=around)
    with places.film:
        viewer.draw(reading.texture, packed, is_first=True)
    state.see(reading.texture)
    time.sleep(len(reading.texture.display) / BYTES_A_SECOND)
    st.rerun()


@st.fragment(run_every=POLL_SECONDS)
def follow_progress(work: Work, drawn: frozenset[str]) -> None:
    """Tell the viewer how far each panel is; when one is done, draw the page again."""
    work.ask()
    if frozenset(work.unfinished) != drawn:
        state.tell_again()
        st.rerun()
    viewer.send_progress(work.unfinished)


def panels_of(work: Work, shown: Shown) -> list[Panel]:
    """The film, then every explanation with its latest result and its evidence."""
    panels = [FILM]
    is_checked = work.state(EVIDENCE)[0] != "pending"
    for method in _shown(work.chosen):
        progress, note = work.state(method)
        entry = shown.attributions.get(method)
        is_stale = entry is not None and work.is_earlier(entry)
        is_due = not is_checked and method not in UNJUDGED
        mark = mark_of(shown.evidence, method, entry, is_due=is_due)
        panels.append(Panel(method, title(method), progress, note, entry, is_stale, mark))
    return panels


def _shown(chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The methods that have a panel."""
    return (*PANELS, *(name for name in chosen if name not in BARS))


def act(engine: Engine, work: Work, event: tuple[str, Any]) -> bool:
    """Do what the reader asked for in the viewer; whether the page must be drawn again."""
    name, content = event
    if name == "box":
        with state.refusals():
            state.change_case(engine.with_box(work.case, viewer.box_of(content)))
    elif name == "cover":
        with state.refusals():
            cover(engine, work, state.shown(), viewer.box_of(content))
    elif name in ("cancel", "start") and content in (*work.methods, EVIDENCE):
        (work.cancel if name == "cancel" else work.restart)(content)
    return bool(name)
