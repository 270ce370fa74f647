"""Bulk import on the page: what to take in, how far it is, and what was refused."""

from html import escape

import streamlit as st

from pages.parts import panels, resources, state
from pages.parts.background import follow
from pages.parts.importing import Films, counted, imports, named, uploaded
from pages.parts.person import person
from xattn.archive.imports import Refused, refused
from xattn.archive.store import Archive
from xattn.archive.worklist import Worklist
from xattn.data.clinical import Schema
from xattn.runtime.serving import is_loopback
from xattn.systems import SYSTEMS

FEW = 1000
AGAIN = (
    "Stop it at any time. Started again with the same films, also after a restart, it goes on "
    "where it was; names of files are not kept."
)


def draw_import(archive: Archive, listed: Worklist) -> None:
    """Ask for films and a manifest, and start."""
    running = imports().of(listed.number)
    is_busy = bool(running and running.is_running)
    with st.popover("Import films", width="stretch", key=state.widget("import")):
        st.caption(columns_of(SYSTEMS[listed.system].schema))
        asked = _draw_folder(listed) if is_local() else None
        asked = _draw_uploads(listed) or asked
        st.caption(AGAIN)
        if st.button("Import", type="primary", disabled=asked is None or is_busy) and asked:
            with state.refusals():
                engine, films = resources.engine(listed.system), _films(asked)
                imports().start(engine, archive, person(), listed.number, films)
            state.renew_widgets()
            st.rerun()


Asked = tuple[str, str, list[tuple[str, bytes]], bytes | None]


def columns_of(schema: Schema) -> str:
    """What a manifest's columns are called."""
    deciding = [schema.variant.name] if schema.variant else []
    names = ", ".join([*deciding, *(field.name for field in schema)])
    return (
        "A manifest is a CSV: file, box (x y width height in pixels), title, truth, and entries of "
        f"the form: {names}. All but file may be missing."
    )


def is_local() -> bool:
    """Whether the app listens on this machine alone: then paths of it may be named."""
    return is_loopback(st.get_option("server.address") or "")


def draw_progress(listed: Worklist) -> None:
    """The import of this worklist, running or last; nothing where there was none."""
    found = imports().of(listed.number)
    if found is None:
        return
    if found.is_running:
        follow(found, f"_cancel_import_{listed.number}")
        return
    if found.problem:
        st.html(panels.warning(found.problem))
    st.html(f'<p class="note">{counted(found)}</p>')


def draw_refused(archive: Archive, listed: Worklist) -> None:
    """Every film that was refused, with its row and the sentence."""
    rows = refused(archive, listed.number)
    if rows:
        with st.expander(f"Refused films: {len(rows):,}"):
            st.html(refused_table(rows[:FEW]))


def refused_table(rows: tuple[Refused, ...]) -> str:
    """Row numbers and sentences."""
    lines = "".join(
        f"<tr><td>{row.row or 'no row'}</td><td>{escape(row.refusal)}</td>"
        f"<td>{row.at[:10]}</td></tr>"
        for row in rows
    )
    head = "<tr><th>Row</th><th>Why</th><th>Tried on</th></tr>"
    return f'<table class="details">{head}{lines}</table>'


def _draw_folder(listed: Worklist) -> Asked | None:
    key = listed.number
    folder = st.text_input("Folder of this machine", key=state.widget(f"folder_{key}"))
    manifest = st.text_input(
        "Manifest in it (CSV)", key=state.widget(f"table_{key}"), placeholder="none"
    )
    return (folder.strip(), manifest.strip(), [], None) if folder.strip() else None


def _draw_uploads(listed: Worklist) -> Asked | None:
    key = listed.number
    films = st.file_uploader("Films", accept_multiple_files=True, key=state.widget(f"films_{key}"))
    table = st.file_uploader("Manifest of these films", "csv", key=state.widget(f"rows_{key}"))
    if not films:
        return None
    content = [(film.name, film.getvalue()) for film in films]
    return "", "", content, table.getvalue() if table else None


def _films(asked: Asked) -> Films:
    folder, manifest, content, table = asked
    return uploaded(content, table) if content else named(folder, manifest)
