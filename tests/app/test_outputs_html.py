"""The list of all findings, from hand-made numbers."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from pages.parts import outputs
from tests import tiny
from xattn.records import Prediction, Provenance, Target
from xattn.systems import SYSTEMS, LoadedModel

ORIGIN = Provenance(
    system="chest",
    model_id="m",
    model_version="0",
    preset="compact",
    training_data="nothing",
    case_digest="d",
    file_sha256="",
    method="prediction",
    settings=(),
    device="cpu",
    threads=1,
    versions=(),
)


@pytest.fixture
def model() -> LoadedModel:
    return tiny.loaded(torch.nn.Identity(), "chest")


def said(*every: tuple[str, float], shown: str = "edema") -> Prediction:
    """A prediction that lists these values, one of them explained."""
    return Prediction(
        target=Target(name=shown, unit="log-odds"),
        value=dict(every).get(shown, 0.0),
        probability=0.5,
        prevalence=0.5,
        reference=0.0,
        image_only=0.0,
        form_only=0.0,
        jitter=(),
        every=every,
        provenance=ORIGIN,
    )


@dataclass(frozen=True)
class Line:
    """One row of the list, as it is drawn."""

    mark: str
    share: str
    name: str
    number: str


def lines(html: str) -> list[Line]:
    parts = html.split('<div class="output')[2:]  # the first is the list itself
    return [
        Line(
            part.split('"')[0].strip(),
            part.split("--share:")[1].split('"')[0],
            part.split('role="rowheader">')[1].split("</span>")[0],
            part.split('role="cell">')[1].split("</span>")[0],
        )
        for part in parts
    ]


def test_each_finding_has_its_probability_and_a_bar_as_long(model: LoadedModel) -> None:
    odds = float(np.log(3))  # whose sigmoid is 3/4, and of its negative 1/4
    html = outputs.every_output(said(("edema", odds), ("mass", -odds), ("nodule", 0.0)), model)
    assert lines(html) == [
        Line("explained", "75%", "edema", "0.75"),
        Line("", "25%", "mass", "0.25"),
        Line("", "50%", "nodule", "0.50"),
    ]


def test_no_finding_is_certain_either_way(model: LoadedModel) -> None:
    found = lines(outputs.every_output(said(("edema", -50.0), ("mass", 50.0)), model))
    assert [(line.number, line.share) for line in found] == [
        ("below 0.01", "0%"),
        ("above 0.99", "100%"),
    ]


def test_the_list_keeps_the_order_of_the_model(model: LoadedModel) -> None:
    names = tuple(target.name for target in SYSTEMS["chest"].targets)
    values = np.linspace(2, -2, len(names))
    every = tuple(zip(names, values.tolist(), strict=True))
    found = lines(outputs.every_output(said(*every), model))
    assert tuple(line.name for line in found) == names
    assert [line.name for line in found if line.mark] == ["edema"]


def test_the_name_of_a_finding_is_no_markup(model: LoadedModel) -> None:
    html = outputs.every_output(said(("<b>edema", 0.0), ("mass", 0.0), shown="<b>edema"), model)
    assert lines(html)[0] == Line("explained", "50%", "&lt;b&gt;edema", "0.50")
    assert "<b>" not in html


@pytest.mark.parametrize("every", [(), (("edema", 0.3),)])
def test_a_single_output_is_not_listed_again(
    every: tuple[tuple[str, float], ...], model: LoadedModel
) -> None:
    assert outputs.every_output(said(*every), model) == ""


def test_one_finding_against_another_is_no_probability(model: LoadedModel) -> None:
    assert outputs.quantity(model, "edema − mass") == "edema rather than mass"
    assert outputs.contrasts(("a", "b", "c")) == (
        "a − b", "a − c", "b − a", "b − c", "c − a", "c − b",
    )  # fmt: skip
    for name in outputs.contrasts(tuple(target.name for target in model.targets)):
        assert model.find_target(name).name == name


@pytest.mark.parametrize(
    ("system", "words"), [("hip", "Estimated x"), ("breast", "P(x)"), ("chest", "P(x)")]
)
def test_a_density_is_estimated_and_a_finding_has_a_probability(system: str, words: str) -> None:
    assert outputs.quantity(tiny.loaded(torch.nn.Identity(), system), "x") == words
