"""The causal graph's tables, draws and exact posteriors against slow enumeration."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import logit

from tests.phantoms import breast_twins as twins
from xattn.phantoms import breast_tables as tables
from xattn.phantoms.breast_bayes import (
    _weighted_auc,
    bayes,
    bayes_table,
    image_log_odds,
    joint_site_disease,
)
from xattn.phantoms.breast_causes import (
    FORM_FIELDS,
    SIGNS,
    Settings,
    applies,
    reader_table,
    sample_causes,
)

OPTIONS = {
    "mass_shape": "IRREGULAR OVAL LOBULATED ROUND ARCHITECTURAL_DISTORTION LYMPH_NODE "
    "FOCAL_ASYMMETRIC_DENSITY ASYMMETRIC_BREAST_TISSUE",
    "mass_margins": "ILL_DEFINED CIRCUMSCRIBED SPICULATED OBSCURED MICROLOBULATED",
    "calc_type": "PLEOMORPHIC PUNCTATE AMORPHOUS LUCENT_CENTER ROUND_AND_REGULAR "
    "FINE_LINEAR_BRANCHING VASCULAR COARSE LUCENT_CENTERED EGGSHELL DYSTROPHIC LARGE_RODLIKE "
    "SKIN MILK_OF_CALCIUM",
    "calc_distribution": "CLUSTERED SEGMENTAL LINEAR REGIONAL DIFFUSELY_SCATTERED",
}
EXPECTED_AUC = {"image": 0.8955, "form": 0.8259, "both": 0.9397, "everything": 0.9748}
VIEWS = (tables.OTHER_VIEW_MARGINS, tables.OTHER_VIEW_DISTRIBUTION)


def seeds_of_every_kind():
    """One seed for each lesion type, seen and occult, in each split."""
    found = {}
    for seed, confounded in product(range(400), (True, False)):
        causes = sample_causes(seed, Settings(confounded=confounded))
        found.setdefault((causes.lesion_type, causes.is_occult, confounded), seed)
    assert len(found) == 12
    return sorted((seed, *kind[2:]) for kind, seed in found.items())


def test_options_are_the_36_of_the_form_in_their_order():
    assert {name: list(table) for name, table in SIGNS.items()} == {
        name: words.split() for name, words in OPTIONS.items()
    }
    assert len(tables.DENSITIES) + sum(map(len, SIGNS.values())) == 36


def test_every_table_is_a_distribution():
    paired = [*SIGNS.values(), tables.LESION_TYPE, tables.SKIN, tables.OTHER_VIEW]
    for table in paired:
        assert min(min(row) for row in table.values()) > 0
        assert [sum(column) for column in zip(*table.values(), strict=True)] == [
            pytest.approx(1, abs=1e-12),
            pytest.approx(1, abs=1e-12),
        ]
    for rows in (tables.DENSITY_READER, [tables.DENSITY], *map(dict.values, VIEWS)):
        assert [sum(row) for row in rows] == [pytest.approx(1, abs=1e-12)] * len(rows)
    for name in SIGNS:
        np.testing.assert_allclose(reader_table(name).sum(axis=-1), 1, rtol=1e-12)


@pytest.mark.parametrize("name", SIGNS)
def test_reader_table_is_the_sentence_in_its_docstring(name):
    table = reader_table(name)
    for (v, view), (i, true), (j, said) in product(
        enumerate(tables.OTHER_VIEW), enumerate(SIGNS[name]), enumerate(SIGNS[name])
    ):
        slow = twins.word_probability(name, said, true=true, view=view)
        assert table[v, i, j] == pytest.approx(slow, rel=1e-12)


@pytest.mark.parametrize("confounded", [True, False])
def test_prevalence_is_that_of_the_public_tables(confounded):
    joint = joint_site_disease(Settings(confounded=confounded))
    assert joint.sum() == pytest.approx(1, abs=1e-12)
    # The intercepts are written with five digits.
    assert joint[:, 1].sum() == pytest.approx(0.41, abs=5e-6)


def mutual_information(joint):
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return float((joint * np.log2(joint / independent)).sum())


def test_site_tells_the_disease_only_in_the_confounded_split():
    assert mutual_information(joint_site_disease(Settings(confounded=False))) == pytest.approx(
        0, abs=1e-15
    )
    # Two sites at log-odds -0.4 and +0.4 about a prevalence of 0.41: 0.027 bits.
    assert mutual_information(joint_site_disease(Settings())) == pytest.approx(0.02691, abs=1e-5)


def test_shares_of_the_draws_are_those_of_the_graph():
    draws = [sample_causes(seed, Settings()) for seed in range(4000)]
    found = np.zeros((2, 2))
    for causes in draws:
        found[causes.site, int(causes.malignant)] += 1 / len(draws)
    # Four binomial standard errors of 4,000 draws at most.
    np.testing.assert_allclose(found, joint_site_disease(Settings()), atol=0.03)


def test_form_holds_what_applies_and_nothing_that_is_private_to_the_film():
    for seed in range(300):
        causes = sample_causes(seed, Settings())
        expected = {"density"} | {n for n in SIGNS if applies(n, causes.lesion_type)}
        assert set(causes.form) == expected <= set(FORM_FIELDS)
        assert set(causes.signs) == expected - {"density"}
        for name, word in causes.form.items():
            assert word in SIGNS.get(name, tables.DENSITIES)


@pytest.mark.parametrize(("seed", "confounded"), seeds_of_every_kind())
def test_posteriors_match_enumeration_of_the_joint(seed, confounded):
    causes = sample_causes(seed, Settings(confounded=confounded))
    known = bayes(causes)
    # Both sides are double precision products of at most 20 factors.
    assert known.image == pytest.approx(twins.image_posterior(causes), rel=1e-10)
    assert known.form == pytest.approx(twins.form_posterior(causes), rel=1e-10)
    assert known.both == pytest.approx(twins.both_posterior(causes), rel=1e-10)


def test_what_one_source_cannot_see_does_not_move_it():
    causes = sample_causes(5, Settings())
    known = bayes(causes)
    private = replace(
        causes, size_mm=33.0, skin="retracted", has_strands=not causes.has_strands,
        has_satellite=not causes.has_satellite, site=1 - causes.site, other_view="worrying",
    )  # fmt: skip
    assert bayes(private).form == known.form
    assert bayes(private).image != known.image
    other = {"reassuring": "worrying", "worrying": "neutral", "neutral": "reassuring"}
    viewed = replace(causes, other_view=other[causes.other_view])
    assert bayes(viewed)[:3] == known[:3]
    assert bayes(viewed).everything != known.everything
    reread = replace(causes, form={**causes.form, "density": "4"})
    assert bayes(reread).image == known.image
    assert bayes(reread).everything == known.everything


def test_an_occult_mass_leaves_no_sign_in_the_image_terms():
    causes = next(
        c for c in (sample_causes(s, Settings()) for s in range(500))
        if c.is_occult and c.lesion_type == "mass"
    )  # fmt: skip
    assert not {"mass_shape", "mass_margins", "size"} & set(image_log_odds(causes))
    changed = replace(causes, size_mm=39.0, signs={**causes.signs, "mass_margins": "SPICULATED"})
    assert bayes(changed)[:3] == bayes(causes)[:3]


def test_image_terms_sum_to_the_image_posterior():
    for seed in range(50):
        causes = sample_causes(seed, Settings())
        total = sum(image_log_odds(causes).values())
        assert logit(bayes(causes).image) == pytest.approx(total, rel=1e-9, abs=1e-9)


def test_posteriors_are_calibrated():
    draws = [sample_causes(seed, Settings()) for seed in range(3000)]
    disease = np.array([causes.malignant for causes in draws], float)
    for column in np.array([bayes(causes) for causes in draws]).T:
        # E[(D - P) P] = 0 for a true posterior; four standard errors.
        residual = (disease - column) * column
        assert abs(residual.mean()) < 4 * residual.std() / np.sqrt(len(draws))


def test_weighted_auc_counts_pairs():
    rng = np.random.default_rng(0)
    levels, disease = rng.integers(0, 5, 40), rng.random(40) < 0.4
    weights = rng.integers(0, 3, 40)
    won = pairs = 0.0
    for i, j in product(range(40), repeat=2):
        if disease[i] and not disease[j]:
            pairs += weights[i] * weights[j]
            won += (
                weights[i]
                * weights[j]
                * (1.0 if levels[i] > levels[j] else 0.5 if levels[i] == levels[j] else 0.0)
            )
    assert _weighted_auc(levels, disease, weights) == pytest.approx(won / pairs, rel=1e-12)


def test_bayes_table_of_a_seed():
    rows = bayes_table(1500, 1, resamples=40)
    confounded = {row.source: row for row in rows if row.confounded}
    # Written with four digits.
    found = {source: row.auc for source, row in confounded.items()}
    assert found == pytest.approx(EXPECTED_AUC, abs=1e-4)
    for split in (rows[:4], rows[4:]):
        image, form, both, everything = (row.auc for row in split)
        assert form < image < both < everything
        assert all(row.low < row.auc < row.high for row in split)
    assert rows == bayes_table(1500, 1, resamples=40)
