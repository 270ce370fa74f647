"""A case that is shipped with the app: a film, what is known of it, a box where there is one."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path


def write_case(
    folder: Path, film: bytes, form: Mapping[str, object], box: Sequence[float] = ()
) -> None:
    """Write film.dcm, form.json and, where there is a box, box.json into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "film.dcm").write_bytes(film)
    (folder / "form.json").write_text(json.dumps(form, indent=2) + "\n", encoding="utf-8")
    if box:
        (folder / "box.json").write_text(json.dumps(list(box)) + "\n", encoding="utf-8")
