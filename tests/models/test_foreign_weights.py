"""Weights that somebody else stored: tensors are read, everything else is a sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from xattn.errors import CheckpointError
from xattn.models.foreign_weights import read_tensors

TENSORS = {"first.weight": torch.arange(6.0).view(2, 3), "first.bias": torch.tensor([1.0, -1.0])}


def same(found: dict[str, torch.Tensor]) -> bool:
    return list(found) == sorted(TENSORS) and all(
        torch.equal(found[name], tensor) for name, tensor in TENSORS.items()
    )


def test_both_formats_give_the_same_tensors(tmp_path: Path):
    save_file(TENSORS, tmp_path / "weights.safetensors")
    torch.save(dict(sorted(TENSORS.items())), tmp_path / "weights.pth")
    assert same(dict(sorted(read_tensors(tmp_path / "weights.safetensors").items())))
    assert same(read_tensors(tmp_path / "weights.pth"))


def test_a_state_dict_of_a_module_is_read(tmp_path: Path):
    module = nn.Linear(3, 2)
    torch.save(module.state_dict(), tmp_path / "weights.pt")
    found = read_tensors(tmp_path / "weights.pt")
    assert torch.equal(found["weight"], module.weight)


class Dangerous:
    """What would run code if a pickle were opened."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return exec, ("raise SystemExit('code was run')",)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".bin", ""])
def test_code_in_a_file_is_never_run(suffix: str, tmp_path: Path):
    path = tmp_path / f"weights{suffix}"
    torch.save({"weight": Dangerous()}, path)
    with pytest.raises(CheckpointError, match="a whole pickled model, which is not opened"):
        read_tensors(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([torch.zeros(2)], "a plain state dict"),
        ({"epoch": 3}, "a plain state dict"),
        ({"state_dict": dict(TENSORS)}, "a plain state dict"),
    ],
    ids=["list", "number", "nested"],
)
def test_other_contents_are_refused(content: object, sentence: str, tmp_path: Path):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(CheckpointError, match=sentence):
        read_tensors(tmp_path / "weights.pth")


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_cut_files_are_refused(name: str, share: float, tmp_path: Path):
    path = tmp_path / name
    if path.suffix == ".safetensors":
        save_file(TENSORS, path)
    else:
        torch.save(TENSORS, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(CheckpointError, match="a damaged file") as refusal:
        read_tensors(path)
    assert str(tmp_path) not in str(refusal.value)


def test_a_missing_and_a_large_file_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "weights.pth"
    with pytest.raises(CheckpointError, match="a readable file, however: none"):
        read_tensors(path)
    torch.save(TENSORS, path)
    monkeypatch.setattr("xattn.models.foreign_weights.MAX_BYTES", 16)
    with pytest.raises(CheckpointError, match="however: more; not read"):
        read_tensors(path)
