"""What a film is to a head: a frozen encoder's tokens, or a crude picture of 48 px."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from benchmarks.real_sets import SIZE
from xattn.data.placement import Placement
from xattn.errors import CheckpointError
from xattn.models.checkpoint import Checkpoint
from xattn.systems import LoadedModel, load

GRID = (7, 7)
CRUDE = 48
BATCH = 32


def loaded(system: str) -> LoadedModel:
    """The shipped model of a system, or of the breast where the system ships none."""
    try:
        return load(system, device="cpu")
    except CheckpointError:
        return load("breast", device="cpu")


def untrained(model: LoadedModel) -> LoadedModel:
    """The same architecture with the fresh weights of seed 0."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = model.system.build(model.checkpoint.description.config)
    module.eval().requires_grad_(requires_grad=False)
    checkpoint = Checkpoint(
        module, model.checkpoint.description, model.checkpoint.calibration, card=""
    )
    return LoadedModel(model.system, checkpoint, model.device)


def tokens(model: LoadedModel, films: np.ndarray) -> np.ndarray:
    """Feature maps (N, V, C, 7, 7) of films (N, V, 224, 224) by the frozen encoder."""
    flat = torch.from_numpy(films).reshape(-1, 1, SIZE, SIZE)
    with torch.inference_mode():
        maps = [
            adaptive_avg_pool2d(model.module.encode_image(part).features, GRID)
            for part in torch.split(flat, BATCH)
        ]
    found = torch.cat(maps)
    return found.reshape(*films.shape[:2], *found.shape[1:]).numpy()


def pooled(maps: np.ndarray) -> np.ndarray:
    """Each channel's mean and maximum (N, V, 2C) over the places of maps (N, V, C, h, w)."""
    return np.concatenate([maps.mean(axis=(3, 4)), maps.max(axis=(3, 4))], axis=2)


def crude(films: np.ndarray) -> np.ndarray:
    """The films themselves at 48 px (N, V, 2304)."""
    small = np.stack(list(_small(films.reshape(-1, SIZE, SIZE))))
    return small.reshape(*films.shape[:2], CRUDE * CRUDE)


def _small(films: np.ndarray) -> Iterator[np.ndarray]:
    square = Placement.whole((SIZE, SIZE), CRUDE)
    return (square.to_model(film, fill=0.0) for film in films)
