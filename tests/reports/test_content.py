"""What the report says follows from the numbers, and never says more."""

from dataclasses import asdict, replace
from datetime import date

import numpy as np
import pytest

from tests.reports.conftest import (
    MASS,
    make_attribution,
    make_case,
    make_explanation,
    make_model,
)
from xattn.data.clinical import Schema
from xattn.data.fields import Choice, Flag, Number, Option
from xattn.errors import ReportError
from xattn.records import Explanation, Form, Map
from xattn.reports import sentences
from xattn.reports.beliefs import NOT_CHECKED
from xattn.reports.content import compose
from xattn.reports.sections import Decision, Row
from xattn.trust import wording


def words(report):
    """Every text of a report as one."""
    found = []

    def walk(value):
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            walk(list(value.values()))
        elif isinstance(value, list | tuple):
            for part in value:
                walk(part)

    walk(asdict(report))
    return "\n".join(found)


def without(explanation, *keys):
    kept = tuple(entry for entry in explanation.attributions if entry[0] not in keys)
    return replace(explanation, attributions=kept)


def changed(explanation, key, **changes):
    entries = tuple(
        (name, replace(entry, **changes) if name == key else entry)
        for name, entry in explanation.attributions
    )
    return replace(explanation, attributions=entries)


def test_headline_is_the_probability_with_the_prevalence_it_assumes(explanation, model):
    report = compose(explanation, model)
    assert report.headline == Row("Probability: malignant", "0.82")  # 1 / (1 + e^-1.52) = 0.8205
    assert report.condition == "at the prevalence of 0.41 it assumes"


def test_four_terms_of_the_result_add_up(explanation, model):
    texts = {row.label: row.text for row in compose(explanation, model).result}
    assert texts["Score"] == "+1.52 log-odds"
    # 1.52 − 0.55 − 0.48 + (−0.36)
    assert texts["Interaction"] == "+0.13 log-odds"


@pytest.mark.parametrize("value", [-4.0, -0.5, 0.0])
def test_a_low_score_never_reads_as_an_all_clear(value, model):
    report = compose(make_explanation(value=value), model)
    assert "This result does not exclude malignancy." in report.cautions
    assert "benign" not in words(report).lower()
    assert "normal" not in words(report).lower()


def test_the_biopsy_convention_is_always_said(explanation, model):
    assert any("2 %" in line and "BI-RADS" in line for line in compose(explanation, model).cautions)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "below 0.01"), (0.5, "0.50"), (0.994, "0.99"), (0.9999, "above 0.99")],
)
def test_no_probability_reads_as_certain(value, text):
    assert wording.probability(value) == text


def test_the_sum_starts_at_the_reference_and_ends_at_the_prediction(explanation, model):
    total = compose(explanation, model).sum
    assert [term.role for term in total.terms] == ["reference", *["part"] * 4, "prediction"]
    start, *parts, end = [term.value for term in total.terms]
    assert start + sum(parts) == pytest.approx(end, abs=1e-12)  # sums of five doubles
    assert [(term.label, term.detail) for term in total.terms[:3]] == [
        ("Reference", "nothing known"),
        ("Film", ""),
        ("Breast density", "3 heterogeneous"),
    ]
    assert "within 0.001 log-odds" in total.note


def test_fields_come_in_the_order_of_their_size(explanation, model):
    players = (("image", 0.1), ("density", -0.2), ("mass_shape", 0.9), ("mass_margins", -1.0))
    report = compose(changed(explanation, "shapley", players=players), model)
    labels = [term.label for term in report.sum.terms[1:-1]]
    assert labels == ["Film", "Mass margins", "Mass shape", "Breast density"]


def test_a_sum_with_a_gap_says_so(explanation, model):
    report = compose(changed(explanation, "shapley", gap=0.25), model)
    assert "up to a gap of 0.25 log-odds" in report.sum.note


def test_with_the_film_given_the_sum_starts_from_it(explanation, model):
    players = (("density", 0.5), ("mass_shape", 0.47))
    given = changed(explanation, "shapley", players=players, reference=0.55)
    assert compose(given, model).sum.terms[0].label == "Film alone"


