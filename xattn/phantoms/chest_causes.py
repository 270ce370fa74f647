"""The chest phantom's causal graph and draws from it; nothing here knows a pixel.

Given the diseases the findings are independent of each other (docs/phantoms_chest.md).
"""

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from xattn.data.findings import FINDINGS
from xattn.phantoms import chest_tables as tables

Scalars = NDArray[np.float64]

SIGNS = tuple(tables.CHANCES)
"""What a film may show, in the order of the tables."""
FAINTEST = 0.3
"""Conspicuity of the slightest finding that is drawn; the clearest has 1."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Which split a world comes from."""

    confounded: bool = False
    """Site shifts the prior of critical illness, so border and marker are shortcuts."""
    shifted: bool = False
    """Physics unseen in training: blur, noise, contrast; the labels stay the same."""


@dataclass(frozen=True, slots=True)
class Causes:
    """One draw of every latent, of what the film shows, and of the form."""

    confounded: bool
    site: int
    age_bin: int
    sex: int
    """Index into `SEXES`."""
    projection: int
    """Index into `PROJECTIONS`."""
    diseases: tuple[bool, ...]
    """In the order of `DISEASES`."""
    present: tuple[bool, ...]
    """Which of `SIGNS` the patient has."""
    conspicuity: tuple[float, ...]
    """How clearly the film shows each of `SIGNS`, 0.3 to 1; 0 where it does not."""
    ageing: int
    has_breasts: bool
    is_shallow: bool
    is_marked: bool
    form: dict[str, str | float]

    @property
    def shows(self) -> tuple[bool, ...]:
        """Which of `SIGNS` the film shows, mimics included."""
        return tuple(value > 0 for value in self.conspicuity)

    def has(self, finding: str) -> bool:
        """Whether the patient has a finding, seen or not."""
        return bool(self.labels[FINDINGS.index(finding)])

    def clarity(self, sign: str) -> float:
        """How clearly the film shows a sign; 0 where it does not."""
        return self.conspicuity[SIGNS.index(sign)]

    @property
    def labels(self) -> Scalars:
        """The truth, (14,) zeros and ones in the order of `FINDINGS`; nothing is report noise."""
        found = dict(zip(SIGNS, map(float, self.present), strict=True))
        healthy = not any(found[sign] for sign in SIGNS if sign != tables.HARMLESS)
        derived = {
            "no_finding": float(healthy),
            "lung_opacity": max(found[sign] for sign in tables.OPACITIES),
        }
        return np.array([(found | derived)[finding] for finding in FINDINGS])


@cache
def disease_states() -> Scalars:
    """Every combination of the five diseases, (32, 5) zeros and ones."""
    return np.array(list(product((0.0, 1.0), repeat=len(tables.DISEASES))))


@cache
def finding_chances() -> Scalars:
    """P(sign's finding | diseases) by a noisy or, (32, 13)."""
    rows = tables.CHANCES.values()
    causes = np.array([row.causes for row in rows])
    leaks = np.array([row.leak for row in rows])
    spared = np.prod(1 - disease_states()[:, None, :] * causes, axis=2)
    return np.asarray(1 - (1 - leaks) * spared)


def disease_chance(disease: str, *, age_bin: int, sex: int, critical: float, shift: int) -> float:
    """P(disease | age, sex, critical illness, site); `shift` is -1 or 1 by site, 0 deconfounded."""
    odds = tables.ODDS[disease]
    patient = odds.by_age[age_bin] + odds.male * sex + odds.critical * critical
    return float(expit(odds.base + patient + odds.site * shift))


def site_shift(site: int, *, confounded: bool) -> int:
    """Which way a site moves the prior: -1, 0 or 1."""
    return (2 * site - 1) * int(confounded)


def _pick(rng: np.random.Generator, shares: tuple[float, ...]) -> int:
    return int(np.searchsorted(np.cumsum(shares)[:-1], rng.random(), side="right"))


def sample_causes(seed: int, settings: Settings) -> Causes:
    """One draw from the graph; the physics of `settings` plays no part in it."""
    rng = np.random.default_rng([seed, 0])
    confounded = settings.confounded
    site, age_bin = _pick(rng, (0.5, 0.5)), _pick(rng, tables.AGE_SHARES)
    sex = _pick(rng, tables.SEX_SHARES)
    diseases = _sample_diseases(rng, age_bin, sex, site_shift(site, confounded=confounded))
    projection = int(rng.random() < tables.AP_SHARE[diseases[0]][diseases[4]])
    present, conspicuity = _sample_signs(rng, diseases)
    low, high = tables.AGES[age_bin]
    form: dict[str, str | float] = {
        "age": float(int(low + (high - low) * rng.random())),
        "sex": tables.SEXES[sex],
        "projection": tables.PROJECTIONS[projection],
        "view": "FRONTAL",
    }
    return Causes(
        confounded, site, age_bin, sex, projection, diseases, present, conspicuity,
        ageing=_pick(rng, tables.AGEING[age_bin]),
        has_breasts=bool(rng.random() < tables.BREASTS[sex]),
        is_shallow=bool(rng.random() < tables.SHALLOW[projection]),
        is_marked=bool(rng.random() < tables.MARKED[site]),
        form=form,
    )  # fmt: skip


def _sample_diseases(
    rng: np.random.Generator, age_bin: int, sex: int, shift: int
) -> tuple[bool, ...]:
    found: list[bool] = []
    for disease in tables.DISEASES:
        critical = float(found[0]) if found else 0.0
        chance = disease_chance(disease, age_bin=age_bin, sex=sex, critical=critical, shift=shift)
        found.append(bool(rng.random() < chance))
    return tuple(found)


def _sample_signs(
    rng: np.random.Generator, diseases: tuple[bool, ...]
) -> tuple[tuple[bool, ...], tuple[float, ...]]:
    """Which findings the patient has, and how clearly the film shows each sign.

    A severity drawn from U(0, 1) below the occult share leaves no trace; the rest, and every
    mimic, is spread evenly over the conspicuities, which therefore say nothing more.
    """
    state = int("".join(str(int(disease)) for disease in diseases), 2)
    chances, present, clear = finding_chances()[state], [], []
    for chance, row in zip(chances, tables.CHANCES.values(), strict=True):
        is_present = bool(rng.random() < chance)
        hidden = row.occult if is_present else 1 - row.mimic
        severity = (float(rng.random()) - hidden) / (1 - hidden)
        present.append(is_present)
        clear.append(FAINTEST + (1 - FAINTEST) * severity if severity > 0 else 0.0)
    return tuple(present), tuple(clear)
