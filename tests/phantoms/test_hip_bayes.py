"""The hip's causal graph, its draws and exact expectations against slow enumeration."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from xattn.data.schemas import HIP
from xattn.errors import XattnError
from xattn.phantoms import hip_tables as tables
from xattn.phantoms.hip_bayes import (
    HipBayes,
    expect,
    hip_bayes,
    hip_bayes_table,
    image_terms,
    solve,
    strata,
)
from xattn.phantoms.hip_causes import VARIABLES, Settings, age_shares, sample_causes

WORLDS = 3000
EXPECTED_R2 = {"image": 0.4867, "form": 0.3746, "both": 0.7657}
VIEWED = {"contrast": 0.7, "cortex": 5.0, "trabeculae": 3.0, "fat": 35.0, "size": 1.02}
PARTS = {
    "nothing": {},
    "film": {**VIEWED, "site": 1},
    "film of an unknown site": VIEWED,
    "scan's age alone": {"age_at_scan": 71.3},
    "film and scan's age": {**VIEWED, "age_at_scan": 52.0},
    "both ages": {"age_at_xray": 70, "age_at_scan": 71.3},
    "BMI alone": {"bmi": 31.0},
    "BMI and height": {"bmi": 31.0, "height": 171.0},
    "film, BMI and smoking": {**VIEWED, "bmi": 31.0, "smoking": "CURRENT"},
    "habits": {"alcohol": 12.0, "activity": 2.5, "diet": -1.2, "sex": "MALE"},
    "form": sample_causes(3, Settings()).form,
    "film and form": sample_causes(4, Settings()).views | sample_causes(4, Settings()).form,
}


@cache
def worlds(confounded):
    return tuple(sample_causes(seed, Settings(confounded=confounded)) for seed in range(WORLDS))


@cache
def told(confounded):
    """Mean and deviation that each source gives every world, (worlds, 3, 2)."""
    return np.array([hip_bayes(causes) for causes in worlds(confounded)])


def slow_joint():
    """Loadings of every variable on the start, the covariates and each equation's own noise."""
    width = 1 + len(tables.COVARIATES) + len(VARIABLES)
    loads = {name: np.eye(width)[1 + i] for i, name in enumerate(tables.COVARIATES)}
    for row, (name, equation) in enumerate(tables.EQUATIONS.items()):
        own = np.zeros(width)
        own[0], own[1 + len(tables.COVARIATES) + row] = equation.start, equation.spread
        loads[name] = own + sum(f * loads[parent] for parent, f in equation.parents.items())
    return np.array([loads[name] for name in VARIABLES]), 1 + len(tables.COVARIATES)


def slow_cells(known, confounded):
    """Every (share, covariates) that is possible, each gap by itself."""
    for site in (0, 1):
        for male, sex in enumerate(tables.SEXES):
            for s, smoking in enumerate(tables.SMOKING):
                for a, age in enumerate(tables.AGES):
                    said = {"site": site, "sex": sex, "smoking": smoking, "age_at_xray": age}
                    if any(known.get(name, value) != value for name, value in said.items()):
                        continue
                    share = 0.5 * (tables.MALE if male else 1 - tables.MALE)
                    share *= tables.SMOKED[male][s] * age_shares(confounded=confounded)[site][a]
                    for gap in tables.GAPS:
                        if abs(known.get("age_at_scan", age + gap) - age - gap) < 1e-6:
                            yield share, (age - tables.MEAN_AGE, male, s == 1, s == 2, site, gap)


def slow_expect(known, confounded=True):
    """Bayes over every cell by conditioning one joint normal on what is known."""
    loads, split = slow_joint()
    covariance = loads[:, split:] @ loads[:, split:].T
    seen, values = [], []
    for name, value in known.items():
        if name in tables.VIEWS:
            seen.append(name)
            values.append(value)
        elif name in tables.REPORTED and not (name == "bmi" and {"height", "weight"} <= set(known)):
            seen.append(f"reported {name}")
            usual = {"height": 166.0, "weight": 76.0, "bmi": 76.0 / 1.66**2}.get(name, 1.0)
            values.append(value if name == "diet" else np.log(value / usual))
    rows = [VARIABLES.index(name) for name in seen]
    target = VARIABLES.index("bmd")
    inner = covariance[np.ix_(rows, rows)]
    weights, fits = [], []
    left = covariance[target, target]
    if rows:
        left -= covariance[target, rows] @ np.linalg.solve(inner, covariance[rows, target])
    for share, covariates in slow_cells(known, confounded):
        mean = loads[:, :split] @ np.array([1.0, *covariates])
        away = np.array(values) - mean[rows]
        solved = np.linalg.solve(inner, away)
        weights.append(share * np.exp(-0.5 * away @ solved))
        fits.append(mean[target] + covariance[target, rows] @ solved)
    weights, fits = np.array(weights) / np.sum(weights), np.array(fits)
    mean = weights @ fits
    return mean, np.sqrt(left + weights @ (fits - mean) ** 2)


