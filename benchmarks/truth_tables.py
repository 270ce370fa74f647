"""Tables of methods in Markdown, and one sentence on how ours stands in each."""

from dataclasses import dataclass

import numpy as np

from benchmarks.real_folds import interval
from benchmarks.real_text import verdict
from benchmarks.truth_methods import Method


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
    rivals = [pair for pair in scored if pair[0].method.source != "ours"]
    said = [_verdict(values - others, row.method, groups) for row, others in rivals]
    beaten = [text for text in said if text.startswith("better")]
    if rivals and len(beaten) == len(said):
        return f"{opening}: better than every rival."
    kept = [text for text in said if not text.startswith("better")]
    return f"{opening}: better than {len(beaten)} of {len(said)} rivals; " + "; ".join(kept) + "."


def _verdict(gains: np.ndarray, method: Method, groups: np.ndarray) -> str:
    both = np.isfinite(gains)
    name = f"{method.name} ({method.source})"
    if both.sum() < 2:
        return f"not compared with {name}: too few cases"
    gain = interval(lambda rows: float(gains[both][rows].mean()), groups[both])
    # Equal but for rounding is a tie: two ways to one number are no better than each other.
    if np.abs(gains[both]).max() < 1e-4:
        return f"the same as {name}"
    return verdict(name, gain.low, gain.high)


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
