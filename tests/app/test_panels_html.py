"""What stands beside the film, from hand-made records: every number, and nothing as markup."""

from dataclasses import replace
from typing import cast

import numpy as np
import pytest

from pages.parts import panels
from pages.parts.work import Work
from tests import tiny
from xattn.data.placement import Box
from xattn.data.radiograph import Radiograph
from xattn.records import Attribution, Case, Prediction, Provenance, Target
from xattn.systems import SYSTEMS

ODDS = Target(name="malignant", unit="log-odds")
ORIGIN = Provenance(
    system="breast",
    model_id="m",
    model_version="0",
    preset="compact",
    training_data="nothing",
    case_digest="d",
    file_sha256="",
    method="lime",
    settings=(("samples", "64"), ("seed", "<0>")),
    device="cpu",
    threads=1,
    versions=(),
)
SAID = Prediction(
    target=ODDS,
    value=float(np.log(3)),
    probability=0.75,
    prevalence=0.4,
    reference=0.25,
    image_only=1.0,
    form_only=-0.5,
    jitter=(),
    every=(),
    provenance=ORIGIN,
)
LIKE_A_NAME = '<b>DOE^JANE</b> & "co"'
ESCAPED = "&lt;b&gt;DOE^JANE&lt;/b&gt; &amp; &quot;co&quot;"


def case_with(
    facts: tuple[tuple[str, str], ...] = (),
    *,
    spacing: tuple[float, float] | None = None,
    box: Box | None = None,
) -> Case:
    """A film of 96 rows and 64 columns with these facts."""
    case = tiny.case()
    values = np.arange(96 * 64, dtype=np.uint16).reshape(96, 64)
    radiograph = Radiograph(values, spacing_mm=spacing, facts=facts)
    return replace(case, films=(replace(case.film, radiograph=radiograph, box=box),))


def rows(html: str) -> dict[str, str]:
    """The texts of a table of two columns, by name."""
    cells = (row.split("</td></tr>")[0] for row in html.split("<tr><th>")[1:])
    pairs = (cell.split("</th><td>") for cell in cells)
    return {pair[0]: pair[1] for pair in pairs}


def test_a_difference_of_findings_is_a_number_with_its_sign_and_no_probability() -> None:
    contrast = Target(name="edema − <mass>", unit="log-odds", output=5, minus=3)
    said = replace(SAID, target=contrast, value=0.25, probability=None, prevalence=None)
    html = panels.prediction(said, SYSTEMS["chest"], tiny.case_of("chest"), is_earlier=False)
    assert '<span class="number">+0.25</span><span class="odds">log-odds</span>' in html
    assert "above zero edema is the likelier, below zero &lt;mass&gt;; neither need" in html
    assert "prevalence" not in html
    low = panels.prediction(
        replace(said, value=-0.25), SYSTEMS["chest"], tiny.case_of("chest"), is_earlier=False
    )
    assert "−0.25" in low
    assert "does not exclude" not in low


def test_a_bare_film_has_a_title_and_its_pixels_alone() -> None:
    assert rows(panels.facts(case_with(), "sample 1")) == {"Case": "sample 1", "Pixels": "64 × 96"}


def test_millimetres_are_of_columns_first_each_with_its_own_spacing() -> None:
    found = rows(panels.facts(case_with(spacing=(0.5, 0.25)), "a"))
    assert found["Size"] == "16 × 48 mm"  # 64 · 0.25 by 96 · 0.5


@pytest.mark.parametrize("code", panels.SIDES)
def test_codes_of_laterality_are_said_in_words(code: str) -> None:
    known = (("laterality", code), ("modality", "MG"), ("view position", "MLO"))
    assert rows(panels.facts(case_with(known), "a"))["View"] == f"MG · MLO · {panels.SIDES[code]}"


def test_loss_is_named_unless_the_header_is_silent() -> None:
    lossy = case_with((("lossy compression", "JPEG, 10 : 1"),))
    assert rows(panels.facts(lossy, "a"))["Lossy"] == "JPEG, 10 : 1"
    silent = case_with((("lossy compression", panels.NOT_STATED),))
    assert "Lossy" not in rows(panels.facts(silent, "a"))


def test_a_box_is_given_in_file_pixels() -> None:
    assert rows(panels.facts(case_with(box=Box(3, 5, 20, 30)), "a"))["Box"] == "20 × 30 at 3, 5"


def test_text_from_a_file_or_a_person_is_never_markup() -> None:
    known = (("modality", LIKE_A_NAME), ("lossy compression", LIKE_A_NAME))
    found = rows(panels.facts(case_with(known), LIKE_A_NAME))
    assert {found["Case"], found["View"], found["Lossy"]} == {ESCAPED}
    for draw in (panels.heading, panels.warning):
        assert ESCAPED in draw(LIKE_A_NAME)
        assert LIKE_A_NAME not in draw(LIKE_A_NAME)


def test_what_was_read_is_the_box_the_film_or_a_film_that_should_have_a_box() -> None:
    boxed, whole = case_with(box=Box(3, 5, 20, 30)), case_with()
    assert "Hatched: <b>not read</b>" in panels.what_was_read(boxed, SYSTEMS["breast"])
    assert panels.what_was_read(whole, SYSTEMS["chest"]) == (
        '<p class="note">The model reads the whole film.</p>'
    )
    advised = panels.what_was_read(whole, SYSTEMS["breast"])
    assert advised.startswith('<p class="warning">No box: the model reads the whole view. ')
    assert SYSTEMS["breast"].box_advice in advised


def drawn(result: Prediction, *, is_earlier: bool = False) -> str:
    return panels.prediction(result, SYSTEMS["breast"], tiny.case(), is_earlier=is_earlier)


