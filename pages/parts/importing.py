"""Bulk import behind the pages: one thread of the process, which no page and no session owns."""

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

import streamlit as st

from pages.parts.background import Background
from xattn.archive.people import Person
from xattn.archive.store import Archive
from xattn.errors import IntakeError
from xattn.runtime.engine import Engine
from xattn.runtime.importing import Progress, import_films, plan


@dataclass(slots=True)
class Importing(Background):
    """One import: how far it is and what it took in."""

    name: ClassVar[str] = "An import"
    fault: ClassVar[str] = (
        "The import ended through a fault of the program; what it took in is there."
    )

    worklist: int
    total: int = 0
    last: Progress | None = None
    taken: int = 0
    known: int = 0
    refused: int = 0

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return self.last.share if self.last else 0.0

    @property
    def words(self) -> str:
        """How far it is, and the film in hand."""
        done, name = (self.last.done, f" · {self.last.name}") if self.last else (0, "")
        return f"{done} of {self.total}{name}"

    def note(self, progress: Progress) -> None:
        """Count a film."""
        self.last = progress
        self.total = progress.total
        if progress.refusal:
            self.refused += 1
        elif progress.is_new:
            self.taken += 1
        else:
            self.known += 1


@dataclass(frozen=True, slots=True)
class Films:
    """What is taken in: a folder of this machine, or uploads in a folder that goes afterwards."""

    folder: Path
    manifest: Path | None = None
    is_ours: bool = False


class Imports:
    """The imports of this process, one after another; the last of each worklist is remembered."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="xattn-import")
        self._last: dict[int, Importing] = {}

    def of(self, worklist: int) -> Importing | None:
        """The running import of a worklist, or its last."""
        return self._last.get(worklist)

    def start(
        self, engine: Engine, archive: Archive, person: Person, worklist: int, films: Films
    ) -> Importing:
        """Take films into a worklist; one that runs there already goes on alone."""
        running = self.of(worklist)
        if running and running.is_running:
            return running
        made = Importing(worklist)
        self._last[worklist] = made
        made.begin(self._thread, partial(_run, made, engine, archive, person, films))
        return made

    def close(self) -> None:
        """Stop all, each after the film in hand."""
        for each in self._last.values():
            each.stop.set()
        self._thread.shutdown(wait=True)


def uploaded(files: Iterable[tuple[str, bytes]], manifest: bytes | None) -> Films:
    """Uploads as a folder of their own, readable by this user alone; equal names stay apart."""
    folder = Path(tempfile.mkdtemp(prefix="xattn-import-"))
    seen: dict[str, int] = {}
    for name, content in files:
        plain = Path(name.replace("\\", "/")).name
        seen[plain] = seen.get(plain, 0) + 1
        place = folder / "films" / (str(seen[plain]) if seen[plain] > 1 else "")
        place.mkdir(parents=True, exist_ok=True)
        (place / plain).write_bytes(content)
    table = None
    if manifest is not None:
        table = folder / "manifest.csv"
        table.write_bytes(manifest)
    return Films(folder, table, is_ours=True)


def named(folder: str, manifest: str) -> Films:
    """A folder of this machine by its path, and its manifest by path, absolute or below it.

    Raises:
        IntakeError: if either is not there.
    """
    place = Path(folder).expanduser()
    if not place.is_dir():
        raise IntakeError(
            "A folder of this machine was expected, however there is none of this path; give it "
            "from the root."
        )
    table = place / Path(manifest).expanduser() if manifest else None
    if table and not table.is_file():
        raise IntakeError(
            "The manifest must be a CSV file in the folder or by its whole path, however there is "
            "none of this name."
        )
    return Films(place, table)


@st.cache_resource(on_release=lambda imports: imports.close())
def imports() -> Imports:
    """The imports of this process."""
    return Imports()


def counted(done: Importing) -> str:
    """What came of an import, in one sentence."""
    parts: Mapping[str, int] = {
        "taken in": done.taken,
        "there already": done.known,
        "refused": done.refused,
    }
    said = ", ".join(f"{count:,} {name}" for name, count in parts.items() if count or done.total)
    if done.is_running:
        return said
    end = "Stopped" if done.stop.is_set() and done.share < 1 else "Ended"
    return f"{end} at {round(done.share * done.total):,} of {done.total:,} films: {said}."


def _run(made: Importing, engine: Engine, archive: Archive, person: Person, films: Films) -> None:
    try:
        items = plan(films.folder, engine.schema, manifest=films.manifest)
        made.total = len(items)
        for progress in import_films(engine, archive, person, made.worklist, items):
            made.note(progress)
            if made.stop.is_set():
                return
    finally:
        if films.is_ours:
            shutil.rmtree(films.folder, ignore_errors=True)
