"""The line that reads a case: each clause with its figure, and each that is left out."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from xattn.data.schemas import BREAST, HIP
from xattn.reports.reading import CLOSING, MAP, Clause, line, reading
from xattn.trust.agreement import Agreement
from xattn.trust.anatomy import Anatomy, PartShare
from xattn.trust.belief import UNASKED, Belief
from xattn.trust.evidence import MapEvidence
from xattn.trust.verdict import Evidence, Verdict

UNCHECKED = Clause("whether the maps track the model was not checked", "")
END = Clause(CLOSING, "")


def explained(*players: tuple[str, float], unit: str = "log-odds") -> SimpleNamespace:
    """An explanation with bars of these players; without players it has none."""
    bars = SimpleNamespace(players=players, unit=unit)
    return SimpleNamespace(attributions=(("shapley", bars),) if players else ())


def place(outside: float, *anatomy: PartShare) -> Anatomy:
    shares = {"body": 1 - outside, "background": outside, "border": 0, "markers": 0, "padding": 0}
    general = tuple(PartShare(name, share, 0.2, None) for name, share in shares.items())
    return Anatomy("map", (*general, *anatomy))


def believed(answer: str | None, where: Anatomy, correlation: float | None = None) -> Belief:
    verdict = Verdict(method=MAP, answer=answer, sentence="", evidence=Evidence(method=MAP))
    pairs = ((None, correlation), (correlation, None))
    evidence = MapEvidence(
        case_digest="c",
        target="malignant",
        verdicts={MAP: verdict} if answer else {},
        places={MAP: where},
        agreement=Agreement(methods=(MAP, "lime"), correlations=pairs, overlaps=pairs, top=3),
    )
    return Belief(None, evidence)


def test_the_film_and_the_two_largest_fields_are_told_with_their_sign():
    players = (("mass_margins", -0.5), ("density", 0.1), ("image", 0.25), ("mass_shape", 0.75))
    first, *rest = reading(explained(*players), UNASKED, BREAST)
    shape, margins = (BREAST[name].label for name in ("mass_shape", "mass_margins"))
    assert first == Clause(f"Film +0.25, {shape} +0.75, {margins} −0.50 log-odds", "shapley")
    assert rest == [UNCHECKED, END]


def test_fields_of_a_group_are_told_as_their_sum_at_the_decimals_of_the_unit():
    players = (("image", 0.01), ("height", 0.02), ("weight", -0.05), ("sex", 0.0))
    first = reading(explained(*players, unit="g/cm²"), UNASKED, HIP)[0]
    assert first.words == f"Film +0.010, Body size −0.030, {HIP['sex'].label} 0.000 g/cm²"


def test_a_form_of_nothing_leaves_the_film_alone():
    assert reading(explained(("image", -1.0)), UNASKED, BREAST)[0].words == "Film −1.00 log-odds"


def test_without_bars_the_line_begins_with_what_was_checked():
    assert reading(explained(), UNASKED, BREAST) == (UNCHECKED, END)


@pytest.mark.parametrize("answer", ["yes", "unclear", "not shown", "not checked"])
def test_the_verdict_of_the_map_of_contributions_is_told(answer):
    clauses = reading(explained(), believed(answer, place(0.0)), BREAST)
    told = Clause(f"the map of contributions tracks the model: {answer}", MAP)
    assert clauses == (told, END)


def test_where_the_map_lies_is_one_clause_without_a_stop():
    rich = PartShare("breast", 0.6, 0.25, None)
    for outside, words in (
        (0.2, "for its area: breast 2.4 ×"),
        (0.3, "for its area: breast 2.4 ×, 30 % of it lies outside the patient"),
    ):
        clauses = reading(explained(), believed("yes", place(outside, rich)), BREAST)
        assert clauses[1] == Clause(words, MAP)
    alone = reading(explained(), believed("yes", place(0.5)), BREAST)[1]
    assert alone.words == "50 % of it lies outside the patient"


@pytest.mark.parametrize(
    ("correlation", "words"),
    [
        (0.5, "the methods agree"),
        (0.49, "the methods partly agree"),
        (0.2, "the methods partly agree"),
        (0.19, "the methods do not agree"),
        (-0.4, "the methods do not agree"),
    ],
)
def test_whether_methods_agree_is_told_without_its_number(correlation, words):
    clauses = reading(explained(), believed(None, place(0.9), correlation), BREAST)
    assert clauses == (Clause(words, "agreement"), END)


def test_nothing_to_tell_is_an_empty_line():
    clauses = reading(explained(), believed(None, place(0.0)), BREAST)
    assert clauses == ()
    assert line(clauses) == ""


def test_verdicts_of_other_maps_are_not_told():
    belief = believed("yes", place(0.0))
    other = replace(belief.evidence, verdicts={"lime": belief.evidence.verdicts[MAP]})
    assert reading(explained(), Belief(None, other), BREAST) == ()


def test_a_line_joins_its_clauses_and_ends_with_one_stop():
    assert line((Clause("one", "a"), Clause("two", ""), END)) == f"one; two; {CLOSING}."
    rich = PartShare("breast", 0.6, 0.25, None)
    said = line(reading(explained(("image", 1)), believed("yes", place(0.3, rich), 0.8), BREAST))
    assert said == (
        "Film +1.00 log-odds; the map of contributions tracks the model: yes; for its area: "
        "breast 2.4 ×, 30 % of it lies outside the patient; the methods agree; " + CLOSING + "."
    )
