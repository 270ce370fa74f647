"""A worklist as files to take along: its results and reads as CSV and Parquet, its reports."""

import tempfile
from pathlib import Path
from typing import Literal

import streamlit as st

from pages.parts import reporting, state
from pages.parts.person import person
from xattn.archive.export import READ_COLUMNS, RESULTS, reads_in, results_of, write
from xattn.archive.store import Archive
from xattn.archive.worklist import Worklist

Content = Literal["results", "reads"]
Suffix = Literal["csv", "parquet"]
MIME = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
MADE = "tables"
"""By worklist and person, the files that were made last in this session."""
FILES: tuple[tuple[Content, Suffix], ...] = (
    ("results", "csv"),
    ("results", "parquet"),
    ("reads", "csv"),
    ("reads", "parquet"),
)
SHOWN = (
    "Holds what you may see and nothing else, without titles and notes. What it holds counts as "
    "shown to you."
)


def draw_export(archive: Archive, listed: Worklist) -> None:
    """Make the tables, then save them: what they hold is noted as shown when they are made."""
    key = (listed.number, person().name, listed.count)
    with st.popover("Export", width="stretch", key=state.widget("export")):
        st.caption(SHOWN)
        if st.button("Make the tables", key="_make_tables"):
            st.session_state[MADE] = (key, tables(archive, listed))
        known, files = st.session_state.get(MADE, (None, {}))
        if known == key:
            _draw_files(files)
        reporting.draw_asking(archive, listed)


def _draw_files(files: dict[tuple[Content, Suffix], bytes]) -> None:
    for content, suffix in FILES:
        st.download_button(
            f"Save the {content} ({suffix.upper() if suffix == 'csv' else 'Parquet'})",
            files[content, suffix],
            file_name=f"xattn-{content}.{suffix}",
            mime=MIME[suffix],
            key=f"_save_{content}_{suffix}",
            on_click="ignore",
            width="stretch",
        )


def tables(archive: Archive, listed: Worklist) -> dict[tuple[Content, Suffix], bytes]:
    """All four files of a list, as the person may see it."""
    results = results_of(archive, person(), listed.number)
    reads = reads_in(archive, person(), listed.number)
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for content, suffix in FILES:
            path = Path(folder) / f"{content}.{suffix}"
            if content == "results":
                write(results, RESULTS, path)
            else:
                write(reads, READ_COLUMNS, path)
            files[content, suffix] = path.read_bytes()
    return files
