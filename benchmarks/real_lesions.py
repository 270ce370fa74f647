"""Whether the breast model's Grad-CAM finds real lesions: hits and shares against chance.

All films of `lesion_512` are malignant and letter-boxed: they are never pooled with the three
classes of `cm_3class_512`, and low-energy films never with subtracted ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.real_folds import interval
from benchmarks.real_sets import table
from xattn.data.intake import read_image
from xattn.data.placement import Placement
from xattn.explain.gradcam import class_activation
from xattn.models.network import Network
from xattn.systems import LoadedModel
from xattn.training.metrics import Estimate

KINDS = {"DM": "low-energy mammogram", "CESM": "subtracted contrast image"}
BATCH = 16
DARK = 0.04
"""Grey up to which a pixel is the black around the breast."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesions:
    """Films (N, H, W) in 0 to 1 with masks (N, H, W) bool, whose they are, and their kind."""

    films: np.ndarray
    masks: np.ndarray
    groups: np.ndarray
    kinds: np.ndarray


def read(data: Path) -> Lesions:
    """Every film that has a mask."""
    folder = data / "cdd_cesm_mammo"
    rows = [row for row in table(folder / "annotations.csv") if row["lesion_mask"]]
    return Lesions(
        films=np.stack([read_image(folder / row["lesion_image"]).model_values() for row in rows]),
        masks=np.stack([read_image(folder / row["lesion_mask"]).values > 127 for row in rows]),
        groups=np.array([row["patient_id"] for row in rows]),
        kinds=np.array([row["image_type"] for row in rows]),
    )


def grad_cams(model: LoadedModel, films: np.ndarray) -> np.ndarray:
    """Positive Grad-CAM on each whole film (N, H, W), every field of the form unknown."""
    place = Placement.whole((films.shape[1], films.shape[2]), model.module.config.size)
    pixels = np.stack([place.to_model(film, fill=0.0) for film in films])
    grids = (
        np.maximum(_grids(model, torch.from_numpy(part)), 0)
        for part in np.array_split(pixels, -(-len(pixels) // BATCH))
    )
    return np.stack([place.to_file(grid) for part in grids for grid in part])


def rivals(films: np.ndarray, cells: int = 7) -> Iterator[tuple[str, np.ndarray]]:
    """Maps (N, H, W) that know no model: what Grad-CAM has to beat."""
    shape = films.shape[1], films.shape[2]
    breast = (films > DARK).astype(np.float32)
    centre = np.array([(side - 1) / 2 for side in shape])
    yield "centre Gaussian", np.stack([_gaussian(shape, centre)] * len(films))
    yield "the breast, evenly", breast
    middles = [np.argwhere(part).mean(axis=0) if part.any() else centre for part in breast]
    yield "Gaussian at the breast's middle", np.stack([_gaussian(shape, at) for at in middles])
    grid, whole = Placement.whole(shape, cells), films.astype(np.float32)
    bright = [grid.to_file(grid.to_model(film, fill=0.0)) for film in whole]
    yield f"brightness in {cells} × {cells} cells", np.stack(bright)


def hits(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Pointing game (Zhang et al. 2018): the share (N,) of a map's highest pixels in the mask.

    One pixel is a hit or a miss; where many tie, such as in an even map, it is their mean.
    """
    flat, inside = maps.reshape(len(maps), -1), masks.reshape(len(masks), -1)
    top = flat == flat.max(axis=1, keepdims=True)
    return np.asarray((top & inside).sum(axis=1) / top.sum(axis=1))


def shares(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Share (N,) of a map's sum that lies in the mask; of an empty map the mask's area."""
    total, inside = maps.sum(axis=(1, 2)), (maps * masks).sum(axis=(1, 2))
    area = masks.mean(axis=(1, 2))
    return np.asarray(np.where(total > 0, inside / np.where(total > 0, total, 1), area))


def section(lesions: Lesions, model: LoadedModel) -> str:
    """A table for each kind of film."""
    return "\n".join(
        _table(lesions, model, kind) for kind in KINDS if (lesions.kinds == kind).any()
    )


def _table(lesions: Lesions, model: LoadedModel, kind: str) -> str:
    rows = lesions.kinds == kind
    films, masks, groups = lesions.films[rows], lesions.masks[rows], lesions.groups[rows]
    area = masks.mean(axis=(1, 2))
    maps = [("Grad-CAM", grad_cams(model, films)), *rivals(films)]
    count, patients = len(films), len(np.unique(groups))
    lines = [
        f"\n{KINDS[kind].capitalize()}, {count} films of {patients} patients; the mask is",
        f"{_mean(area, groups)} of the film.\n",
        "| map | highest point in the mask | share of the map in the mask | share / area |",
        "|---|---|---|---|",
    ]
    for name, found in maps:
        share = shares(found, masks)
        lines.append(
            f"| {name} | {_mean(hits(found, masks), groups)} | {_mean(share, groups)} "
            f"| {share.mean() / area.mean():.2f} |"
        )
    return "\n".join(lines)


def _mean(values: np.ndarray, groups: np.ndarray) -> Estimate:
    return interval(lambda rows: float(values[rows].mean()), groups)


def _grids(model: LoadedModel, pixels: torch.Tensor) -> np.ndarray:
    network: Network = model.module
    fields = len(model.system.schema.names)
    values = torch.zeros(len(pixels), sum(model.system.schema.sizes))
    known = torch.zeros(len(pixels), fields, dtype=torch.bool)
    tokens = network.encode_image(pixels[:, None].requires_grad_())
    scores = network.fuse(tokens, values, known).scores
    return class_activation(tokens, scores[:, model.target.output]).numpy()


def _gaussian(shape: tuple[int, ...], centre: np.ndarray) -> np.ndarray:
    """A bump (H, W) whose SD is a quarter of each side."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    down, across = (rows - centre[0]) / (shape[0] / 4), (columns - centre[1]) / (shape[1] / 4)
    bump: np.ndarray = np.exp(-(down**2 + across**2) / 2).astype(np.float32)
    return bump
