"""Calibration: a temperature for probabilities, a line through v(nothing) for numbers."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from xattn.models.network import Backbone, Network
from xattn.models.tokens import ImageTokens, Output
from xattn.systems import SYSTEMS
from xattn.training.calibrate import calibrate, score_of_nothing
from xattn.training.cases import Cases

SLOPE, START = 0.8, -0.3
"""Of the model below: score = 0.8 · slot 0 where known, − 0.3."""


class Linear(Network):
    """A score that is linear in one slot; the film passes by."""

    def __init__(self) -> None:
        super().__init__()
        self.config = SimpleNamespace(fill=0.25, size=8)
        self.backbone = Backbone()
        self.slope = nn.Parameter(torch.tensor(SLOPE))

    def encode_image(self, image: Tensor) -> ImageTokens:
        features = image * 1.0
        return ImageTokens(features.flatten(2).transpose(1, 2), (8, 8), features)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:
        said = self.slope * torch.where(known[:, 0], values[:, 0], 0.0) + START
        film = 0 * image.features.mean((1, 2, 3))
        return Output((said + film)[:, None], image.features, {})


def cases(labels: Tensor, slots: Tensor) -> Cases:
    count = len(labels)
    return Cases(
        torch.zeros(count, 1, 8, 8, dtype=torch.uint8),
        slots[:, None],
        torch.ones(count, 1, dtype=torch.bool),
        labels[:, None],
        torch.full((count, 3, 1), torch.nan),
        torch.full((count, 1), torch.nan),
    )


def test_nothing_known_is_the_score_without_the_form():
    some = cases(torch.zeros(3), torch.tensor([1.0, 2.0, 3.0]))
    assert score_of_nothing(Linear().eval(), some) == pytest.approx(START, abs=1e-7)  # float32


def test_a_number_gets_the_line_through_nothing_that_fits_best():
    slots = torch.linspace(-2, 2, 41)
    labels = 0.9 + 0.12 * slots
    found = calibrate(Linear().eval(), SYSTEMS["hip"], cases(labels, slots), (0.9,))
    target = SYSTEMS["hip"].targets[0]
    scale, offset = target.scale / found.temperature, target.offset + found.offset
    # The labels lie on a line through (START, 0.9): float32 labels of about 1.
    assert scale * START + offset == pytest.approx(0.9, abs=1e-6)
    assert scale * SLOPE == pytest.approx(0.12, abs=1e-6)


def test_nothing_known_is_the_mean_whatever_the_labels_say():
    slots = torch.linspace(-2, 2, 41)
    labels = 1.1 + 0.05 * slots.square()
    found = calibrate(Linear().eval(), SYSTEMS["hip"], cases(labels, slots), (0.9,))
    target = SYSTEMS["hip"].targets[0]
    said = target.scale / found.temperature * START + target.offset + found.offset
    assert said == pytest.approx(0.9, abs=1e-6)


def test_a_probability_gets_a_temperature_and_no_offset():
    generator = torch.Generator().manual_seed(0)
    slots = 4 * torch.randn(4000, generator=generator)
    # Labels from log-odds half as steep as the model's.
    chance = torch.sigmoid((SLOPE * slots + START) / 2)
    labels = (torch.rand(4000, generator=generator) < chance).float()
    found = calibrate(Linear().eval(), SYSTEMS["breast"], cases(labels, slots), (0.4,))
    assert found.offset == 0.0
    assert found.temperature == pytest.approx(2.0, abs=0.25)  # three standard errors of 4,000 cases


def test_unknown_labels_are_left_out():
    slots = torch.tensor([1.0, -1.0, 5.0] * 20)
    labels = torch.tensor([1.0, 0.0, torch.nan] * 20)
    kept = calibrate(Linear().eval(), SYSTEMS["breast"], cases(labels, slots), (0.4,))
    known = ~labels.isnan()
    twin = calibrate(Linear().eval(), SYSTEMS["breast"], cases(labels[known], slots[known]), (0.4,))
    assert kept.temperature == pytest.approx(twin.temperature, rel=1e-9)
