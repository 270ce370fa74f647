"""The lines under the number and beside the maps, from hand-made records."""

from dataclasses import replace

import numpy as np
import pytest

from pages.parts import belief
from tests import tiny
from xattn.explain.attention_control import FieldAgreement, ShuffledAttention
from xattn.records import Attribution, Map, Provenance, Target
from xattn.trust.agreement import Agreement
from xattn.trust.anatomy import PARTS, Anatomy, PartShare
from xattn.trust.assessment import Assessment
from xattn.trust.attention_check import AttentionCheck
from xattn.trust.curves import Curve, Curves
from xattn.trust.evidence import MapEvidence
from xattn.trust.missing import MissingRange, Narrowing
from xattn.trust.stability import Stability
from xattn.trust.sureness import Sureness
from xattn.trust.venn_abers import Range
from xattn.trust.verdict import Evidence, Verdict
from xattn.trust.whatif import Change, Fragility

ODDS = Target(name="malignant", unit="log-odds")
DENSITY = Target(name="BMD", unit="g/cm²")
SET = Sureness(
    target="malignant",
    method="set",
    level=0.9,
    stratum="all",
    calibration=(9, 9),
    answers=("yes",),
    cut=0.0,
    sentence="The set, <whole>.",
)
MISSING = MissingRange(
    target="malignant",
    unit="log-odds",
    value=0.0,
    low=float(np.log(1 / 3)),
    high=float(np.log(3)),
    spread=1.0,
    draws=64,
    unknown=("age",),
    fields=(Narrowing("age", "Age <years>", 0.4, 0.2),),
    sentence="One is unknown.",
)
FLIP = Change("age", "Age", "61", "<64>", 0.5, 0.2, "a source")
FRAGILE = Fragility(
    target="malignant",
    value=-0.1,
    cut=0.0,
    flips=(FLIP, replace(FLIP, label="Density")),
    nearest=None,
    tried=4,
    exact=(),
    sentence="Four were tried.",
)
BARE = Assessment(
    case_digest="",
    target="malignant",
    gate=None,
    novelty=None,
    sureness=None,
    missing=None,
    fragility=None,
    unlike=(),
)


def test_without_a_calibration_there_is_no_range_and_that_is_said() -> None:
    assert belief.draw_belief(BARE, ODDS) == (
        '<div class="belief"><p class="note">No range: the model came without a calibration for '
        "it.</p></div>"
    )


def test_a_difference_of_findings_has_no_range_for_a_reason_of_its_own() -> None:
    contrast = replace(ODDS, name="edema − mass", minus=2)
    assert "a calibration for a difference of two findings." in belief.draw_belief(BARE, contrast)


def test_each_line_folds_out_to_its_whole_sentence_in_this_order() -> None:
    full = replace(BARE, sureness=SET, missing=MISSING, fragility=FRAGILE)
    html = belief.draw_belief(full, ODDS)
    wholes = ("<p>The set, &lt;whole&gt;.</p>", "<p>One is unknown.</p>", "<p>Four were tried.</p>")
    places = [html.index(whole) for whole in wholes]
    assert places == sorted(places)
    assert html.count('<details class="folded"><summary>') == 3
    assert "No range" not in html


def test_nothing_unknown_and_nothing_tried_take_no_line() -> None:
    known = replace(MISSING, unknown=(), fields=())
    untried = replace(FRAGILE, tried=0, flips=())
    assert belief.draw_belief(replace(BARE, missing=known, fragility=untried), ODDS) == (
        belief.draw_belief(BARE, ODDS)
    )


def test_the_range_of_what_is_unknown_is_in_probabilities_and_escapes_the_label() -> None:
    # the sigmoid of ±ln 3 is 3/4 and 1/4
    assert belief.missing(MISSING, ODDS) == (
        "1 unknown entry: probability 0.25 to 0.75; <b>Age &lt;years&gt;</b> would narrow it most"
    )


def test_the_range_of_a_density_is_in_its_unit_and_counts_entries() -> None:
    entry = replace(MISSING, low=0.7, high=0.8125, unknown=("age", "sex"), fields=())
    assert belief.missing(entry, DENSITY) == "2 unknown entries: 0.700 to 0.812 g/cm²"


def test_a_field_that_explains_nothing_is_not_asked_for() -> None:
    idle = replace(MISSING, fields=(replace(MISSING.fields[0], explained=0.0),))
    assert belief.missing(idle, ODDS) == "1 unknown entry: probability 0.25 to 0.75"


