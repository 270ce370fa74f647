"""The clinical form: fields, their states and one schema that every consumer walks.

A field is a value, *unknown*, or *not applicable*: states, never magic numbers. The same
tuple of fields draws the form, parses CSV and JSON, encodes, names the Shapley players and
prints in the report.
"""

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from xattn.data.derived import Derived
from xattn.data.fields import Choice, Field, Number, Value, normalised
from xattn.errors import SchemaError

ABSENT_WORDS = frozenset({"", "UNKNOWN", "NONE", "NAN", "NULL", "N/A", "NA", "NOT_APPLICABLE"})
MANIFEST_COLUMNS = frozenset({"IMAGE", "PATIENT"})
"""Columns of a manifest that name the film and the person; they are no part of the form."""


class Absent(StrEnum):
    """Why a field holds no value."""

    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Form:
    """A checked form: the variant (or None) and one value or state for every field, in order.

    `derived` names the fields that nobody entered and a rule filled in.
    """

    variant: str | None
    entries: tuple[tuple[str, Value | Absent], ...]
    derived: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Value | Absent:
        return dict(self.entries)[name]

    @property
    def plain(self) -> list[object]:
        """The form as JSON-ready parts, for hashes and records."""
        parts: list[object] = [self.variant, [list(entry) for entry in self.entries]]
        return [*parts, list(self.derived)] if self.derived else parts

    @property
    def known(self) -> tuple[str, ...]:
        """The names of the fields that hold a value, entered or derived."""
        return tuple(name for name, value in self.entries if not isinstance(value, Absent))

    @property
    def entered(self) -> tuple[str, ...]:
        """The names of the fields that hold a value which somebody entered."""
        return tuple(name for name in self.known if name not in self.derived)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A form as numbers: `values` (S,) float32, zeros where absent, and `known` (F,) bool.

    Unknown and not applicable differ for people and for players; to the model both are
    `known = False`, so that v(empty set) is the same for every form.
    """

    values: np.ndarray
    known: np.ndarray


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """The fields of one system, and the rules of which apply, follow and belong together."""

    name: str
    fields: tuple[Field, ...]
    variant: Choice | None = None
    """A question that decides which fields apply (lesion type); itself never a model input."""
    decided_by: str = ""
    """The field that decides which fields apply (view), where no variant does; it is an input."""
    applies: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """For each code of the deciding question, the names of the fields that apply; else all do."""
    derived: tuple[Derived, ...] = ()
    """What follows from other fields."""
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Labels and names of fields so correlated that only their sum can be told apart."""
    never: tuple[tuple[str, str], ...] = ()
    """Columns that must never be inputs, with the reason that is shown."""

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __getitem__(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of slots of each field in the encoding; they sum to S."""
        return tuple(field.size for field in self.fields)

    @property
    def deciding(self) -> Choice | None:
        """The question that decides which fields apply: the variant, a field, or none."""
        if self.variant or not self.decided_by:
            return self.variant
        field = self[self.decided_by]
        assert isinstance(field, Choice)
        return field

    def applicable(self, answer: str | None) -> tuple[str, ...]:
        """The names of the fields that apply, given the deciding question's answer."""
        return dict(self.applies).get(answer, self.names) if answer else self.names

    def check(self, entries: Mapping[str, object]) -> Form:
        """A form from raw entries: aliases resolved, blanks unknown, anything impossible refused.

        Raises:
            SchemaError: naming the field, what was expected and what came.
        """
        given = self._by_name(entries)
        answer = self._answer(given)
        if self.variant:
            given.pop(self.variant.name, None)
        applicable = self.applicable(answer)
        self._refuse_inapplicable(given, applicable, answer)
        stated = {field.name: self._entry(field, given, applicable) for field in self.fields}
        derived = self._derive(stated)
        variant = answer if self.variant else None
        return Form(variant, tuple({**stated, **derived}.items()), tuple(derived))

    def blank(self, variant: str | None = None) -> Form:
        """The form in which every applicable field is unknown."""
        return self.check({self.variant.name: variant} if self.variant and variant else {})

    def encode(self, form: Form) -> Encoding:
        """The numbers that a model reads; see `Encoding`."""
        slots: list[float] = []
        for field in self.fields:
            value = form[field.name]
            slots += [0.0] * field.size if isinstance(value, Absent) else field.encode(value)
        known = np.array([name in form.known for name in self.names])
        return Encoding(np.array(slots, dtype=np.float32), known)

    def describe(self, form: Form, name: str) -> str:
        """A field's value in words, with its unit and what it was derived from, or its state."""
        value = form[name]
        if isinstance(value, Absent):
            return value.value
        if name not in form.derived:
            return self[name].describe(value)
        assert isinstance(value, float)
        words = next(rule.words for rule in self.derived if rule.name == name)
        return f"{self[name].describe(round(value, 1))} ({words})"

    def warnings(self, form: Form) -> tuple[str, ...]:
        """One sentence per entry outside the training data; what is derived repeats no source's.

        A number derived from several, each within its range, may still lie outside its own.
        """
        outside = {name for name in form.known if not self._is_supported(form, name)}
        repeated = {rule.name for rule in self.derived if outside.intersection(rule.sources)}
        repeated.intersection_update(form.derived)
        return tuple(
            field.warning
            for field in self.fields
            if isinstance(field, Number) and field.name in outside - repeated
        )

    def plain(self, form: Form) -> dict[str, object]:
        """The form as JSON-ready entries that `check` turns back into the same form.

        Derived entries are left out: they follow again.
        """
        entries: dict[str, object] = {}
        if self.variant and form.variant:
            entries[self.variant.name] = form.variant
        for name in form.entered:
            value = form[name]
            entries[name] = "-".join(value) if isinstance(value, tuple) else value
        return entries

    def read_json(self, text: str) -> Form:
        """A form from a JSON object.

        Raises:
            SchemaError: if the text is not a JSON object or an entry is refused.
        """
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SchemaError(
                "The form must be a JSON object, however it does not parse."
            ) from error
        if not isinstance(entries, dict):
            raise SchemaError(
                f"The form must be a JSON object, however: a {type(entries).__name__}."
            )
        return self.check(entries)

    def read_csv(self, text: str) -> tuple[Form, ...]:
        """One form per row of a CSV with a header line; messages carry the row number.

        Raises:
            SchemaError: if there is no row, a row has too many cells, or an entry is refused.
        """
        try:
            rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey=""))
        except csv.Error as error:
            raise SchemaError(f"The form's table does not parse as CSV: {error}.") from error
        if not rows:
            raise SchemaError("The form's table must have a header and a row, however: no row.")
        return tuple(self._row(number, row) for number, row in enumerate(rows, start=2))

    def _row(self, number: int, row: Mapping[str, object]) -> Form:
        if "" in row:
            raise SchemaError(f"Row {number} has more cells than the header has columns.")
        entries = {k: v for k, v in row.items() if normalised(k) not in MANIFEST_COLUMNS}
        try:
            return self.check(entries)
        except SchemaError as error:
            raise SchemaError(f"Row {number}: {error}") from error

    def _by_name(self, entries: Mapping[str, object]) -> dict[str, object]:
        questions = (*self.fields, *((self.variant,) if self.variant else ()))
        names = {alias: field.name for field in questions for alias in field.spellings}
        refused = {normalised(name): reason for name, reason in self.never}
        given: dict[str, object] = {}
        for key, raw in entries.items():
            spelled = normalised(str(key))
            if spelled in refused:
                raise SchemaError(f"{key!r} is never an input: {refused[spelled]} Remove it.")
            if spelled not in names:
                known = ", ".join(field.name for field in questions)
                raise SchemaError(
                    f"{str(key)[:60]!r} is no field of this form; its fields are: {known}."
                )
            if names[spelled] in given:
                raise SchemaError(f"{names[spelled]} is given twice. Keep one of the two.")
            given[names[spelled]] = raw
        return given

    def _answer(self, given: Mapping[str, object]) -> str | None:
        question = self.deciding
        raw = given.get(question.name) if question else None
        return None if question is None or _is_absent(raw) else question.parse(raw)[0]

    def _refuse_inapplicable(
        self, given: Mapping[str, object], applicable: tuple[str, ...], answer: str | None
    ) -> None:
        for name in given:
            if name not in applicable and not _is_absent(given[name]):
                assert self.deciding is not None
                raise SchemaError(
                    f"{self[name].label} does not apply to {answer}, however: {given[name]!r}. "
                    f"Leave it empty or change the answer to {self.deciding.label}."
                )

    def _derive(self, stated: Mapping[str, Value | Absent]) -> dict[str, Value | Absent]:
        derived: dict[str, Value | Absent] = {}
        for rule in self.derived:
            field, value = self[rule.name], stated[rule.name]
            assert isinstance(field, Number)
            sources = [stated[name] for name in rule.sources]
            if any(isinstance(source, Absent) for source in sources):
                continue
            expected = rule.formula(*sources)
            if value is Absent.UNKNOWN:
                derived[rule.name] = rule.fill(field, expected)
            elif isinstance(value, float):
                rule.check(field, value, expected)
        return derived

    def _is_supported(self, form: Form, name: str) -> bool:
        field, value = self[name], form[name]
        if not isinstance(field, Number) or not isinstance(value, float):
            return True
        return field.is_supported(value)

    def _entry(
        self, field: Field, given: Mapping[str, object], applicable: tuple[str, ...]
    ) -> Value | Absent:
        if field.name not in applicable:
            return Absent.NOT_APPLICABLE
        raw = given.get(field.name)
        return Absent.UNKNOWN if _is_absent(raw) else field.parse(raw)


def _is_absent(raw: object) -> bool:
    if raw is None or (isinstance(raw, float) and math.isnan(raw)):
        return True
    if isinstance(raw, list | tuple):
        return not raw
    return isinstance(raw, str) and normalised(raw) in ABSENT_WORDS
