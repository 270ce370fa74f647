"""Parts of long runs that are kept, so that a stopped run goes on where it was."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path


def kept(folder: Path, name: str, made_of: object, make: Callable[[], str]) -> tuple[str, float]:
    """A part's text, and the minutes that it took when it was made.

    `made_of`: all that the text depends on but the code; after a change of that, empty the folder.
    """
    digest = hashlib.sha256(repr(made_of).encode()).hexdigest()
    path = folder / f"{name}-{digest[:12]}.json"
    if not path.exists():
        start = time.perf_counter()
        text = make()
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps([text, (time.perf_counter() - start) / 60]), encoding="utf-8")
    text, minutes = json.loads(path.read_text(encoding="utf-8"))
    return text, minutes
