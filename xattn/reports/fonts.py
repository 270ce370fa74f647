"""The fonts that reports are set in, and no others: the same bytes on every machine."""

from functools import cache
from pathlib import Path

import typst

FOLDER = Path(__file__).resolve().parent.parent.parent / "assets" / "report"


@cache
def fonts() -> typst.Fonts:
    """The fonts beside the template."""
    return typst.Fonts(include_system_fonts=False, font_paths=[FOLDER / "fonts"])
