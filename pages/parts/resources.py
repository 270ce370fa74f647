"""What all sessions share: the engine, and the files that are shipped beside the app."""

import gc
import os
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

import xattn
from xattn.runtime.engine import Engine
from xattn.systems import MODELS

ASSETS = Path(__file__).resolve().parents[2] / "assets"
CHECKPOINT = "XATTN_CHECKPOINT"
"""Environment variable: a system's name or a checkpoint folder, in place of the shipped model."""

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


def engine() -> Engine:
    """The one engine of this process.

    Raises:
        XattnError: if its checkpoint is missing or damaged.
    """
    return _load(os.environ.get(CHECKPOINT, "breast"))


def sample_cases(system: str, folder: Path = ASSETS / "cases") -> tuple[Sample, ...]:
    """The shipped cases of a system, by name; none where the folder is missing."""
    found = []
    for case in sorted((folder / system).glob("*/form.json")):
        films = [case.with_name(name) for name in FILM_NAMES if case.with_name(name).is_file()]
        if films:
            found.append(Sample(case.parent.name, films[0], case, case.with_name("box.json")))
    return tuple(found)


def shipped_models() -> tuple[Path, ...]:
    """The folders of the models that came with the app."""
    return tuple(sorted(path.parent for path in MODELS.glob("*/*/model.json")))


@st.cache_resource(
    max_entries=2, show_spinner="Loading the model", on_release=lambda it: it.worker.close()
)
def _load(name_or_folder: str) -> Engine:
    loaded = xattn.load(name_or_folder)
    gc.freeze()  # half a million objects of the libraries, which Python need not search for waste
    return loaded
