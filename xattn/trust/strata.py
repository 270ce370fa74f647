"""How much of a case is unknown: the strata by which ranges are calibrated and looked up."""

from dataclasses import dataclass

import numpy as np

from xattn.data.clinical import Absent, Form

MOST_ROUNDS = 500
"""A case of ten fields falls in a stratum at each draw with a chance of one in eleven or more."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """A share of the form that is unknown: above `above` and up to `upto`, with or without film."""

    name: str
    above: float
    upto: float
    has_film: bool = True

    def holds(self, shares: np.ndarray) -> np.ndarray:
        """Which shares unknown lie in it."""
        return np.asarray((shares > self.above) & (shares <= self.upto))

    def takes(self, known: np.ndarray) -> np.ndarray:
        """Which cases (N,) can fall in it by losing some of their known fields (N, F)."""
        counts = known.sum(axis=1)
        reachable = [
            count
            for count in set(counts.tolist()) - {0}
            if self.holds(np.arange(count + 1) / count).any()
        ]
        return np.isin(counts, reachable)


STRATA = (
    Stratum("the whole form known", -1.0, 0.0),
    Stratum("up to half of the form unknown", 0.0, 0.5),
    Stratum("more than half of the form unknown", 0.5, 1.0),
    Stratum("the film absent", -1.0, 1.0, has_film=False),
)


def stratum_of(share: float, *, has_film: bool = True) -> Stratum:
    """The stratum of a case with this share of its applicable fields unknown."""
    part = [stratum for stratum in STRATA if stratum.has_film == has_film]
    return next(stratum for stratum in part if stratum.holds(np.array(share)))


def share_unknown(form: Form) -> float:
    """The share of the applicable fields that are unknown; fields that do not apply do not count.

    What a rule derives from other entries is known.
    """
    states = [value for _, value in form.entries if value is not Absent.NOT_APPLICABLE]
    return sum(value is Absent.UNKNOWN for value in states) / len(states)


def withhold(known: np.ndarray, stratum: Stratum, *, seed: int = 0) -> np.ndarray:
    """The known fields (N, F) after a draw as in training, given that it falls in the stratum.

    Each case draws a rate from U(0, 1) at which its fields are lost, until the share lost is one of
    the stratum's: one draw per case, so that cases stay exchangeable. Cases that the stratum does
    not take are left as they are.
    """
    if stratum.upto == 0:
        return known.copy()
    generator = np.random.default_rng(seed)
    kept, left = known.copy(), np.flatnonzero(stratum.takes(known))
    for _ in range(MOST_ROUNDS):
        rates = generator.random((len(left), 1))
        drawn = known[left] & (generator.random((len(left), known.shape[1])) >= rates)
        fits = stratum.holds(1 - drawn.sum(axis=1) / known[left].sum(axis=1))
        kept[left[fits]] = drawn[fits]
        left = left[~fits]
        if not len(left):
            return kept
    raise AssertionError("a share that can be drawn was not, in hundreds of draws")
