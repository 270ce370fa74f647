"""The adding-up bars: every bar starts where the last one ended."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from pages.parts.bars import bars_of, draw_bars
from tests import tiny
from xattn.data.schemas import BREAST
from xattn.explain import EXPLAINERS
from xattn.records import Attribution


@pytest.fixture(scope="module")
def shapley() -> Attribution:
    model = tiny.breast_model()
    return EXPLAINERS["shapley"](model, tiny.case(), model.target)


def test_the_bars_lead_from_reference_to_prediction(shapley: Attribution) -> None:
    bars = bars_of(shapley, BREAST, tiny.case().form)
    assert [bar.label for bar in bars[:2]] == ["Reference", "Film"]
    for earlier, later in pairwise(bars[:-1]):
        assert later.start == earlier.end
    # the last part ends at the prediction up to float32 fusion passes of different sizes
    assert bars[-2].end == pytest.approx(bars[-1].value, abs=1e-5)
    assert sum(bar.value for bar in bars[1:-1]) == pytest.approx(
        bars[-1].value - bars[0].value, abs=1e-5
    )


def test_fields_stand_by_what_they_add_with_their_entries(shapley: Attribution) -> None:
    bars = bars_of(shapley, BREAST, tiny.case().form)[2:-1]
    sizes = [abs(bar.value) for bar in bars]
    assert sizes == sorted(sizes, reverse=True)
    assert {bar.field: bar.detail for bar in bars} == {
        "density": "2 scattered",
        "mass_shape": "irregular",
        "mass_margins": "spiculated",
    }


def test_bars_without_their_form_show_no_entries_of_another(shapley: Attribution) -> None:
    assert {bar.detail for bar in bars_of(shapley, BREAST, None)[2:-1]} == {""}


def test_places_on_the_axis_are_those_of_the_numbers(shapley: Attribution) -> None:
    """Reference −1, film +3, prediction 2: the axis ends at −1.2 and 2.2 (4 % room, two digits)."""
    made = replace(shapley, players=(("image", 3.0),), reference=-1.0, value=2.0)
    html = draw_bars(made, BREAST, None)
    low, high = -1.2, 2.2
    width = re.search(r'<i style="left:([\d.]+)%;width:([\d.]+)%', html)
    assert width
    assert float(width[1]) == pytest.approx(100 * (-1 - low) / (high - low), abs=0.006)
    assert float(width[2]) == pytest.approx(100 * 3 / (high - low), abs=0.006)
    assert '<span class="value" role="cell">+3.00</span>' in html
    assert ">−1.00<" in html