def test_every_parent_stands_before_its_children():
    before = set(tables.COVARIATES)
    for name, equation in tables.EQUATIONS.items():
        assert set(equation.parents) <= before, name
        before.add(name)


def test_the_solved_graph_is_the_equations_one_by_one():
    loads, split = slow_joint()
    effects, covariance = solve()
    # Sums of at most a dozen products in double precision.
    np.testing.assert_allclose(effects, loads[:, :split], rtol=1e-12, atol=1e-13)
    slow = loads[:, split:] @ loads[:, split:].T
    np.testing.assert_allclose(covariance, slow, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("confounded", [True, False])
def test_draws_have_the_moments_of_the_solved_graph(confounded):
    drawn = np.array([list(causes.values.values()) for causes in worlds(confounded)])
    cells = strata(confounded=confounded)
    means = cells.mean + np.mean(tables.GAPS) * solve()[0][:, -1]
    mean = cells.share @ means
    gap = np.outer(solve()[0][:, -1], solve()[0][:, -1]) * np.var(tables.GAPS)
    covariance = solve()[1] + gap + (means - mean).T @ (cells.share[:, None] * (means - mean))
    spread = np.sqrt(np.diag(covariance))
    error = (drawn.mean(axis=0) - mean) / spread
    # Five standard errors of 3,000 draws for means; twice as many for products of two variables.
    assert np.abs(error).max() < 5 / np.sqrt(WORLDS)
    found = np.corrcoef(drawn.T)
    assert np.abs(found - covariance / np.outer(spread, spread)).max() < 5 / np.sqrt(WORLDS)
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.08)


@pytest.mark.parametrize("confounded", [True, False])
def test_shares_are_a_distribution_and_the_ages_agree_over_both_splits(confounded):
    cells = strata(confounded=confounded)
    assert cells.share.shape == (444,)
    assert cells.share.sum() == pytest.approx(1, abs=1e-12)
    pooled = age_shares(confounded=True).mean(axis=0)
    np.testing.assert_allclose(age_shares(confounded=confounded).mean(axis=0), pooled, rtol=1e-12)


def test_site_tells_the_age_only_in_the_confounded_split():
    def gap_in_years(confounded):
        first, second = age_shares(confounded=confounded) @ np.array(tables.AGES)
        return second - first

    # Means 62.5 and 73.5 with a spread of 8, both cut to 50..86.
    assert gap_in_years(True) == pytest.approx(9.2758, abs=1e-4)
    assert gap_in_years(False) == 0.0


@pytest.mark.parametrize("confounded", [True, False])
@pytest.mark.parametrize("known", PARTS.values(), ids=PARTS)
def test_expectations_match_enumeration_of_the_joint(known, confounded):
    mean, sd = expect(known, Settings(confounded=confounded))
    slow = slow_expect(known, confounded)
    # Both invert a 10 x 10 covariance whose entries span six decades.
    assert mean == pytest.approx(slow[0], rel=1e-9)
    assert sd == pytest.approx(slow[1], rel=1e-7)


def test_the_sources_are_the_views_the_form_and_their_union():
    for seed in range(20):
        causes, settings = sample_causes(seed, Settings()), Settings()
        views, form = causes.views, causes.form
        parts = (expect(views, settings), expect(form, settings), expect(views | form, settings))
        assert hip_bayes(causes) == HipBayes(*parts)


def test_what_a_source_cannot_see_does_not_move_it():
    causes = sample_causes(5, Settings())
    known = hip_bayes(causes)
    latent = {"mineral": 1.3, "tissue": 30.0, "bmd": 1.3, "weight": 0.4}
    assert hip_bayes(replace(causes, values=causes.values | latent)) == known
    seen = hip_bayes(replace(causes, values=causes.values | {"contrast": 1.3}))
    assert seen.form == known.form
    assert seen.image.mean > known.image.mean
    said = hip_bayes(replace(causes, values=causes.values | {"reported weight": 0.4}))
    assert said.image == known.image
    assert said.form.mean > known.form.mean
    # More body hides more mineral: the same film means denser bone.
    assert said.both.mean > known.both.mean
    elsewhere = hip_bayes(replace(causes, site=1 - causes.site))
    assert elsewhere.form == known.form
    assert elsewhere.image != known.image


