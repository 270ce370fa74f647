"""A model from a cohort of patients: parted by patient, trained, calibrated, judged, described."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from xattn.data.datasets import Dataset, Entry, parts_of
from xattn.errors import SchemaError
from xattn.models.checkpoint import save
from xattn.systems import LoadedModel
from xattn.training.card import card
from xattn.training.claim import claim, digest_of, tensors_of
from xattn.training.evaluate import Evaluation, evaluate
from xattn.training.fit import Parts, Plan, fit
from xattn.training.furnish import furnish
from xattn.training.processes import first_alone, processes, rank
from xattn.training.recipes import RECIPES
from xattn.training.table_cases import TableCases, table_cases


def train_on(plan: Plan, dataset: Dataset, folder: Path, *, workers: int = 1) -> Evaluation | None:
    """Train on a cohort's patients, judge on others, and write the checkpoint folder.

    Films are kept in the folder's `state` until it is done: they need not fit into memory, and a
    stopped run goes on from there.
    Of several processes the first alone evaluates and writes; the others get None.

    Raises:
        SchemaError: if a part has no patient.
        XattnError: if the folder keeps the state of another run.
    """
    entries = parts_of(dataset, seed=plan.training.seed)
    if not all(entries.values()):
        raise SchemaError(
            "Patients to train on and others to test on were expected, however one part has none; "
            "check the splits."
        )
    state = folder / "state"
    with processes():
        with first_alone():
            parts = {
                name: table_cases(
                    some, plan.system, plan.size, workers=workers, folder=state / "films"
                )
                for name, some in entries.items()
            }
            data = Parts(*(parts[name].cases for name in ("training", "stopping", "calibration")))
            claim(state, digest_of(plan, (*tensors_of(data.training), *tensors_of(data.stopping))))
        said = f"{len(data.training):,} films of {parts['training'].people:,} patients"
        plan = replace(plan, training_data=f"{said}, {dataset.name}", is_phantom_trained=False)
        model = fit(plan, data, state)
        if rank() > 0:
            return None
        evaluation = _evaluated(model, dataset, parts["test"])
        stored = _write(model, evaluation, plan, folder)
        # Novelty is a percentile of those that stopped the training: they were not fitted on.
        calibrating = parts["calibration"]
        furnish(folder, stored, data.calibration, data.stopping, patients=calibrating.patients)
        shutil.rmtree(state)
    return evaluation


def evaluate_on(
    model: LoadedModel, dataset: Dataset, entries: Sequence[Entry], *, workers: int = 1
) -> Evaluation:
    """What a model is worth on some of a cohort's entries."""
    size = model.module.config.size
    cases = table_cases(entries, model.system, size, workers=workers)
    return _evaluated(model, dataset, cases)


def seed_of(folder: Path) -> int:
    """The seed by which a folder's training parted its patients; 0 where it does not say."""
    try:
        settings = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        return int(settings["TrainingConfig"]["seed"])
    except (OSError, KeyError, TypeError, ValueError):
        return 0


def _evaluated(model: LoadedModel, dataset: Dataset, table: TableCases) -> Evaluation:
    studies = table.studies if dataset.is_labelled_by_study else None
    return evaluate(model, table.cases, RECIPES[model.system.schema.name].judge, studies)


def _write(model: LoadedModel, evaluation: Evaluation, plan: Plan, folder: Path) -> LoadedModel:
    checkpoint = replace(model.checkpoint, card=card(model, evaluation, plan.recipe.cautions))
    model_id = save(folder, checkpoint, half=True)
    settings = {type(part).__name__: asdict(part) for part in (plan.pretraining, plan.training)}
    (folder / "training.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    return replace(model, checkpoint=replace(checkpoint, model_id=model_id))
