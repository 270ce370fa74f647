"""What somebody typed, before it is kept: of a length that its column holds, without NUL."""

from typing import Any

from sqlalchemy import Column

from xattn.errors import ArchiveError


def require_fit(column: Column[Any], text: str) -> None:
    """Refuse a text that its column does not hold; SQLite would take it, PostgreSQL would not.

    Raises:
        ArchiveError: naming the column and the most that it holds, never the text.
    """
    most = most_of(column)
    if len(text) > most:
        raise ArchiveError(
            f"The {column.name} must be at most {most:,} characters, however: {len(text):,}; "
            "shorten it."
        )
    if "\0" in text:
        raise ArchiveError(f"The {column.name} must be plain text, however: it holds a NUL.")


def most_of(column: Column[Any]) -> int:
    """How many characters a column of text holds."""
    most: int = column.type.length  # type: ignore[attr-defined]  # of String alone
    return most
