"""Which checkpoint reads for a system in this session, and loading another folder with checks."""

from pathlib import Path

import streamlit as st

from pages.parts import checkpoints, panels, resources, state
from pages.parts.person import person
from xattn.runtime.loading import Inspection, inspect, load_folder
from xattn.systems import SYSTEMS

CARRIED = "loading"
"""The folder that is looked at, by its path as typed."""


def draw_choice(system: str) -> None:
    """The system that is shown, and which of its checkpoints reads in this session."""
    names = list(resources.sources())
    chosen = st.segmented_control(
        "System", names, default=system, format_func=lambda name: SYSTEMS[name].title,
        key=state.widget("model_system"), required=True,
    )  # fmt: skip
    if chosen and chosen != system:
        state.choose_system(chosen)
        st.rerun()
    known = checkpoints.known(system, resources.shipped_models())
    reads = resources.sources().get(system, system)
    labels = list(known)
    place = next((n for n, each in enumerate(labels) if known[each] == reads), 0)
    if len(labels) > 1:
        name = st.selectbox(
            "Reads in this session", labels, index=place, key=state.widget("model_folder"),
            help="Another tab keeps its own. The case in hand is closed.",
        )  # fmt: skip
        if known[name] != reads and name != labels[place]:
            _read_with(system, known[name])


def draw_loading() -> None:
    """Load a checkpoint folder of this machine: looked at first, then acknowledged if it must."""
    with st.popover("Load a checkpoint folder", width="stretch"):
        if "administrator" not in person().roles:
            st.html(panels.warning("Loading a checkpoint needs the role of administrator."))
            return
        typed = st.text_input("Folder of this machine", key=state.widget("folder"))
        if not typed:
            st.caption(
                "Weights are read from safetensors alone; no other file is opened but JSON and "
                "the card. A folder that was changed since it was signed is never loaded."
            )
            return
        with state.refusals():
            _draw_found(inspect(Path(typed).expanduser()))
            return
    st.rerun()


def _draw_found(found: Inspection) -> None:
    st.html(panels.table([("For", SYSTEMS[found.system].title)], "facts"))
    is_fine = found.standing.is_trusted
    sentence = found.standing.sentence
    st.html(f'<p class="note">{sentence}</p>' if is_fine else panels.warning(sentence))
    if found.unopened:
        st.caption(f"Never opened: {', '.join(found.unopened[:6])}.")
    is_acknowledged = is_fine or st.checkbox(
        "I know where this folder comes from and take responsibility for what it says",
        key=state.widget("acknowledged"),
    )
    if st.button("Load", type="primary", disabled=not is_acknowledged, key=state.widget("load")):
        load_folder(found.folder, is_acknowledged=is_acknowledged)
        folder = str(found.folder.resolve())
        checkpoints.remember(found.system, folder)
        _read_with(found.system, folder)


def _read_with(system: str, folder: str) -> None:
    """Let a folder read for its system; a case that another model read is closed."""
    if folder in {str(path) for path in resources.shipped_models()}:
        checkpoints.let_go(system)
    else:
        checkpoints.choose(system, folder)
    state.choose_system(system)
    st.rerun()
