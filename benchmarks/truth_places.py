"""Whether the maps of a model lie where something is: scores by place, for phantoms and films."""

from collections.abc import Iterable
from contextlib import suppress

import numpy as np

from benchmarks.truth_answer import Answer
from benchmarks.truth_methods import (
    ATTENTION,
    BASELINES,
    DEFAULTS,
    FAIR,
    OURS,
    Method,
)
from benchmarks.truth_run import Amounts, prepared
from benchmarks.truth_scores import (
    enrichment,
    pointing,
    region_precision,
    sign_accuracy,
    strongest_share,
)
from benchmarks.truth_tables import Column, Row
from xattn.errors import ExplainError
from xattn.explain.base import Game
from xattn.explain.regions import region_sums

METHODS = (*OURS, *ATTENTION, *FAIR, *DEFAULTS, *BASELINES)
MODELS = tuple(method for method in METHODS if method.source != "baseline")
PRECISION = Column("AUPRC of regions", digits=3)
POINTING = Column("pointing game")
ENRICHMENT = Column("share in the mask / its area")
SIGN = Column("sign right in the mask")
PLACED = (PRECISION, POINTING, ENRICHMENT, SIGN)
STRONGEST = Column("strongest region's share", lower_is_better=True)
TOTAL = Column("sum of the strengths", digits=3, lower_is_better=True)
Scores = dict[str, float]
Found = dict[Method, list[Scores]]
"""By method, the scores of every case; none where it was not asked."""


def asked(
    game: Game, amounts: Amounts, methods: tuple[Method, ...] = METHODS, *, with_costly: bool
) -> dict[Method, Answer]:
    """The answers of methods to one game; the costly ones where they are wanted.

    A method that the model does not offer what it needs gives none.
    """
    prepared(game, amounts)
    answers = {}
    for method in methods:
        if with_costly or not method.is_costly:
            with suppress(ExplainError):
                answers[method] = method.run(game, amounts.amount)
    return answers


def ceiling(mask: np.ndarray, game: Game) -> float:
    """The most that regions allow: the precision of a map that is the mask itself (S, S)."""
    return region_precision(mask.astype(np.float64), mask, game.film.regions)


def placed(method: Method, answer: Answer, *, mask: np.ndarray, game: Game, sign: float) -> Scores:
    """How a map lies beside a mask (S, S); `sign` is that of what the cause adds.

    Of a signed map the part with that sign is scored; a map without signs as it is.
    """
    density = answer.density
    assert density is not None
    scores: Scores = {"evaluations": float(answer.evaluations)}
    if method.sign != "positive":
        inside = np.array([float(density[mask].sum())])
        scores[SIGN.name] = sign_accuracy(inside, np.array([sign]))
        density = np.maximum(sign * density, 0)
    labels = game.film.regions
    scores[PRECISION.name] = region_precision(density, mask, labels)
    scores[POINTING.name] = pointing(density, mask)
    scores[ENRICHMENT.name] = enrichment(density, mask)
    return scores


def spread_out(method: Method, answer: Answer, game: Game) -> Scores:
    """How even a map is, and how strong in all where it has a unit."""
    assert answer.density is not None
    labels = game.film.regions
    scores = {
        "evaluations": float(answer.evaluations),
        STRONGEST.name: strongest_share(answer.density, labels),
    }
    if method.sign == "contribution":
        scores[TOTAL.name] = float(np.abs(region_sums(answer.density, labels)).sum())
    return scores


def rows(found: Found, columns: Iterable[Column]) -> list[Row]:
    """The rows of a table; a method that was never asked has none."""
    names = (*(column.name for column in columns), "evaluations")
    told = []
    for method, cases in found.items():
        if not any(cases):
            continue
        scores = {name: np.array([case.get(name, np.nan) for case in cases]) for name in names}
        told.append(Row(method, scores.pop("evaluations"), scores))
    return told
