"""The comparison of design choices: its rows, its tables, and the stress of missing fields."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.ablations_choices import CHOICES, CLAIMS, LONGER, Amounts
from benchmarks.ablations_tables import SIZE, tables
from benchmarks.missing import SHARES, stress
from tests import tiny
from xattn.systems import SYSTEMS
from xattn.training.cases import Cases
from xattn.training.distill import DistillationLoss
from xattn.training.judges import TWO_CLASSES


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.system} {choice.name}")
def test_every_choice_is_a_model_that_can_be_built(choice):
    system = SYSTEMS[choice.system]
    config = {**system.presets["compact"], "size": SIZE, **dict(choice.changes)}
    assert system.build(config).config.size == SIZE


def test_one_factor_at_a_time_around_the_default():
    for name in SYSTEMS:
        rows = [choice for choice in CHOICES if choice.system == name]
        assert rows[0].name.startswith("default")
        assert rows[0].changes == ()
        for row in rows[1:]:
            is_taught = isinstance(row.loss, DistillationLoss)  # its loss and its second head
            parts = (len(row.changes), row.loss is not None, len(row.withheld), row.is_settled)
            factors = sum(parts)
            assert factors == 1 + is_taught, row.name


def finished(folder: Path, name: str, values: list[float]) -> None:
    for seed, value in enumerate(values):
        rows = {
            part: {"AUC": value - drop, "ECE": 0.02}
            for part, drop in (("film and form", 0.0), ("film alone", 0.1), ("form alone", 0.05))
        }
        missing = {"each field at random": {f"{s:.0%}": value - s / 10 for s in SHARES}}
        content = {
            "main": "AUC",
            "rows": rows,
            "bounds": {"film and form": 0.93},
            "missing": missing,
        }
        folder.mkdir(exist_ok=True)
        (folder / f"breast-{name}-{seed}.json").write_text(json.dumps(content))


def test_tables_state_mean_and_spread_over_seeds(tmp_path: Path):
    finished(tmp_path, "default--cross-attention--d---100", [0.85, 0.87])
    finished(tmp_path, "fusion--concat", [0.84])
    text = tables(tmp_path, Amounts())
    # The sample SD of two values is half their difference times √2: 0.0141.
    assert "| default: cross-attention, d = 100 | 2 | 0.860 ± 0.014 | 0.020 ± 0.000 |" in text
    assert "| fusion: concat | 1 | 0.840 | 0.020 | 0.740 | 0.790 |" in text
    assert "Best AUC: film and form 0.930." in text
    assert "### Breast lesion" in text
    assert "### Hip" not in text
    assert "| each field at random | 0% | 25% | 50% | 75% | 100% |" in text


def test_every_claim_compares_rows_that_are_run():
    names = {(choice.system, choice.name) for choice in CHOICES}
    for claim in CLAIMS:
        assert {(claim.system, claim.better), (claim.system, claim.than)} <= names


def test_a_row_tried_for_longer_differs_in_nothing_else():
    rows = {(choice.system, choice.name): choice for choice in CHOICES}
    assert len(LONGER) == 7
    for longer in LONGER:
        short = rows[longer.system, longer.name.removesuffix(", 3 × the epochs")]
        assert replace(longer, name=short.name, times=1) == short


@pytest.mark.parametrize(
    ("better", "than", "said"),
    [
        # Gains of 0.03, 0.02, 0.04: mean 0.03, SD 0.01.
        ([0.86, 0.87, 0.88], [0.83, 0.85, 0.84], "+0.030 ± 0.010 | yes (3 of 3 seeds ahead)"),
        ([0.83, 0.85, 0.84], [0.86, 0.87, 0.88], "-0.030 ± 0.010 | no: the other way round (0 of"),
        # Gains of 0.09, 0.01: both ahead, however the mean 0.05 is below the SD 0.057.
        ([0.90, 0.86], [0.81, 0.85], "+0.050 ± 0.057 | no (2 of 2 seeds ahead)"),
    ],
)
def test_a_claimed_gain_appears_only_if_every_seed_shows_it(tmp_path, better, than, said):
    finished(tmp_path, "default--cross-attention--d---100", better)
    finished(tmp_path, "fusion--concat", than)
    text = tables(tmp_path, Amounts())
    assert f"| cross-attention over concatenation | {said}" in text
    assert "co-attention over" not in text


def test_the_papers_own_figures_stand_only_in_the_footnote(tmp_path: Path):
    table, footnote = tables(tmp_path, Amounts()).split("The papers' own figures")
    assert "Reported by the authors, not reproduced" in footnote
    assert "0.98" not in table


def test_withheld_forms_leave_what_the_film_knows():
    """A model of the form alone: everything withheld makes all cases alike, AUC 0.5."""
    model = tiny.loaded(tiny.SumModel())
    count = 60
    known = torch.rand(count, 5, generator=torch.Generator().manual_seed(0)) < 0.5
    with torch.no_grad():
        score = model.module.form_part(torch.zeros(count, 36), known)
    labels = (score > score.median()).float()[:, None]
    cases = Cases(
        torch.full((count, 1, tiny.SIZE, tiny.SIZE), 64, dtype=torch.uint8),
        torch.zeros(count, 36),
        known,
        labels,
        torch.full((count, 3, 1), torch.nan),
        torch.full((count, 1), torch.nan),
    )
    found = stress(model, cases, TWO_CLASSES)
    assert tuple(found) == ("each field at random", "whole forms at random")
    for curve in found.values():
        assert curve["0%"] == 1.0
        assert curve["100%"] == 0.5
        assert np.all(np.diff(list(curve.values())) < 0.1)
