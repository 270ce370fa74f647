"""The PDF: the same bytes for the same report, readable text, user text never markup."""

import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date

import pytest

from tests.reports.conftest import make_explanation, make_model
from xattn.data.clinical import Schema
from xattn.data.fields import Choice, Option
from xattn.errors import ReportError
from xattn.records import Form
from xattn.reports.content import compose
from xattn.reports.pdf import render
from xattn.reports.sections import Decision, Row, Sum, Term

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="poppler-utils reads the text back"
)


def text_of(pdf):
    """The text in the order of the tags, with single blanks."""
    out = subprocess.run(
        ["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True
    )
    return re.sub(r"\s+", " ", out.stdout.decode())


def pages_of(pdf):
    out = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True)
    return dict(re.findall(r"^([^:]+):\s+(.*)$", out.stdout.decode(), re.MULTILINE))


@pytest.fixture
def report(explanation, model):
    return compose(explanation, model)


@pytest.mark.parametrize("archival", [False, True])
def test_the_same_report_gives_the_same_bytes(report, archival):
    assert render(report, archival=archival) == render(report, archival=archival)


def test_two_explanations_give_two_files(report, model):
    assert render(report) != render(compose(make_explanation(value=0.3), model))


def test_archival_files_say_which_standards_they_keep(report):
    plain, archival = render(report), render(report, archival=True)
    for name in (b"pdfaid:part", b"pdfuaid:part"):
        assert name in archival
    assert b"pdfaid:part" not in plain
    assert b"CreationDate" not in plain


@needs_poppler
def test_archival_date_is_the_decisions_or_none(report):
    assert "1970" in pages_of(render(report, archival=True))["CreationDate"]
    decided = replace(report, decision=Decision("accept", day=date(2031, 5, 17)))
    assert "May 17" in pages_of(render(decided, archival=True))["CreationDate"]
    assert "CreationDate" not in pages_of(render(report))


@needs_poppler
def test_text_says_number_use_and_version(report):
    text = text_of(render(report))
    for expected in (
        "Breast lesion: prediction and explanation",
        "0.82",
        "at the prevalence of 0.41 it assumes",
        "Research use, not for diagnosis",
        "breast · compact 1.0",
        "synthetic phantoms",
        "−0.36",
        "+1.52",
        "spiculated, obscured",
        "not applicable",
        "Attention weights are not importance.",
        "Not checked: whether this map tracks the model.",
        "A map says nothing about whether the model is right.",
        "DEMONSTRATION OUTPUT",
    ):
        assert expected in text, expected


@needs_poppler
def test_a_short_case_fits_two_pages_and_is_tagged(report, boxed, model):
    for each in (report, compose(boxed, model)):
        facts = pages_of(render(each))
        assert (facts["Pages"], facts["Tagged"]) == ("2", "yes")
        assert facts["Title"] == "Breast lesion: prediction and explanation"
        assert facts["Page size"].endswith("(A4)")


@needs_poppler
def test_no_identifier_unless_typed(report):
    assert "Identifier" not in text_of(render(report))
    assert "Identifier, as typed A-17" in text_of(render(replace(report, identifier="A-17")))


@needs_poppler
@pytest.mark.parametrize(
    "typed",
    ["#panic()", "*x* _y_ `z`", "$x$ @ref <label>", "\\ #sys.inputs // gone", "= 1 [a] ~ --"],
)
def test_what_is_typed_is_never_markup(report, typed):
    assert typed in text_of(render(replace(report, identifier=typed)))
    decided = replace(report, decision=Decision("reject", note=typed))
    assert typed in text_of(render(decided))


def test_letters_that_no_font_has_are_refused_without_repeating_them(report):
    with pytest.raises(ReportError, match="letters of its fonts") as raised:
        render(replace(report, identifier="山田"))
    assert "山" not in str(raised.value)


def test_other_alphabets_of_the_fonts_are_set(report):
    render(replace(report, identifier="Žofie Müller-Łuć Ελένη Дарья"))


@needs_poppler
def test_demonstration_output_cannot_be_signed(report, explanation):
    assert "Signature" not in text_of(render(report))
    trained = compose(explanation, make_model(is_phantom_trained=False))
    text = text_of(render(trained))
    assert "Signature" in text
    assert "DEMONSTRATION" not in text


@needs_poppler
def test_the_decision_is_printed(report):
    decision = Decision("change", note="Biopsy.", reader="R. Reader", day=date(2031, 5, 17))
    text = text_of(render(replace(report, decision=decision)))
    for expected in ("R. Reader", "changes the result", "Biopsy.", "2031-05-17"):
        assert expected in text
    assert "none recorded" in text_of(render(report))


def long_report(model):
    """Fourteen fields with long labels and answers, no box, every text long."""
    options = tuple(
        Option(f"O{n}", f"an answer of considerable length, number {n}") for n in range(6)
    )
    fields = tuple(
        Choice(
            name=f"f{n}",
            label=f"A clinical field with a long label {n}",
            options=options,
            multiple=True,
        )
        for n in range(14)
    )
    schema = Schema(name="long", fields=fields)
    other = replace(model, system=replace(model.system, schema=schema))
    explanation = make_explanation()
    form = Form(
        None,
        tuple(
            (field.name, tuple(o.code for o in options[: n % 6 + 1]))
            for n, field in enumerate(fields)
        ),
    )
    case = explanation.case.with_form(form)
    prediction = replace(
        explanation.prediction,
        provenance=replace(explanation.prediction.provenance, case_digest=case.digest),
    )
    shapley = replace(
        explanation["shapley"],
        provenance=prediction.provenance,
        players=(("image", 1.0), *((f"f{n}", (-1) ** n * 0.1) for n in range(14))),
    )
    bare = replace(
        explanation, case=case, prediction=prediction, attributions=(("shapley", shapley),)
    )
    return compose(bare, other, typed_identifier="M" * 64)


@needs_poppler
def test_a_long_case_without_maps_stays_readable(model):
    report = long_report(model)
    decided = replace(report, decision=Decision("change", note="word " * 300))
    pdf = render(decided, archival=True)
    assert int(pages_of(pdf)["Pages"]) <= 4
    text = text_of(pdf)
    for number in range(14):
        assert f"long label {number}" in text
    assert "M" * 20 in text


@needs_poppler
def test_a_word_without_end_is_broken_not_lost(report):
    text = text_of(render(replace(report, decision=Decision("accept", note="a1" * 200))))
    assert text.replace(" ", "").replace("\u200b", "").count("a1" * 200) == 1


def test_sums_of_any_shape_are_drawn(report):
    for values in ([0.0, 0.0, 0.0], [-5.0, -1.0, -6.0], [3.0, -7.0, -4.0]):
        roles = ("reference", "part", "prediction")
        terms = tuple(Term("a", "b", v, r) for v, r in zip(values, roles, strict=True))
        render(replace(report, sum=Sum(terms, "log-odds", "note")))


def test_a_report_without_sum_maps_and_cautions_is_set(report):
    render(replace(report, sum=None, figures=report.figures[:1], cautions=(), methods=()))


@needs_poppler
def test_hashes_can_be_copied_whole(report):
    text = text_of(render(report))
    for row in report.provenance[:4]:
        assert row.text in text
    assert Row("Model (SHA-256 of weights and description)", "5" * 64) in report.provenance
