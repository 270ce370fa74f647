"""What the reader asks for next, made ready while they read: the next case of the list.

What is made lies where the foreground looks first: the opened film in the session, results in the
worker. Nothing of it is shown, or put into the archive, before its case is opened as any other; so
a case that is read first is explained while its reader looks at the film.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar

import streamlit as st

from pages.parts import state
from pages.parts.background import Background
from pages.parts.film import Texture, texture
from pages.parts.kept import Kept
from pages.parts.methods import chosen
from pages.parts.state import Reading
from pages.parts.work import Work
from xattn.archive import worklist
from xattn.archive.store import Archive, Stored
from xattn.archive.worklist import Query
from xattn.data.placement import Box
from xattn.records import Case, Target
from xattn.runtime.engine import Engine

READERS = 8
"""For how many readers a case is made ready at once."""
SETTLE_SECONDS = 1.0
"""Until the work ahead begins: the film in hand is painted first."""
PAUSE_SECONDS = 0.1
"""Between two looks at what has ended."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A kept case, ready to be drawn."""

    stored: Stored
    case: Case
    texture: Texture


def opened(engine: Engine, archive: Archive, stored: Stored) -> Opened:
    """A kept case with its film.

    Raises:
        XattnError: if its film cannot be read.
    """
    film = archive.film(stored)
    case = engine.case(film, stored.form, box=Box(*stored.box) if stored.box else None)
    return Opened(stored, case, texture(film))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is made ready: the next case of a list, if there is one, and what is asked of it."""

    engine: Engine
    archive: Archive
    number: int | None
    target: Target
    methods: tuple[str, ...]
    """The further methods that the reader chose."""
    owner: str


@dataclass(slots=True, kw_only=True)
class Ahead(Background):
    """The work ahead of one reader; going elsewhere stops it.

    `hidden` is the case in hand where its result waits for the reader's own read.
    """

    name: ClassVar[str] = "The work ahead"

    wanted: Wanted
    hidden: Opened | None
    following: Future[Opened | None] = field(default_factory=Future)

    def work(self) -> None:
        """Open the next case, then ask for all that the pages will; runs in a thread."""
        found = None
        try:
            if not self.stop.wait(SETTLE_SECONDS):
                found = self._open()
        finally:
            self.following.set_result(found)
        for entry in (self.hidden, found):
            if entry:
                self._ask(entry)

    def _open(self) -> Opened | None:
        wanted = self.wanted
        if wanted.number is None:
            return None
        return opened(wanted.engine, wanted.archive, wanted.archive.case(wanted.number))

    def _ask(self, entry: Opened) -> None:
        wanted, stored = self.wanted, entry.stored
        film = entry.case.film
        same = worklist.same_films(wanted.archive, stored.worklist, film, but=stored.digest)
        engine, methods = wanted.engine.ahead, wanted.methods
        work = Work(engine, entry.case, wanted.target, wanted.owner, methods, earlier=same)
        while work.unfinished and not self.stop.wait(PAUSE_SECONDS):
            work.ask()
        work.cancel_all()


def begin(engine: Engine, reading: Reading, here: Kept, *, is_hidden: bool) -> None:
    """Make ready what follows a kept case, and its own result where that is hidden yet."""
    query = state.query() or Query(worklist=here.listed.number)
    number = worklist.neighbour(here.archive, here.who, query, here.stored.number, step=1)
    owner, name = f"{state.owner()} ahead", here.listed.target
    target = engine.model.find_target(name) if name else engine.model.target
    wanted = Wanted(engine, here.archive, number, target, chosen(engine.model), owner)
    current: Ahead | None = st.session_state.get(state.AHEAD)
    if current and current.wanted == wanted:
        return
    state.stop_ahead()
    hidden = Opened(here.stored, reading.case, reading.texture) if is_hidden else None
    made = Ahead(wanted=wanted, hidden=hidden)
    made.begin(_threads(), made.work)
    st.session_state[state.AHEAD] = made


def take(engine: Engine, stored: Stored) -> Opened | None:
    """The case as it was opened ahead; None where it was not, or could not be."""
    made: Ahead | None = st.session_state.get(state.AHEAD)
    state.stop_ahead()
    if made is None or (made.wanted.engine, made.wanted.number) != (engine, stored.number):
        return None
    found = None if made.future.cancel() else made.following.result()
    if found is None or found.stored != stored:
        return None
    if made.future.done():
        state.see(found.texture)  # its results are there too: one run of the page draws all of it
    return found


@st.cache_resource(on_release=lambda threads: threads.shutdown(wait=False, cancel_futures=True))
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="xattn-ahead")
