"""What a cohort comes to, from cases made by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from tests.runtime.cohorts import FORM, finished
from xattn.archive.store import Grades
from xattn.data.schemas import BREAST
from xattn.errors import XattnError
from xattn.runtime.cohort import Where
from xattn.runtime.cohort_comparison import compare, paired
from xattn.runtime.cohort_frames import SIDE
from xattn.runtime.cohort_keeping import Checks
from xattn.runtime.cohort_summary import (
    importances,
    interactions,
    mean_maps,
    misses,
    not_laid,
    subgroups,
)

DRAWS = 30


def test_importances_are_means_over_the_cases_that_know_the_field():
    cases = [
        finished(n, shares={"density": (-1.0) ** n, "image": 0.5, "mass_shape": n / 10})
        for n in range(20)
    ]
    blank = {"lesion_type": "mass", "density": 4}
    cases += [finished(20, form=blank, shares={"density": 3.0, "image": 0.0})]
    found = {each.label: each for each in importances(cases, BREAST, draws=DRAWS)}
    assert list(found) == ["Breast density", "Mass shape", "Film"]
    assert found["Breast density"].mean.estimate.value == pytest.approx(23 / 21, abs=1e-12)
    assert found["Mass shape"].mean.estimate.value == pytest.approx(0.95, abs=1e-12)
    assert found["Film"].mean.estimate.value == pytest.approx(10 / 21, abs=1e-12)
    last = found["Breast density"].dots[-1]
    assert (last.case, last.share, last.entry, last.answer) == (20, 3.0, "4 extreme", 3)
    assert [len(found[name].dots) for name in found] == [21, 20, 21]


def test_few_cases_have_dots_and_no_mean():
    (first, *_) = importances([finished(n) for n in range(3)], BREAST, draws=DRAWS)
    assert first.label == "Film"
    assert len(first.dots) == 3
    assert str(first.mean) == "too few: 3 cases"


def mixed(count=60):
    """Densities 1 to 4 in turn; truth and what is said alternate."""
    return [
        finished(
            n,
            value=float(np.sin(n)),
            truth=float(n % 2),
            form={**FORM, "density": 1 + n // 2 % 4},
        )
        for n in range(count)
    ]


def test_subgroups_are_judged_on_their_own_cases_alone():
    cases = mixed(100)
    groups = {(each.field, each.name): each for each in subgroups(cases, BREAST, draws=DRAWS)}
    assert groups["", "all cases"].cases == 100
    part = groups["Breast density", "2 scattered"]
    own = [case for n, case in enumerate(cases) if n // 2 % 4 == 1]
    assert part.cases == len(own) == 26
    gap = np.mean([case.said - case.member.truth for case in own])
    assert part.figures[1].estimate.value == pytest.approx(gap, abs=1e-12)
    # All have the same shape and level: a group of all cases says nothing new.
    assert not any(field in ("Mass shape", "Checks of the input") for field, _ in groups)


def test_small_groups_and_missing_truth_are_said():
    groups = subgroups(mixed(40), BREAST, draws=DRAWS)
    assert {str(each.figures[0]) for each in groups[1:]} == {"too few: 10 cases, 20 are needed"}
    nobody = subgroups([finished(n) for n in range(30)], BREAST, draws=DRAWS)
    assert [str(each) for each in nobody[0].figures] == ["no reference standard"] * 2


def test_the_gate_divides_cases_too():
    warned = Checks(Grades(level="warn"))
    cases = mixed(60)
    cases = [replace(case, checks=warned) if n < 24 else case for n, case in enumerate(cases)]
    groups = {(each.field, each.name): each.cases for each in subgroups(cases, BREAST, draws=5)}
    assert groups["Checks of the input", "warn"] == 24
    assert groups["Checks of the input", "pass"] == 36


def test_the_largest_misses_come_first_and_hidden_truths_are_not_among_them():
    cases = [
        finished(0, value=2.0, truth=1.0),
        finished(1, value=2.0, truth=0.0),
        finished(2, value=-3.0, truth=1.0),
        finished(3, value=9.0, truth=0.0, shows_truth=False),
        finished(4, value=9.0),
    ]
    found = misses(cases, 2)
    assert [place for place, _ in found] == [2, 1]
    assert [miss for _, miss in found] == pytest.approx([expit(-3) - 1, expit(2)], abs=1e-12)


def where(values, *, frame="lung fields", dice=0.9, reason="", tables=()):
    laid = None if reason else np.full((SIDE, SIDE), float(values))
    return Where(
        frame=frame, laid=laid, dice=dice, reason=reason, areas=("in", "out"), tables=tables
    )


def test_mean_maps_leave_out_what_was_not_laid_and_keep_frames_apart():
    cases = [
        finished(0, where=where(1)),
        finished(1, where=where(4, dice=0.8)),
        finished(2, where=where(7, frame="lesion box", dice=None)),
        finished(3, where=where(0, reason="outline not found: ragged")),
        finished(4),
    ]
    lungs, box = mean_maps(cases)
    assert (lungs.frame, lungs.cases, box.cases, box.dice) == ("lung fields", 2, 1, None)
    assert (lungs.values == 2.5).all()
    assert (box.values == 7).all()
    # The 10th percentile between 0.8 and 0.9.
    assert lungs.dice == pytest.approx((0.85, 0.81), abs=1e-12)
    assert not_laid(cases) == (("outline not found", 1),)


def test_interactions_are_means_over_the_cases_that_know_the_field():
    one = (("image", (1.0, 2.0)), ("density", (0.5, 0.0)))
    cases = [
        finished(0, where=where(0, tables=one)),
        finished(1, where=where(0, tables=(("image", (3.0, -2.0)),))),
    ]
    (table,) = interactions(cases, BREAST)
    assert table.areas == ("in", "out")
    assert table.rows == (("Film", 2, (2.0, 0.0)), ("Breast density", 1, (0.5, 0.0)))


def test_two_models_are_compared_case_by_case():
    first = mixed(40)
    second = [
        finished(
            n,
            value=case.prediction.value + 1.0,
            truth=case.member.truth,
            form={**FORM, "density": 1 + n // 2 % 4},
            shares={"density": 0.75, "mass_shape": -0.5, "image": 0.5},
        )
        for n, case in enumerate(first)
    ]
    pairs = paired(first, second[::-1])
    found = compare(pairs, BREAST, draws=DRAWS)
    assert [name for name, _, _ in found.rows] == [f"row {n}" for n in range(40)]
    told = {each.name: each for each in found.figures}
    gains = [b.said - a.said for a, b in pairs]
    assert told["mean of what is said"].estimate.value == pytest.approx(np.mean(gains), abs=1e-12)
    errors = [abs(b.said - b.member.truth) - abs(a.said - a.member.truth) for a, b in pairs]
    assert told["mean |said − found|"].estimate.value == pytest.approx(np.mean(errors), abs=1e-12)
    # The same order of cases gives the same AUC, in every resample.
    gained = told["AUC"].estimate
    assert (gained.value, gained.low, gained.high) == (0.0, 0.0, 0.0)
    sizes = {each.name: each.estimate.value for each in found.importances}
    assert sizes == {"Film": -0.5, "Mass shape": 0.0, "Breast density": 0.5}


def test_what_needs_a_truth_or_more_cases_says_so():
    cases = [finished(n) for n in range(25)]
    found = compare(paired(cases, cases), BREAST, draws=DRAWS)
    remarks = [str(each) for each in found.figures]
    assert remarks == ["0.000 [0.000, 0.000]", "no reference standard", "no reference standard"]
    few = compare(paired(cases[:5], cases), BREAST, draws=DRAWS)
    assert {each.remark for each in few.importances} == {"too few: 5 cases, 20 are needed"}


def test_cohorts_without_a_common_case_or_target_are_not_compared():
    with pytest.raises(XattnError, match="share none"):
        paired([finished(0)], [finished(1)])
    one = finished(0)
    said = one.prediction
    other = replace(one, prediction=replace(said, target=replace(said.target, name="benign")))
    with pytest.raises(XattnError, match="on one target"):
        paired([one], [other])
    assert math.isnan(one.member.truth)
