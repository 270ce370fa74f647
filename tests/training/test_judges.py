"""What each kind of model is judged by: figures known beforehand, and changes of the cases."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from xattn.data.findings import FINDINGS, LABELS
from xattn.data.schemas import CHEST
from xattn.training.cases import Cases
from xattn.training.judges import (
    DENSITY,
    FOURTEEN_FINDINGS,
    SCREENING,
    TWO_CLASSES,
    projection_flipped,
    projection_withheld,
    without,
)
from xattn.training.metrics import METRICS

COUNT = 40


def chest_cases() -> Cases:
    """Every other film is AP, which is what slots 3 and 4 say."""
    forms = [
        CHEST.check({"age": 60, "sex": "F", "projection": side, "view": "FRONTAL"})
        for side in ("AP", "PA") * (COUNT // 2)
    ]
    encodings = [CHEST.encode(form) for form in forms]
    labels = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (COUNT, 14))).float()
    return Cases(
        torch.zeros(COUNT, 1, 8, 8, dtype=torch.uint8),
        torch.from_numpy(np.stack([each.values for each in encodings])),
        torch.from_numpy(np.stack([each.known for each in encodings])),
        labels,
        torch.full((COUNT, 3, 14), torch.nan),
        torch.full((COUNT, 2), torch.nan),
    )


def test_two_classes_are_judged_by_the_six_figures():
    labels = np.array([[0.0], [1.0]] * 10)
    assert [name for name, _ in TWO_CLASSES.figures(labels, labels)] == list(METRICS)
    assert dict(TWO_CLASSES.figures(labels, labels))["AUC"].value == 1.0


def test_a_density_is_judged_by_its_error_and_by_screening():
    labels = np.linspace(0.6, 1.2, 21)[:, None]
    figures = dict(DENSITY.figures(labels, labels + 0.1))
    # A shift of 0.1 g/cm²: squares of float64 differences.
    assert figures["MAE"].value == pytest.approx(0.1, abs=1e-12)
    assert figures["MSE"].value == pytest.approx(0.01, abs=1e-12)
    assert figures["AUC of low BMD"].value == 1.0  # the order is kept
    assert DENSITY.main in figures


def test_screening_is_positive_at_or_below_the_threshold_on_lunars_scale():
    assert SCREENING.threshold == 0.899
    labels = np.array([[0.899], [0.9]] * 10)
    assert dict(DENSITY.figures(labels, -labels))["AUC of low BMD"].value == 0.0


def test_the_details_of_a_density_name_scale_and_prevalence():
    cases = chest_cases()
    labels = torch.linspace(0.6, 1.2, COUNT)[:, None]
    densities = Cases(cases.images, cases.values, cases.known, labels, cases.expected, cases.causes)
    text = DENSITY.details(densities, labels.double().numpy())
    assert "at or below 0.899 g/cm² (Lunar)" in text
    assert "PPV and NPV at a prevalence of 0.40" in text
    assert "| bias | 0.000 [0.000, 0.000] |" in text


def test_findings_are_averaged_and_listed_within_ap_and_pa():
    cases = chest_cases()
    said = cases.labels.double().numpy()
    assert {name: e.value for name, e in FOURTEEN_FINDINGS.figures(said, said)} == {
        "macro AUC": 1.0,
        "five-label AUC": 1.0,
        "micro AUC": 1.0,
    }
    lines = FOURTEEN_FINDINGS.details(cases, said).splitlines()
    assert lines[0] == "| AUC | all, n = 40 | within AP, n = 20 | within PA, n = 20 |"
    assert [line.split(" | ")[0] for line in lines[-14:]] == [f"| {label}" for label in LABELS]
    assert len(FINDINGS) == 14


def test_an_unknown_projection_is_neither_ap_nor_pa():
    cases = chest_cases()
    known = cases.known.clone()
    known[:10, CHEST.names.index("projection")] = False
    some = replace(cases, known=known, values=torch.where(known[:, 2:3], cases.values, 0.0))
    said = some.labels.double().numpy()
    head = FOURTEEN_FINDINGS.details(some, said).splitlines()[0]
    assert head == (
        "| AUC | all, n = 40 | within AP, n = 15 | within PA, n = 15 | within unknown, n = 10 |"
    )


def test_the_figures_within_ap_are_those_of_the_ap_films():
    """AP films are ranked rightly, PA films wrongly."""
    cases = chest_cases()
    labels = cases.labels.double().numpy()
    is_ap = np.arange(COUNT)[:, None] % 2 == 0
    lines = FOURTEEN_FINDINGS.details(cases, np.where(is_ap, labels, 1 - labels)).splitlines()
    for line in lines[3:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if "F1" not in cells[0]:
            assert cells[2:] == ["1.000 [1.000, 1.000]", "0.000 [0.000, 0.000]"]


def test_fields_that_are_withheld_are_unknown():
    cases = chest_cases()
    known = without(cases, CHEST, "age", "view").known
    assert known.any(dim=0).tolist() == [False, True, True, False]
    assert cases.known.all()


def test_values_are_the_figures_without_their_intervals():
    generator = np.random.default_rng(0)
    labels = (generator.random((30, 1)) < 0.5).astype(float)
    said = generator.random((30, 1))
    expected = {name: estimate.value for name, estimate in TWO_CLASSES.figures(labels, said)}
    assert TWO_CLASSES.values(labels, said) == expected
    assert TWO_CLASSES.main_figure(labels, said) == dict(TWO_CLASSES.figures(labels, said))["AUC"]


def test_one_class_alone_has_no_figure():
    found = TWO_CLASSES.figures(np.ones((5, 1)), np.ones((5, 1)))
    assert all(np.isnan(estimate.value) for _, estimate in found)


def test_a_withheld_projection_is_unknown_and_nothing_else_is():
    cases = chest_cases()
    known = projection_withheld(cases).known
    place = CHEST.names.index("projection")
    assert not known[:, place].any()
    assert torch.equal(known.sum(dim=1), cases.known.sum(dim=1) - 1)


def test_a_flipped_projection_says_the_other_one():
    cases = chest_cases()
    flipped = projection_flipped(cases)
    assert torch.equal(flipped.values[0], cases.values[1])
    assert torch.equal(flipped.values[1], cases.values[0])
    assert torch.equal(projection_flipped(flipped).values, cases.values)
    assert torch.equal(flipped.known, cases.known)
