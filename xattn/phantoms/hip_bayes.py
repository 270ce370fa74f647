"""Exact expectations on the hip phantom's graph: BMD given the film, the form, both, or any part.

Given sex, smoking, site and age all variables are jointly normal with one covariance, so a BMD
expected given anything is a mixture over those 444 strata of normal regressions on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from xattn.errors import XattnError
from xattn.phantoms import hip_tables as tables
from xattn.phantoms.hip_causes import (
    VARIABLES,
    Causes,
    Floats,
    Settings,
    age_shares,
    sample_causes,
)

BMD = VARIABLES.index("bmd")


class Expectation(NamedTuple):
    """Mean and standard deviation of the BMD given something, in g/cm2."""

    mean: float
    sd: float


class HipBayes(NamedTuple):
    """What is expected of the BMD given the film's views, given the form, and given both.

    The views are those of the graph: from pixels no model tells them without error.
    """

    image: Expectation
    form: Expectation
    both: Expectation


@dataclass(frozen=True, slots=True)
class Strata:
    """Every combination of sex, smoking, site and age: shares, covariates, means (n, variables)."""

    share: Floats
    site: Floats
    male: Floats
    smoking: Floats
    age: Floats
    mean: Floats
    """Means with a gap of zero."""


@cache
def solve() -> tuple[Floats, Floats]:
    """The graph solved: effect of (1, covariates) on every variable, and the covariance."""
    count = len(VARIABLES)
    direct, roots = np.zeros((count, count)), np.zeros((count, 1 + len(tables.COVARIATES)))
    for row, equation in enumerate(tables.EQUATIONS.values()):
        roots[row, 0] = equation.start
        for parent, factor in equation.parents.items():
            if parent in tables.COVARIATES:
                roots[row, 1 + tables.COVARIATES.index(parent)] = factor
            else:
                direct[row, VARIABLES.index(parent)] = factor
    total = np.linalg.inv(np.eye(count) - direct)
    spread = np.array([equation.spread for equation in tables.EQUATIONS.values()])
    return total @ roots, (total * spread**2) @ total.T


@cache
def strata(*, confounded: bool) -> Strata:
    """The 444 strata of a split."""
    ages = age_shares(confounded=confounded)
    rows = np.array(
        [
            (
                (tables.MALE if male else 1 - tables.MALE)
                * tables.SMOKED[male][smoking]
                * ages[site][index]
                / 2,
                site, male, smoking, age,
            )
            for site, male, smoking, (index, age) in product(
                (0, 1), (0, 1), (0, 1, 2), enumerate(tables.AGES)
            )
        ]
    )  # fmt: skip
    share, site, male, smoking, age = rows.T
    ones = np.ones(len(rows))
    flags = (ones, age - tables.MEAN_AGE, male, smoking == 1, smoking == 2, site, 0 * ones)
    return Strata(share, site, male, smoking, age, np.stack(flags, axis=1) @ solve()[0].T)


def expect(known: Mapping[str, float | str], settings: Settings) -> Expectation:
    """BMD expected given any of the film's views, its site, and the form's fields.

    Names are those of `Causes.views` and `Causes.form`; what is absent is summed or integrated out.
    """
    cells = strata(confounded=settings.confounded)
    gap, gap_variance, weight = _gap(known, cells)
    weight *= cells.share * _agree(known, cells)
    if not weight.any():
        raise XattnError(
            "Age and gap must be those of some phantom: ages 50 to 86, a scan 0.1 to 4 years later."
        )
    names, values = _numbers(known)
    means = cells.mean + gap[:, None] * solve()[0][:, -1]
    regression = _regression(names)
    away = values - means[:, [VARIABLES.index(name) for name in names]]
    fit = means[:, BMD] + away @ regression.slopes
    fitness = -0.5 * ((away @ regression.precision) * away).sum(axis=1)
    weight *= np.exp(fitness - fitness[weight > 0].max())
    weight /= weight.sum()
    mean = float(weight @ fit)
    between = float(weight @ (fit - mean) ** 2)
    loss = tables.EQUATIONS["bmd"].parents["gap"]
    return Expectation(mean, float(np.sqrt(regression.left + between + loss**2 * gap_variance)))


def _agree(known: Mapping[str, float | str], cells: Strata) -> Floats:
    """1 for the strata that what is known leaves possible, (n,)."""
    possible = np.ones(len(cells.share), bool)
    if "site" in known:
        possible &= cells.site == known["site"]
    if "sex" in known:
        possible &= cells.male == tables.SEXES.index(str(known["sex"]))
    if "smoking" in known:
        possible &= cells.smoking == tables.SMOKING.index(str(known["smoking"]))
    if "age_at_xray" in known:
        possible &= cells.age == known["age_at_xray"]
    return possible.astype(np.float64)


def _gap(known: Mapping[str, float | str], cells: Strata) -> tuple[Floats, float, Floats]:
    """Expected gap of every stratum, its variance where unknown, and P(age at scan | stratum)."""
    even = np.array(tables.GAPS)
    if "age_at_scan" not in known:
        everywhere = np.full(len(cells.age), even.mean())
        return everywhere, float(even.var()), np.ones(len(cells.age))
    gap = np.round(float(known["age_at_scan"]) - cells.age, 1)
    return gap, 0.0, np.isin(gap, even) / len(even)


def _numbers(known: Mapping[str, float | str]) -> tuple[tuple[str, ...], Floats]:
    """The continuous variables that are known, and their values on the graph's scales."""
    found = {name: float(known[name]) for name in tables.VIEWS if name in known}
    # The third of height, weight and BMI follows from the other two and would add nothing.
    skipped = {"bmi"} if {"height", "weight"} <= known.keys() else set()
    for name in tables.REPORTED:
        if name in known and name not in skipped:
            value = float(known[name])
            found[f"reported {name}"] = (
                value if name == "diet" else np.log(value / tables.USUAL[name])
            )
    return tuple(found), np.array(list(found.values()))


