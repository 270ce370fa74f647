"""Which checkpoint reads for a system in this session, and which others this session knows."""

import json
from pathlib import Path

import streamlit as st

CHOSEN, KNOWN = "checkpoints", "known_checkpoints"


def chosen() -> dict[str, str]:
    """By system, the folder that reads in this session alone; other tabs keep theirs."""
    found: dict[str, str] = st.session_state.get(CHOSEN, {})
    return found


def choose(system: str, folder: str) -> None:
    """Let a folder read for its system, in this session alone."""
    st.session_state[CHOSEN] = {**chosen(), system: folder}


def let_go(system: str) -> None:
    """Let the model that came with the app read again."""
    st.session_state[CHOSEN] = {name: each for name, each in chosen().items() if name != system}


def remember(system: str, folder: str) -> None:
    """Keep for this session that a folder passed its checks, or was acknowledged."""
    known: tuple[tuple[str, str], ...] = st.session_state.get(KNOWN, ())
    st.session_state[KNOWN] = tuple(dict.fromkeys((*known, (system, folder))))


def known(system: str, shipped: tuple[Path, ...]) -> dict[str, str]:
    """By what a folder calls itself, the folders of a system: shipped, then this session's.

    One that has gone since is left out.
    """
    own = [Path(folder) for name, folder in st.session_state.get(KNOWN, ()) if name == system]
    found: dict[str, str] = {}
    for folder in (*shipped, *own):
        try:
            described = json.loads((folder / "model.json").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        if described["system"] == system:
            name = f"{described['preset']} {described['version']}"
            while name in found:
                name += " (another)"
            found[name] = str(folder)
    return found
