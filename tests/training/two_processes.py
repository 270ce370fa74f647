"""Trains a small model in as many processes as torchrun starts; the test compares its weights."""

import sys
from contextlib import nullcontext
from pathlib import Path

import torch

from tests.training.plain import PlainModel, cases
from xattn.training import loop
from xattn.training.losses import BinaryCrossEntropy

CONFIG = loop.TrainingConfig(epochs=2, batch=16, seed=3)


def trained(folder: Path) -> dict[str, torch.Tensor]:
    """The weights after two epochs in full precision."""
    loop.autocast = lambda _: nullcontext()  # type: ignore[assignment]  # rounds by batch
    torch.manual_seed(0)
    model = loop.train(
        PlainModel(), BinaryCrossEntropy(), (cases(72, 0), cases(16, 1)), CONFIG, folder
    )
    return model.state_dict()


if __name__ == "__main__":
    trained(Path(sys.argv[1]))
