"""Figures over several findings: pooled, averaged, with holes, and within groups."""

import math

import numpy as np
import pytest
from sklearn import metrics as library

from xattn.data.findings import FINDINGS, LABELS
from xattn.training.label_metrics import MacroAuc, by_group, known_auc, label_figures, micro_f1
from xattn.training.metrics import auc, bootstrap

NAN = math.nan
DRAWS = 30


def chest(count: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities (N, 14), a third of the entries positive, with ties."""
    generator = np.random.default_rng(seed)
    labels = (generator.random((count, 14)) < 1 / 3).astype(np.float64)
    return labels, np.round(0.3 * labels + 0.7 * generator.random((count, 14)), 2)


def test_numbers_one_can_count():
    labels = np.array([[1, 0], [0, 1], [NAN, 0]])
    probabilities = np.array([[0.9, 0.2], [0.6, 0.5], [0.99, 0.7]])
    # Entry by entry: positives 0.9 and 0.5, negatives 0.2, 0.6 and 0.7.
    assert known_auc(labels, probabilities) == pytest.approx(4 / 6)
    # Label by label: 1 of 1 pairs, and 1 of 2.
    assert MacroAuc((0, 1))(labels, probabilities) == 0.75
    # Called: 0.9, 0.6, 0.5, 0.7; two of them true, of two positives.
    assert micro_f1(labels, probabilities) == pytest.approx(2 * 2 / (2 + 4))


def test_without_holes_they_equal_the_library():
    labels, probabilities = chest()
    figures = label_figures(labels, probabilities, FINDINGS, draws=DRAWS)
    five = [2, 5, 6, 8, 10]  # cardiomegaly, edema, consolidation, atelectasis, pleural effusion
    expected = {
        "micro AUC": library.roc_auc_score(labels, probabilities, average="micro"),
        "macro AUC": library.roc_auc_score(labels, probabilities, average="macro"),
        "five-label AUC": library.roc_auc_score(labels[:, five], probabilities[:, five]),
        "micro F1": library.f1_score(labels, probabilities >= 0.5, average="micro"),
    }
    found = {name: estimate.value for name, estimate in figures.averages}
    assert found == pytest.approx(expected, abs=1e-12)  # the same counts, divided otherwise
    assert [name for name, _ in figures.labels] == list(FINDINGS)
    for k, (_, estimate) in enumerate(figures.labels):
        twin = library.roc_auc_score(labels[:, k], probabilities[:, k])
        assert estimate.value == pytest.approx(twin, abs=1e-12)
    assert (figures.cases, figures.left_out) == (120, ())


def test_names_for_the_screen_do_as_well():
    labels, probabilities = chest()
    by_code = label_figures(labels, probabilities, FINDINGS, draws=DRAWS)
    by_name = label_figures(labels, probabilities, LABELS, draws=DRAWS)
    assert by_name.averages == by_code.averages
    assert by_name.figure("Pleural effusion") == by_code.figure("pleural_effusion")


def test_unknown_entries_are_as_if_they_were_not_there():
    labels, probabilities = chest()
    labels[::3, 4] = NAN
    kept = ~np.isnan(labels[:, 4])
    figures = label_figures(labels, probabilities, FINDINGS, draws=DRAWS)
    assert figures.figure("lung_lesion").value == auc(labels[kept, 4], probabilities[kept, 4])
    pooled = ~np.isnan(labels)
    assert figures.figure("micro AUC").value == auc(labels[pooled], probabilities[pooled])
    changed = np.where(pooled, probabilities, 0.123)
    assert label_figures(labels, changed, FINDINGS, draws=DRAWS) == figures


def test_a_finding_of_one_class_is_named_and_left_out_of_the_means():
    labels, probabilities = chest()
    labels[:, 12] = 0  # no fracture, as in CheXpert's validation set
    labels[:, 5] = 1  # edema in all
    labels[:, 0] = NAN
    figures = label_figures(labels, probabilities, FINDINGS, draws=DRAWS)
    assert figures.left_out == ("no_finding", "edema", "fracture")
    for name in figures.left_out:
        estimate = figures.figure(name)
        assert all(math.isnan(x) for x in (estimate.value, estimate.low, estimate.high))
    each = {name: estimate.value for name, estimate in figures.labels}
    kept = [value for value in each.values() if not math.isnan(value)]
    assert figures.figure("macro AUC").value == pytest.approx(sum(kept) / 11, abs=1e-12)
    four = ("atelectasis", "cardiomegaly", "consolidation", "pleural_effusion")
    assert figures.figure("five-label AUC").value == pytest.approx(
        sum(each[name] for name in four) / 4, abs=1e-12
    )
    # Pooled entries have both classes all the same.
    pooled = ~np.isnan(labels)
    assert figures.figure("micro AUC").value == auc(labels[pooled], probabilities[pooled])


def test_cases_without_any_label_give_no_number():
    nothing = label_figures(np.full((5, 14), NAN), np.full((5, 14), 0.5), FINDINGS, draws=DRAWS)
    assert nothing.left_out == FINDINGS
    assert all(math.isnan(estimate.value) for _, estimate in nothing.labels + nothing.averages)


def test_a_single_positive_has_an_interval_from_the_resamples_that_keep_it():
    labels, probabilities = chest(40)
    labels[:, 4] = 0
    labels[7, 4], probabilities[:, 4], probabilities[7, 4] = 1, 0.2, 0.4
    estimate = label_figures(labels, probabilities, FINDINGS, draws=DRAWS).figure("lung_lesion")
    # Above all others in every resample that has it; a resample without it has no AUC.
    assert (estimate.value, estimate.low, estimate.high) == (1.0, 1.0, 1.0)


def test_intervals_are_over_cases_not_entries():
    # Fourteen copies of one finding: pooling adds no information, so the micro AUC's interval is
    # the single finding's. Resampled entries would make it √14 times as narrow.
    labels, probabilities = (np.repeat(x[:, :1], 14, axis=1) for x in chest())
    figures = label_figures(labels, probabilities, FINDINGS, draws=200)
    alone = bootstrap(auc, labels[:, 0], probabilities[:, 0], draws=200)
    for name in ("micro AUC", "macro AUC", "five-label AUC"):
        estimate = figures.figure(name)
        assert (estimate.value, estimate.low, estimate.high) == pytest.approx(
            (alone.value, alone.low, alone.high), abs=1e-12
        )


def test_figures_within_groups_are_those_of_their_rows():
    labels, probabilities = chest()
    groups = np.array(["PA", "AP", "PA"] * 40)
    found = by_group(labels, probabilities, FINDINGS, groups=groups, draws=DRAWS)
    assert [name for name, _ in found] == ["AP", "PA"]
    for name, figures in found:
        rows = groups == name
        assert figures == label_figures(labels[rows], probabilities[rows], FINDINGS, draws=DRAWS)
    assert [figures.cases for _, figures in found] == [40, 80]


def test_a_group_can_look_like_skill_that_neither_group_has():
    # Every label follows the projection and the score follows it too: useless within each.
    generator = np.random.default_rng(0)
    groups = np.repeat(["AP", "PA"], 200)
    sick = np.where(groups == "AP", 0.8, 0.2)[:, None]
    labels = (generator.random((400, 14)) < sick).astype(float)
    scores = 0.5 * sick + 0.01 * generator.random((400, 14))
    whole = label_figures(labels, scores, FINDINGS, draws=DRAWS).figure("macro AUC")
    # 0.8 · 0.8 + 0.5 · 2 · 0.8 · 0.2; the standard error of each of 14 AUCs is 0.02.
    assert whole.value == pytest.approx(0.8, abs=0.02)
    for _, figures in by_group(labels, scores, FINDINGS, groups=groups, draws=DRAWS):
        # Standard error 0.05 each, 0.014 over 14.
        assert figures.figure("macro AUC").value == pytest.approx(0.5, abs=0.05)