def test_the_first_flip_alone_is_named() -> None:
    assert belief.fragility(FRAGILE) == (
        '<b class="warning">Fragile:</b> Age &lt;64&gt; instead of 61 would cross the cut'
    )
    assert belief.fragility(replace(FRAGILE, flips=())) == (
        "No plausible slip of one entry crosses the cut"
    )


def test_one_reason_has_no_count_of_more() -> None:
    short, _ = belief.sureness(replace(SET, answers=None, reasons=("New.",)), DENSITY)
    assert short == '<b>Interval not valid here.</b> <span class="warning">New.</span>'


def test_what_is_not_valid_is_never_near_the_cut() -> None:
    entry = replace(SET, reasons=("New.",), range=Range(0.3, 0.4), is_near_cut=True)
    short, _ = belief.sureness(entry, ODDS)
    assert "near the cut" not in short
    assert "0.3" not in short


def test_an_interval_near_the_cut_says_so_after_every_band() -> None:
    entry = replace(
        SET, answers=None, interval=(0.7, 0.8), bands=("low <T>", "normal"), is_near_cut=True
    )
    assert belief.sureness(entry, DENSITY)[0] == (
        "90 % interval <b>0.700 to 0.800 g/cm²</b>, touches low &lt;T&gt;; normal"
        ' · <b class="warning">near the cut</b>'
    )


def test_a_calibrated_range_never_reaches_certainty() -> None:
    short, _ = belief.sureness(replace(SET, range=Range(0.001, 0.999)), ODDS)
    assert short == "90 % set: <b>malignant</b> · calibrated below 0.01 to above 0.99"


def test_the_name_of_a_target_is_escaped_in_its_set() -> None:
    short, _ = belief.sureness(SET, replace(ODDS, name="mass <1 cm"))
    assert short == "90 % set: <b>mass &lt;1 cm</b>"


def place(off: float | None, share: float | None = 0.3) -> Anatomy:
    """A map with `share` on a tenth of the square and `off` on the background."""
    shares = (None if off is None else 1 - off, off, 0.0, 0.0, 0.0)
    film = tuple(PartShare(name, part, 0.2, None) for name, part in zip(PARTS, shares, strict=True))
    return Anatomy("m", (*film, PartShare("heart", share, 0.1, None)))


@pytest.mark.parametrize(
    ("off", "words"),
    [
        (0.2, "3.0 × on heart"),  # the limit itself is not beyond it
        (0.25, "3.0 × on heart, 25 % off the patient"),
        (None, "3.0 × on heart"),
    ],
)
def test_where_a_map_lies_is_its_enrichment_on_the_anatomy(off: float | None, words: str) -> None:
    assert belief.where(place(off)) == words


def test_a_part_that_was_not_found_is_not_named() -> None:
    assert belief.where(place(0.5, share=None)) == "50 % off the patient"


def pairs(value: float | None) -> Agreement:
    both = ((None, value), (value, None))
    return Agreement(methods=("gradcam", "lime"), correlations=both, overlaps=both, top=5)


FLAT = np.zeros(3)
CURVE = Curve(values=FLAT, random=FLAT, low=FLAT, high=FLAT, area=0.5)
RUN = Evidence(
    method="gradcam",
    agreement=0.375,
    p_values=(("smooth maps", 0.01), ("other cases", 0.25)),
    fidelity=0.5,
)
EVIDENCE = MapEvidence(
    case_digest="d",
    target="malignant",
    verdicts={
        "gradcam": Verdict(
            method="gradcam",
            answer="unclear",
            sentence="Unclear.",
            evidence=RUN,
            p_holm=0.5,
            curves=Curves(CURVE, replace(CURVE, area=0.125), 18),
        ),
        "lime": Verdict(
            method="lime",
            answer="not checked",
            sentence="Not checked.",
            evidence=Evidence(method="lime", reason="no <bank>"),
        ),
    },
    places={"gradcam": place(0.25)},
    agreement=pairs(0.9),
)


def entry_of(digest: str, target: Target = ODDS) -> Attribution:
    origin = Provenance(
        system="breast",
        model_id="m",
        model_version="0",
        preset="compact",
        training_data="nothing",
        case_digest=digest,
        file_sha256="",
        method="gradcam",
        settings=(),
        device="cpu",
        threads=1,
        versions=(),
    )
    return Attribution(
        method="gradcam",
        kind="relative",
        unit="",
        target=target,
        placement=tiny.case().film.placement,
        provenance=origin,
    )


