"""A worklist's reports as one file to take along, made behind the page; nobody waits for it."""

import logging
import shutil
import tempfile
import threading
import weakref
import zipfile
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import streamlit as st

from pages.parts import panels, resources, state
from pages.parts.person import person
from xattn.archive.store import Archive
from xattn.archive.worklist import Worklist
from xattn.errors import XattnError
from xattn.runtime.exporting import Exported, Reports, export
from xattn.runtime.faults import log_fault

RUN = "reports_run"
POLL_SECONDS = 0.5
FAULT = "The reports ended through a fault of the program; it was logged."
TAKES = (
    "A PDF of each case whose result you may see, with the tables, as one ZIP file. A case takes "
    "seconds, with maps more, since what they may be believed for is asked again. Go on working "
    "meanwhile."
)
STOPPED = "Stopped: no file was made. What was made until then counts as shown to you."
FEW = 8
"""Cases that are named beside one reason."""
logger = logging.getLogger("xattn.reports")


@dataclass(slots=True, weakref_slot=True, eq=False)
class Reporting:
    """One run over a worklist: how far it is, what was refused, and the file at its end."""

    worklist: int
    reader: str
    last: Exported | None = None
    refused: list[tuple[int, str]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    future: Future[None] = field(default_factory=Future)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="xattn-reports-")))

    def __post_init__(self) -> None:
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @property
    def file(self) -> Path:
        """The ZIP file, whole once it is there."""
        return self.folder / "reports.zip"

    @property
    def is_running(self) -> bool:
        """Whether it waits for its turn or makes reports."""
        return not self.future.done()

    @property
    def problem(self) -> str:
        """Why there is no file, as a sentence; empty where there is one, or it still runs."""
        fault = None if self.is_running else self.future.exception()
        if fault is not None:
            return str(fault) if isinstance(fault, XattnError) else FAULT
        return STOPPED if not self.is_running and not self.file.exists() else ""

    def work(self, reports: Reports) -> None:
        """Make every report, then the file of all; runs in a thread, stops between two cases."""
        try:
            with closing(export(reports, self.worklist, self.folder / "export")) as steps:
                for step in steps:
                    self._note(step)
                    if self.stop.is_set():
                        return
            self._pack(self.folder / "export")
        except XattnError:
            raise
        except Exception as fault:
            log_fault(logger, "The reports of a worklist", fault)
            raise

    def _note(self, step: Exported) -> None:
        self.last = step
        if step.refusal:
            self.refused.append((step.case, step.refusal))

    def _pack(self, made: Path) -> None:
        fresh = self.folder / "fresh"
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(made.iterdir()):
                packed.write(path, path.name)
        shutil.rmtree(made)
        fresh.rename(self.file)


def draw_asking(archive: Archive, listed: Worklist) -> None:
    """Start the reports of a worklist."""
    found = current(listed)
    st.caption(TAKES)
    is_archival = st.checkbox("For long keeping (PDF/A-2a)", key="_reports_archival")
    is_busy = found is not None and found.is_running
    if st.button("Make the reports", key="_make_reports", disabled=is_busy):
        with state.refusals():
            start(archive, listed, is_archival=is_archival)
        state.renew_widgets()
        st.rerun()


def draw_reports(listed: Worklist) -> None:
    """How far the reports of this list are, with a way to stop them; then the file."""
    found = current(listed)
    if found is None:
        return
    if found.is_running:
        _follow(found, listed.count)
        return
    if found.problem:
        st.html(panels.warning(found.problem))
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(f'<p class="note">{escape(told(found))}</p>')
        st.download_button(
            "Save the reports (ZIP)",
            found.file.read_bytes,
            file_name="xattn-reports.zip",
            mime="application/zip",
            key="_save_reports",
            on_click="ignore",
        )


def current(listed: Worklist) -> Reporting | None:
    """What this session last made of a worklist, for the person who asked for it."""
    found: Reporting | None = st.session_state.get(RUN)
    wanted = (listed.number, person().name)
    return found if found and (found.worklist, found.reader) == wanted else None


def start(archive: Archive, listed: Worklist, *, is_archival: bool) -> Reporting:
    """Begin, in place of what was made before.

    Raises:
        XattnError: if the model of the list cannot be read.
    """
    from xattn.reports.institution import institution

    engine = resources.engine(listed.system)
    reports = Reports(engine, archive, person(), institution(), archival=is_archival)
    before: Reporting | None = st.session_state.get(RUN)
    if before:
        before.stop.set()
    made = Reporting(listed.number, person().name)
    made.future = _threads().submit(made.work, reports)
    st.session_state[RUN] = made
    return made


def told(made: Reporting) -> str:
    """How many reports there are, and why others are not."""
    total = made.last.total if made.last else 0
    count = total - len(made.refused)
    words = f"{count:,} {'report' if count == 1 else 'reports'} of {total:,} cases."
    reasons = dict.fromkeys(reason for _, reason in made.refused)
    for reason in reasons:
        numbers = [str(case) for case, said in made.refused if said == reason]
        shown = ", ".join(numbers[:FEW]) + (" and others" if len(numbers) > FEW else "")
        words += f" {'Case' if len(numbers) == 1 else 'Cases'} {shown}: {reason}"
    return words


@st.fragment(run_every=POLL_SECONDS)
def _follow(made: Reporting, count: int) -> None:
    if not made.is_running:
        st.rerun()
    done, total = (made.last.done, made.last.total) if made.last else (0, count)
    place, button = st.columns([5, 1], vertical_alignment="center")
    place.progress(done / total if total else 0.0, f"Reports: {done:,} of {total:,} cases")
    is_stopping = made.stop.is_set()
    button.button(
        "Stopping" if is_stopping else "Cancel",
        disabled=is_stopping,
        key="_cancel_reports",
        on_click=made.stop.set,
        width="stretch",
    )


@st.cache_resource(on_release=lambda threads: threads.shutdown(wait=False, cancel_futures=True))
def _threads() -> ThreadPoolExecutor:
    """One list at a time: the model's work goes through the engine's worker anyway."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="xattn-reports")
