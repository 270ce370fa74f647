"""Exact Bayes on the chest phantom's graph: P(each finding) from film, form and both.

The latents are few (age bin, sex, site, projection and 32 states of disease), so every
posterior is a sum over all of them; given the diseases the findings are independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from xattn.data.findings import FINDINGS
from xattn.phantoms import chest_tables as tables
from xattn.phantoms.chest_causes import (
    SIGNS,
    Causes,
    Scalars,
    Settings,
    disease_chance,
    disease_states,
    finding_chances,
    sample_causes,
    site_shift,
)

CHUNK = 2000
"""Worlds at a time in the table."""
SOURCES = ("image", "form", "both")
"""The rows of what `expected` gives."""


@cache
def joint(*, confounded: bool) -> Scalars:
    """P(age bin, sex, site, projection, diseases), (5, 2, 2, 2, 32)."""
    states = disease_states()
    critical, trauma = states[:, 0].astype(int), states[:, 4].astype(int)
    is_ap = np.array(tables.AP_SHARE)[critical, trauma]
    table = np.empty((len(tables.AGES), 2, 2, 2, len(states)))
    for age_bin, sex, site in np.ndindex(5, 2, 2):
        weight = np.full(len(states), tables.AGE_SHARES[age_bin] * tables.SEX_SHARES[sex] / 2)
        shift = site_shift(site, confounded=confounded)
        for column, disease in enumerate(tables.DISEASES):
            chance = np.array(
                [
                    disease_chance(disease, age_bin=age_bin, sex=sex, critical=ill, shift=shift)
                    for ill in critical
                ]
            )
            weight *= np.where(states[:, column] == 1, chance, 1 - chance)
        table[age_bin, sex, site] = weight * (1 - is_ap), weight * is_ap
    return table


@cache
def _sign_tables() -> tuple[Scalars, Scalars]:
    """P(drawn or not | diseases) and P(finding | drawn or not, diseases), each (2, 32, 13)."""
    present = finding_chances()
    occult = np.array([row.occult for row in tables.CHANCES.values()])
    mimic = np.array([row.mimic for row in tables.CHANCES.values()])
    found = np.stack([present * occult, present * (1 - occult)])
    seen = found + np.stack([(1 - present) * (1 - mimic), (1 - present) * mimic])
    return seen, found / seen


@cache
def _film_prior(
    look: tuple[int, bool, bool], projection: int | None, *, site: int, confounded: bool
) -> Scalars:
    """P(diseases, all that the film shows beside its findings), (32,).

    `look` holds the ageing, the breast shadows and the shallow breath that the film shows.
    """
    ageing, has_breasts, is_shallow = look
    ages = np.array(tables.AGEING)[:, ageing]
    sexes = _flag(tables.BREASTS, is_set=has_breasts)
    projections = _flag(tables.SHALLOW, is_set=is_shallow)
    if projection is not None:
        projections[1 - projection] = 0.0
    return np.asarray(
        np.einsum(
            "axpd,a,x,p->d", joint(confounded=confounded)[:, :, site], ages, sexes, projections
        )
    )


def _flag(chances: tuple[float, float], *, is_set: bool) -> Scalars:
    return np.array(chances) if is_set else 1 - np.array(chances)


def expected(causes: Causes) -> Scalars:
    """P(finding) given the film, the form, and both, (3, 14) in the order of `FINDINGS`.

    The film shows its signs, site, ageing, breasts, breath and at times the marker; the form holds
    age, sex and projection.
    """
    return np.asarray(expected_all([causes])[0])


def expected_all(worlds: Sequence[Causes]) -> Scalars:
    """The same for many worlds of one split, (N, 3, 14)."""
    image, form, both = (
        np.array([prior(world) for world in worlds])
        for prior in (_image_prior, _form_prior, _both_prior)
    )
    seen, found = _sign_tables()
    drawn, columns = np.array([world.shows for world in worlds], int), np.arange(len(SIGNS))
    likelihood = np.prod(seen[drawn, :, columns], axis=1)
    chances = np.swapaxes(found[drawn, :, columns], 1, 2)
    return np.stack(
        [
            _labels(image * likelihood, chances),
            _labels(form, finding_chances()[None]),
            _labels(both * likelihood, chances),
        ],
        axis=1,
    )


def _image_prior(causes: Causes) -> Scalars:
    look = causes.ageing, causes.has_breasts, causes.is_shallow
    projection = causes.projection if causes.is_marked else None
    return _film_prior(look, projection, site=causes.site, confounded=causes.confounded)


def _form_prior(causes: Causes) -> Scalars:
    table = joint(confounded=causes.confounded)
    return np.asarray(table[causes.age_bin, causes.sex, :, causes.projection].sum(axis=0))


def _both_prior(causes: Causes) -> Scalars:
    table = joint(confounded=causes.confounded)
    return np.asarray(table[causes.age_bin, causes.sex, causes.site, causes.projection])


def _labels(weights: Scalars, chances: Scalars) -> Scalars:
    """P(label), (N, 14), from weights (N, 32) of the diseases and P(finding), (N or 1, 32, 13)."""
    weights = weights / weights.sum(axis=1, keepdims=True)
    absent = dict(zip(SIGNS, np.moveaxis(1 - chances, 2, 0), strict=True))
    spared = np.prod([absent[sign] for sign in SIGNS if sign != tables.HARMLESS], axis=0)
    clear = np.prod([absent[sign] for sign in tables.OPACITIES], axis=0)
    derived = {"no_finding": 1 - spared, "lung_opacity": clear}
    missing = [(absent | derived)[finding] for finding in FINDINGS]
    return np.stack([1 - (weights * share).sum(axis=1) for share in missing], axis=1)


@dataclass(frozen=True, slots=True)
class ChestBayesRow:
    """The best AUC that a source allows for one finding, or their mean, in one split.

    `low` and `high` are its 95 % bootstrap interval over worlds.
    """

    confounded: bool
    source: str
    finding: str
    auc: float
    low: float
    high: float

    def __str__(self) -> str:
        split = "confounded" if self.confounded else "deconfounded"
        interval = f"({self.low:.3f} to {self.high:.3f})"
        return f"{split:13}{self.source:7}{self.finding:28}{self.auc:.3f}  {interval}"


def chest_bayes_table(count: int, seed: int, *, resamples: int = 50) -> list[ChestBayesRow]:
    """Bayes AUCs of film, form and both in both splits, from `count` worlds each; macro first."""
    rows = []
    for confounded in (True, False):
        settings = Settings(confounded=confounded)
        worlds = [sample_causes(seed * 10**7 + index, settings) for index in range(count)]
        labels = np.array([world.labels for world in worlds])
        parts = [worlds[first : first + CHUNK] for first in range(0, count, CHUNK)]
        known = np.concatenate([expected_all(part) for part in parts])
        rng = np.random.default_rng(seed)
        drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples).astype(float)
        for column, source in enumerate(SOURCES):
            best = _with_macro(aucs(known[:, column], labels, np.ones((1, count))))
            spread = _with_macro(aucs(known[:, column], labels, drawn))
            low, high = np.quantile(spread, (0.025, 0.975), axis=0)
            names = ("macro", *FINDINGS)
            for name, *figures in zip(names, best[0], low, high, strict=True):
                rows.append(ChestBayesRow(confounded, source, name, *map(float, figures)))
    return rows


def _with_macro(values: Scalars) -> Scalars:
    return np.concatenate([values.mean(axis=1, keepdims=True), values], axis=1)


def aucs(scores: Scalars, labels: Scalars, weights: Scalars) -> Scalars:
    """P(a positive scores higher) + P(equal) / 2 for each column of (N, K), (R, K).

    `weights` (R, N) counts every case; one row for each way of counting.
    """
    found = np.empty((len(weights), scores.shape[1]))
    for column in range(scores.shape[1]):
        levels = np.unique(scores[:, column], return_inverse=True)[1]
        for row, counts in enumerate(weights):
            positive = np.bincount(levels, counts * labels[:, column])
            negative = np.bincount(levels, counts * (1 - labels[:, column]))
            below = np.cumsum(negative) - negative / 2
            found[row, column] = positive @ below / (positive.sum() * negative.sum())
    return found
