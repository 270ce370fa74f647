"""The facts of a model as HTML: identity, training, calibration, the fields it reads."""

import json
import re
from pathlib import Path

from pages.parts.panels import heading, table
from xattn.data.clinical import Schema
from xattn.data.fields import Choice, Field, Number
from xattn.errors import CheckpointError
from xattn.explain import DEFAULT_METHODS, EXPLAINERS
from xattn.models import signature
from xattn.systems import MODELS, LoadedModel
from xattn.trust import dependence

NOT_RUN = "not run"


def facts(model: LoadedModel) -> str:
    """What identifies the model and what must be known of its training and calibration."""
    checkpoint, description = model.checkpoint, model.checkpoint.description
    parameters = sum(parameter.numel() for parameter in model.module.parameters())
    rows = (
        ("System", model.system.title),
        ("Preset", f"{description.preset} {description.version}"),
        ("Trained on", description.training_data),
        ("Phantoms only", "yes" if description.is_phantom_trained else "no"),
        ("Mean label in training", ", ".join(f"{mean:.3f}" for mean in description.label_means)),
        ("Temperature", f"{checkpoint.calibration.temperature:.3f}"),
        ("Top of the Grad-CAM scale", f"{checkpoint.calibration.cam_scale:.3g}"),
        ("Parameters", f"{parameters:,}"),
        ("Runs on", model.device.type),
        ("Weights and description (SHA-256)", checkpoint.model_id),
    )
    return _section("Identity", rows)


def fields(schema: Schema) -> str:
    """What the form asks, and what is never an input."""
    asked = [(field.label, _kind(field)) for field in schema]
    never = [(f"never: {name}", reason) for name, reason in schema.never]
    return _section("What it reads beside the film", (*asked, *never))


def randomisation(folder: Path | None) -> str:
    """Of each method, whether its maps depend on what the model learnt; or that nobody asked."""
    title = "Does each method depend on what the model learnt (random weights)?"
    try:
        found = dependence.load(folder) if folder else {}
    except CheckpointError as error:
        return _section(title, (("all methods", str(error)),))
    names = dict.fromkeys((*DEFAULT_METHODS, *found))
    rows = [(_method(name), found[name].sentence if name in found else NOT_RUN) for name in names]
    return _section(title, tuple(rows))


def card(model: LoadedModel) -> str:
    """The card's Markdown, its headings as small as those beside it."""
    return re.sub(r"^(#{1,2}) ", r"###\1 ", model.checkpoint.card, flags=re.MULTILINE)


def standing(model: LoadedModel) -> str:
    """Whose folder speaks, and which form it was made for."""
    if model.folder is None:
        return ""
    if model.folder.is_relative_to(MODELS):
        whose = "It came with this version of the app."
    else:
        whose = signature.standing(model.folder).sentence
    rows = (("Signature", whose), ("Form (SHA-256)", signature.fingerprint(model.system.schema)))
    return _section("Whose it is", rows)


def shipped(folders: tuple[Path, ...], speaking: str) -> str:
    """The models that came with the app, by what their descriptions say."""
    rows = []
    for folder in folders:
        described = json.loads((folder / "model.json").read_text("utf-8"))
        name = f"{described['system']} · {described['preset']} {described['version']}"
        rows.append((name, str(described["training_data"])))
    if not rows:
        rows.append(("none", f"the one that speaks was loaded from a folder: {speaking[:12]}"))
    return _section("Models that came with the app", tuple(rows))


def _method(name: str) -> str:
    return EXPLAINERS[name].label if name in EXPLAINERS else name


def _kind(field: Field) -> str:
    if isinstance(field, Choice):
        several = "several of" if field.multiple else "one of"
        return f"{several}: {', '.join(option.label for option in field.options)}"
    if isinstance(field, Number):
        return f"{field.low:g} to {field.high:g} {field.unit}"
    return "yes or no"


def _section(title: str, rows: tuple[tuple[str, str], ...]) -> str:
    return heading(title) + table(rows, "details")
