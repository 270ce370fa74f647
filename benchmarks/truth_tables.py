"""Tables of methods in Markdown, and one sentence on how ours stands in each."""

from dataclasses import dataclass

import numpy as np

from benchmarks.real_folds import interval
from benchmarks.real_text import verdict
from benchmarks.truth_methods import Method

ANSWERS = (
    "better than",
    "worse than",
    "not told apart from",
    "the same as",
    "too few cases against",
)
"""What may be said of a rival, in the order in which it is said."""
FEWEST = 6
"""Cases, or patients, below which nothing is said: of fewer even equals all differ one way in more
than 5 % of draws."""
ROUNDING = 1e-4
"""Scores that differ by less in every case are two ways to one number."""


@dataclass(frozen=True, slots=True)
class Column:
    """A score by name; the first one of a table is the one that ranks."""

    name: str
    digits: int = 2
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A method's scores (N,) by column, NaN where it has none, and what it cost (N,).

    Cases are in one order in all rows of a table; a row may leave the last of each batch out.
    """

    method: Method
    evaluations: np.ndarray
    scores: dict[str, np.ndarray]


def table(rows: list[Row], columns: tuple[Column, ...], batches: np.ndarray) -> str:
    """One line per method: mean ± standard deviation over the means of batches (N,)."""
    head = ["method", "source", "n", *(column.name for column in columns), "films encoded"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in rows:
        cells = [row.method.name, row.method.source, str(np.isfinite(row.evaluations).sum())]
        cells += [_cell(row.scores.get(column.name), column, batches) for column in columns]
        lines.append("| " + " | ".join([*cells, f"{np.nanmean(row.evaluations):.0f}"]) + " |")
    return "\n".join(lines)


def sentence(rows: list[Row], column: Column, groups: np.ndarray) -> str:
    """How the best of ours stands against every rival, by paired differences over groups (N,)."""
    sign = -1 if column.lower_is_better else 1
    scored = [(row, sign * row.scores[column.name]) for row in rows if _has(row, column)]
    ours = [pair for pair in scored if pair[0].method.source == "ours"]
    if not ours:
        return f"By {column.name}, none of ours is scored here."
    best, values = max(ours, key=lambda pair: float(np.nanmean(pair[1])))
    mean = sign * float(np.nanmean(values))
    opening = f"By {column.name}, the best of ours is {best.method.name} ({mean:.{column.digits}f})"
    said: dict[str, list[str]] = {answer: [] for answer in ANSWERS}
    for row, others in scored:
        if row.method.source != "ours":
            name = f"{row.method.name} ({row.method.source})"
            said[_answer(values - others, groups)].append(name)
    rivals = sum(len(names) for names in said.values())
    if len(said[ANSWERS[-1]]) == rivals:
        return f"{opening}: too few cases to compare it with its rivals."
    beaten = said.pop("better than")
    if len(beaten) == rivals:
        return f"{opening}: better than all {rivals} rivals."
    kept = [f"{answer} {', '.join(names)}" for answer, names in said.items() if names]
    return f"{opening}: better than {len(beaten)} of {rivals} rivals; {'; '.join(kept)}."


def _answer(gains: np.ndarray, groups: np.ndarray) -> str:
    both = np.isfinite(gains)
    if len(np.unique(groups[both])) < FEWEST:
        return "too few cases against"
    if np.abs(gains[both]).max() < ROUNDING:
        return "the same as"
    gain = interval(lambda rows: float(gains[both][rows].mean()), groups[both])
    return verdict("", gain.low, gain.high).strip()


def _has(row: Row, column: Column) -> bool:
    values = row.scores.get(column.name)
    return values is not None and bool(np.isfinite(values).any())


def _cell(values: np.ndarray | None, column: Column, batches: np.ndarray) -> str:
    if values is None or not np.isfinite(values).any():
        return "·"
    means = [
        float(np.nanmean(values[batches == batch]))
        for batch in np.unique(batches)
        if np.isfinite(values[batches == batch]).any()
    ]
    mean = f"{np.nanmean(values):.{column.digits}f}"
    return f"{mean} ± {np.std(means, ddof=1):.{column.digits}f}" if len(means) > 1 else mean
