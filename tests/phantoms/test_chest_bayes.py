"""The chest phantom's graph and exact posteriors against slow enumeration."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.special import expit

from xattn.data.findings import FINDINGS
from xattn.phantoms import chest_tables as tables
from xattn.phantoms.chest_bayes import aucs, chest_bayes_table, expected, expected_all, joint
from xattn.phantoms.chest_causes import SIGNS, Settings, finding_chances, sample_causes

MACRO = {"image": 0.871, "form": 0.700, "both": 0.887}
DERIVED = ("no_finding", "lung_opacity")


def disease_factor(state, *, age, sex, site, confounded):
    """P(diseases | age, sex, site), one factor per arrow."""
    value = 1.0
    for disease, present in zip(tables.DISEASES, state, strict=True):
        odds = tables.ODDS[disease]
        total = odds.base + odds.by_age[age] + odds.male * sex + odds.critical * state[0]
        if confounded:
            total += odds.site if site else -odds.site
        value *= expit(total) if present else 1 - expit(total)
    return value


def chance(sign, state):
    """P(finding | diseases): 1 - the chance that nothing brings it about."""
    row = tables.CHANCES[sign]
    spared = 1 - row.leak
    for strength, present in zip(row.causes, state, strict=True):
        spared *= 1 - strength if present else 1
    return 1 - spared


def patients(causes, source):
    """Every (age, sex, site, projection) that a source allows, with its weight."""
    for age, sex, site, projection in product(range(5), (0, 1), (0, 1), (0, 1)):
        told = (age, sex, projection) == (causes.age_bin, causes.sex, causes.projection)
        if (source != "image" and not told) or (source != "form" and site != causes.site):
            continue
        weight = tables.AGE_SHARES[age] * tables.SEX_SHARES[sex] / 2
        if source == "image":
            if causes.is_marked and projection != causes.projection:
                continue
            weight *= tables.AGEING[age][causes.ageing]
            for shown, share in (
                (causes.has_breasts, tables.BREASTS[sex]),
                (causes.is_shallow, tables.SHALLOW[projection]),
            ):
                weight *= share if shown else 1 - share
        yield weight, age, sex, site, projection


def sign_factors(causes, state, source):
    """For each sign P(what the source sees of it, finding absent or present | diseases)."""
    found = {}
    for sign, shown in zip(SIGNS, causes.shows, strict=True):
        row, present = tables.CHANCES[sign], chance(sign, state)
        if source == "form":
            found[sign] = (1 - present, present)
        elif shown:
            found[sign] = ((1 - present) * row.mimic, present * (1 - row.occult))
        else:
            found[sign] = ((1 - present) * (1 - row.mimic), present * row.occult)
    return found


def slow_posterior(causes, source):
    """P(finding | source), 14 numbers, by loops over all that is latent."""
    total, sums = 0.0, dict.fromkeys(FINDINGS, 0.0)
    for weight, age, sex, site, projection in patients(causes, source):
        for state in product((0, 1), repeat=5):
            ap = tables.AP_SHARE[state[0]][state[4]]
            value = weight * (ap if projection else 1 - ap)
            value *= disease_factor(
                state, age=age, sex=sex, site=site, confounded=causes.confounded
            )
            factors = sign_factors(causes, state, source)
            whole = value * np.prod([sum(pair) for pair in factors.values()])
            total += whole
            share = {sign: pair[1] / sum(pair) for sign, pair in factors.items()}
            for sign in set(SIGNS) - {"lung_opacity"}:
                sums[sign] += whole * share[sign]
            healthy = np.prod([1 - share[sign] for sign in SIGNS if sign != "support_devices"])
            clear = np.prod([1 - share[sign] for sign in tables.OPACITIES])
            sums["no_finding"] += whole * healthy
            sums["lung_opacity"] += whole * (1 - clear)
    return [sums[finding] / total for finding in FINDINGS]


@pytest.mark.parametrize("seed", [0, 3, 11, 40])
def test_posteriors_match_enumeration_of_the_joint(seed):
    causes = sample_causes(seed, Settings(confounded=seed % 2 == 1))
    known = expected(causes)
    for row, source in zip(known, ("image", "form", "both"), strict=True):
        # Double precision sums of 640 products of at most 25 factors.
        np.testing.assert_allclose(row, slow_posterior(causes, source), rtol=1e-10)


def test_derived_labels_match_enumeration_of_all_findings():
    state = (1, 0, 1, 0, 1)
    causes, sums = sample_causes(0, Settings()), dict.fromkeys(DERIVED, 0.0)
    for present in product((False, True), repeat=len(SIGNS)):
        weight = 1.0
        for sign, found in zip(SIGNS, present, strict=True):
            weight *= chance(sign, state) if found else 1 - chance(sign, state)
        labels = replace(causes, present=present).labels
        for name in DERIVED:
            sums[name] += weight * labels[FINDINGS.index(name)]
    row = int("".join(map(str, state)), 2)
    chances = dict(zip(SIGNS, finding_chances()[row], strict=True))
    clear = np.prod([1 - chances[sign] for sign in tables.OPACITIES])
    healthy = np.prod([1 - chances[sign] for sign in SIGNS if sign != "support_devices"])
    # 8,192 products of 13 factors.
    assert sums["lung_opacity"] == pytest.approx(1 - clear, rel=1e-9)
    assert sums["no_finding"] == pytest.approx(healthy, rel=1e-9)


def test_noisy_or_is_the_sentence_in_its_docstring():
    for row, state in zip(finding_chances(), product((0, 1), repeat=5), strict=True):
        np.testing.assert_allclose(row, [chance(sign, state) for sign in SIGNS], rtol=1e-12)


@pytest.mark.parametrize("confounded", [True, False])
def test_joint_is_a_distribution(confounded):
    assert joint(confounded=confounded).sum() == pytest.approx(1, abs=1e-12)


def test_site_tells_of_illness_only_in_the_confounded_split():
    def information(confounded):
        table = joint(confounded=confounded).sum(axis=(0, 1, 3))
        table = np.stack([table[:, :16].sum(axis=1), table[:, 16:].sum(axis=1)], axis=1)
        alone = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True)
        return float((table * np.log2(table / alone)).sum())

    assert information(confounded=False) == pytest.approx(0, abs=1e-14)
    # Two sites at log-odds -0.8 and +0.8 about a quarter of critical patients.
    assert information(confounded=True) == pytest.approx(0.0761, abs=5e-5)


def test_prevalence_of_every_finding_lies_within_5_and_45_percent():
    weights = joint(confounded=False).sum(axis=(0, 1, 2, 3))
    chances = dict(zip(SIGNS, finding_chances().T, strict=True))
    clear = np.prod([1 - chances[sign] for sign in tables.OPACITIES], axis=0)
    healthy = np.prod([1 - chances[sign] for sign in SIGNS if sign != "support_devices"], axis=0)
    shares = chances | {"lung_opacity": 1 - clear, "no_finding": healthy}
    found = {name: float(weights @ shares[name]) for name in FINDINGS}
    assert [name for name, share in found.items() if not 0.05 < share < 0.45] == []


def test_what_one_source_cannot_see_does_not_move_it():
    causes = next(c for c in (sample_causes(s, Settings()) for s in range(100)) if not c.is_marked)
    known = expected(causes)
    other = replace(
        causes, age_bin=(causes.age_bin + 2) % 5, sex=1 - causes.sex,
        projection=1 - causes.projection, present=(False,) * len(SIGNS),
    )  # fmt: skip
    np.testing.assert_array_equal(expected(other)[0], known[0])
    assert np.abs(expected(other)[1:] - known[1:]).max() > 0.01
    looks = replace(
        causes, ageing=(causes.ageing + 1) % 3, has_breasts=not causes.has_breasts,
        is_shallow=not causes.is_shallow, is_marked=True,
    )  # fmt: skip
    np.testing.assert_array_equal(expected(looks)[1:], known[1:])
    assert np.abs(expected(looks)[0] - known[0]).max() > 0.001
    clearer = replace(causes, conspicuity=tuple(min(1.0, 2 * c) for c in causes.conspicuity))
    np.testing.assert_array_equal(expected(clearer), known)


def test_many_worlds_at_once_are_each_world_alone():
    worlds = [sample_causes(seed, Settings()) for seed in range(6)]
    alone = np.stack([expected(world) for world in worlds])
    # The same operations, summed in another order.
    np.testing.assert_allclose(expected_all(worlds), alone, rtol=1e-12)


@pytest.mark.parametrize("confounded", [True, False])
def test_posteriors_are_calibrated(confounded):
    worlds = [sample_causes(seed, Settings(confounded=confounded)) for seed in range(3000)]
    labels = np.array([world.labels for world in worlds])
    for known in np.moveaxis(expected_all(worlds), 1, 0):
        # E[(y - P) P] = 0 for a true posterior; four standard errors each.
        residual = (labels - known) * known
        errors = residual.std(axis=0) / np.sqrt(len(worlds))
        assert (np.abs(residual.mean(axis=0)) < 4 * errors).all()


def test_mean_posterior_is_the_prevalence_of_the_graph():
    worlds = [sample_causes(seed, Settings()) for seed in range(3000)]
    means = expected_all(worlds).mean(axis=0)
    weights = joint(confounded=False).sum(axis=(0, 1, 2, 3))
    lesion = weights @ finding_chances()[:, SIGNS.index("lung_lesion")]
    # Four standard errors of the mean of 3,000 posteriors whose deviation is at most 0.25.
    assert means[:, FINDINGS.index("lung_lesion")] == pytest.approx([lesion] * 3, abs=0.019)


def test_aucs_count_pairs():
    rng = np.random.default_rng(0)
    scores, labels = rng.integers(0, 5, (30, 2)).astype(float), (rng.random((30, 2)) < 0.4) * 1.0
    weights = np.stack([np.ones(30), rng.integers(0, 3, 30)]).astype(float)
    found = aucs(scores, labels, weights)
    for row, column in product(range(2), range(2)):
        won = total = 0.0
        for i, j in product(range(30), repeat=2):
            if labels[i, column] == 1 and labels[j, column] == 0:
                pair = weights[row, i] * weights[row, j]
                higher = scores[i, column] - scores[j, column]
                won += pair * (1.0 if higher > 0 else 0.5 if higher == 0 else 0.0)
                total += pair
        assert found[row, column] == pytest.approx(won / total, rel=1e-12)


def test_table_is_what_the_documentation_says():
    rows = [row for row in chest_bayes_table(1500, 3, resamples=8) if row.finding == "macro"]
    assert [(row.confounded, row.source) for row in rows] == [
        (split, source) for split in (True, False) for source in ("image", "form", "both")
    ]
    for row in rows:
        # Macro AUC of 1,500 worlds: a standard error of about 0.007, three of them.
        assert row.auc == pytest.approx(MACRO[row.source], abs=0.022)
        assert row.low <= row.high
    assert "macro" in str(rows[0])


def test_shares_of_the_draws_are_those_of_the_graph():
    worlds = [sample_causes(seed, Settings()) for seed in range(4000)]
    found = np.mean([world.diseases for world in worlds], axis=0)
    weights = joint(confounded=False).sum(axis=(0, 1, 2, 3))
    states = np.array(list(product((0, 1), repeat=5)))
    # Four binomial standard errors of 4,000 draws at most.
    np.testing.assert_allclose(found, weights @ states, atol=0.032)
    shown = np.mean([world.shows for world in worlds], axis=0)
    rows = tables.CHANCES.values()
    present = weights @ finding_chances()
    drawn = [
        p * (1 - row.occult) + (1 - p) * row.mimic for p, row in zip(present, rows, strict=True)
    ]
    np.testing.assert_allclose(shown, drawn, atol=0.032)


def test_conspicuity_says_nothing_about_the_truth():
    worlds = [sample_causes(seed, Settings()) for seed in range(3000)]
    column = SIGNS.index("cardiomegaly")
    clear = {flag: [] for flag in (True, False)}
    for world in worlds:
        if world.shows[column]:
            clear[world.present[column]].append(world.conspicuity[column])
    # Both U(0.3, 1): deviation 0.2 over some 350 and 150 draws, four standard errors of the gap.
    assert np.mean(clear[True]) == pytest.approx(np.mean(clear[False]), abs=0.079)
    assert np.mean(clear[True]) == pytest.approx(0.65, abs=0.044)


def test_labels_follow_chexpert_conventions():
    causes = sample_causes(0, Settings())

    def labelled(*signs):
        world = replace(causes, present=tuple(sign in signs for sign in SIGNS))
        return {finding for finding in FINDINGS if world.has(finding)}

    assert labelled() == {"no_finding"}
    assert labelled("support_devices") == {"no_finding", "support_devices"}
    assert labelled("edema") == {"edema", "lung_opacity"}
    assert labelled("lung_opacity") == {"lung_opacity"}
    assert labelled("fracture", "pleural_effusion") == {"fracture", "pleural_effusion"}
    assert set(SIGNS) | {"no_finding"} == set(FINDINGS)


def test_form_is_what_the_schema_reads():
    from xattn.data.schemas import CHEST

    for seed in range(60):
        causes = sample_causes(seed, Settings())
        form = CHEST.check(dict(causes.form))
        assert form.known == ("age", "sex", "projection", "view")
        low, high = tables.AGES[causes.age_bin]
        assert low <= causes.form["age"] < high