def test_a_probability_stands_with_its_log_odds_and_prevalence() -> None:
    assert drawn(SAID) == (
        '<div class="prediction" aria-live="polite"><span class="number">0.75</span>'
        '<span class="odds">+1.10 log-odds</span>'
        "<p>at the prevalence of 0.40 that it assumes</p></div>"
    )


@pytest.mark.parametrize(("value", "is_low"), [(-0.01, True), (0.0, True), (0.01, False)])
def test_up_to_even_odds_a_result_says_what_it_does_not_exclude(value: float, is_low: bool) -> None:
    html = drawn(replace(SAID, value=value, probability=0.5))
    said = '<p class="warning">A low result does not exclude malignancy.</p>'
    assert (said in html) == is_low


def test_a_density_has_three_decimals_its_unit_and_no_probability() -> None:
    target = Target(name="BMD", unit="g/cm²")
    result = replace(SAID, target=target, value=0.8125, probability=None, prevalence=None)
    html = panels.prediction(result, SYSTEMS["hip"], tiny.case_of("hip"), is_earlier=False)
    # 0.8125 is exact in binary; Python rounds halves to even
    assert '<span class="number">0.812</span><span class="odds">g/cm²</span>' in html
    assert "prevalence" not in html
    remarks = SYSTEMS["hip"].remarks(tiny.case_of("hip").form, 0.8125)
    assert html.count("<p>") == len(remarks) > 0


def test_an_earlier_number_is_dimmed_and_says_so() -> None:
    html = drawn(SAID, is_earlier=True)
    assert html.startswith('<div class="prediction earlier"')
    assert "of the earlier entry; the new one is being read" in html
    assert panels.dimmed("<i>x</i>", is_earlier=False) == "<i>x</i>"
    assert panels.dimmed("<i>x</i>", is_earlier=True) == (
        '<div class="earlier"><i>x</i></div><p class="warning">of the earlier entry</p>'
    )


def test_the_box_moved_gives_its_ends_and_whether_the_answer_flips() -> None:
    steady = drawn(replace(SAID, jitter=(2.0, float(np.log(3)), 0.5)))
    # the sigmoids of 0.5 and 2 are 0.6225 and 0.8808
    assert "<p>Box ±10 %: P 0.62 to 0.88, +0.50 to +2.00 log-odds</p>" in steady
    assert "flips" not in steady
    flips = drawn(replace(SAID, jitter=(float(-np.log(3)), 2.0)))
    assert "P 0.25 to 0.88, −1.10 to +2.00 log-odds" in flips
    assert '<b class="warning">flips: depends on how the box was drawn</b>' in flips


def test_film_form_and_interaction_stand_in_the_unit_and_close_the_sum() -> None:
    # 1.0986 − 1 + 0.5 + 0.25 = 0.8486
    assert panels.shares(SAID) == (
        '<p class="note">alone: film +1.00, form −0.50 · interaction +0.85</p>'
    )
    parts = SAID.image_only + SAID.form_only + SAID.interaction - SAID.reference
    assert parts == pytest.approx(SAID.value, abs=1e-12)  # four float64 terms


class Failed:
    """Work of which one piece failed and one was stopped."""

    jobs = ("lime", "joint", "attention")

    def state(self, name: str) -> tuple[str, str]:
        return {"lime": ("failed", "No <room>."), "joint": ("cancelled", "Stopped.")}.get(
            name, ("ready", "")
        )


def test_only_what_failed_is_told_and_what_was_stopped_is_not() -> None:
    work = cast("Work", Failed())
    assert panels.refused(work) == '<p class="warning">No &lt;room&gt;.</p>'
    assert panels.failure(work, "joint") == ""


def attribution(**changes: object) -> Attribution:
    made = Attribution(
        method="LIME",
        kind="contribution",
        unit="log-odds",
        target=ODDS,
        placement=tiny.case().film.placement,
        provenance=ORIGIN,
        figures=(("R²", 0.98765), ("spread", 0.01234)),
        gap=-0.0321,
        passes=64,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_method_gives_its_own_numbers_and_what_the_sum_leaves() -> None:
    assert panels.own_numbers(attribution()) == "R² 0.988, spread 0.0123, gap −0.032 log-odds"
    assert panels.own_numbers(attribution(gap=0.0, figures=())) == "gap 0 log-odds"
    assert panels.own_numbers(attribution(gap=None, figures=())) == ""


def test_the_details_have_a_row_for_each_method() -> None:
    plain = attribution(unit="", gap=None, figures=(), provenance=replace(ORIGIN, settings=()))
    html = panels.details([attribution(), plain])
    body = [row.removeprefix("<td>").split("</td>")[:5] for row in html.split("<tr>")[2:]]
    numbers = "R² 0.988, spread 0.0123, gap −0.032 log-odds"
    settings = "samples 64, seed &lt;0&gt;; 64 passes"
    assert [cell.removeprefix("<td>") for cell in body[0]] == [
        "LIME", "contribution", "log-odds", numbers, settings,
    ]  # fmt: skip
    assert [cell.removeprefix("<td>") for cell in body[1]][2:] == ["no unit", "", "64 passes"]


def test_the_banner_and_the_welcome_name_the_system() -> None:
    model = tiny.loaded(tiny.SumModel())
    parts = f"{model.system.name} · compact 0.0 · trained on nothing: untrained · "
    assert panels.banner(model).startswith(f'<div class="banner">{parts}<b>research use')
    html = panels.welcome(SYSTEMS["chest"])
    assert "<h3>Chest: 14 findings: open a case</h3>" in html
    assert "upload a chest radiograph." in html
