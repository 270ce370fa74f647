"""Missing data: what the model would say over plausible values of what is unknown.

Unknown fields that apply are filled from reference forms of the training data: one reference form
gives them all, so that what goes together stays together; what is derived follows. The known fields
stay as they are, and the draws are not conditioned on them, so that the range is rather too wide.
"""

from dataclasses import asdict, dataclass

import numpy as np

from xattn.data.clinical import Absent, Form, Schema
from xattn.data.fields import Number
from xattn.errors import ExplainError
from xattn.explain.base import Game, Steps
from xattn.trust.edits import values_of
from xattn.trust.wording import percent, said, span

DRAWS = 200
"""Fillings for the range."""
FILLINGS = 64
"""Fillings of the other fields for each level of one field."""
LEVELS = 10
"""Levels of a number: the mid-points of so many equal shares of the reference."""
PERCENTILES = (5.0, 95.0)
ROUNDING = 1e-6
"""A spread below it is what float32 leaves of equal values, in any unit."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceForms:
    """Encoded forms of the training data: slots (N, S) and known (N, F)."""

    values: np.ndarray
    known: np.ndarray


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What knowing one field would leave.

    `spread` is the root of the expected conditional variance, in the target's unit; `explained` is
    the share of variance that goes: Var(E[v | field]) / Var(v), the first-order index of Sobol'.
    """

    field: str
    label: str
    explained: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingRange:
    """The 5th to 95th percentile of the value over fillings of the unknown fields.

    `fields` are those that may be asked for, the one that would narrow it most first.
    """

    target: str
    unit: str
    value: float
    low: float
    high: float
    spread: float
    draws: int
    unknown: tuple[str, ...]
    fields: tuple[Narrowing, ...]
    sentence: str

    @property
    def plain(self) -> dict[str, object]:
        """Every number and the sentence, ready for JSON."""
        return asdict(self)


def missing_range(game: Game, reference: ReferenceForms, *, seed: int = 0) -> Steps[MissingRange]:
    """The range of a game's value over plausible values of its unknown fields: fusion alone.

    Raises:
        ExplainError: if the reference holds no value of an unknown field.
    """
    filler = _Filler(game, reference)
    if not filler.unknown:
        return _record(game, np.array([game.value]), (), ())
    drawn = filler.draw(DRAWS, np.random.default_rng(seed))
    others = drawn[0][:FILLINGS], drawn[1][:FILLINGS]
    if filler.is_variant_unsaid:
        values = yield from values_of(game, *drawn)
        return _record(game, values, filler.unknown, ())
    levels = [(name, *filler.levels(name)) for name in filler.asked]
    parts = [filler.put(others, name, level) for name, each, _ in levels for level in each]
    slots, known = (np.concatenate(each) for each in zip(drawn, *parts, strict=True))
    values = yield from values_of(game, slots, known)
    tables = values[DRAWS:].reshape(-1, FILLINGS)
    ends = np.cumsum([len(weights) for _, _, weights in levels])
    found = [
        _narrowing(game, name, table, weights)
        for (name, _, weights), table in zip(levels, np.split(tables, ends[:-1]), strict=True)
    ]
    ranked = tuple(sorted(found, key=lambda entry: -entry.explained))
    return _record(game, values[:DRAWS], filler.unknown, ranked)


Filled = tuple[np.ndarray, np.ndarray]
"""Slots (M, S) and known (M, F) of encoded forms."""


