"""Split conformal prediction: limits from calibration cases, and the coverage they must have.

Vovk, Gammerman & Shafer 2005; per label (Mondrian) where the answer is yes or no. What is promised
is coverage over patients like those of the calibration, not for one patient.
"""

import math

import numpy as np
from scipy.stats import betabinom


def limit(scores: np.ndarray, level: float) -> float:
    """The ⌈(n + 1) · level⌉-th smallest of n nonconformity scores; ∞ where n is too small for it.

    A further score of the same distribution lies at or below it with probability of at least
    `level` (Lei et al. 2018, doi:10.1080/01621459.2017.1307116, equation 7).
    """
    # 0.9 · 10 is 9.000000000000002 in floats and must not become 10.
    rank = math.ceil(round((len(scores) + 1) * level, 9))
    return math.inf if rank > len(scores) else float(np.sort(scores)[rank - 1])


def interval_limit(said: np.ndarray, labels: np.ndarray, level: float) -> float:
    """Half the width of the interval around a number: the limit of |label − said|."""
    return limit(np.abs(labels - said), level)


def answer_limits(said: np.ndarray, labels: np.ndarray, level: float) -> tuple[float, float]:
    """The limits of no and of yes, each from the cases that have that answer.

    The nonconformity of yes is −log-odds, of no +log-odds, so that each answer is covered at
    `level` by itself, the rare one too.
    """
    return limit(said[labels < 0.5], level), limit(-said[labels > 0.5], level)


def answers(value: float, limits: tuple[float, float]) -> tuple[str, ...]:
    """The prediction set at log-odds `value`: no, yes, both, or neither."""
    fits = {"no": value <= limits[0], "yes": -value <= limits[1]}
    return tuple(answer for answer, is_in in fits.items() if is_in)


def coverage_range(
    calibration: int, test: int, level: float, *, confidence: float = 0.99
) -> tuple[int, int]:
    """Between which counts the covered of `test` cases must lie, with `confidence`.

    Given n calibration cases the covered number is beta-binomial with a = ⌈(n + 1) · level⌉ and
    b = n + 1 − a (Angelopoulos & Bates 2021, arXiv 2107.07511, section 3.2), for scores without
    ties. Where n is too small every case is covered.
    """
    rank = math.ceil(round((calibration + 1) * level, 9))
    if rank > calibration:
        return test, test
    tail = (1 - confidence) / 2
    spread = betabinom(test, rank, calibration + 1 - rank)
    return int(spread.ppf(tail)), int(spread.ppf(1 - tail))


def one_per_group(groups: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """The places of one case per patient, drawn at random, in order.

    Several films of one patient are not exchangeable with those of another; one each are (Dunn,
    Wasserman & Ramdas 2022, doi:10.1080/01621459.2022.2060112, subsampling once).
    """
    order = np.random.default_rng(seed).permutation(len(groups))
    _, first = np.unique(np.asarray(groups)[order], return_index=True)
    return np.sort(order[first])
