"""A worklist's reports as one file to take along, made behind the page; nobody waits for it."""

import shutil
import tempfile
import weakref
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from html import escape
from pathlib import Path
from typing import ClassVar

import streamlit as st

from pages.parts import panels, resources, state
from pages.parts.background import Background, follow
from pages.parts.person import person
from xattn.archive.store import Archive
from xattn.archive.worklist import Worklist
from xattn.runtime.exporting import Exported, Reports, export

RUN = "reports_run"
TAKES = (
    "A PDF of each case whose result you may see, with the tables, as one ZIP file. A case takes "
    "seconds, with maps more, since what they may be believed for is asked again. Go on working "
    "meanwhile."
)
STOPPED = "Stopped: no file was made. What was made until then counts as shown to you."
FEW = 8
"""Cases that are named beside one reason."""


@dataclass(slots=True, weakref_slot=True, eq=False)
class Reporting(Background):
    """One run over a worklist: how far it is, what was refused, and the file at its end."""

    name: ClassVar[str] = "The reports of a worklist"
    fault: ClassVar[str] = "The reports ended through a fault of the program; it was logged."

    worklist: int
    reader: str
    last: Exported | None = None
    refused: list[tuple[int, str]] = field(default_factory=list)
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="xattn-reports-")))

    def __post_init__(self) -> None:
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    @property
    def file(self) -> Path:
        """The ZIP file, whole once it is there."""
        return self.folder / "reports.zip"

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.last.done / self.last.total if self.last else 0.0

    @property
    def words(self) -> str:
        """How far it is."""
        if self.last is None:
            return "Reports: waiting for their turn"
        return f"Reports: {self.last.done:,} of {self.last.total:,} cases"

    @property
    def is_stopped(self) -> bool:
        """Whether it ended before its file was made."""
        return not self.is_running and not self.problem and not self.file.exists()

    def work(self, reports: Reports) -> None:
        """Make every report, then the file of all; runs in a thread, stops between two cases."""
        with closing(export(reports, self.worklist, self.folder / "export")) as steps:
            for step in steps:
                self._note(step)
                if self.stop.is_set():
                    return
        self._pack(self.folder / "export")

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
        follow(found, "_cancel_reports")
        return
    if problem := found.problem or (STOPPED if found.is_stopped else ""):
        st.html(panels.warning(problem))
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
    made.begin(_threads(), partial(made.work, reports))
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


@st.cache_resource(on_release=lambda threads: threads.shutdown(wait=False, cancel_futures=True))
def _threads() -> ThreadPoolExecutor:
    """One list at a time: the model's work goes through the engine's worker anyway."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="xattn-reports")
