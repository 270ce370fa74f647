"""A fourth system is one row: a made-up one is saved, loaded, explained, printed and shown."""

from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn

import xattn
from pages.parts import resources
from tests.app.conftest import APP, page_text, png
from xattn.data.clinical import Schema
from xattn.data.fields import Flag, Number
from xattn.models.attention import OneWay
from xattn.models.checkpoint import Calibration, Checkpoint, Description, save
from xattn.models.network import Backbone, Network
from xattn.models.tokens import FieldTokeniser, ImageTokeniser, ImageTokens, Output
from xattn.records import Target
from xattn.reports.content import compose
from xattn.systems import SYSTEMS, System

WRIST = Schema(
    name="wrist",
    fields=(
        Number(name="age", label="Age", unit="years", low=0, high=120, centre=40, spread=20),
        Flag(name="fall", label="Fell on the hand"),
    ),
)


@dataclass(frozen=True)
class WristConfig:
    size: int = 64
    fill: float = 0.25


class Pooled(Backbone):
    channels, stride = 4, 16

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(1, 4, kernel_size=16, stride=16)

    def forward(self, image: Tensor) -> Tensor:
        return self.look(image)


class WristModel(Network):
    def __init__(self, config: WristConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Pooled()
        self.image_tokens = ImageTokeniser(4, (4, 4), 8)
        self.clinical_tokens = FieldTokeniser(WRIST.sizes, 8)
        self.fusion = OneWay(8, 2)
        self.head = nn.Linear(16, 1)

    def encode_image(self, image: Tensor) -> ImageTokens:
        return self.image_tokens(self.backbone(image))

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        pair, attention = self.fusion(image.tokens, self.clinical_tokens(values, known))
        return Output(self.head(pair), image.features, attention)


ROW = System(
    name="wrist",
    title="Wrist: fracture",
    film="Wrist radiograph",
    schema=WRIST,
    build=lambda config: WristModel(WristConfig(**config)),
    presets={"compact": {}},
    targets=(Target(name="fracture", unit="log-odds"),),
    is_probability=True,
    margin_mm=0.0,
    box_advice="",
    negative_reads="does not exclude a fracture",
)


@pytest.fixture
def wrist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a checkpoint of the made-up system."""
    monkeypatch.setitem(SYSTEMS, "wrist", ROW)
    torch.manual_seed(0)
    description = Description(
        system="wrist", preset="compact", version="0.1", config=asdict(WristConfig()),
        training_data="nothing", is_phantom_trained=True, label_means=(0.3,),
    )  # fmt: skip
    model = WristModel(WristConfig())
    save(tmp_path, Checkpoint(model, description, Calibration(), "# Wrist\n\nMade up."))
    return tmp_path


def test_it_is_loaded_explained_and_printed(wrist: Path):
    engine = xattn.load(wrist)
    case = engine.read(png(), {"age": 33, "fall": "yes"})
    explanation = engine.explain(case)
    players = dict(explanation["shapley"].players)
    assert set(players) == {"age", "fall", "image"}
    # Six float32 fusion passes in batches of one size.
    difference = explanation.prediction.value - explanation.prediction.reference
    assert sum(players.values()) == pytest.approx(difference, abs=1e-5)
    report = compose(explanation, engine.model)
    assert report.headline.label == "Probability: fracture"
    assert {row.label for row in report.form} == {"Age", "Fell on the hand"}


def test_it_is_shown_on_the_page(wrist: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(resources.CHECKPOINT, str(wrist))
    app = AppTest.from_file(str(APP), default_timeout=120).run()
    uploader = next(each for each in app.file_uploader if each.label.startswith("Wrist radiograph"))
    uploader.upload("film.png", png(), "application/octet-stream").run()
    assert not app.error
    text = page_text(app)
    assert "P(fracture)" in text
    assert "The model reads the whole film." in text
    assert "Fell on the hand" in {box.label for box in app.selectbox}
