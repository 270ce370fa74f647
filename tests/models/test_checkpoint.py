"""Checkpoints: what is written comes back, and whatever is damaged is refused in a sentence."""

import json
from pathlib import Path

import pytest
import torch

from xattn.errors import CheckpointError
from xattn.models import checkpoint as checkpoints
from xattn.models.breast import build
from xattn.models.checkpoint import Calibration, Checkpoint, Description


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    description = Description(
        system="breast", preset="compact", version="0.0", config={"size": 64}, training_data="none",
        is_phantom_trained=True, label_means=(0.4,),
    )  # fmt: skip
    checkpoint = Checkpoint(
        build({"size": 64}), description, Calibration(temperature=1.5), "# Card"
    )
    checkpoints.save(tmp_path / "model", checkpoint)
    return tmp_path / "model"


def test_a_checkpoint_comes_back_bit_for_bit(folder: Path):
    loaded = checkpoints.load(folder, build, "breast")
    torch.manual_seed(0)
    original = build({"size": 64})
    for name, tensor in original.state_dict().items():
        assert torch.equal(loaded.module.state_dict()[name], tensor)
    assert loaded.calibration == Calibration(temperature=1.5)
    assert loaded.card == "# Card"
    assert not loaded.module.training
    assert not any(p.requires_grad for p in loaded.module.parameters())


def test_half_precision_rounds_weights_and_nothing_else(folder: Path):
    loaded = checkpoints.load(folder, build, "breast")
    checkpoints.save(folder, loaded, half=True)
    rounded = checkpoints.load(folder, build, "breast").module.state_dict()
    for name, tensor in loaded.module.state_dict().items():
        expected = tensor.half().float() if tensor.is_floating_point() else tensor
        assert torch.equal(rounded[name], expected)


def test_the_model_id_follows_weights_and_description(folder: Path):
    first = checkpoints.load(folder, build, "breast").model_id
    assert first == checkpoints.load(folder, build, "breast").model_id
    model = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps({**model, "version": "0.1"}))
    assert checkpoints.load(folder, build, "breast").model_id != first


def damage(folder: Path, how: str) -> None:
    weights, model = folder / "weights.safetensors", folder / "model.json"
    description = json.loads(model.read_text())
    match how:
        case "missing":
            weights.unlink()
        case "cut":
            weights.write_bytes(weights.read_bytes()[:1000])
        case "pickle":
            torch.save({"a": torch.ones(1)}, weights)
        case "not json":
            model.write_text("{")
        case "other system":
            model.write_text(json.dumps({**description, "system": "hip"}))
        case "other size":
            model.write_text(
                json.dumps({**description, "config": {"size": 64, "dim": 50, "heads": 5}})
            )
        case "unknown setting":
            model.write_text(json.dumps({**description, "config": {"depth": 9}}))
        case "unknown entry":
            model.write_text(json.dumps({**description, "extra": 1}))


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("missing", "needs a readable weights.safetensors"),
        ("cut", "do not fit the model"),
        ("pickle", "do not fit the model"),
        ("not json", "not as written by xattn"),
        ("other system", "for breast, however: format 1 for hip"),
        ("other size", "do not fit the model"),
        ("unknown setting", "do not fit the model"),
        ("unknown entry", "not as written by xattn"),
    ],
)
def test_damage_is_one_sentence(folder: Path, how: str, sentence: str):
    damage(folder, how)
    with pytest.raises(CheckpointError, match=sentence):
        checkpoints.load(folder, build, "breast")


def test_weights_that_are_not_finite_are_refused(folder: Path):
    loaded = checkpoints.load(folder, build, "breast")
    next(loaded.module.parameters()).data.fill_(float("nan"))
    checkpoints.save(folder, loaded)
    with pytest.raises(CheckpointError, match="not finite"):
        checkpoints.load(folder, build, "breast")
