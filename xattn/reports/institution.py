"""Whose report it is: the institution's name and logo, checked before they head a report."""

import os
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import typst
from PIL import Image, UnidentifiedImageError

from xattn.reports.fonts import fonts

NAME, LOGO = "XATTN_INSTITUTION", "XATTN_LOGO"
"""Environment variables: the name, and the file of the logo, PNG or SVG."""
MOST_NAME = 80
MOST_BYTES, MOST_PIXELS = 1_000_000, 4_000
"""Of a logo's file, and of a side of its picture."""


@dataclass(frozen=True, slots=True)
class Institution:
    """A name and a logo's file, either of which may be empty; `kind` is the logo's suffix.

    `problem` says in one sentence what was left out and why: a report is made without it.
    """

    name: str = ""
    logo: bytes = b""
    kind: str = ""
    problem: str = ""


NOBODY = Institution()


def institution() -> Institution:
    """What the environment says of the institution."""
    return checked(os.environ.get(NAME, ""), os.environ.get(LOGO, ""))


def checked(name: str, logo: str) -> Institution:
    """A name and the logo of a file, without what a report cannot show."""
    problems = []
    name = name.strip()
    if problem := _fault_of_name(name):
        problems.append(problem)
        name = ""
    content, kind = b"", ""
    if logo:
        content, kind, problem = _logo(Path(logo))
        if not problem and not _is_set(content, kind, ""):
            content, kind, problem = b"", "", "The logo could not be drawn; save it again."
        if problem:
            problems.append(f"{problem} The report has no logo.")
    return Institution(name, content, kind, " ".join(problems))


def _fault_of_name(name: str) -> str:
    if len(name) > MOST_NAME or not name.isprintable():
        return f"The institution's name must be at most {MOST_NAME} printable characters."
    if name and not _is_set(b"", "", name):
        return "The institution's name must be in letters of the report's fonts."
    return ""


def _logo(path: Path) -> tuple[bytes, str, str]:
    """A logo's bytes and suffix, or neither and the reason."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError:
        return b"", "", "The file of the logo could not be read."
    if len(content) > MOST_BYTES:
        return b"", "", f"The file of the logo must have at most {MOST_BYTES:,} bytes."
    if path.suffix.lower() == ".svg":
        return content, "svg", ""
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as picture:
            is_small = max(picture.size) <= MOST_PIXELS
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return b"", "", "The logo must be a PNG or SVG file."
    if not is_small:
        return b"", "", f"The logo's sides must be at most {MOST_PIXELS:,} pixels."
    return content, "png", ""


def _is_set(logo: bytes, kind: str, name: str) -> bool:
    """Whether a page with it can be set in the strictest form that a report takes."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        lines = [
            "#set document(title: [t], date: datetime(year: 1970, month: 1, day: 1))",
            '#set text(font: "Inter", fallback: true)',
        ]
        if logo:
            (root / f"logo.{kind}").write_bytes(logo)
            lines.append(f'#image("logo.{kind}", alt: "logo")')
        (root / "name.txt").write_text(name, encoding="utf-8")
        lines.append('#read("name.txt")')
        (root / "page.typ").write_text("\n".join(lines), encoding="utf-8")
        try:
            typst.compile(
                root / "page.typ",
                root=root,
                font_paths=fonts(),
                ignore_system_fonts=True,
                pdf_standards=["a-2a", "ua-1"],
            )
        except typst.TypstError:
            return False
    return True
