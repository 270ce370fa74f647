"""The three kinds of field: number, choice, flag; each parses, encodes and describes itself."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from xattn.errors import SchemaError

Value = float | bool | tuple[str, ...]
"""A number in the field's unit, a flag, or the codes chosen (several where that is allowed)."""

FLAG_WORDS = {"1": True, "TRUE": True, "YES": True, "0": False, "FALSE": False, "NO": False}


def normalised(spelling: str) -> str:
    """One spelling for all: upper case; runs of blanks, hyphens and underscores as one of these."""
    return re.sub(r"[\s_-]+", "_", spelling.strip()).upper()


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a choice."""

    code: str
    label: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What all kinds share: the name in files, the label on screen, other spellings, help."""

    name: str
    label: str
    aliases: tuple[str, ...] = ()
    help: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every normalised spelling of the name."""
        return tuple({normalised(text) for text in (self.name, self.label, *self.aliases)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Number(Question):
    """A number with a unit, two ranges, and the centre and spread that standardise it.

    Outside `low` to `high` it is refused as implausible. Outside `supported`, where the training
    data lie, it is taken and warned of.
    """

    unit: str
    low: float
    high: float
    centre: float
    spread: float
    supported: tuple[float, float] | None = None

    @property
    def size(self) -> int:
        """Slots in the encoding."""
        return 1

    def parse(self, raw: object) -> float:
        """The number in the field's unit.

        Raises:
            SchemaError: if it is no number or lies outside the plausible range.
        """
        try:
            value = float(str(raw))
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high:
            raise SchemaError(
                f"{self.label} must lie in {self.low:g} to {self.high:g} {self.unit}, "
                f"however: {str(raw)[:40]}. Check the unit."
            )
        return value

    def is_supported(self, value: float) -> bool:
        """Whether training data lie where the value lies; true where nobody said where."""
        return self.supported is None or self.supported[0] <= value <= self.supported[1]

    @property
    def warning(self) -> str:
        """What to say of a number where no training data lie."""
        if self.supported is None:
            return ""
        low, high = self.supported
        return (
            f"{self.label} lies outside {low:g} to {high:g} {self.unit}, where the training data "
            "lie: the result is an extrapolation."
        )

    def encode(self, value: Value) -> list[float]:
        """The standardised number."""
        assert isinstance(value, float)
        return [(value - self.centre) / self.spread]

    def describe(self, value: Value) -> str:
        """The number with its unit."""
        return f"{value:g} {self.unit}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice(Question):
    """One option of several, or some of them where `multiple`."""

    options: tuple[Option, ...]
    multiple: bool = False

    @property
    def size(self) -> int:
        """Slots in the encoding: one per option."""
        return len(self.options)

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of the options, in order."""
        return tuple(option.code for option in self.options)

    def parse(self, raw: object) -> tuple[str, ...]:
        """The codes meant by a text or a list of texts; tables join several with hyphens.

        Raises:
            SchemaError: if an option is unknown or several are given where one is allowed.
        """
        texts = [_text(part) for part in (raw if isinstance(raw, list | tuple) else [raw])]
        found = {code for text in texts for code in self._codes(text)}
        codes = tuple(code for code in self.codes if code in found)
        if len(codes) > 1 and not self.multiple:
            raise SchemaError(f"{self.label} takes one option, however: {', '.join(codes)}.")
        return codes

    def encode(self, value: Value) -> list[float]:
        """The options as zeros and ones."""
        assert isinstance(value, tuple)
        return [float(code in value) for code in self.codes]

    def describe(self, value: Value) -> str:
        """The labels of the chosen options."""
        assert isinstance(value, tuple)
        return ", ".join(option.label for option in self.options if option.code in value)

    def _codes(self, text: str) -> list[str]:
        spelled = {
            normalised(spelling): option.code
            for option in self.options
            for spelling in (option.code, option.label, *option.aliases)
        }
        whole = normalised(text)
        parts: Iterable[str] = [whole] if whole in spelled else map(normalised, text.split("-"))
        codes = [spelled.get(part) for part in parts]
        if None in codes:
            expected = ", ".join(self.codes)
            raise SchemaError(f"{self.label} must be one of {expected}, however: {text[:60]!r}.")
        return [code for code in codes if code is not None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Flag(Question):
    """Yes or no."""

    @property
    def size(self) -> int:
        """Slots in the encoding."""
        return 1

    def parse(self, raw: object) -> bool:
        """True or False.

        Raises:
            SchemaError: if the text is neither yes nor no.
        """
        word = normalised(_text(raw))
        if word not in FLAG_WORDS:
            raise SchemaError(f"{self.label} must be yes or no, however: {str(raw)[:40]!r}.")
        return FLAG_WORDS[word]

    def encode(self, value: Value) -> list[float]:
        """One or zero."""
        return [float(bool(value))]

    def describe(self, value: Value) -> str:
        """Yes or no."""
        return "yes" if value else "no"


Field = Number | Choice | Flag


def _text(raw: object) -> str:
    """The text of an entry; tables with gaps turn whole numbers into 1.0."""
    return re.sub(r"^(\d+)\.0+$", r"\1", str(raw).strip())
