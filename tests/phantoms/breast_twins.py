"""The breast phantom's joint probability written slowly: one factor per arrow of the graph."""

from itertools import product

import numpy as np
from scipy.special import expit
from scipy.stats import truncnorm

from xattn.phantoms import breast_tables as tables

SIGNS = {
    "mass_shape": tables.MASS_SHAPE,
    "mass_margins": tables.MASS_MARGINS,
    "calc_type": tables.CALC_TYPE,
    "calc_distribution": tables.CALC_DISTRIBUTION,
}
OTHER_VIEW_WORDS = {
    "mass_margins": tables.OTHER_VIEW_MARGINS,
    "calc_distribution": tables.OTHER_VIEW_DISTRIBUTION,
}


def word_probability(name, said, *, true, view):
    """P(the reader says a word | the true sign, the other view)."""
    common = {option: sum(row) / 2 for option, row in SIGNS[name].items()}
    accuracy = tables.READER_ACCURACY[name]
    others = sum(value for option, value in common.items() if option != true)
    film = accuracy if said == true else (1 - accuracy) * common[said] / others
    if name not in OTHER_VIEW_WORDS:
        return film
    weight = tables.OTHER_VIEW_WEIGHT[name]
    seen = OTHER_VIEW_WORDS[name][view][list(SIGNS[name]).index(said)]
    return (1 - weight) * film + weight * seen


def disease_probability(disease, *, density, site, confounded):
    """P(disease | density, site)."""
    odds = tables.INTERCEPT[confounded] + tables.DENSITY_LOG_ODDS[density - 1]
    odds += (tables.SITE_LOG_ODDS if site else -tables.SITE_LOG_ODDS) if confounded else 0
    return expit(odds) if disease else 1 - expit(odds)


def cue_probability(causes, disease):
    """P(skin, strands, satellite | disease)."""
    value = tables.SKIN[causes.skin][disease]
    for row, present in (
        (tables.STRANDS, causes.has_strands),
        (tables.SATELLITE, causes.has_satellite),
    ):
        value *= row[disease] if present else 1 - row[disease]
    return value


def size_probability(size_mm, disease):
    """Density of ln(size) given the disease."""
    medians, spread = tables.SIZE_MM
    low, high = (np.log(limit / medians[disease]) / spread for limit in tables.SIZE_RANGE_MM)
    return truncnorm.pdf(np.log(size_mm), low, high, loc=np.log(medians[disease]), scale=spread)


def sign_names(kind):
    """The signs that a lesion type has."""
    names = {"mass": ("mass_shape", "mass_margins"), "calcification": tuple(SIGNS)[2:]}
    return names.get(kind, tuple(SIGNS))


def image_posterior(causes):
    """P(malignant | film), hidden lesions enumerated."""
    likelihood = []
    for disease in (0, 1):
        total = 0.0
        for kind, occult in product(tables.LESION_TYPE, (False, True)):
            shown = {n for n in sign_names(kind) if n.startswith("calc") or not occult}
            if shown != shown_signs(causes):
                continue
            hides = tables.OCCULT[causes.density - 1]
            value = tables.LESION_TYPE[kind][disease] * (hides if occult else 1 - hides)
            for name in shown:
                value *= SIGNS[name][causes.signs[name]][disease]
            total += value * (size_probability(causes.size_mm, disease) if shown else 1)
        total *= cue_probability(causes, disease)
        likelihood.append(
            total
            * disease_probability(
                disease, density=causes.density, site=causes.site, confounded=causes.confounded
            )
        )
    return likelihood[1] / sum(likelihood)


def shown_signs(causes):
    """The signs that the film shows."""
    return {n for n in causes.signs if n.startswith("calc") or not causes.is_occult}


def words_probability(causes, disease, *, known):
    """P(true signs, words | disease, lesion type), the other view and unknown signs enumerated."""
    free = [name for name in causes.signs if name not in known]
    total = 0.0
    for view, row in tables.OTHER_VIEW.items():
        for options in product(*(SIGNS[name] for name in free)):
            truth = {name: causes.signs[name] for name in known} | dict(
                zip(free, options, strict=True)
            )
            value = row[disease]
            for name, true in truth.items():
                value *= SIGNS[name][true][disease]
                value *= word_probability(name, causes.form[name], true=true, view=view)
            total += value
    return total


def form_posterior(causes):
    """P(malignant | form), density, site, other view and all true signs enumerated."""
    likelihood = []
    for disease in (0, 1):
        prior = 0.0
        for density, site in product((1, 2, 3, 4), (0, 1)):
            said = tables.DENSITY_READER[density - 1][int(causes.form["density"]) - 1]
            prior += (
                0.5
                * tables.DENSITY[density - 1]
                * said
                * disease_probability(
                    disease, density=density, site=site, confounded=causes.confounded
                )
            )
        kind = tables.LESION_TYPE[causes.lesion_type][disease]
        likelihood.append(prior * kind * words_probability(causes, disease, known=()))
    return likelihood[1] / sum(likelihood)


def both_posterior(causes):
    """P(malignant | film and form): the form names the lesion type, the film shows its signs."""
    likelihood = []
    for disease in (0, 1):
        value = disease_probability(
            disease, density=causes.density, site=causes.site, confounded=causes.confounded
        )
        value *= tables.LESION_TYPE[causes.lesion_type][disease] * cue_probability(causes, disease)
        if shown_signs(causes):
            value *= size_probability(causes.size_mm, disease)
        likelihood.append(value * words_probability(causes, disease, known=shown_signs(causes)))
    return likelihood[1] / sum(likelihood)
