"""The breast phantom's causal graph and draws from it; nothing here knows a pixel.

Given the disease, density and site the signs are independent of each other; the reader's
words follow from them and from the other view (docs/phantoms.md has the graph).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr, ndtri

from xattn.phantoms import breast_tables as tables

Floats = NDArray[np.float64]

FORM_FIELDS = ("density", "mass_shape", "mass_margins", "calc_type", "calc_distribution")
SIGNS: dict[str, dict[str, tuple[float, float]]] = {
    "mass_shape": tables.MASS_SHAPE,
    "mass_margins": tables.MASS_MARGINS,
    "calc_type": tables.CALC_TYPE,
    "calc_distribution": tables.CALC_DISTRIBUTION,
}
"""The four signs a reader names, each as option -> P(option | benign, malignant)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Which split a world comes from."""

    confounded: bool = True
    """Site shifts the prior, so exposure and markers are shortcuts."""
    shifted: bool = False
    """Physics unseen in training: blur, noise, texture, contrast; the labels stay the same."""


@dataclass(frozen=True, slots=True)
class Causes:
    """One draw of every latent and of the reader's form; a sign that does not apply is absent."""

    malignant: bool
    confounded: bool
    site: int
    density: int
    lesion_type: str
    is_occult: bool
    signs: dict[str, str]
    size_mm: float
    skin: str
    has_strands: bool
    has_satellite: bool
    other_view: str
    form: dict[str, str]

    @property
    def has_mass(self) -> bool:
        """Whether the lesion is a mass, seen or not."""
        return self.lesion_type != "calcification"

    @property
    def has_calcifications(self) -> bool:
        """Whether the lesion has calcifications."""
        return self.lesion_type != "mass"

    @property
    def shows_mass(self) -> bool:
        """Whether this film shows the mass."""
        return self.has_mass and not self.is_occult


def _pick(rng: np.random.Generator, probabilities: Floats | tuple[float, ...]) -> int:
    edges = np.cumsum(probabilities)
    return int(np.searchsorted(edges[:-1], rng.random() * edges[-1], side="right"))


@cache
def sign_table(name: str) -> Floats:
    """P(option | disease) of one sign, (2, options), rows benign and malignant."""
    return np.array(list(SIGNS[name].values())).T


@cache
def reader_table(name: str) -> Floats:
    """P(word | true option, other view) of one sign, (3, options, words).

    Words other than the true one come as often as the options do. In the margins and the
    distribution a share of the words describes the other view instead of this film.
    """
    common = sign_table(name).mean(axis=0)
    wrong = np.where(np.eye(len(common), dtype=bool), 0.0, common)
    wrong *= (1 - tables.READER_ACCURACY[name]) / wrong.sum(axis=1, keepdims=True)
    film = wrong + tables.READER_ACCURACY[name] * np.eye(len(common))
    views = {
        "mass_margins": tables.OTHER_VIEW_MARGINS,
        "calc_distribution": tables.OTHER_VIEW_DISTRIBUTION,
    }.get(name)
    if views is None:
        return np.repeat(film[None], len(tables.OTHER_VIEW), axis=0)
    weight = tables.OTHER_VIEW_WEIGHT[name]
    other = np.array(list(views.values()))
    return (1 - weight) * film[None] + weight * other[:, None, :]


def prior_log_odds(*, density: int, site: int, confounded: bool) -> float:
    """Log-odds of malignancy before any sign."""
    shift = tables.SITE_LOG_ODDS * (2 * site - 1) if confounded else 0.0
    return tables.INTERCEPT[confounded] + tables.DENSITY_LOG_ODDS[density - 1] + shift


def sample_causes(seed: int, settings: Settings) -> Causes:
    """One draw from the graph; the physics of `settings` plays no part in it."""
    rng = np.random.default_rng([seed, 0])
    site, density = _pick(rng, (0.5, 0.5)), 1 + _pick(rng, tables.DENSITY)
    odds = prior_log_odds(density=density, site=site, confounded=settings.confounded)
    disease = int(rng.random() < expit(odds))
    lesion_type = _pick_option(rng, tables.LESION_TYPE, disease)
    is_occult = bool(rng.random() < tables.OCCULT[density - 1])
    signs = {
        name: _pick_option(rng, table, disease)
        for name, table in SIGNS.items()
        if applies(name, lesion_type)
    }
    size_mm = _sample_size(rng, disease)
    skin = _pick_option(rng, tables.SKIN, disease)
    has_strands = bool(rng.random() < tables.STRANDS[disease])
    has_satellite = bool(rng.random() < tables.SATELLITE[disease])
    other_view = _pick_option(rng, tables.OTHER_VIEW, disease)
    return Causes(
        bool(disease), settings.confounded, site, density, lesion_type, is_occult, signs, size_mm,
        skin, has_strands, has_satellite, other_view,
        form=_read(rng, density, signs, other_view),
    )  # fmt: skip


def applies(sign: str, lesion_type: str) -> bool:
    """Whether a sign exists for this lesion type: a mass has no calcification fields."""
    return lesion_type == "both" or sign.startswith(lesion_type[:4])


def _pick_option(
    rng: np.random.Generator, table: dict[str, tuple[float, float]], disease: int
) -> str:
    return list(table)[_pick(rng, tuple(row[disease] for row in table.values()))]


def _sample_size(rng: np.random.Generator, disease: int) -> float:
    low, high = size_bounds(disease)
    below = ndtr(low) + rng.random() * (ndtr(high) - ndtr(low))
    medians, spread = tables.SIZE_MM
    return float(medians[disease] * np.exp(spread * ndtri(below)))


def size_bounds(disease: int) -> tuple[float, float]:
    """The size range in standard deviations of ln(size) about the disease's median."""
    medians, spread = tables.SIZE_MM
    low, high = (np.log(limit / medians[disease]) / spread for limit in tables.SIZE_RANGE_MM)
    return float(low), float(high)


def _read(
    rng: np.random.Generator, density: int, signs: dict[str, str], other_view: str
) -> dict[str, str]:
    form = {"density": tables.DENSITIES[_pick(rng, tables.DENSITY_READER[density - 1])]}
    view = list(tables.OTHER_VIEW).index(other_view)
    for name, option in signs.items():
        options = list(SIGNS[name])
        words = reader_table(name)[view, options.index(option)]
        form[name] = options[_pick(rng, words)]
    return form
