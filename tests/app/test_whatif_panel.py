"""What-ifs as text and chart, from hand-made curves and tries."""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pytest

from pages.parts import cover, whatif
from pages.parts.state import Shown
from pages.parts.work import Work
from tests import tiny
from xattn.data.placement import Box
from xattn.data.schemas import BREAST, HIP
from xattn.records import Case, Target
from xattn.trust.sureness import default_cut
from xattn.trust.tries import Try
from xattn.trust.whatif import Curve

ODDS = Target(name="malignant", unit="log-odds")
DENSITY = Target(name="BMD", unit="g/cm²")
CONTRAST = Target(name="a minus b", unit="log-odds", minus=1)
MADE = Try("d", ODDS, "Age: 61 → <64>", "Age 61", "Age <64>", before=0.0, after=float(np.log(3)))
AGES = Curve(
    target="BMD",
    field="age",
    label="Age",
    unit="years",
    entries=(50.0, 60.0, 70.0),
    values=(0.9, 0.8, 0.7),
    own=62.0,
    own_value=0.78,
    range=(55.0, 65.0),
    follows=(),
    refused=0,
    sentence="",
)


@dataclass
class Open:
    """What is asked of the work on a case here: the case, and what is explained."""

    case: Case
    target: Target


@pytest.mark.parametrize(
    ("target", "value", "words"),
    [
        (ODDS, 0.405, "+0.41 log-odds"),
        (ODDS, -0.5, "−0.50 log-odds"),
        (ODDS, -0.001, "0.00 log-odds"),
        (DENSITY, -0.0125, "−0.013 g/cm²"),
    ],
)
def test_a_change_has_its_sign_and_unit(target: Target, value: float, words: str) -> None:
    assert cover.difference(target, value) == words


@pytest.mark.parametrize(
    ("target", "before", "after", "words"),
    [
        # the sigmoids of 0 and ln 3 are 1/2 and 3/4
        (ODDS, 0.0, float(np.log(3)), "probability 0.75 instead of 0.50 (+1.10 log-odds)"),
        (DENSITY, 0.75, 0.8, "0.800 g/cm² instead of 0.750 (+0.050 g/cm²)"),
        (CONTRAST, 0.5, -0.25, "−0.25 log-odds instead of 0.50 (−0.75 log-odds)"),
    ],
)
def test_an_outcome_names_the_unit_once_before_the_change(
    target: Target, before: float, after: float, words: str
) -> None:
    made = replace(MADE, target=target, before=before, after=after)
    assert cover.outcome(made) == words


def test_a_form_in_words_holds_what_is_known_in_the_schema_order() -> None:
    assert cover.in_words(BREAST, BREAST.check({})) == "nothing known"
    form = BREAST.check(tiny.MASS)
    asked = [field.name for field in BREAST if field.name in tiny.MASS]
    words = (f"{BREAST[name].label} {BREAST.describe(form, name)}" for name in asked)
    assert cover.in_words(BREAST, form) == "; ".join(words)


def test_what_is_covered_holds_for_its_case_and_its_target_alone() -> None:
    case = tiny.case()
    made = replace(MADE, case_digest=case.digest, box=Box(0, 0, 9, 9))
    shown = Shown(covered=made)
    assert cover.covered_now(cast("Work", Open(case, ODDS)), shown) is made
    assert cover.covered_now(cast("Work", Open(case, CONTRAST)), shown) is None
    assert cover.covered_now(cast("Work", Open(tiny.case({"density": 4}), ODDS)), shown) is None
    assert cover.covered_now(cast("Work", Open(case, ODDS)), Shown()) is None


def test_what_follows_from_other_entries_is_not_varied() -> None:
    form = HIP.check({"age_at_xray": 71, "height": 160, "weight": 58})
    assert "bmi" in form.derived
    open_case = Open(tiny.case_of("hip").with_form(form), DENSITY)
    names = whatif.varied(cast("Work", open_case))
    assert {"height", "weight"} <= set(names)
    assert not set(names) & set(form.derived)


def cells(html: str) -> list[list[str]]:
    rows = [row.removesuffix("</table>").removesuffix("</tr>") for row in html.split("<tr>")[2:]]
    return [row.removeprefix("<td>").removesuffix("</td>").split("</td><td>") for row in rows]


def test_a_try_is_listed_with_both_forms_both_outputs_and_the_change() -> None:
    assert cells(whatif.listed([MADE])) == [
        [
            "malignant: Age: 61 → &lt;64&gt;",
            "Age 61",
            "Age &lt;64&gt;",
            "probability 0.50",
            "probability 0.75",
            "+1.10 log-odds",
        ]
    ]


def test_a_covered_film_is_listed_on_the_same_form_in_the_order_tried() -> None:
    covered = replace(MADE, change="covered 9 × 9 px at 0, 0", box=Box(0, 0, 9, 9))
    rows = cells(whatif.listed([covered, MADE]))
    assert [row[2] for row in rows] == ["the same form, film covered", "Age &lt;64&gt;"]


def test_no_tries_leave_the_head_alone() -> None:
    assert cells(whatif.listed([])) == []
    assert whatif.listed([]).count("<th>") == 6


def test_a_try_is_told_beside_what_was_submitted() -> None:
    assert whatif._told(MADE) == (
        "What if: <b>probability 0.75</b><br>as submitted: probability 0.50 (+1.10 log-odds)"
    )


def test_numbers_are_a_line_over_the_training_range_and_choices_are_points() -> None:
    figure = whatif.chart(AGES, DENSITY, None)
    assert figure.data[0].mode == "lines"
    shaded, cut = figure.layout.shapes
    assert (shaded.type, shaded.x0, shaded.x1) == ("rect", 55.0, 65.0)
    assert cut.y0 == cut.y1 == default_cut(DENSITY)
    choice = replace(AGES, entries=("a", "b", "c"), own="a", range=None)
    figure = whatif.chart(choice, DENSITY, None)
    assert figure.data[0].mode == "markers"
    assert len(figure.layout.shapes) == 1


def test_the_axes_have_the_entry_and_the_unit_of_the_output() -> None:
    layout = whatif.chart(AGES, DENSITY, None).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("Age (years)", "g/cm²")
    bare = whatif.chart(replace(AGES, unit=""), ODDS, None).layout
    assert (bare.xaxis.title.text, bare.yaxis.title.text) == ("Age", "log-odds")


def test_an_entry_that_is_unknown_is_not_marked_as_submitted() -> None:
    figure = whatif.chart(replace(AGES, own=None), DENSITY, 1)
    assert [each.name for each in figure.data] == ["output", "what if"]
    assert (figure.data[1].x, figure.data[1].y) == ((60.0,), (0.8,))


def test_an_entry_of_zero_is_marked_as_any_other() -> None:
    figure = whatif.chart(replace(AGES, own=0.0), DENSITY, None)
    assert (figure.data[1].x, figure.data[1].y) == ((0.0,), (0.78,))
