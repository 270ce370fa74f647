"""An engine of the tiny model, and an archive with one worklist in SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import tiny
from xattn.archive.people import LOCAL
from xattn.archive.store import Archive
from xattn.runtime.engine import Engine
from xattn.runtime.worker import Worker


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """Closed at the end of a file's tests."""
    engine = Engine(tiny.breast_model(), Worker())
    yield engine
    engine.worker.close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """With the worklist "mine", number 1, of breast cases."""
    with Archive(f"sqlite:///{tmp_path / 'archive.sqlite'}", str(tmp_path / "files")) as opened:
        opened.worklist(LOCAL, "mine", "breast", is_read_first=False)
        yield opened
