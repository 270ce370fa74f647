"""Work behind the pages: in a thread that no page waits for, with progress and a way to stop it."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar

import streamlit as st

from xattn.errors import XattnError
from xattn.runtime.faults import log_fault

POLL_SECONDS = 0.5
logger = logging.getLogger("xattn.pages")


@dataclass(slots=True, kw_only=True)
class Background:
    """One piece of work; it looks at `stop` between two cases, and what it made until then stays.

    Attributes:
        name: what the log calls it.
        fault: what the page says where the program itself failed.
    """

    name: ClassVar[str]
    fault: ClassVar[str]

    stop: threading.Event = field(default_factory=threading.Event)
    future: Future[None] = field(default_factory=Future)

    def begin(self, threads: ThreadPoolExecutor, work: Callable[[], None]) -> None:
        """Let it wait for its turn in these threads."""
        self.future = threads.submit(self._logged, work)

    def _logged(self, work: Callable[[], None]) -> None:
        try:
            work()
        except XattnError:
            raise
        except Exception as fault:
            log_fault(logger, self.name, fault)
            raise

    @property
    def is_running(self) -> bool:
        """Whether it waits for its turn or works."""
        return not self.future.done()

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        raise NotImplementedError

    @property
    def words(self) -> str:
        """How far it is."""
        raise NotImplementedError

    @property
    def problem(self) -> str:
        """Why it ended early, as a sentence; empty where it did not, or still runs."""
        fault = None if self.is_running else self.future.exception()
        if fault is None:
            return ""
        return str(fault) if isinstance(fault, XattnError) else self.fault


@st.fragment(run_every=POLL_SECONDS)
def follow(run: Background, key: str) -> None:
    """How far it is, with a way to stop it; at its end the page is drawn again."""
    if not run.is_running:
        st.rerun()
    place, button = st.columns([5, 1], vertical_alignment="center")
    place.progress(run.share, run.words)
    is_stopping = run.stop.is_set()
    button.button(
        "Stopping" if is_stopping else "Cancel",
        disabled=is_stopping,
        key=key,
        on_click=run.stop.set,
        width="stretch",
    )
