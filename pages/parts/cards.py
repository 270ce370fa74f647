"""The facts of a model as HTML: identity, training, calibration, the fields it reads."""

import json
from pathlib import Path

from pages.parts.panels import heading, table
from xattn.data.clinical import Schema
from xattn.data.fields import Choice, Field, Number
from xattn.systems import LoadedModel


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


def _kind(field: Field) -> str:
    if isinstance(field, Choice):
        several = "several of" if field.multiple else "one of"
        return f"{several}: {', '.join(option.label for option in field.options)}"
    if isinstance(field, Number):
        return f"{field.low:g} to {field.high:g} {field.unit}"
    return "yes or no"


def _section(title: str, rows: tuple[tuple[str, str], ...]) -> str:
    return heading(title) + table(rows, "details")
