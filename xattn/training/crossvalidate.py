"""Cross-validation of a system: every case is scored by a model that never saw its patient.

    python -m xattn crossvalidate --system hip --folds 10

In each round one fold is scored, the next one stops the training and calibrates, and the others
train. A finished fold is kept, so that a stopped run goes on where it was.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.claim import claim, digest_of, tensors_of
from xattn.training.evaluate import what_is_said
from xattn.training.fit import Parts, Plan, fit
from xattn.training.folds import Spread, across, assign, split
from xattn.training.judges import Figures, Judge
from xattn.training.loop import predict_scores
from xattn.training.subgroups import Subgroup, subgroups


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossValidation:
    """Figures over folds, and of all cases out of fold; said (N, K) as a person reads it."""

    cases: int
    patients: int
    folds: np.ndarray
    """The fold (N,) in which each case was scored."""
    said: np.ndarray
    over_folds: tuple[tuple[str, Spread], ...]
    pooled: Figures
    main: str
    groups: tuple[Subgroup, ...]
    details: str

    @property
    def text(self) -> str:
        """Mean ± SD over folds beside the pooled figures, then subgroups and tables of detail."""
        count = int(self.folds.max()) + 1
        head = f"{count}-fold cross-validation of {self.cases} cases of {self.patients} patients: "
        lines = [
            head + "no patient is in two folds, and the scored fold neither stops nor calibrates.",
            "",
            "| figure | mean ± SD over folds | all cases, out of fold |",
            "|---|---|---|",
        ]
        pairs = zip(self.over_folds, self.pooled, strict=True)
        lines += [f"| {name} | {spread} | {whole} |" for (name, spread), (_, whole) in pairs]
        if self.groups:
            lines += ["", f"| subgroup, out of fold | n | {self.main} |", "|---|---|---|"]
            lines += [str(group) for group in self.groups]
        return "\n".join([*lines, *(["", self.details] if self.details else [])])


def cross_validate(
    plan: Plan, cases: Cases, patients: np.ndarray, *, count: int, folder: Path
) -> CrossValidation:
    """The figures of `count` folds of cases with their patients (N,); `folder` keeps the folds.

    Raises:
        XattnError: if there are too few patients, or the folder holds folds of other cases or of
            another plan.
    """
    strata = _strata(cases)
    folds = assign(strata, patients, k=count, seed=plan.training.seed)
    claim(folder, digest_of(plan, (*tensors_of(cases), torch.from_numpy(folds))))
    said = np.full(cases.labels.shape, np.nan)
    for number, (rows, values) in enumerate(_rounds(plan, cases, folds, folder)):
        assert (folds[rows] == number).all()
        said[rows] = values
    judge = plan.recipe.judge
    labels = cases.labels.double().numpy()
    return CrossValidation(
        cases=len(cases),
        patients=len(np.unique(patients)),
        folds=folds,
        said=said,
        over_folds=_over_folds(judge, labels, said, folds),
        pooled=judge.figures(labels, said),
        main=judge.main,
        groups=subgroups(
            judge.groupings, plan.system.schema, cases, said, figure=judge.main_figure
        ),
        details=judge.details(cases, said),
    )


def score_fold(plan: Plan, cases: Cases, folds: np.ndarray, number: int, state: Path) -> np.ndarray:
    """What a model that saw neither fold `number` nor its labels says of it (n, K)."""
    rows = split(folds, number)
    stopping = cases.take(torch.from_numpy(rows.stopping))
    parts = Parts(cases.take(torch.from_numpy(rows.training)), stopping, stopping)
    model = fit(plan, parts, state)
    return _said(model, cases.take(torch.from_numpy(rows.scored)))


def _rounds(
    plan: Plan, cases: Cases, folds: np.ndarray, folder: Path
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows and what is said of them, fold by fold; from the folder where they are there."""
    for number in range(int(folds.max()) + 1):
        path, state = folder / f"fold-{number}.safetensors", folder / f"state-{number}"
        if not path.exists():
            values = score_fold(plan, cases, folds, number, state)
            part = path.with_suffix(".part")
            save_file({"said": np.ascontiguousarray(values)}, part)
            part.replace(path)
            shutil.rmtree(state)
        yield np.flatnonzero(folds == number), load_file(path)["said"]


def _said(model: LoadedModel, cases: Cases) -> np.ndarray:
    return what_is_said(model, predict_scores(model.module, cases).numpy())


def _over_folds(
    judge: Judge, labels: np.ndarray, said: np.ndarray, folds: np.ndarray
) -> tuple[tuple[str, Spread], ...]:
    each = [judge.values(labels[rows], said[rows]) for rows in _members(folds)]
    return tuple((name, across([values[name] for values in each])) for name in judge.metrics)


def _members(folds: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(folds == number) for number in range(int(folds.max()) + 1)]


def _strata(cases: Cases) -> np.ndarray:
    """What folds hold alike shares of: the label, or how many findings a case has."""
    labels = cases.labels.double().numpy()
    return labels[:, 0] if labels.shape[1] == 1 else np.nansum(labels, axis=1)
