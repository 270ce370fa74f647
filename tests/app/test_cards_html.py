"""The facts of a model on its page, from a module of nine parameters and hand-made folders."""

import json
from dataclasses import replace
from html import escape
from pathlib import Path

import pytest
import torch

from pages.parts import cards
from tests import tiny
from xattn.data.fields import Choice, Number
from xattn.systems import SYSTEMS, LoadedModel


def rows(html: str) -> list[tuple[str, str]]:
    """The names and texts of a table of two columns."""
    cells = [row.split("</td></tr>")[0] for row in html.split("<tr><th>")[1:]]
    return [(name, text) for name, text in (cell.split("</th><td>") for cell in cells)]


def test_the_identity_holds_what_replays_a_number() -> None:
    found = dict(rows(cards.facts(tiny.loaded(torch.nn.Linear(2, 3), "hip"))))
    assert found == {
        "System": "Hip: bone density",
        "Preset": "compact 0.0",
        "Trained on": "nothing: untrained",
        "Phantoms only": "yes",
        "Mean label in training": "0.400",
        "Temperature": "1.250",
        "Top of the Grad-CAM scale": "0.5",
        "Parameters": "9",  # 2 · 3 weights and 3 biases
        "Runs on": "cpu",
        "Weights and description (SHA-256)": "tiny",
    }


def test_many_parameters_and_labels_are_written_for_reading() -> None:
    model = tiny.loaded(torch.nn.Linear(999, 2), "chest")
    found = dict(rows(cards.facts(model)))
    assert found["Parameters"] == "2,000"  # 999 · 2 weights and 2 biases
    assert found["Mean label in training"] == ", ".join(["0.400"] * 14)


def described(model: LoadedModel, **changes: object) -> LoadedModel:
    """The model with another description."""
    description = replace(model.checkpoint.description, **changes)  # type: ignore[arg-type]
    return replace(model, checkpoint=replace(model.checkpoint, description=description))


def test_real_training_data_is_said_and_is_no_markup() -> None:
    model = described(
        tiny.loaded(torch.nn.Identity()), is_phantom_trained=False, training_data="<i>films</i>"
    )
    html = cards.facts(model)
    assert dict(rows(html))["Phantoms only"] == "no"
    assert "<td>&lt;i&gt;films&lt;/i&gt;</td>" in html


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_field_is_listed_in_order_and_then_what_is_never_read(system: str) -> None:
    schema = SYSTEMS[system].schema
    found = rows(cards.fields(schema))
    names = [escape(field.label) for field in schema]
    never = [(escape(f"never: {name}"), escape(reason)) for name, reason in schema.never]
    assert [name for name, _ in found[: len(names)]] == names
    assert found[len(names) :] == never


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_kind_of_a_field_says_what_it_takes(system: str) -> None:
    schema = SYSTEMS[system].schema
    texts = [text for _, text in rows(cards.fields(schema))]
    for field, text in zip(schema, texts, strict=False):
        if isinstance(field, Number):
            assert text == escape(f"{field.low:g} to {field.high:g} {field.unit}")
        elif isinstance(field, Choice):
            count, options = text.split(": ", 1)
            assert count == ("several of" if field.multiple else "one of")
            assert options == escape(", ".join(option.label for option in field.options))
        else:
            assert text == "yes or no"


def folder(path: Path, **changes: str) -> Path:
    """A folder of a checkpoint that holds its description alone."""
    text = {"system": "hip", "preset": "compact", "version": "1.0", "training_data": "phantoms"}
    path.mkdir()
    (path / "model.json").write_text(json.dumps({**text, **changes}), "utf-8")
    return path


def test_models_that_came_with_the_app_are_listed_in_order(tmp_path: Path) -> None:
    folders = (
        folder(tmp_path / "b", system="chest", training_data="<films>"),
        folder(tmp_path / "a"),
    )
    assert rows(cards.shipped(folders, "0123456789abcdef")) == [
        ("chest · compact 1.0", "&lt;films&gt;"),
        ("hip · compact 1.0", "phantoms"),
    ]


def test_without_them_the_model_that_speaks_is_named_by_its_first_digits() -> None:
    ((name, text),) = rows(cards.shipped((), "0123456789abcdef"))
    assert name == "none"
    assert text.endswith("from a folder: 0123456789ab")
