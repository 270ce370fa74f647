"""Folders of films, searched without surprise: by name, and to a fixed depth."""

from collections.abc import Iterator
from pathlib import Path


def subfolders(folder: Path, depth: int) -> Iterator[Path]:
    """The folder itself, then all folders in it down to `depth`; unreadable ones hold nothing."""
    yield folder
    for inner in children(folder) if depth else ():
        yield from subfolders(inner, depth - 1)


def children(folder: Path) -> list[Path]:
    """The folders in a folder, by name; none if it is not there."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []
