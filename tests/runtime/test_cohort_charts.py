"""Charts hold the very numbers of their records, and every point knows its case."""

import numpy as np
import pytest

from tests.runtime.cohorts import FORM, finished
from xattn.data.schemas import BREAST
from xattn.runtime import cohort_charts as charts
from xattn.runtime.cohort_comparison import compare, paired
from xattn.runtime.cohort_files import group_lines, lines, picture, plain, summarise
from xattn.runtime.cohort_frames import SIDE, frame
from xattn.runtime.cohort_members import Cohort
from xattn.runtime.cohort_summary import Interactions, MeanMap, importances, subgroups
from xattn.trust.reliability import reliability
from xattn.trust.segment_chest import LUNGS


def cases(count=24):
    return [
        finished(
            n,
            value=float(np.sin(n)),
            truth=float(n % 2),
            form={**FORM, "density": 1 + n % 4},
            shares={"density": 0.25 * (n % 3), "mass_shape": -0.5, "image": n / 10},
        )
        for n in range(count)
    ]


def cohort(members):
    return Cohort(
        title="mine",
        system="breast",
        target="malignant",
        members=tuple(case.member for case in members),
        left_out=(("to be read by you first", 2),),
    )


def test_each_point_of_the_swarm_is_a_case_and_none_hides_another():
    found = importances(cases(), BREAST, draws=5)
    chart = charts.beeswarm(found, "log-odds", [case.member.name for case in cases()])
    rows = {trace.name: trace for trace in chart.data}
    assert [trace.name for trace in chart.data] == ["Breast density", "Mass shape", "Film"]
    for each in found:
        assert list(rows[each.label].x) == [dot.share for dot in each.dots]
        assert [data[0] for data in rows[each.label].customdata] == list(range(24))
    shape = rows["Mass shape"]
    assert len(set(shape.y)) == 24  # all share −0.5
    assert max(shape.y) - min(shape.y) < 0.8
    assert np.mean(shape.y) == pytest.approx(1, abs=1e-12)
    assert shape.text[0] == "row 0: oval"
    # Density's answers have a colour each, by their place among the options.
    colours = rows["Breast density"].marker.color
    assert list(colours[:5]) == [*charts.ANSWERS[:4], charts.ANSWERS[0]]


def test_groups_that_cannot_be_judged_are_not_drawn():
    groups = subgroups(cases(60), BREAST, draws=5)
    assert any(not group.is_judged for group in groups)
    chart = charts.forest(groups)
    assert list(chart.data[0].x) == [groups[0].figures[0].estimate.value]
    assert chart.data[0].error_x.array[0] == pytest.approx(
        groups[0].figures[0].estimate.high - groups[0].figures[0].estimate.value, abs=1e-12
    )


def test_reliability_is_drawn_from_its_record():
    said = np.linspace(0.05, 0.95, 40)
    found = reliability(said, (said > 0.4).astype(float), bins=4)
    chart = charts.reliability_chart(found, "")
    dots = chart.data[2]
    assert list(dots.x) == [each.said for each in found.bins]
    assert list(dots.y) == [each.found for each in found.bins]
    assert list(chart.data[1].y) == [each.found for each in found.curve]


def test_amounts_per_hundredth_of_a_frame_keep_the_sum():
    values = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    # The mean per hundredth times a hundred hundredths is the sum.
    assert charts.per_hundredth(values).mean() * 100 == pytest.approx(values.sum(), rel=1e-9)
    chart = charts.mean_map_chart(MeanMap(LUNGS, values, 3, (0.9, 0.8)), "log-odds")
    heat = chart.data[1]
    np.testing.assert_array_equal(heat.z, charts.per_hundredth(values))
    assert heat.zmax == -heat.zmin >= np.abs(heat.z).max()


def test_a_picture_is_the_outline_over_the_map():
    values = np.zeros((SIDE, SIDE))
    drawn = picture(MeanMap(LUNGS, values, 1, None), "log-odds")
    assert drawn.shape == (4 * SIDE, 4 * SIDE, 3)
    grey = np.rint(255 * np.clip(frame(LUNGS).picture, 0, 1)).astype(np.uint8)
    small = drawn[::4, ::4]
    edge = (small == 255).all(axis=2) & frame(LUNGS).outline
    assert edge.any()
    # A map of zeros is transparent: the picture beneath is as it was.
    assert (small[~edge] == grey[~edge][:, None]).all()


def test_interactions_are_drawn_with_the_film_on_top():
    found = Interactions(("in", "out"), (("Film", 3, (1.0, 2.0)), ("Breast density", 2, (0.5, 0))))
    chart = charts.interactions_chart(found, "log-odds")
    assert [list(row) for row in chart.data[0].z] == [[0.5, 0.0], [1.0, 2.0]]
    assert chart.layout.yaxis.ticktext[-1].startswith("Film")


def test_a_comparison_is_drawn_first_against_second():
    pairs = paired(cases(), cases())
    chart = charts.comparison_chart(compare(pairs, BREAST, draws=5), "")
    assert list(chart.data[1].x) == list(chart.data[1].y) == [case.said for case in cases()]


def test_a_line_holds_the_truth_only_where_it_may_be_shown():
    listed = [finished(0, truth=1.0), finished(1, truth=0.0, shows_truth=False), finished(2)]
    found = lines(summarise(cohort(listed), listed, BREAST, draws=5))
    assert [line["truth"] for line in found] == [1.0, None, None]
    assert found[0]["share of image"] == 1.0
    assert "content" not in str(found)


def test_numbers_of_a_summary_are_those_of_its_records():
    summary = summarise(cohort(cases()), cases(), BREAST, draws=5)
    found = plain(summary)
    assert found["left_out"] == {"to be read by you first": 2}
    assert found["reliability"]["count"] == 24
    first = summary.importances[0]
    assert found["importances"][0]["value"] == first.mean.estimate.value
    table = group_lines(summary.groups)
    assert [line["group"] for line in table[:2]] == ["all cases"] * 2
    assert table[0]["value"] == summary.groups[0].figures[0].estimate.value
    assert [each["case"] for each in found["misses"]] == [
        f"row {place}" for place, _ in summary.misses
    ]
