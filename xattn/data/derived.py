"""Rules between fields: a number that follows from others, or is checked against them."""

from collections.abc import Callable
from dataclasses import dataclass

from xattn.data.fields import Number
from xattn.errors import SchemaError


@dataclass(frozen=True, kw_only=True, slots=True)
class Derived:
    """A rule that computes a number from others where it is blank, and may check it where not."""

    name: str
    sources: tuple[str, ...]
    formula: Callable[..., float]
    """Takes the sources' numbers in order."""
    words: str
    """Where the number comes from: "from height and weight"."""
    tolerance: float | None = None
    """How far an entered number may lie from the formula's, in its unit; unchecked without one."""

    def fill(self, field: Number, expected: float) -> float:
        """The number for a blank entry.

        Raises:
            SchemaError: if it is implausible, so that a source must be wrong.
        """
        if not field.low <= expected <= field.high:
            raise SchemaError(
                f"{field.label} {self.words} must lie in {field.low:g} to {field.high:g} "
                f"{field.unit}, however: {expected:.1f}. Check the units of what it is made from."
            )
        return expected

    def check(self, field: Number, entered: float, expected: float) -> None:
        """Refuses an entered number that disagrees with its sources.

        Raises:
            SchemaError: naming the number that was expected.
        """
        if self.tolerance is not None and abs(entered - expected) > self.tolerance:
            raise SchemaError(
                f"{field.label} must lie within {self.tolerance:g} {field.unit} of "
                f"{expected:.1f} {field.unit} ({self.words}), however: {entered:g}. "
                "Correct one of them or leave it empty."
            )
