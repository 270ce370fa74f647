"""The card of a checkpoint, generated from its evaluation."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors import safe_open

from xattn.data.clinical import Schema
from xattn.data.fields import Field, Number
from xattn.errors import CheckpointError
from xattn.models.checkpoint import Description, Seen, redescribe
from xattn.models.support import support_of
from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.evaluate import Evaluation, evaluate
from xattn.training.recipes import COMMON_FAILURES, RECIPES, World
from xattn.trust import dependence

TEMPLATE = """# {title}: {preset} {version}

**Research use, not for diagnosis.** {trained}

| | |
|---|---|
| intended use | research into explanations of models that read a radiograph and a form |
| not intended | any decision about a patient; screening; exclusion of disease |
| training data | {training_data} |
| mean label in training | {means} |
| parameters | {parameters:,} |
| configuration | `{config}` |

## Entries in training

{support}

## Evaluation

{where}

{evaluation}

## Explanations under random weights

{explanations}

## Known failures

{failures}
"""


UNSEEN_PHANTOMS = (
    "On phantoms of seeds that training, stopping and calibration did not see; "
    "95 % bootstrap intervals."
)
UNSEEN_PATIENTS = (
    "On patients whom training, stopping and calibration did not see; 95 % bootstrap intervals "
    "over films, which are too narrow where a patient has several."
)


def card(model: LoadedModel, evaluation: Evaluation, failures: tuple[str, ...]) -> str:
    """The card's Markdown."""
    description = model.checkpoint.description
    names = [target.name for target in model.targets]
    means = zip(names, description.label_means, strict=True)
    of_phantoms = description.is_phantom_trained
    trained = (
        "Trained on synthetic phantoms alone; no patient's film was seen."
        if of_phantoms
        else "Its training data are named below."
    )
    common = COMMON_FAILURES if of_phantoms else ()
    return TEMPLATE.format(
        title=model.system.title,
        preset=description.preset,
        version=description.version,
        trained=trained,
        training_data=description.training_data,
        means=", ".join(f"{name} {mean:.3f}" for name, mean in means),
        parameters=sum(part.numel() for part in model.module.parameters()),
        config=description.config,
        support=_support(description, model.system.schema),
        where=UNSEEN_PHANTOMS if of_phantoms else UNSEEN_PATIENTS,
        evaluation=evaluation.text,
        explanations=_explanations(model),
        failures="\n".join(f"- {line}" for line in (*common, *failures)),
    )


def _explanations(model: LoadedModel) -> str:
    """Of each method that was tried, whether it depends on what the model learnt."""
    found = dependence.load(model.folder, model.checkpoint.model_id) if model.folder else {}
    lines = [f"- {entry.sentence}" for entry in found.values()]
    return "\n".join(lines) or "Not tried: no method is known to depend on what the model learnt."


def _support(description: Description, schema: Schema) -> str:
    """What each field of the form held in training, as a table."""
    if not description.support:
        return "Not recorded."
    rows = [_row(field, description.support.get(field.name, [])) for field in schema]
    head = "A form with another entry is warned of: what the model says of it is an extrapolation."
    return "\n".join([head, "", "| field | in training |", "|---|---|", *rows])


def _row(field: Field, seen: Seen) -> str:
    if not seen:
        return f"| {field.label} | never known |"
    if isinstance(field, Number):
        return f"| {field.label} | {seen[0]:g} to {seen[-1]:g} {field.unit} (99 % of cases) |"
    answers = [field.describe((each,) if isinstance(each, str) else each) for each in seen]
    return f"| {field.label} | {', '.join(answers)} |"


def training_file(folder: Path, system: str, cache: Path) -> Path | None:
    """The file of phantoms that a folder's model was trained on; None where the cache lacks it."""
    try:
        settings = json.loads((folder / "training.json").read_text(encoding="utf-8"))
        count = int(settings["Amounts"]["training"])
        world = World(**settings.get("World", {}))
    except (OSError, KeyError, TypeError, ValueError):
        return None
    path = cache / f"{system}-{world.name}-0-{count}.safetensors"
    return path if path.is_file() else None


def renew(model: LoadedModel, folder: Path, cases: Cases, training: Path | None) -> str:
    """Write a shipped folder's card anew, its weights as they are, and give the card back.

    `cases` are held-out phantoms; `training`, where it is there, the file of the phantoms that the
    model was trained on, from which its description learns what the form held.

    Raises:
        CheckpointError: if the model was trained on patients: phantoms say nothing of it.
    """
    description, recipe = model.checkpoint.description, RECIPES[model.system.schema.name]
    if not description.is_phantom_trained:
        raise CheckpointError(
            "A model trained on phantoms was expected, however this one was trained on patients; "
            "its card is written by the training."
        )
    if training:
        schema = model.system.schema
        description = replace(description, support=support_of(schema, *_forms(training)))
    renewed = replace(model, checkpoint=replace(model.checkpoint, description=description))
    text = card(renewed, evaluate(renewed, cases, recipe.judge), recipe.failures)
    redescribe(folder, description, text)
    return text


def _forms(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The encoded forms of a file of cases, without its films."""
    with safe_open(path, "numpy") as file:
        return file.get_tensor("values"), file.get_tensor("known")
