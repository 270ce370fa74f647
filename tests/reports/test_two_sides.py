"""A number goes up and down: both sides of its relative maps are drawn; a map says its error."""

from dataclasses import replace

import numpy as np
import pytest

from xattn.records import Attribution, Explanation, Map, Target
from xattn.reports.figures import shown_maps
from xattn.reports.sentences import settled

DENSITY = Target(name="femoral-neck BMD", unit="g/cm²")


def of_number(explanation: Explanation, values: np.ndarray, key: str = "gradcam") -> Explanation:
    """The explanation with one map, of a density."""
    entry = replace(explanation[key], target=DENSITY, maps=(Map("BMD", np.float32(values)),))
    return replace(explanation, attributions=((key, entry),))


@pytest.mark.parametrize(("sign", "first", "second"), [(1, 1.25, "lowers"), (-1, -1.25, "raises")])
def test_the_larger_side_of_a_number_comes_first_and_the_other_follows(
    explanation: Explanation, sign: int, first: float, second: str
):
    one, other = shown_maps(of_number(explanation, sign * np.array([[0.5, -0.25], [0.5, 0.25]])))
    assert (one.key, other.key) == ("gradcam", f"gradcam-{second}")
    assert one.scale.high + one.scale.low == first
    assert other.scale.high + other.scale.low == -first
    # the evidence is of the larger side
    assert (one.method, other.method) == ("gradcam", f"gradcam-{second}")
    np.testing.assert_array_equal(one.map.values, other.map.values)


def test_a_side_on_which_nothing_would_be_drawn_is_left_out(explanation: Explanation):
    # half a step of a scale from 0 to 1.25 in 254 steps
    step = 1.25 / 254 / 2
    for least, count in ((0.99 * step, 1), (1.01 * step, 2)):
        shown = shown_maps(of_number(explanation, np.array([[0.5, -least]])))
        assert len(shown) == count


def test_a_finding_and_a_contribution_are_drawn_once(explanation: Explanation):
    keys = [shown.key for shown in shown_maps(explanation) if not shown.field]
    assert keys == ["gradcam", "lime"]
    lime = replace(explanation["lime"], target=DENSITY, unit="g/cm²")
    once = replace(explanation, attributions=(("lime", lime),))
    assert [shown.key for shown in shown_maps(once)] == ["lime"]


def test_a_sampled_map_says_how_far_it_was_settled(explanation: Explanation):
    def said(values: list[float], **figures: float) -> str:
        maps = (Map("malignant", np.float32([values])),)
        entry: Attribution = explanation["lime"]
        return settled(replace(entry, maps=maps, figures=tuple(figures.items())))

    error = {"largest standard error": 0.125}
    assert said([0.5, -1.0], **error) == "±0.12 log-odds (12 % of the largest)"
    assert said([0.0, 0.0], **error) == "±0.12 log-odds"
    assert said([0.5, -1.0]) == ""