def test_bmi_adds_nothing_to_height_and_weight():
    form = sample_causes(6, Settings()).form
    bare = {name: value for name, value in form.items() if name != "bmi"}
    assert expect(form, Settings()) == expect(bare, Settings())
    # Either two of the three say the same, but for the BMI's one written decimal.
    lean = {name: value for name, value in form.items() if name != "weight"}
    assert expect(lean, Settings()).mean == pytest.approx(expect(bare, Settings()).mean, abs=1e-3)


def test_rounding_in_the_form_is_far_below_what_matters():
    for seed in range(100):
        causes = sample_causes(seed, Settings())
        said = {name: causes.values[f"reported {name}"] for name in tables.REPORTED}
        usual = tables.USUAL | {"diet": 1.0}
        exact = {n: v if n == "diet" else usual[n] * np.exp(v) for n, v in said.items()}
        rounded = hip_bayes(causes).both.mean
        # 0.05 of 0.3 units a week is 0.15 in the logarithm, times a slope of at most 0.008.
        assert expect(causes.views | causes.form | exact, Settings()).mean == pytest.approx(
            rounded, abs=2e-3
        )


def test_an_impossible_age_is_refused():
    with pytest.raises(XattnError, match="ages 50 to 86"):
        expect({"age_at_xray": 49}, Settings())
    with pytest.raises(XattnError, match="later"):
        expect({"age_at_xray": 60, "age_at_scan": 59.0}, Settings())


def test_image_terms_sum_to_what_the_film_says():
    for seed in range(50):
        causes = sample_causes(seed, Settings())
        terms = image_terms(causes)
        assert list(terms) == ["population", *tables.VIEWS]
        assert sum(terms.values()) == pytest.approx(hip_bayes(causes).image.mean, rel=1e-12)


def test_a_views_term_is_its_slope_times_its_distance():
    causes = sample_causes(7, Settings())
    raised = replace(causes, values=causes.values | {"cortex": causes.values["cortex"] + 1})
    others = replace(causes, values=causes.values | {"cortex": causes.values["cortex"] + 2})
    first, second, third = (image_terms(c)["cortex"] for c in (causes, raised, others))
    assert second - first == pytest.approx(third - second, rel=1e-9)
    assert second > first
    assert image_terms(raised)["trabeculae"] == image_terms(causes)["trabeculae"]


@pytest.mark.parametrize("confounded", [True, False])
def test_expectations_are_calibrated(confounded):
    truth = np.array([causes.bmd for causes in worlds(confounded)])
    for source in range(3):
        mean, sd = told(confounded)[:, source].T
        for product in ((truth - mean) * mean, ((truth - mean) / sd) ** 2 - 1, truth - mean):
            # Each has expectation zero for a true posterior; four standard errors.
            assert abs(product.mean()) < 4 * product.std() / np.sqrt(WORLDS)


@pytest.mark.parametrize("confounded", [True, False])
def test_neither_film_nor_form_is_enough(confounded):
    truth = np.array([causes.bmd for causes in worlds(confounded)])
    assert truth.mean() == pytest.approx(0.90, abs=0.01)
    assert truth.std() == pytest.approx(0.148, abs=0.006)  # three standard errors
    errors = truth[:, None] - told(confounded)[..., 0]
    image, form, both = 1 - (errors**2).mean(axis=0) / truth.var()
    # What the tables were chosen for; 3,000 draws tell an R2 to about 0.013.
    assert 0.45 <= image <= 0.55
    assert 0.30 <= form <= 0.40
    assert 0.70 <= both <= 0.80


def test_every_form_is_one_that_the_schema_takes():
    for seed in range(300):
        causes = sample_causes(seed, Settings())
        checked = HIP.check(dict(causes.form))
        assert HIP.encode(checked).known.tolist() == [True] * 10
        assert causes.form["bmi"] == pytest.approx(
            causes.form["weight"] / (causes.form["height"] / 100) ** 2, abs=0.051
        )
        later = causes.form["age_at_scan"] - causes.form["age_at_xray"]
        assert round(later, 1) in tables.GAPS


def test_the_physics_play_no_part_in_the_draw():
    assert sample_causes(8, Settings()) == sample_causes(8, Settings(shifted=True))


def test_bayes_table_of_a_seed():
    rows = hip_bayes_table(500, 1, resamples=40)
    found = {row.source: row.r2 for row in rows if row.confounded}
    # Written with four digits.
    assert found == pytest.approx(EXPECTED_R2, abs=1e-4)
    assert all(row.low < row.r2 < row.high for row in rows)
    assert rows == hip_bayes_table(500, 1, resamples=40)
    assert str(rows[0]).startswith("confounded   image  R2 0.")
