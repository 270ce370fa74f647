"""Trains a small model in as many processes as torchrun starts; the test compares its weights."""

import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import torch

from tests.training.plain import PlainModel, cases
from xattn.training import loop
from xattn.training.losses import BinaryCrossEntropy

CONFIG = loop.TrainingConfig(epochs=2, batch=16, seed=3, frozen=1, patience=1_000)


def trained(folder: Path, epochs: int = 2) -> dict[str, torch.Tensor]:
    """The weights after some epochs in full precision, the encoder frozen in the first."""
    loop.autocast = lambda _: nullcontext()  # type: ignore[assignment]  # rounds by batch
    torch.manual_seed(0)
    data, config = (cases(72, 0), cases(16, 1)), replace(CONFIG, epochs=epochs)
    return loop.train(PlainModel(), BinaryCrossEntropy(), data, config, folder).state_dict()


if __name__ == "__main__":
    trained(Path(sys.argv[1]), *map(int, sys.argv[2:]))