class _Filler:
    """Fills the unknown fields of a game's form from reference forms."""

    def __init__(self, game: Game, reference: ReferenceForms) -> None:
        self.schema, self.form, self.reference = game.schema, game.case.form, reference
        self.unknown = tuple(n for n, value in self.form.entries if value is Absent.UNKNOWN)
        self.rules = [rule for rule in self.schema.derived if rule.name in self.unknown]
        following = {rule.name for rule in self.rules}
        self.asked = tuple(name for name in self.unknown if name not in following)
        for name in self.asked:
            if not reference.known[:, self._place(name)].any():
                raise ExplainError(
                    f"The reference forms need a value of {self.schema[name].label}, however: none."
                )

    @property
    def is_variant_unsaid(self) -> bool:
        """Whether the variant must be said before one field can be weighed against another."""
        return self.schema.variant is not None and self.form.variant is None

    def draw(self, count: int, generator: np.random.Generator) -> Filled:
        """The form with its unknown fields filled from `count` reference forms.

        A reference form that lacks a field takes it from another, unless nobody said yet whether
        the field applies: then it stays unknown.
        """
        encoding = self.schema.encode(self.form)
        values, known = (
            np.repeat(each[None], count, 0) for each in (encoding.values, encoding.known)
        )
        rows = generator.integers(len(self.reference.values), size=count)
        for name in self.asked:
            place = self._place(name)
            has = self.reference.known[:, place]
            donors = np.where(has[rows], rows, generator.choice(np.flatnonzero(has), count))
            values[:, self._slots(name)] = self.reference.values[donors][:, self._slots(name)]
            known[:, place] = has[rows] if _is_undecided(self.schema, self.form) else True
        return self._settled(values, known)

    def put(self, filled: Filled, name: str, level: np.ndarray) -> Filled:
        """Filled forms with one field at one level."""
        values, known = filled[0].copy(), filled[1].copy()
        values[:, self._slots(name)] = level
        known[:, self._place(name)] = True
        return self._settled(values, known)

    def levels(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Levels (L, slots) of a field and their weights: quantiles of a number, else answers."""
        has = self.reference.known[:, self._place(name)]
        values = self.reference.values[has][:, self._slots(name)]
        if isinstance(self.schema[name], Number):
            shares = (np.arange(LEVELS) + 0.5) / LEVELS
            values = np.quantile(values, shares, axis=0)
        levels, counts = np.unique(values, axis=0, return_counts=True)
        return levels, counts / counts.sum()

    def _settled(self, values: np.ndarray, known: np.ndarray) -> Filled:
        """Derived numbers follow, and what does not apply to an answer is unknown."""
        for rule in self.rules:
            sources = [self._raw(values, source) for source in rule.sources]
            field = self.schema[rule.name]
            assert isinstance(field, Number)
            numbers = [rule.formula(*row) for row in zip(*sources, strict=True)]
            values[:, self._slots(rule.name).start] = (
                np.array(numbers) - field.centre
            ) / field.spread
            known[:, self._place(rule.name)] = True
        decided = self.schema.decided_by
        if decided in self.unknown:
            slots = values[:, self._slots(decided)] > 0.5
            question = self.schema.deciding
            assert question is not None
            for code, names in self.schema.applies:
                applies = np.array([name in names for name in self.schema.names])
                known[slots[:, question.codes.index(code)]] &= applies
        return values, known

    def _raw(self, values: np.ndarray, name: str) -> np.ndarray:
        field = self.schema[name]
        assert isinstance(field, Number)
        return np.asarray(values[:, self._slots(name).start] * field.spread + field.centre)

    def _place(self, name: str) -> int:
        return self.schema.names.index(name)

    def _slots(self, name: str) -> slice:
        place = self._place(name)
        start = sum(self.schema.sizes[:place])
        return slice(start, start + self.schema.sizes[place])


def _is_undecided(schema: Schema, form: Form) -> bool:
    """Whether nobody said yet which fields apply."""
    if schema.variant:
        return form.variant is None
    return bool(schema.decided_by) and form[schema.decided_by] is Absent.UNKNOWN


def _narrowing(game: Game, name: str, values: np.ndarray, weights: np.ndarray) -> Narrowing:
    """From values (L, M) at levels of weight (L,) over the same M fillings of the other fields.

    Var(v) = E[Var(v | field)] + Var(E[v | field]) holds exactly within the table.
    """
    within = float(weights @ values.var(axis=1))
    means = values.mean(axis=1)
    between = float(weights @ np.square(means - weights @ means))
    total = within + between
    explained = between / total if total > ROUNDING**2 else 0.0
    return Narrowing(name, game.schema[name].label, explained, within**0.5)


def _record(
    game: Game, values: np.ndarray, unknown: tuple[str, ...], fields: tuple[Narrowing, ...]
) -> MissingRange:
    low, high = np.percentile(values, PERCENTILES).tolist()
    return MissingRange(
        target=game.target.name,
        unit=game.target.unit,
        value=game.value,
        low=low,
        high=high,
        spread=float(values.std()),
        draws=len(values),
        unknown=unknown,
        fields=fields,
        sentence=_sentence(game, (low, high), unknown, fields),
    )


def _sentence(
    game: Game,
    ends: tuple[float, float],
    unknown: tuple[str, ...],
    fields: tuple[Narrowing, ...],
) -> str:
    if not unknown:
        return "No field that applies is unknown."
    labels = ", ".join(game.schema[name].label for name in unknown)
    first = (
        f"Over plausible values of what is unknown ({labels}) the output runs from "
        f"{span(game.target, *ends)} (5th to 95th percentile of {DRAWS} fillings from the training "
        f"data); as it is: {said(game.target, game.value)}."
    )
    if not fields:
        assert game.schema.variant is not None
        return f"{first} Say {game.schema.variant.label} first: it decides which fields apply."
    if fields[0].explained <= 0:
        return f"{first} No single field would narrow it."
    return (
        f"{first} Knowing {fields[0].label} would narrow it most: it explains "
        f"{percent(fields[0].explained)} of the variance."
    )
