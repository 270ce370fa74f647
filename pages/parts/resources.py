"""What all sessions share: engines, one worker, and the files that are shipped beside the app."""

import gc
import json
import os
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from sqlalchemy.exc import SQLAlchemyError

from pages.parts import checkpoints
from xattn.archive.store import Archive, open_archive
from xattn.data.placement import Box
from xattn.errors import ArchiveError
from xattn.models.checkpoint import system_of
from xattn.records import Case
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker
from xattn.systems import MODELS, SYSTEMS, load

ASSETS = Path(__file__).resolve().parents[2] / "assets"
CHECKPOINT = "XATTN_CHECKPOINT"
"""Environment variable: a system's name or a checkpoint folder, in place of the shipped model."""

UNREACHABLE = (
    "The archive was expected to be within reach, however it is not; check XATTN_DATABASE and "
    "XATTN_FILES."
)
FILM_NAMES = ("film.dcm", "film.png", "film.jpg")


@dataclass(frozen=True, slots=True)
class Sample:
    """A shipped case: its film, its form and, where the film is a whole view, the lesion's box."""

    name: str
    film: Path
    form: Path
    box: Path

    @property
    def title(self) -> str:
        """The name as a reader would write it."""
        return self.name.replace("-", " ").replace("_", " ")


def sources() -> dict[str, str]:
    """By system, the model that reads: shipped, of the environment, or chosen in this session."""
    found = {name: name for name in SYSTEMS if (MODELS / name / "compact").is_dir()}
    named = os.environ.get(CHECKPOINT, "")
    if Path(named or "none").is_dir():
        found[system_of(Path(named))] = named
    return found | checkpoints.chosen()


def first_system() -> str:
    """The system that the app opens on: that of the environment, else breast."""
    named = os.environ.get(CHECKPOINT, "breast")
    return system_of(Path(named)) if Path(named).is_dir() else named


def engine(system: str) -> Engine:
    """The one engine of this process for a system.

    Raises:
        XattnError: if its checkpoint is missing or damaged.
    """
    return _load(sources().get(system, system))


def engine_of(folder: str) -> Engine:
    """The one engine of this process for a checkpoint folder.

    Raises:
        XattnError: if the checkpoint is missing, damaged or changed.
    """
    return _load(folder)


def archive() -> Archive:
    """The one archive of this process.

    Raises:
        ArchiveError: if it cannot be reached, or its files cannot.
    """
    try:
        return _archive()
    except (SQLAlchemyError, OSError):
        raise ArchiveError(UNREACHABLE) from None


def sample_cases(system: str, folder: Path = ASSETS / "cases") -> tuple[Sample, ...]:
    """The shipped cases of a system, by name; none where the folder is missing."""
    found = []
    for case in sorted((folder / system).glob("*/form.json")):
        films = [case.with_name(name) for name in FILM_NAMES if case.with_name(name).is_file()]
        if films:
            found.append(Sample(case.parent.name, films[0], case, case.with_name("box.json")))
    return tuple(found)


def read_sample(engine: Engine, sample: Sample) -> Case:
    """The case of a sample's film, form and box.

    Raises:
        XattnError: if one of its files is refused.
    """
    form = engine.schema.read_json(sample.form.read_text("utf-8"))
    box = Box(*json.loads(sample.box.read_text("utf-8"))) if sample.box.is_file() else None
    return engine.read(sample.film, form, box=box)


def shipped_models() -> tuple[Path, ...]:
    """The folders of the models that came with the app."""
    return tuple(sorted(path.parent for path in MODELS.glob("*/*/model.json")))


@st.cache_resource(on_release=lambda worker: worker.close())
def _worker() -> Worker:
    return Worker()


@st.cache_resource(on_release=lambda opened: opened.close(), show_spinner="Opening the archive")
def _archive() -> Archive:
    return open_archive()


@st.cache_resource(max_entries=4, show_spinner="Loading the model")
def _load(name_or_folder: str) -> Engine:
    loaded = Engine(load(name_or_folder), _worker())
    gc.freeze()  # half a million objects of the libraries, which Python need not search for waste
    return loaded
