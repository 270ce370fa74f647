"""Exact Bayes on the breast phantom's graph: P(malignant) from film, form, both, everything.

Given the disease the signs are independent, so the log-odds are a sum of log-likelihood
ratios; only what a source cannot see (the occult mass, the other view, the true sign behind
a reader's word) is summed over.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from xattn.phantoms import breast_tables as tables
from xattn.phantoms.breast_causes import (
    SIGNS,
    Causes,
    Floats,
    Settings,
    prior_log_odds,
    reader_table,
    sample_causes,
    sign_table,
    size_bounds,
)


class BayesProbabilities(NamedTuple):
    """P(malignant | ...) by exact inference on the graph.

    The first is given the film's latent causes as drawn: an upper bound that no model
    reaches from pixels.
    """

    image: float
    form: float
    both: float
    everything: float


def joint_site_disease(settings: Settings) -> Floats:
    """P(site, disease) straight from the graph, (2, 2)."""
    risk = _risk_table(confounded=settings.confounded)
    malignant = np.array(tables.DENSITY) @ risk / 2
    return np.stack([0.5 - malignant, malignant], axis=1)


@cache
def _risk_table(*, confounded: bool) -> Floats:
    """P(malignant | density, site), (4, 2)."""
    return np.array(
        [
            [
                expit(prior_log_odds(density=density, site=site, confounded=confounded))
                for site in (0, 1)
            ]
            for density in range(1, 5)
        ]
    )


def image_log_odds(causes: Causes) -> dict[str, float]:
    """What each cause on the film adds to the log-odds of malignancy; they sum to the whole.

    A sign that the film does not show (the occult mass) has no entry.
    """
    terms = {
        "prior": tables.INTERCEPT[causes.confounded],
        "density": tables.DENSITY_LOG_ODDS[causes.density - 1],
        "lesion_type": _seen_type_log_odds(causes),
        "skin": _ratio(tables.SKIN[causes.skin]),
        "strands": _flag_ratio(tables.STRANDS, is_present=causes.has_strands),
        "satellite": _flag_ratio(tables.SATELLITE, is_present=causes.has_satellite),
    }
    if causes.confounded:
        terms["site"] = tables.SITE_LOG_ODDS * (2 * causes.site - 1)
    if causes.shows_mass or causes.has_calcifications:
        terms["size"] = _size_ratio(causes.size_mm)
    for name, option in causes.signs.items():
        if causes.shows_mass or name.startswith("calc"):
            terms[name] = _ratio(SIGNS[name][option])
    return terms


def _ratio(row: tuple[float, float]) -> float:
    return float(np.log(row[1] / row[0]))


def _flag_ratio(row: tuple[float, float], *, is_present: bool) -> float:
    return _ratio(row) if is_present else _ratio((1 - row[0], 1 - row[1]))


def _size_ratio(size_mm: float) -> float:
    medians, spread = tables.SIZE_MM
    logs = []
    for disease in (0, 1):
        low, high = size_bounds(disease)
        logs.append(
            -0.5 * (np.log(size_mm / medians[disease]) / spread) ** 2
            - np.log(ndtr(high) - ndtr(low))
        )
    return float(logs[1] - logs[0])


def _seen_type_log_odds(causes: Causes) -> float:
    """Evidence in which lesions the film shows, the hidden mass summed out."""
    kinds = np.array([tables.LESION_TYPE[kind] for kind in ("mass", "calcification", "both")])
    occult = tables.OCCULT[causes.density - 1]
    if causes.shows_mass:
        seen = kinds[2] if causes.has_calcifications else kinds[0]
    else:
        seen = kinds[1] + occult * kinds[2] if causes.has_calcifications else occult * kinds[0]
    return _ratio((seen[0], seen[1]))


def _reader_log_odds(causes: Causes, *, film_seen: bool) -> float:
    """Evidence in the reader's words given what the film shows; other view and hidden signs out."""
    views = np.array(list(tables.OTHER_VIEW.values())).T
    likelihood = views.copy()
    for name, option in causes.signs.items():
        options = list(SIGNS[name])
        words = reader_table(name)[:, :, options.index(causes.form[name])]
        if film_seen and (name.startswith("calc") or causes.shows_mass):
            likelihood *= words[:, options.index(option)]
        else:
            likelihood *= sign_table(name) @ words.T
    benign, malignant = likelihood.sum(axis=1)
    return float(np.log(malignant / benign))