def test_a_mark_holds_verdict_place_and_agreement_of_its_own_map() -> None:
    mark = belief.mark_of(EVIDENCE, "gradcam", entry_of("d"), is_due=False)
    assert (mark.answer, mark.agreement) == ("unclear", "methods agree (0.90)")
    assert mark.where == "stability not checked · 3.0 × on heart, 25 % off the patient"
    assert mark.sentence == f"Unclear. {EVIDENCE.agreement.sentence}"
    assert belief.mark_of(EVIDENCE, "lime", entry_of("d"), is_due=False).where == (
        "stability not checked"
    )


def test_a_mark_says_how_stable_a_map_is_and_how_far_it_was_settled() -> None:
    steady = Stability("Grad-CAM", (("noise 1", 0.5), ("2 px up", 0.75)))
    found = replace(EVIDENCE, stability={"gradcam": steady})
    # 0.25 of a map whose largest is 0.5
    sampled = replace(
        entry_of("d"),
        unit="log-odds",
        maps=(Map("malignant", np.float32([[0.5, -0.25]])),),
        figures=(("largest standard error", 0.125),),
        regions=np.array([[0, 1]]),
    )
    mark = belief.mark_of(found, "gradcam", sampled, is_due=False)
    assert mark.where == (
        "stable 0.62 · ±0.12 log-odds (25 %) · 3.0 × on heart, 25 % off the patient"
    )
    assert steady.sentence in mark.sentence
    assert mark.sentence.endswith("Largest standard error ±0.12 log-odds (25 % of the largest).")


def test_attention_has_its_own_check_in_place_of_a_verdict() -> None:
    check = AttentionCheck(
        ShuffledAttention(1.0, "log-odds", (0.25,), 2.0),
        (("Age", FieldAgreement("age", 0.5, None, 0.25)),),
    )
    found = replace(EVIDENCE, attention=check)
    mark = belief.mark_of(found, "attention", entry_of("d"), is_due=False)
    assert (mark.answer, mark.where) == ("not checked", check.short)
    assert mark.agreement == "attention weights are not importance"
    assert mark.sentence == check.sentence
    assert check.sentence in belief.evidence_table(found)
    assert belief.mark_of(found, "attention", entry_of("e"), is_due=False).sentence == ""


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("gradcam", None),
        ("layercam", entry_of("d")),
        ("gradcam", entry_of("e")),
        ("gradcam", entry_of("d", replace(ODDS, name="edema"))),
    ],
)
def test_a_map_of_anything_else_is_not_checked(key: str, entry: Attribution | None) -> None:
    assert belief.mark_of(EVIDENCE, key, entry, is_due=False) == belief.Mark("not checked")
    assert belief.mark_of(EVIDENCE, key, entry, is_due=True) == belief.Mark("not checked yet")


def test_agreement_is_said_with_a_true_minus_and_not_of_one_method() -> None:
    assert belief.agreement(replace(EVIDENCE, agreement=pairs(-0.25))) == (
        "methods do not agree (−0.25)"
    )
    assert belief.agreement(replace(EVIDENCE, agreement=pairs(None))) == ""


def test_the_table_has_every_number_in_its_column_and_a_reason_in_place_of_them() -> None:
    rows = belief.evidence_table(EVIDENCE).split("<tr>")[2:]
    cells = [row.split("</tr>")[0].removesuffix("</td>").split("</td>") for row in rows]
    texts = [[cell.removeprefix("<td>") for cell in row] for row in cells]
    nulls = "smooth maps 0.010, other cases 0.250"
    # 0.375 lies between 0.37 and 0.38; Python rounds halves to even
    assert texts[0][1:] == ["unclear", "0.38", nulls, "0.500", "0.5", "", "0.5, 0.125"]
    assert texts[1][1:] == ["not checked", "no &lt;bank&gt;", *[""] * 5]


def test_pairs_are_listed_below_the_table_where_they_can_be_compared() -> None:
    html = belief.evidence_table(EVIDENCE)
    assert "Rank correlation and overlap: " in html
    assert " 0.90, top 5 regions 0.90." in html
    bare = belief.evidence_table(replace(EVIDENCE, agreement=pairs(None)))
    assert "Rank correlation" not in bare
    assert "Fewer than two methods can be compared." in bare
