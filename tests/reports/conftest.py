"""Explanations built by hand: every number in them is chosen, none is computed by a model."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from xattn.data.placement import Box, Placement
from xattn.data.radiograph import Radiograph
from xattn.data.schemas import BREAST
from xattn.models.checkpoint import Calibration, Checkpoint, Description
from xattn.records import (
    Attribution,
    Case,
    Explanation,
    Film,
    Map,
    Prediction,
    Provenance,
    Target,
)
from xattn.systems import SYSTEMS, LoadedModel

MODEL_ID = "5" * 64
TARGET = Target(name="malignant", unit="log-odds")
SHAPE = (300, 220)
MASS = {
    "lesion_type": "mass",
    "density": "3",
    "mass_shape": "irregular",
    "mass_margins": ["spiculated", "obscured"],
}
REGIONS = np.kron(np.arange(49).reshape(7, 7), np.ones((4, 4), dtype=int))


def make_case(box=None, form=None, shape=SHAPE):
    rows, columns = np.indices(shape)
    values = (2000 + 8 * rows + 1500 * np.sin(columns / 9) * np.sin(rows / 13)).astype(np.uint16)
    facts = (("modality", "MG"), ("laterality", "L"), ("view position", "MLO"))
    radiograph = Radiograph(values, spacing_mm=(0.1, 0.1), facts=facts, file_sha256="f" * 64)
    placement = Placement.whole(shape, 28) if box is None else Placement.around(shape, box, size=28)
    pixels = placement.to_model(radiograph.model_values(), fill=0.0)
    film = Film(radiograph, placement, pixels, np.zeros((0, 28, 28), np.float32), box=box)
    return Case("breast", (film,), BREAST.check(MASS if form is None else form))


def make_provenance(case, method="prediction", settings=()):
    return Provenance(
        system="breast",
        model_id=MODEL_ID,
        model_version="1.0",
        preset="compact",
        training_data="synthetic phantoms",
        case_digest=case.digest,
        file_sha256=case.film.radiograph.file_sha256,
        method=method,
        settings=settings,
        device="cpu",
        threads=1,
        versions=(("python", "3.11"), ("xattn", "0.1.0")),
    )


def make_prediction(case, value=1.52, jitter=()):
    return Prediction(
        target=TARGET,
        value=value,
        probability=1 / (1 + np.exp(-value)),
        prevalence=0.41,
        reference=-0.36,
        image_only=0.55,
        form_only=0.48,
        jitter=jitter,
        every=(("malignant", value),),
        provenance=make_provenance(case),
    )


def make_attribution(case, method, kind, **fields):
    settings = fields.pop("settings", ())
    unit = {"contribution": "log-odds", "relative": "", "attention": "share of attention"}[kind]
    return Attribution(
        method=method,
        kind=kind,
        unit=unit,
        target=TARGET,
        placement=case.film.placement,
        provenance=make_provenance(case, method, settings),
        **fields,
    )


def make_explanation(case=None, value=1.52, jitter=()):
    case = case or make_case()
    known, total = case.form.known, value + 0.36
    shares = [0.5, *(0.5 / len(known) for _ in known)] if known else [1.0]
    generator = np.random.default_rng(5)
    cam = np.float32([[row * column for column in range(7)] for row in range(7)]) / 24 - 0.3
    regional = generator.normal(0, 0.03, 49).astype(np.float32)
    attention = generator.dirichlet(np.full(len(BREAST.names), 4.0), size=(2, 7, 7))
    attention = attention.astype(np.float32)
    maps = []
    for place, name in enumerate(BREAST.names):
        head = attention[..., place]
        maps.append(Map(f"image_attends_clinical/{name}", head.mean(axis=0)))
        maps += [
            Map(f"image_attends_clinical/{name}/head {n + 1}", head[n]) for n in range(len(head))
        ]
    entries = {
        "shapley": make_attribution(
            case,
            "Shapley values of the form (exact)",
            "contribution",
            players=tuple(
                (name, total * share) for name, share in zip(("image", *known), shares, strict=True)
            ),
            reference=-0.36,
            value=value,
            gap=1e-8,
            settings=(("image", "player"),),
        ),
        "gradcam": make_attribution(
            case,
            "Grad-CAM",
            "relative",
            maps=(Map("malignant", cam),),
            figures=(("scale", 1.25),),
            passes=2,
        ),
        "attention": make_attribution(
            case,
            "Cross-attention",
            "attention",
            maps=tuple(maps),
            figures=(("uniform share", 0.2),),
            passes=1,
        ),
        "lime": make_attribution(
            case,
            "LIME",
            "contribution",
            maps=(
                Map("malignant", regional[REGIONS]),
                Map("spread over seeds", 0 * regional[REGIONS]),
            ),
            figures=(("weighted R²", 0.83), ("median spread over seeds", 0.012)),
            gap=-0.05,
            regions=REGIONS,
            settings=(("samples", "320"), ("kernel_width", "0.25")),
            passes=320,
        ),
    }
    return Explanation(case, make_prediction(case, value, jitter), tuple(entries.items()))


def make_model(**changes):
    description = Description(
        system="breast",
        preset="compact",
        version="1.0",
        config={},
        training_data="synthetic phantoms",
        is_phantom_trained=True,
        label_means=(0.41,),
    )
    checkpoint = Checkpoint(
        nn.Identity(),
        replace(description, **changes),
        Calibration(temperature=1.3, cam_scale=1.25),
        "",
        MODEL_ID,
    )
    return LoadedModel(SYSTEMS["breast"], checkpoint, torch.device("cpu"))


@pytest.fixture
def box():
    return Box(60, 100, 50, 40)


@pytest.fixture
def model():
    return make_model()


@pytest.fixture
def explanation():
    return make_explanation()


@pytest.fixture
def boxed(box):
    return make_explanation(make_case(box), jitter=(1.1, 1.9, 1.4))
