"""What-if: the model's output along one entry, and which entry, if mistaken, flips it.

Fragility and entry errors, never advice: a curve shows how the model reads an entry, not what a
change of it would do to a person.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np

from xattn.data.clinical import Absent, Form
from xattn.data.fields import Choice, Field, Flag, Number, Value
from xattn.errors import ExplainError
from xattn.explain.base import Game, Steps
from xattn.trust.edits import edited, values_of_forms
from xattn.trust.plausible import PLAUSIBLE, Slack
from xattn.trust.sureness import default_cut
from xattn.trust.wording import said, span

POINTS = 41
"""Points of a number's curve."""
STEPS_EACH_WAY = 20
"""Amounts tried of a number's slack, in equal steps either way."""
NO_ADVICE = "This is the model's reading of an entry, neither cause nor advice."


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Individual conditional expectation (Goldstein et al. 2015, arXiv 1309.6392) of one field.

    `entries` and `values` are its points; `own` the entry of this case, if there is one. `range` is
    where the training data lie, of a number alone; `follows` are derived fields that move along,
    `refused` how many points the form refused.
    """

    target: str
    field: str
    label: str
    unit: str
    entries: tuple[float | str, ...]
    values: tuple[float, ...]
    own: float | str | None
    own_value: float
    range: tuple[float, float] | None
    follows: tuple[str, ...]
    refused: int
    sentence: str

    @property
    def plain(self) -> dict[str, object]:
        """Every point and the sentence, ready for JSON."""
        return asdict(self)


def curve(game: Game, name: str) -> Steps[Curve]:
    """The game's value over one field, every other entry as it is: fusion alone.

    A number runs over its supported range, stretched to the case's own entry; a choice over single
    answers.

    Raises:
        ExplainError: if the field does not apply, or follows from others in this form.
    """
    schema, form = game.schema, game.case.form
    field, entry = schema[name], form[name]
    if entry is Absent.NOT_APPLICABLE or name in form.derived:
        why = "does not apply here" if name not in form.derived else "follows from other entries"
        raise ExplainError(f"A field that can be varied was expected, however {field.label} {why}.")
    forms = [(value, edited(schema, form, name, value)) for value in _along(field, entry)]
    allowed = [(value, changed) for value, changed in forms if changed is not None]
    values = yield from values_of_forms(game, [changed for _, changed in allowed])
    moved = {n for _, changed in allowed for n in changed.derived if changed[n] != form[n]}
    found = Curve(
        target=game.target.name,
        field=name,
        label=field.label,
        unit=field.unit if isinstance(field, Number) else "",
        entries=tuple(_shown(field, value) for value, _ in allowed),
        values=tuple(values.tolist()),
        own=None if isinstance(entry, Absent) else _shown(field, entry),
        own_value=game.value,
        range=field.supported if isinstance(field, Number) else None,
        follows=tuple(sorted(moved)),
        refused=len(forms) - len(allowed),
        sentence="",
    )
    return _with_sentence(found, game)


def _along(field: Field, entry: Value | Absent) -> list[Value]:
    if isinstance(field, Number):
        low, high = field.supported or (field.low, field.high)
        own = entry if isinstance(entry, float) else low
        return [float(x) for x in np.linspace(min(low, own), max(high, own), POINTS)]
    return [True, False] if isinstance(field, Flag) else [(code,) for code in field.codes]


def _shown(field: Field, value: Value) -> float | str:
    return value if isinstance(value, float) else field.describe(value)


def _with_sentence(found: Curve, game: Game) -> Curve:
    ends = span(game.target, min(found.values), max(found.values)) if found.values else "nothing"
    moves = ", ".join(game.schema[name].label for name in found.follows)
    follows = f" ({moves} following)" if moves else ""
    sentence = (
        f"Over {found.label}{follows}, all else as entered, the output runs from {ends}; as it is: "
        f"{said(game.target, found.own_value)}. {NO_ADVICE}"
    )
    return replace(found, sentence=sentence)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry changed within its slack: in words, by what share of the slack, and the output."""

    field: str
    label: str
    before: str
    after: str
    size: float
    value: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragility:
    """Which single entry, if mistaken, puts the output across the cut.

    `flips` holds the smallest flipping change of each field, the smallest share of its slack first;
    `nearest` is the change that comes closest where none flips. `exact` are entries taken as exact.
    """

    target: str
    value: float
    cut: float
    flips: tuple[Change, ...]
    nearest: Change | None
    tried: int
    exact: tuple[str, ...]
    sentence: str

    @property
    def plain(self) -> dict[str, object]:
        """Every change and the sentence, ready for JSON."""
        return asdict(self)