@dataclass(frozen=True, slots=True)
class Regression:
    """BMD on some variables within a stratum."""

    slopes: Floats
    left: float
    """Variance of the BMD about the regression."""
    precision: Floats
    """Inverse covariance of the variables."""


@cache
def _regression(names: tuple[str, ...]) -> Regression:
    columns = [VARIABLES.index(name) for name in names]
    covariance = solve()[1]
    precision = np.asarray(np.linalg.inv(covariance[np.ix_(columns, columns)]), np.float64)
    slopes = precision @ covariance[columns, BMD]
    return Regression(
        slopes, float(covariance[BMD, BMD] - slopes @ covariance[columns, BMD]), precision
    )


def hip_bayes(causes: Causes) -> HipBayes:
    """What is expected of the BMD given the film's views, the form, and both."""
    settings = Settings(confounded=causes.confounded)
    return HipBayes(
        expect(causes.views, settings),
        expect(causes.form, settings),
        expect({**causes.views, **causes.form}, settings),
    )


def image_terms(causes: Causes) -> dict[str, float]:
    """What each view adds to the BMD expected from the film, in g/cm2; they sum to the whole.

    A view adds its slope times its distance from the population's mean. "population" is the rest:
    the mean, and what views and site together say about sex, smoking and age.
    """
    cells = strata(confounded=causes.confounded)
    terms = {}
    for name, slope in zip(tables.VIEWS, _regression(tables.VIEWS).slopes, strict=True):
        usual = float(cells.share @ cells.mean[:, VARIABLES.index(name)])
        terms[name] = float(slope) * (causes.values[name] - usual)
    whole = expect(causes.views, Settings(confounded=causes.confounded)).mean
    return {"population": whole - sum(terms.values()), **terms}


@dataclass(frozen=True, slots=True)
class HipBayesRow:
    """How well a source can tell the BMD at best in one split."""

    confounded: bool
    source: str
    r2: float
    low: float
    high: float
    """95 % bootstrap interval of R2 over cases."""
    mae: float
    """Mean absolute error, g/cm2."""

    def __str__(self) -> str:
        split = "confounded" if self.confounded else "deconfounded"
        interval = f"R2 {self.r2:.3f}  ({self.low:.3f} to {self.high:.3f})"
        return f"{split:13}{self.source:7}{interval}  MAE {self.mae:.3f} g/cm2"


def hip_bayes_table(count: int, seed: int, *, resamples: int = 200) -> list[HipBayesRow]:
    """R2 and error of what is expected from film, form and both, from `count` worlds a split."""
    rows = []
    for confounded in (True, False):
        settings = Settings(confounded=confounded)
        worlds = [sample_causes(seed * 10**7 + index, settings) for index in range(count)]
        truth = np.array([world.bmd for world in worlds])
        known = np.array([[part.mean for part in hip_bayes(world)] for world in worlds])
        for source, told in zip(HipBayes._fields, known.T, strict=True):
            low, r2, high = _r2_interval(told, truth, resamples, seed)
            mae = float(np.abs(told - truth).mean())
            rows.append(HipBayesRow(confounded, source, r2, low, high, mae))
    return rows


def _r2_interval(
    told: Floats, truth: Floats, resamples: int, seed: int
) -> tuple[float, float, float]:
    """2.5 % bound, R2 and 97.5 % bound over resampled cases."""
    rng = np.random.default_rng(seed)
    count = len(truth)
    drawn = [_r2(told[rows], truth[rows]) for rows in rng.integers(0, count, (resamples, count))]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), _r2(told, truth), float(high)


def _r2(told: Floats, truth: Floats) -> float:
    return float(1 - ((truth - told) ** 2).mean() / truth.var())