def form_log_odds(causes: Causes) -> float:
    """Log-odds of malignancy from the form alone."""
    risk = _risk_table(confounded=causes.confounded).mean(axis=1)
    word = int(causes.form["density"]) - 1
    weight = np.array(tables.DENSITY) * np.array(tables.DENSITY_READER)[:, word]
    prior = np.log(weight @ risk) - np.log(weight @ (1 - risk))
    kind = _ratio(tables.LESION_TYPE[causes.lesion_type])
    return float(prior + kind + _reader_log_odds(causes, film_seen=False))


def both_log_odds(causes: Causes) -> float:
    """Log-odds of malignancy from film and form together."""
    terms = image_log_odds(causes)
    terms["lesion_type"] = _ratio(tables.LESION_TYPE[causes.lesion_type])
    return sum(terms.values()) + _reader_log_odds(causes, film_seen=True)


def everything_log_odds(causes: Causes) -> float:
    """Log-odds of malignancy given every latent, the other view and the hidden mass included."""
    terms = image_log_odds(causes)
    terms["lesion_type"] = _ratio(tables.LESION_TYPE[causes.lesion_type])
    terms["size"] = _size_ratio(causes.size_mm)
    terms |= {name: _ratio(SIGNS[name][option]) for name, option in causes.signs.items()}
    return sum(terms.values()) + _ratio(tables.OTHER_VIEW[causes.other_view])


def bayes(causes: Causes) -> BayesProbabilities:
    """P(malignant) given the film, the form, both, and everything latent."""
    log_odds = (
        sum(image_log_odds(causes).values()),
        form_log_odds(causes),
        both_log_odds(causes),
        everything_log_odds(causes),
    )
    return BayesProbabilities(*(float(value) for value in expit(log_odds)))


@dataclass(frozen=True, slots=True)
class BayesRow:
    """The best AUC that a source allows in one split, with its 95 % bootstrap interval."""

    confounded: bool
    source: str
    auc: float
    low: float
    high: float

    def __str__(self) -> str:
        split = "confounded" if self.confounded else "deconfounded"
        return f"{split:13}{self.source:11}{self.auc:.3f}  ({self.low:.3f} to {self.high:.3f})"


def bayes_table(count: int, seed: int, *, resamples: int = 200) -> list[BayesRow]:
    """Bayes AUC of film, form, both and everything in both splits, from `count` worlds each."""
    rows = []
    for confounded in (True, False):
        settings = Settings(confounded=confounded)
        worlds = [sample_causes(seed * 10**7 + index, settings) for index in range(count)]
        disease = np.array([world.malignant for world in worlds])
        known = np.array([bayes(world) for world in worlds])
        for column, source in enumerate(BayesProbabilities._fields):
            low, auc, high = _auc_interval(known[:, column], disease, resamples, seed)
            rows.append(BayesRow(confounded, source, auc, low, high))
    return rows


def _auc_interval(
    scores: Floats, disease: NDArray[np.bool_], resamples: int, seed: int
) -> tuple[float, float, float]:
    """2.5 % bound, AUC and 97.5 % bound over resampled cases."""
    levels = np.unique(scores, return_inverse=True)[1]
    rng = np.random.default_rng(seed)
    count = len(scores)
    drawn = [
        _weighted_auc(levels, disease, np.bincount(rng.integers(0, count, count), minlength=count))
        for _ in range(resamples)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), _weighted_auc(levels, disease, np.ones(count)), float(high)


def _weighted_auc(
    levels: NDArray[np.intp], disease: NDArray[np.bool_], weights: NDArray[np.generic]
) -> float:
    """P(a malignant case scores higher) + P(equal) / 2, cases counted by weight."""
    malignant = np.bincount(levels, weights * disease)
    benign = np.bincount(levels, weights * ~disease)
    below = np.cumsum(benign) - benign
    return float(malignant @ (below + benign / 2) / (malignant.sum() * benign.sum()))