def test_without_shapley_values_there_is_no_sum(explanation, model):
    assert compose(without(explanation, "shapley"), model).sum is None


def test_form_names_value_unknown_and_not_applicable(model):
    form = {key: MASS[key] for key in ("lesion_type", "mass_margins")}
    rows = compose(make_explanation(make_case(form=form)), model).form
    assert rows == (
        Row("Lesion", "mass"),
        Row("Breast density", "unknown"),
        Row("Mass shape", "unknown"),
        Row("Mass margins", "spiculated, obscured"),
        Row("Calcification type", "not applicable"),
        Row("Calcification distribution", "not applicable"),
    )


def test_the_whole_film_is_said_to_be_read(explanation, model):
    assert compose(explanation, model).reading == (
        "The model read the whole film of 220 × 300 pixels.",
        "No box was drawn, so none was moved.",
    )


def test_the_box_and_its_range_are_said(boxed, model):
    read, moved = compose(boxed, model).reading
    assert "75 × 75 pixels around the box of 50 × 40 at column 60, row 100" in read
    assert "the rest of the film was not read" in read
    # 1 / (1 + e^-1.1) = 0.750, 1 / (1 + e^-1.9) = 0.870
    assert "in 3 ways the result lies between 0.75 and 0.87." in moved
    assert "even odds" not in moved


def test_a_flip_over_the_box_is_flagged(model):
    flipping = make_explanation(jitter=(1.5, -0.1))
    assert "crosses even odds" in compose(flipping, model).reading[1]


def test_attention_is_shown_for_the_field_that_contributes_most(explanation, model):
    players = (("image", 2.0), ("density", 0.1), ("mass_shape", -0.3), ("mass_margins", 0.2))
    figures = compose(changed(explanation, "shapley", players=players), model).figures
    assert [figure.title for figure in figures] == ["Film", "Grad-CAM", "Cross-attention", "LIME"]
    assert figures[2].lines[0].startswith("To mass shape: ")


def test_every_map_says_what_it_is_and_that_it_is_unchecked(explanation, model):
    _, cam, attention, lime = compose(explanation, model).figures
    assert all(entry.lines[-1] == NOT_CHECKED for entry in (cam, attention, lime))
    assert "no unit" in cam.lines[0]
    assert sentences.NOT_IMPORTANCE in attention.lines[0]
    assert lime.lines[0].startswith("Contribution in log-odds")
    assert cam.lines[1] == "Range −0.3 to +1.2."
    regional = explanation["lime"].maps[0].values
    assert lime.lines[1] == (
        f"Range −{-regional.min():.2g} to +{regional.max():.2g}; weighted R² 0.83; "
        "median spread over seeds 0.012; gap −0.05 log-odds."
    )
    assert sentences.NOT_RIGHT in compose(explanation, model).limits


def test_every_picture_has_a_text_in_its_stead(explanation, model):
    film, cam, _, lime = compose(explanation, model).figures
    assert film.alternative == "The film, 220 × 300 pixels. No box was drawn."
    # The map is row · column / 24 − 0.3, so it grows to the lower right: 36 / 24 − 0.3 = 1.2.
    assert cam.alternative == (
        "Grad-CAM: the film with a map from −0.3 to +1.2 (no unit); the largest value drawn is at "
        "the lower right of what was read."
    )
    assert lime.alternative.startswith("LIME: ")


def test_an_empty_map_is_said_to_be_empty(explanation, model):
    nothing = (Map("malignant", np.zeros((28, 28), np.float32)),)
    lime = compose(changed(explanation, "lime", maps=nothing), model).figures[-1]
    assert "Nothing reaches one step of the scale: the map is empty." in lime.lines
    assert lime.alternative == "LIME: the film with an empty map."


def test_contribution_maps_share_their_scale(explanation, model):
    other = make_attribution(
        explanation.case,
        "Integrated gradients",
        "contribution",
        maps=(Map("malignant", np.full((28, 28), 0.5, np.float32)),),
        gap=0.0,
    )
    entries = (*explanation.attributions, ("integrated", other))
    figures = compose(replace(explanation, attributions=entries), model).figures
    assert figures[-1].scale == figures[-2].scale
    assert figures[-1].scale.high == 0.5


