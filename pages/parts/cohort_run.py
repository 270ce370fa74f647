"""A cohort behind the page: one run of this session, in a thread that no page waits for."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import streamlit as st
from PIL import Image

from pages.parts.background import Background
from xattn.runtime.cohort import CohortCase, Settings, run
from xattn.runtime.cohort_comparison import Comparison, compare, paired
from xattn.runtime.cohort_files import Summary, summarise
from xattn.runtime.cohort_keeping import Keeper
from xattn.runtime.cohort_members import Cohort
from xattn.runtime.engine import Engine

RUN = "cohort_run"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is asked: the same asked again goes on where it was."""

    engines: tuple[Engine, ...]
    """The model that reads, and a second one that is compared with it, if any."""
    cohort: Cohort
    keeper: Keeper
    settings: Settings


@dataclass(slots=True)
class CohortRun(Background):
    """How far a run is and what it came to; results stay when it is stopped."""

    name: ClassVar[str] = "A cohort"
    fault: ClassVar[str] = (
        "The run ended through a fault of the program; what was computed is kept."
    )

    wanted: Wanted
    done: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    cases: tuple[list[CohortCase], list[CohortCase]] = field(default_factory=lambda: ([], []))
    summary: Summary | None = None
    comparison: Comparison | None = None
    pictures: dict[int, np.ndarray] = field(default_factory=dict)
    """By the place of a case, what the model read of its film (S, S) uint8."""

    @property
    def total(self) -> int:
        """Cases to ask, of both models."""
        return len(self.wanted.engines) * len(self.wanted.cohort.members)

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.done / self.total if self.total else 1.0

    @property
    def words(self) -> str:
        """How far it is."""
        place = f"case {self.done} of {self.total}" if self.done < self.total else "summing up"
        return f"{self.wanted.cohort.title}: {place}"

    def work(self) -> None:
        """Ask every case, then say what it comes to; runs in a thread."""
        self._ask()
        self._conclude()

    def _ask(self) -> None:
        wanted = self.wanted
        for side, engine in enumerate(wanted.engines):
            settings = wanted.settings if side == 0 else Settings(owner=wanted.settings.owner)
            steps = run(engine, wanted.cohort, wanted.keeper, settings=settings, stop=self.stop)
            for step in steps:
                self.done += 1
                if step.case:
                    self.cases[side].append(step.case)
                else:
                    self.refused[step.name] = step.refusal

    def _conclude(self) -> None:
        first, second = self.cases
        if not first:
            return
        schema = self.wanted.engines[0].schema
        summary = summarise(self.wanted.cohort, first, schema)
        if second:
            self.comparison = compare(paired(first, second), schema)
        for place, _ in summary.misses:
            self.pictures[place] = self._picture(first[place])
        self.summary = summary

    def _picture(self, case: CohortCase) -> np.ndarray:
        member, engine = case.member, self.wanted.engines[0]
        made = engine.case(member.read(), member.form, box=member.box)
        grey = np.rint(255 * np.clip(made.film.pixels, 0, 1)).astype(np.uint8)
        return np.asarray(Image.fromarray(grey).resize((160, 160)))


def current() -> CohortRun | None:
    """The run of this session; None before the first."""
    return st.session_state.get(RUN)


def start(wanted: Wanted) -> CohortRun:
    """Begin a run in place of the one before; what it computed is kept."""
    if (before := current()) is not None:
        before.stop.set()
    made = CohortRun(wanted)
    made.begin(_threads(), made.work)
    st.session_state[RUN] = made
    return made


@st.cache_resource(on_release=lambda threads: threads.shutdown(wait=False, cancel_futures=True))
def _threads() -> ThreadPoolExecutor:
    """Two cohorts at a time: the worker runs one batch at a time whoever asks."""
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="xattn-cohort")
