"""The hip phantom's causal graph and draws from it; nothing here knows a pixel."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from xattn.phantoms import hip_tables as tables

Floats = NDArray[np.float64]

VARIABLES = tuple(tables.EQUATIONS)
"""The continuous variables, parents first."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Which split a world comes from."""

    confounded: bool = True
    """The sites' patients differ in age, so a site's look is a shortcut to low mineral."""
    shifted: bool = False
    """Physics unseen in training: blur, noise, energy, texture; the labels stay the same."""


@dataclass(frozen=True, slots=True)
class Causes:
    """One draw of every variable of the graph."""

    confounded: bool
    site: int
    sex: str
    smoking: str
    age: int
    """Years at the radiograph."""
    gap: float
    """Years from there to the densitometry."""
    values: dict[str, float]
    """The continuous variables by name, as `hip_tables.EQUATIONS` describes them."""

    @property
    def bmd(self) -> float:
        """What the densitometer measured in the femoral neck, g/cm2."""
        return self.values["bmd"]

    @property
    def views(self) -> dict[str, float]:
        """What the film shows: the five views and its site."""
        return {name: self.values[name] for name in tables.VIEWS} | {"site": float(self.site)}

    @property
    def form(self) -> dict[str, float | str]:
        """The ten fields as a clinic would write them; the BMI follows from what is reported."""
        said = {name: self.values[f"reported {name}"] for name in tables.REPORTED}
        height = round(tables.MEAN_HEIGHT * float(np.exp(said["height"])), 1)
        weight = round(tables.MEAN_WEIGHT * float(np.exp(said["weight"])), 1)
        return {
            "age_at_xray": self.age,
            "age_at_scan": round(self.age + self.gap, 1),
            "height": height,
            "weight": weight,
            "bmi": round(weight / (height / 100) ** 2, 1),
            "alcohol": _written("alcohol", said),
            "activity": _written("activity", said),
            "diet": round(said["diet"], 2),
            "sex": self.sex,
            "smoking": self.smoking,
        }


def _written(name: str, said: dict[str, float]) -> float:
    """One decimal, and never the zero whose logarithm does not exist."""
    return min(max(round(float(np.exp(said[name])), 1), 0.1), tables.LARGEST_REPORT[name])


@cache
def age_shares(*, confounded: bool) -> Floats:
    """P(age | site), (2, ages); without confounding both sites have the mixture of the two."""
    distance = (np.array(tables.AGES) - np.array(tables.SITE_AGE)[:, None]) / tables.AGE_SPREAD
    shares = np.exp(-0.5 * distance**2)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares if confounded else np.repeat(shares.mean(axis=0, keepdims=True), 2, axis=0)


def sample_causes(seed: int, settings: Settings) -> Causes:
    """One draw from the graph; the physics of `settings` plays no part in it."""
    rng = np.random.default_rng([seed, 0])
    site, male = int(rng.random() < 0.5), int(rng.random() < tables.MALE)
    smoking = _pick(rng, np.array(tables.SMOKED[male]))
    age = tables.AGES[_pick(rng, age_shares(confounded=settings.confounded)[site])]
    gap = tables.GAPS[int(rng.integers(len(tables.GAPS)))]
    values = {
        "age": age - tables.MEAN_AGE, "male": float(male), "ex": float(smoking == 1),
        "current": float(smoking == 2), "site": float(site), "gap": gap,
    }  # fmt: skip
    for name, equation in tables.EQUATIONS.items():
        mean = equation.start + sum(f * values[parent] for parent, f in equation.parents.items())
        values[name] = mean + equation.spread * float(rng.standard_normal())
    return Causes(
        settings.confounded, site, tables.SEXES[male], tables.SMOKING[smoking], age, gap,
        values={name: values[name] for name in VARIABLES},
    )  # fmt: skip


def _pick(rng: np.random.Generator, shares: Floats) -> int:
    edges = np.cumsum(shares)
    return int(np.searchsorted(edges[:-1], rng.random() * edges[-1], side="right"))
