"""Image encoders: sizes, what they normalise, and that nothing in them works in place."""

from functools import cache
from typing import get_args, get_type_hints

import pytest
import torch
from torch import nn
from torchvision.models import resnet50

from xattn.models.backbones import (
    BACKBONES,
    IMAGENET_MEAN,
    IMAGENET_SD,
    Compact,
    ResNet50,
    forbid_in_place,
)
from xattn.models.breast import BreastConfig
from xattn.models.network import Backbone

STAGES = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")


@cache
def backbone(name: str) -> Backbone:
    """The encoder of seed 0 with statistics that are not the identity."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = BACKBONES[name]().eval()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.bias, -0.2, 0.2)
                nn.init.uniform_(part.running_mean, -0.1, 0.1)
    return module.requires_grad_(requires_grad=False)


def films(count: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(height)
    return torch.rand(count, 1, height, width, generator=generator)


def test_every_name_of_the_configuration_has_an_encoder():
    assert get_args(get_type_hints(BreastConfig)["backbone"]) == tuple(BACKBONES)


def test_the_stated_numbers():
    assert (Compact.channels, Compact.stride) == (192, 32)
    assert (ResNet50.channels, ResNet50.stride) == (2048, 32)
    # "1.9 million parameters" in the docstring, to two digits.
    assert round(sum(p.numel() for p in backbone("compact").parameters()) / 1e6, 1) == 1.9


@pytest.mark.parametrize("name", BACKBONES)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 96), (33, 32)])
def test_features_have_the_stated_channels_and_stride(name, height, width):
    module = backbone(name)
    features = module(films(1, height, width))
    # Padded convolutions round halves up: five times, so a started stride counts whole.
    rows, columns = -(-height // module.stride), -(-width // module.stride)
    assert features.shape == (1, module.channels, rows, columns)
    assert features.dtype == torch.float32


def test_resnet50_is_torchvisions_on_grey_repeated_to_three_channels():
    twin = resnet50(weights=None).eval()
    for name, part in zip(STAGES, backbone("resnet50").body, strict=True):
        getattr(twin, name).load_state_dict(part.state_dict())
    film = films(2, 64, 64)
    colour = film.repeat(1, 3, 1, 1)
    for channel, (mean, sd) in enumerate(zip(IMAGENET_MEAN, IMAGENET_SD, strict=True)):
        colour[:, channel] = (colour[:, channel] - mean) / sd
    expected = colour
    for name in STAGES:
        expected = getattr(twin, name)(expected)
    # The same operations in the same order on the same numbers.
    torch.testing.assert_close(backbone("resnet50")(film), expected, rtol=1e-5, atol=1e-6)


def test_compact_centres_grey_before_its_first_layer():
    seen = []
    module = backbone("compact")
    stem = next(part for part in module.body.modules() if isinstance(part, nn.Conv2d))
    handle = stem.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        module(torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1).expand(3, 1, 32, 32))
    finally:
        handle.remove()
    assert seen[0][:, 0, 0, 0].tolist() == [-2.0, 0.0, 2.0]
    assert stem.in_channels == 1


@pytest.mark.parametrize("name", BACKBONES)
def test_a_film_does_not_see_its_neighbours_in_evaluation(name):
    batch = films(3, 64, 64)
    together = backbone(name)(batch)
    alone = torch.cat([backbone(name)(film[None]) for film in batch])
    # Convolutions may block a batch of three otherwise: float32 sums of up to 4,608 products.
    scale = float(together.abs().max())
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5 * scale)
    swapped = backbone(name)(batch.flip(0)).flip(0)
    torch.testing.assert_close(together, swapped, rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize("name", BACKBONES)
def test_what_goes_into_an_activation_stays_as_it_was(name):
    module, kept = backbone(name), []
    handles = [
        part.register_forward_hook(lambda _, i, __: kept.append((i[0], i[0].clone())))
        for part in module.modules()
        if isinstance(part, nn.ReLU)
    ]
    film = films(1, 64, 64)
    before = film.clone()
    try:
        module(film)
    finally:
        for handle in handles:
            handle.remove()
    # A hook runs after its activation: were it in place, no value below zero would be left.
    assert len(kept) >= len(handles) > 0
    assert all(torch.equal(given, copy) for given, copy in kept)
    assert sum(bool((given < 0).any()) for given, _ in kept) == len(kept)
    assert torch.equal(film, before)


def test_forbid_in_place_reaches_nested_activations():
    module = nn.Sequential(nn.ReLU(inplace=True), nn.Sequential(nn.ReLU(inplace=True)))
    forbid_in_place(module)
    assert [part.inplace for part in module.modules() if isinstance(part, nn.ReLU)] == [False] * 2


def test_a_gradient_reaches_every_weight_and_the_film():
    module = Compact().eval()
    film = films(1, 64, 64).requires_grad_()
    module(film).square().sum().backward()
    assert film.grad is not None
    assert film.grad.abs().max() > 0
    assert [n for n, p in module.named_parameters() if p.grad is None] == []