def test_another_cases_result_is_refused(explanation, model):
    stranger = make_explanation(make_case(form={"lesion_type": "mass"}))
    mixed = replace(explanation, prediction=stranger.prediction)
    with pytest.raises(ReportError, match="one case"):
        compose(mixed, model)
    with pytest.raises(ReportError, match="one case"):
        compose(Explanation(stranger.case, stranger.prediction, explanation.attributions), model)


def test_another_models_result_is_refused(explanation, model):
    provenance = replace(explanation["lime"].provenance, model_id="6" * 64)
    with pytest.raises(ReportError, match="one model"):
        compose(changed(explanation, "lime", provenance=provenance), model)


@pytest.mark.parametrize("typed", ["x" * 65, "two\nlines", "bell\x07"])
def test_unprintable_and_long_identifiers_are_refused(typed, explanation, model):
    with pytest.raises(ReportError, match="identifier"):
        compose(explanation, model, typed_identifier=typed)


def test_no_identifier_unless_typed(explanation, model):
    assert compose(explanation, model).identifier == ""
    assert compose(explanation, model, typed_identifier=" A-17 ").identifier == "A-17"


def test_header_names_film_model_and_training(explanation, model):
    report = compose(explanation, model)
    assert report.header == (
        Row("Film", "MG · L · MLO · 0.1 mm per pixel"),
        Row("Model", "breast · compact 1.0"),
        Row("Trained on", "synthetic phantoms"),
        Row("Status", "DEMONSTRATION OUTPUT – phantom-trained weights"),
    )
    assert report.use == "Research use, not for diagnosis"
    assert report.is_demonstration


def test_provenance_holds_the_hashes_and_versions(explanation, model):
    texts = [row.text for row in compose(explanation, model).provenance]
    assert explanation.case.digest in texts
    assert explanation.case.film.radiograph.pixel_sha256 in texts
    assert "f" * 64 in texts
    assert "python 3.11, xattn 0.1.0" in texts
    assert "cpu, 1 thread" in texts


def test_methods_state_settings_and_passes(explanation, model):
    texts = {row.label: row.text for row in compose(explanation, model).methods}
    assert texts["LIME"] == "samples 320; kernel width 0.25; 320 passes"
    assert texts["Calibration"] == "temperature 1.3"


def test_a_decision_is_carried_as_it_is(explanation, model):
    decision = Decision(
        "change", note="BI-RADS by reader", reader="R. Reader", day=date(2025, 3, 1)
    )
    assert compose(explanation, model, decision=decision).decision is decision


def test_a_regression_states_value_and_unit(explanation, model):
    target = replace(explanation.prediction.target, name="BMD", unit="g/cm²")
    prediction = replace(
        explanation.prediction, target=target, value=0.8125, probability=None, prevalence=None
    )
    report = compose(replace(explanation, prediction=prediction), model)
    assert report.headline == Row("BMD", "0.812 g/cm²")
    assert report.condition == ""
    assert report.result[0].text == "+0.812 g/cm²"


def test_a_made_up_schema_draws_the_form_section(model):
    schema = Schema(
        name="made-up",
        fields=(
            Number(name="age", label="Age", unit="years", low=0, high=120, centre=50, spread=10),
            Choice(name="side", label="Side", options=(Option("L", "left"), Option("R", "right"))),
            Flag(name="pain", label="Pain"),
        ),
    )
    other = replace(model, system=replace(model.system, schema=schema))
    explanation = make_explanation()
    form = Form(None, (("age", 61.0), ("side", ("L",)), ("pain", True)))
    case = explanation.case.with_form(form)
    provenance = replace(explanation.prediction.provenance, case_digest=case.digest)
    prediction = replace(explanation.prediction, provenance=provenance)
    report = compose(Explanation(case, prediction, ()), other)
    assert report.form == (Row("Age", "61 years"), Row("Side", "left"), Row("Pain", "yes"))


def test_weights_that_saw_patients_are_no_demonstration(explanation):
    report = compose(explanation, make_model(is_phantom_trained=False))
    assert not report.is_demonstration
    assert "Status" not in {row.label for row in report.header}
