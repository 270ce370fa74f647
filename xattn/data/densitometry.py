"""Bone mineral density of the femoral neck: DXA scales, T-score-equivalents, bands and sentences.

A density is never a bare number: scanners of different makers read the same hip differently, so
that 0.558 g/cm² is a cut on Hologic's scale and means nothing on Lunar's. Screening is positive
when the density lies at or below a threshold. T-scores refer to young women for both sexes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import total_ordering
from typing import NamedTuple

from xattn.errors import XattnError

BMD_MEAN = 0.90
"""g/cm² (Lunar scale) at a score of 0: standardises the target, and is no reference value."""
BMD_SD = 0.15
"""g/cm² (Lunar scale) per unit of score."""


class Maker(StrEnum):
    """Whose scanner's scale a density is on."""

    LUNAR = "Lunar"
    HOLOGIC = "Hologic"


@total_ordering
@dataclass(frozen=True, slots=True)
class Bmd:
    """A femoral-neck density in g/cm² on one maker's scale; only like compares with like."""

    value: float
    maker: Maker

    def __lt__(self, other: "Bmd") -> bool:
        if not isinstance(other, Bmd):
            return NotImplemented
        if other.maker is not self.maker:
            raise XattnError(
                f"Densities must be on one scale to be compared, however: {self.maker} and "
                f"{other.maker}. Convert one of them."
            )
        return self.value < other.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Mean and standard deviation of young white women, in g/cm² on one maker's scale."""

    mean: float
    spread: float
    source: str
    verified: bool
    """Whether the figures were read in a source; those from memory alone are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardisation:
    """sBMD = slope · BMD + intercept, in g/cm²."""

    slope: float
    intercept: float
    source: str
    verified: bool


REFERENCES: Mapping[Maker, Reference] = {
    Maker.LUNAR: Reference(
        mean=1.038,
        spread=0.139,
        source="From memory; meets T = -1 at 0.899 g/cm², which is read in abstract P061 (2026).",
        verified=False,
    ),
    Maker.HOLOGIC: Reference(
        mean=0.858,
        spread=0.120,
        source="NHANES III, white women aged 20 to 29 (Looker et al. 1998), from memory: the "
        "abstract, which was read, gives no figures.",
        verified=False,
    ),
}

_HUI = (
    "Hui et al. 1997, J Bone Miner Res 12:1463-70, as quoted by the University of Washington's "
    "bone-physics course."
)

STANDARDISATIONS: Mapping[Maker, Standardisation] = {
    Maker.LUNAR: Standardisation(
        slope=0.939,
        intercept=-0.023,
        source=_HUI,
        verified=True,
    ),
    Maker.HOLOGIC: Standardisation(
        slope=1.087,
        intercept=0.019,
        source=_HUI,
        verified=True,
    ),
}

CUTS = (-2.5, -1.0)
"""WHO's cuts, read in the RACGP's guideline: at -2.5 itself the lower band, at -1 the upper."""

PAPER_THRESHOLD = Bmd(0.899, Maker.LUNAR)
"""Where XAttn-BMD (abstract P061) screens: T = -1 on Lunar's scale."""


class Band(StrEnum):
    """Where a T-score-equivalent lies, from low to high. A model's estimate is no diagnosis."""

    LOWEST = "T-score-equivalent −2.5 or below"
    LOW_BONE_MASS = "T-score-equivalent between −2.5 and −1 (low bone mass)"
    NORMAL = "T-score-equivalent −1 or above (normal range)"


def standardised(bmd: Bmd) -> float:
    """The sBMD in g/cm²: one scale for all makers."""
    rule = STANDARDISATIONS[bmd.maker]
    return rule.slope * bmd.value + rule.intercept


def converted(bmd: Bmd, maker: Maker) -> Bmd:
    """The density on another maker's scale, through sBMD; about 3.5 % off for one person."""
    if maker is bmd.maker:
        return bmd
    rule = STANDARDISATIONS[maker]
    return Bmd((standardised(bmd) - rule.intercept) / rule.slope, maker)


def t_score(bmd: Bmd) -> float:
    """Standard deviations from the young female mean of the density's own maker."""
    reference = REFERENCES[bmd.maker]
    # A value that stands on a cut must not fall off it by the last bits of a float.
    return round((bmd.value - reference.mean) / reference.spread, 9)


def bmd_at(t: float, maker: Maker) -> Bmd:
    """The density at a T-score: a cut on that maker's scale."""
    reference = REFERENCES[maker]
    return Bmd(reference.mean + t * reference.spread, maker)


def band_of(t: float) -> Band:
    """The band of a T-score, which must be unrounded.

    Raises:
        XattnError: if it is no number.
    """
    if not math.isfinite(t):
        raise XattnError("A T-score must be finite to have a band, however: it is not.")
    if t <= CUTS[0]:
        return Band.LOWEST
    return Band.LOW_BONE_MASS if t < CUTS[1] else Band.NORMAL


def bands_touched(low: float, high: float, maker: Maker) -> tuple[Band, ...]:
    """Every band that an interval of densities in g/cm² touches, from low to high.

    Raises:
        XattnError: if the interval's ends are not finite or stand the wrong way round.
    """
    if low > high:
        raise XattnError("An interval must run from low to high, however: it runs backwards.")
    bands = tuple(Band)
    first, last = (bands.index(band_of(t_score(Bmd(end, maker)))) for end in (low, high))
    return bands[first : last + 1]


class PredictiveValues(NamedTuple):
    """What a positive and a negative result are worth; NaN where there are none."""

    positive: float
    """P(low density | screen positive)."""
    negative: float
    """P(not low | screen negative)."""


def predictive_values(
    sensitivity: float, specificity: float, prevalence: float
) -> PredictiveValues:
    """PPV and NPV at a prevalence of one's own choosing, by Bayes' rule.

    Raises:
        XattnError: if one of them is no share between 0 and 1.
    """
    if not all(0 <= share <= 1 for share in (sensitivity, specificity, prevalence)):
        raise XattnError(
            "Sensitivity, specificity and prevalence must lie in 0 to 1, however: one does not."
        )
    found, missed = sensitivity * prevalence, (1 - sensitivity) * prevalence
    alarms, cleared = (1 - specificity) * (1 - prevalence), specificity * (1 - prevalence)
    return PredictiveValues(_share(found, alarms), _share(cleared, missed))


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest > 0 else math.nan