def fragility(
    game: Game, *, cut: float | None = None, slacks: Mapping[str, Slack] | None = None
) -> Steps[Fragility]:
    """The smallest plausible change of one entry that flips a game's output: fusion alone.

    A number is tried in steps of a twentieth of its slack, a choice by one answer for a neighbour,
    which counts as the whole slack. `cut` in the target's unit: `sureness.default_cut` unless
    given. Unknown and derived fields are no entries.
    """
    cut = default_cut(game.target) if cut is None else cut
    slacks = PLAUSIBLE[game.schema.name] if slacks is None else slacks
    form = game.case.form
    tries = [each for name in form.entered for each in _tries(game, name, slacks[name])]
    values = yield from values_of_forms(game, [changed for _, changed in tries])
    changes = [
        replace(change, value=value)
        for (change, _), value in zip(tries, values.tolist(), strict=True)
    ]
    is_above = game.value > cut
    smallest: dict[str, Change] = {}
    for change in sorted(changes, key=lambda change: change.size):
        if (change.value > cut) != is_above:
            smallest.setdefault(change.field, change)
    nearest = min(changes, key=lambda change: abs(change.value - cut), default=None)
    flips = tuple(smallest.values())
    return Fragility(
        target=game.target.name,
        value=game.value,
        cut=cut,
        flips=flips,
        nearest=None if flips else nearest,
        tried=len(changes),
        exact=tuple(n for n in form.entered if not slacks[n].within and not slacks[n].neighbours),
        sentence=_fragility_sentence(game, cut, flips, nearest),
    )


def _tries(game: Game, name: str, slack: Slack) -> list[tuple[Change, Form]]:
    """The changes of one entry that the form takes, without their values."""
    field, entry = game.schema[name], game.case.form[name]
    assert not isinstance(entry, Absent)
    found = []
    for size, other in _others(field, entry, slack):
        changed = edited(game.schema, game.case.form, name, other)
        if changed is not None:
            words = field.describe(entry), field.describe(other)
            found.append((Change(name, field.label, *words, size, 0.0, slack.source), changed))
    return found


def _others(field: Field, entry: Value, slack: Slack) -> list[tuple[float, Value]]:
    """Other entries within the slack, each with its share of the slack."""
    if isinstance(entry, float):
        shares = [k / STEPS_EACH_WAY for k in range(1, STEPS_EACH_WAY + 1) if slack.within]
        return [
            (share, round(entry + sign * share * slack.within, 6))
            for share in shares
            for sign in (-1, 1)
        ]
    if not isinstance(field, Choice) or not isinstance(entry, tuple):
        return []
    swaps = [
        tuple(c for c in field.codes if c == other or (c in entry and c != code))
        for code in entry
        for other in slack.neighbours_of(code)
    ]
    return [(1.0, codes) for codes in dict.fromkeys(swaps) if codes != entry]


def _fragility_sentence(
    game: Game, cut: float, flips: tuple[Change, ...], nearest: Change | None
) -> str:
    at = said(game.target, cut)
    if flips:
        first = flips[0]
        becomes = f"{said(game.target, game.value)} becomes {said(game.target, first.value)}"
        return (
            f"If {first.label} were {first.after} instead of {first.before}, the output would "
            f"cross {at}: {becomes}. "
            "Check the entry; this is how firmly the output hangs on it, not advice."
        )
    if nearest is None:
        return "No entry of this form has a plausible error to try."
    return (
        f"No single plausible change of an entry takes the output across {at}; the nearest is "
        f"{nearest.label} {nearest.after} instead of {nearest.before}: "
        f"{said(game.target, nearest.value)}."
    )
