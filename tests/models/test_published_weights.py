"""Published weights: files as torchvision saves and saved them, and files of other kinds."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import densenet121, resnet34, resnet50

from xattn.errors import CheckpointError
from xattn.models.backbones import DenseNet121, Published, ResNet34, ResNet50, load_published

PAIRS: dict[str, tuple[Callable[[], Published], Callable[..., nn.Module]]] = {
    "resnet34": (ResNet34, resnet34),
    "resnet50": (ResNet50, resnet50),
    "densenet121": (DenseNet121, densenet121),
}
State = dict[str, Tensor]


@cache
def published(name: str) -> tuple[nn.Module, State]:
    """torchvision's network with statistics that are not the identity, and its state dict."""
    torch.manual_seed(7)
    network = PAIRS[name][1](weights=None).eval()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -0.1, 0.1)
            nn.init.uniform_(part.bias, -0.1, 0.1)
    return network, dict(network.state_dict())


@pytest.fixture(scope="module")
def untouched() -> ResNet34:
    """An encoder that every refusal leaves as it was."""
    return ResNet34()


def write(path: Path, state: State) -> Path:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path


def colour(film: Tensor) -> Tensor:
    """Grey as torchvision's own preprocessing hands it to its networks."""
    mean, sd = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (film.repeat(1, 3, 1, 1) - mean.view(1, 3, 1, 1)) / sd.view(1, 3, 1, 1)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_loaded_encoder_gives_the_published_networks_logits(
    name: str, suffix: str, tmp_path: Path
):
    network, state = published(name)
    encoder = PAIRS[name][0]().eval()
    load_published(encoder, write(tmp_path / f"weights{suffix}", state))
    film = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    classifier = network.classifier if name == "densenet121" else network.fc
    with torch.no_grad():
        features = encoder(film)
        logits, expected = classifier(features.mean((2, 3))), network(colour(film))
    assert features.shape == (1, encoder.channels, 2, 2)
    # Logits of order 1 after up to 121 layers of the same operations.
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)


def test_files_of_the_first_years_are_read(tmp_path: Path):
    _, state = published("densenet121")
    old = {
        re.sub(r"(denselayer\d+\.)(norm|conv)([12])\.", r"\1\2.\3.", name): tensor
        for name, tensor in state.items()
        if not name.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    encoder = DenseNet121()
    load_published(encoder, write(tmp_path / "old.pth", old))
    now = encoder.body.state_dict()
    assert all(
        torch.equal(now[name], tensor)
        for name, tensor in state.items()
        if name in now and not name.endswith("num_batches_tracked")
    )


def edited(change: Callable[[State], object]) -> Callable[[Path], object]:
    """Writes ResNet-34's state dict after a change."""

    def make(path: Path) -> None:
        state = dict(published("resnet34")[1])
        change(state)
        torch.save(state, path)

    return make


def cut(path: Path) -> None:
    torch.save(published("resnet34")[1], path)
    path.write_bytes(path.read_bytes()[:-5000])


def without_colour(state: State) -> None:
    state["conv1.weight"] = state["conv1.weight"][:, :1].contiguous()


def not_finite(state: State) -> None:
    state["conv1.weight"] = torch.full_like(state["conv1.weight"], torch.inf)


OTHERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "another network": (
        lambda path: torch.save(published("resnet50")[1], path),
        "weights of a ResNet34",
    ),
    "a tensor less": (
        edited(lambda state: state.pop("layer4.2.bn2.bias")),
        "weights of a ResNet34",
    ),
    "a tensor more": (
        edited(lambda state: state.update({"layer5.weight": torch.zeros(1)})),
        "weights of a ResNet34",
    ),
    "another shape": (edited(without_colour), "weights of a ResNet34"),
    "not finite": (edited(not_finite), "not finite"),
    "no names": (lambda path: torch.save([torch.zeros(1)], path), "state dict"),
    "not tensors": (lambda path: torch.save({"epoch": 3}, path), "state dict"),
    "a whole network": (lambda path: torch.save(nn.Linear(1, 1), path), "tensors alone"),
    "junk": (lambda path: path.write_bytes(b"junk" * 40), "readable"),
    "empty": (lambda path: path.write_bytes(b""), "readable"),
    "cut": (cut, "readable"),
    "a folder": (lambda path: path.mkdir(), "readable"),
    "nowhere": (lambda _: None, "readable"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_other_files_are_refused_in_a_sentence_and_change_nothing(
    case: str, tmp_path: Path, untouched: ResNet34
):
    make, reason = OTHERS[case]
    make(tmp_path / "weights.pth")
    before = {name: tensor.clone() for name, tensor in untouched.state_dict().items()}
    with pytest.raises(CheckpointError, match=reason) as refusal:
        load_published(untouched, tmp_path / "weights.pth")
    message = str(refusal.value)
    assert message.endswith(".")
    assert str(tmp_path) not in message
    assert "\n" not in message
    now = untouched.state_dict()
    assert all(torch.equal(before[name], tensor) for name, tensor in now.items())


def test_damaged_safetensors_are_refused(tmp_path: Path):
    path = write(tmp_path / "weights.safetensors", published("resnet34")[1])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match="readable"):
        load_published(ResNet34(), path)


def test_the_stated_numbers():
    assert (ResNet34.channels, ResNet34.stride) == (512, 32)
    assert (DenseNet121.channels, DenseNet121.stride) == (1024, 32)
    # torchvision states 7,978,856; its classifier has 1,025,000.
    assert sum(p.numel() for p in DenseNet121().parameters()) == 6_953_856
    # Two of three colour channels less: 64 kernels of 7 × 7 each.
    assert sum(p.numel() for p in DenseNet121(1).parameters()) == 6_953_856 - 2 * 64 * 49


def test_one_grey_channel_is_read_on_the_scale_of_the_published_chest_models():
    seen = []
    encoder = DenseNet121(1).eval()
    stem = encoder.body.features.conv0
    handle = stem.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    try:
        with torch.no_grad():
            features = encoder(torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1).expand(3, 1, 32, 32))
    finally:
        handle.remove()
    assert seen[0][:, 0, 0, 0].tolist() == [-1024.0, 0.0, 1024.0]
    assert float(features.min()) == 0.0  # after the last ReLU


@pytest.mark.parametrize("make", [ResNet34, ResNet50, DenseNet121, lambda: DenseNet121(1)])
def test_no_part_works_in_place(make: Callable[[], Published]):
    assert not [m for m in make().modules() if getattr(m, "inplace", False)]


def test_what_goes_into_densenets_last_activation_stays_as_it_was():
    encoder, kept = DenseNet121().eval(), []
    handle = encoder.body.register_forward_hook(lambda _, __, out: kept.append((out, out.clone())))
    try:
        with torch.no_grad():
            encoder(torch.rand(1, 1, 64, 64))
    finally:
        handle.remove()
    ((given, copy),) = kept
    assert torch.equal(given, copy)
    assert bool((given < 0).any())
