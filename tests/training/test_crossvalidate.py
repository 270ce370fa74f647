"""Cross-validation: who trains, who stops, who is scored, and what is kept between runs."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.errors import XattnError
from xattn.systems import SYSTEMS, LoadedModel
from xattn.training import crossvalidate as module
from xattn.training.cases import Cases
from xattn.training.crossvalidate import CrossValidation, cross_validate
from xattn.training.fit import Parts, Plan
from xattn.training.folds import across
from xattn.training.loop import TrainingConfig
from xattn.training.pretrain import PretrainingConfig
from xattn.training.recipes import RECIPES

COUNT, PATIENTS, FOLDS = 48, 24, 4
PLAN = Plan(
    system=SYSTEMS["hip"],
    changes=(("size", 64),),
    training=TrainingConfig(epochs=1, batch=16),
    pretraining=PretrainingConfig(epochs=0),
)


def cohort() -> tuple[Cases, np.ndarray]:
    """Two films each of 24 patients; the first cause is the patient's number, the second the row's.

    Bright bones are dense: a film's grey tells its label.
    """
    generator = np.random.default_rng(0)
    patients = np.repeat(np.arange(PATIENTS), 2)
    bmd = generator.normal(0.9, 0.15, COUNT)
    grey = (255 * (bmd - 0.3) / 1.2).clip(0, 255).astype(np.uint8)
    form = SYSTEMS["hip"].schema.encode(SYSTEMS["hip"].schema.check({"sex": "F", "diet": 1}))
    causes = torch.from_numpy(np.stack([patients, np.arange(COUNT)], axis=1)).float()
    cases = Cases(
        images=torch.from_numpy(grey).view(-1, 1, 1, 1).expand(-1, 1, 64, 64).contiguous(),
        values=torch.from_numpy(form.values).expand(COUNT, -1).contiguous(),
        known=torch.from_numpy(form.known).expand(COUNT, -1).contiguous(),
        labels=torch.from_numpy(bmd).float()[:, None],
        expected=torch.full((COUNT, 3, 1), torch.nan),
        causes=causes,
    )
    return cases, patients


def cross(folder: Path, plan: Plan = PLAN) -> CrossValidation:
    cases, patients = cohort()
    return cross_validate(plan, cases, patients, count=FOLDS, folder=folder)


@dataclass(frozen=True)
class Done:
    """A run with models that were not trained, what each was to be fitted on, and its folder."""

    found: CrossValidation
    fitted: list[Parts]
    folder: Path


def counted(patch: pytest.MonkeyPatch) -> list[Parts]:
    """Put a fit that notes what it is given in the place of the real one."""
    fitted: list[Parts] = []

    def fit(plan: Plan, parts: Parts, state: Path) -> LoadedModel:
        state.mkdir()
        fitted.append(parts)
        return tiny.model_of("hip")

    patch.setattr(module, "fit", fit)
    patch.setattr(tiny, "SIZE", 64)
    return fitted


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("folds")
    with pytest.MonkeyPatch.context() as patch:
        fitted = counted(patch)
        return Done(cross(folder), fitted, folder)


def test_no_patient_crosses_folds_and_the_scored_fold_is_never_seen(done: Done):
    assert len(done.fitted) == FOLDS
    for number, parts in enumerate(done.fitted):
        scored = set(np.flatnonzero(done.found.folds == number))
        assert scored
        rows, people = [], []
        for part in (parts.training, parts.stopping, parts.calibration):
            rows.append(set(part.causes[:, 1].int().tolist()))
            people.append(set(part.causes[:, 0].int().tolist()))
        whose = {row // 2 for row in scored}
        # Neither training, nor stopping, nor calibration holds a scored film or its patient.
        assert not scored & set.union(*rows)
        assert not whose & set.union(*people)
        assert not people[0] & people[1]
        assert rows[0] | rows[1] | scored == set(range(COUNT))
        assert rows[2] == rows[1]


def test_figures_are_over_folds_and_of_all_cases_out_of_fold(done: Done):
    found, (cases, _) = done.found, cohort()
    judge, labels = RECIPES["hip"].judge, cases.labels.double().numpy()
    assert np.isfinite(found.said).all()
    assert found.pooled == judge.figures(labels, found.said)
    each = [float(np.abs(found.said - labels)[found.folds == fold].mean()) for fold in range(FOLDS)]
    spread = dict(found.over_folds)["MAE"]
    # Sums of float64 in another order.
    assert spread.mean == pytest.approx(across(each).mean, abs=1e-12)
    assert spread.sd == pytest.approx(across(each).sd, abs=1e-12)
    bias = float((found.said - labels).mean())
    assert f"| bias | {bias:.3f} [" in found.text
    assert f"| MAE | {spread} | {dict(found.pooled)['MAE']} |" in found.text
    assert "4-fold cross-validation of 48 cases of 24 patients" in found.text
    assert f"| Sex: female | {COUNT} | too few to be judged" in found.text


def test_a_finished_fold_is_not_fitted_again(done: Done, monkeypatch, tmp_path):
    folder = shutil.copytree(done.folder, tmp_path / "folds")
    (folder / "fold-2.safetensors").unlink()
    fitted = counted(monkeypatch)
    again = cross(folder)
    assert len(fitted) == 1
    assert np.array_equal(done.found.said, again.said)
    assert not list(folder.glob("state-*"))


def test_folds_of_other_cases_or_settings_are_refused(done: Done):
    for plan in (
        replace(PLAN, training=TrainingConfig(epochs=2)),
        replace(PLAN, training=TrainingConfig(epochs=1, batch=16, seed=1)),
        replace(PLAN, changes=(("size", 96),)),
    ):
        with pytest.raises(XattnError, match="choose another folder"):
            cross(done.folder, plan)
    cases, patients = cohort()
    other = replace(cases, labels=cases.labels + 1e-3)
    with pytest.raises(XattnError, match="choose another folder"):
        cross_validate(PLAN, other, patients, count=FOLDS, folder=done.folder)


def test_findings_are_shared_out_by_their_number(tmp_path, monkeypatch):
    cases, patients = cohort()
    labels = (torch.arange(COUNT)[:, None] // 2 % 4 > torch.arange(14) / 4).float()
    labels[0, 3] = torch.nan
    seen = []
    assign = module.assign
    monkeypatch.setattr(
        module, "assign", lambda strata, *more, **named: seen.append(strata) or
        assign(strata, *more, **named)
    )  # fmt: skip
    plan = replace(PLAN, system=SYSTEMS["chest"])
    with pytest.raises(XattnError):  # six cases without a finding cannot be in 40 folds
        cross_validate(plan, replace(cases, labels=labels), patients, count=40, folder=tmp_path)
    assert seen[0].tolist() == labels.nan_to_num().sum(dim=1).tolist()


def test_a_real_model_is_fitted_and_scored_in_each_fold(tmp_path):
    cases, patients = cohort()
    found = cross_validate(PLAN, cases, patients, count=3, folder=tmp_path)
    assert np.isfinite(found.said).all()
    # Each fold has a model of its own: the same film would not be said the same of.
    assert len(np.unique(found.said.round(6))) > 3
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "digest.txt",
        "fold-0.safetensors",
        "fold-1.safetensors",
        "fold-2.safetensors",
    ]
