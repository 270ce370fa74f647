"""A cut's counts and what follows from them, against the formulas written slowly."""

import json

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.errors import CheckpointError
from xattn.runtime.operating import (
    PROBABILITIES,
    Operating,
    consequences,
    curve_of,
    load,
    operating_of,
    save,
    share,
)
from xattn.training.cases import Cases
from xattn.training.evaluate import what_is_said
from xattn.training.loop import predict_scores


def curve():
    """Of 40 with it 30 are said 0.8 and ten 0.3; of 60 without it 12 are said 0.8, 48 0.1."""
    said = np.repeat([0.8, 0.3, 0.8, 0.1], [30, 10, 12, 48])
    return curve_of("malignant", said, np.repeat([1.0, 0.0], [40, 60]))


def test_counts_at_a_cut_include_those_on_it():
    found = curve()
    place = PROBABILITIES.index(0.8)
    assert (found.true_positives[place], found.false_positives[place]) == (30, 12)
    assert (found.true_positives[place + 1], found.false_positives[place + 1]) == (0, 0)
    assert found.true_positives[PROBABILITIES.index(0.3)] == 40
    assert (found.positives, found.negatives) == (40, 60)


@pytest.mark.parametrize("prevalence", [0.01, 0.1, 0.4, 0.9])
def test_predictive_values_are_bayes_rule(prevalence):
    found = consequences(curve(), PROBABILITIES.index(0.5), prevalence)
    se, sp, p = 30 / 40, 48 / 60, prevalence
    assert (found.sensitivity.value, found.specificity.value) == (se, sp)
    ppv = se * p / (se * p + (1 - sp) * (1 - p))
    npv = sp * (1 - p) / (sp * (1 - p) + (1 - se) * p)
    assert found.positive_value == pytest.approx(ppv, rel=1e-12)
    assert found.negative_value == pytest.approx(npv, rel=1e-12)
    people = found.found + found.missed + found.false_alarms + found.spared
    assert people == pytest.approx(1000, rel=1e-12)
    assert found.missed == pytest.approx(1000 * p * (1 - se), rel=1e-12)
    assert found.false_alarms == pytest.approx(1000 * (1 - p) * (1 - sp), rel=1e-12)


def test_at_the_prevalence_of_the_cases_the_counts_are_theirs():
    found = consequences(curve(), PROBABILITIES.index(0.5), 0.4)
    counts = found.found, found.missed, found.false_alarms, found.spared
    assert counts == pytest.approx((300, 100, 120, 480), rel=1e-12)
    assert found.positive_value == pytest.approx(30 / 42, rel=1e-12)


def test_where_nobody_is_called_there_is_no_positive_value():
    found = consequences(curve(), PROBABILITIES.index(0.9), 0.2)
    assert found.positive_value is None
    assert found.negative_value == pytest.approx(0.8, rel=1e-12)


def test_a_share_has_wilsons_interval():
    found = share(30, 40)
    z, n, p = 1.959963984540054, 40, 0.75
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    assert (found.low, found.high) == pytest.approx((middle - half, middle + half), rel=1e-9)


def test_low_bone_density_is_called_at_and_below_the_cut():
    said, truth = np.array([0.7, 0.9, 1.0, 0.8]), np.array([0.6, 0.7, 1.1, np.nan])
    found = curve_of("BMD", said, truth, is_low=True)
    place = found.cuts.index(0.9)
    assert (found.positives, found.negatives) == (2, 1)
    assert (found.true_positives[place], found.false_positives[place]) == (2, 0)
    assert found.true_positives[place - 1] == 1
    with pytest.raises(CheckpointError, match="both answers"):
        curve_of("BMD", said[:2], truth[:2], is_low=True)


def test_what_is_written_is_read_again_and_only_of_the_same_model(tmp_path):
    made = Operating("m" * 64, "100 hand-made cases", (curve(),))
    assert load(tmp_path, "m" * 64) is None
    assert load(None, "m" * 64) is None
    save(tmp_path, made)
    found = load(tmp_path, "m" * 64)
    (read,) = found.curves
    assert (found.model_id, found.data) == (made.model_id, made.data)
    assert (read.cuts, read.true_positives) == (curve().cuts, curve().true_positives)
    # Means of bins are written to six digits.
    assert [each.found for each in read.bins] == pytest.approx(
        [each.found for each in curve().bins], abs=1e-6
    )
    with pytest.raises(CheckpointError, match="another model"):
        load(tmp_path, "n" * 64)
    plain = json.loads((tmp_path / "operating.json").read_text())
    del plain["curves"][0]["cuts"]
    (tmp_path / "operating.json").write_text(json.dumps(plain))
    with pytest.raises(CheckpointError, match="make it again"):
        load(tmp_path, "m" * 64)


def hand_made_cases():
    """Twelve films of noise without a form, every other one with the finding."""
    schema = tiny.model_of("breast").system.schema
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 255, (12, 1, tiny.SIZE, tiny.SIZE), generator=generator)
    return Cases(
        images=images.byte(),
        values=torch.zeros(12, sum(schema.sizes)),
        known=torch.zeros(12, len(schema.names), dtype=torch.bool),
        labels=torch.tensor([0.0, 1.0] * 6)[:, None],
        expected=torch.full((12, 3, 1), torch.nan),
        causes=torch.zeros(12, 1),
    )


def test_every_target_with_both_answers_gets_a_curve():
    model, cases = tiny.model_of("breast"), hand_made_cases()
    found = operating_of(model, cases, "noise")
    (only,) = found.curves
    assert (only.target, only.positives, only.negatives) == ("malignant", 6, 6)
    said = what_is_said(model, predict_scores(model.module, cases).numpy())[:, 0]
    called = [
        sum(p >= cut for p, y in zip(said, [0, 1] * 6, strict=True) if y) for cut in only.cuts
    ]
    assert list(only.true_positives) == called
