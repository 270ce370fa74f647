"""Phantoms as training cases: whole films and lesion crops, drawn by several processes."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
import torch
from tqdm import tqdm

from xattn.data.placement import Placement
from xattn.data.schemas import BREAST
from xattn.phantoms import breast
from xattn.phantoms.breast import Settings
from xattn.training.cases import Cases

CROPPED = 0.7
"""Share of the cases that show the lesion's surroundings; the others show the whole film."""
JITTER = 0.12
"""Crops are moved and scaled by up to this share, a little more than a reader's box is varied."""
CAUSES = (
    "density", "lesion_type", "skin", "strands", "satellite", "site", "size",
    "mass_shape", "mass_margins", "calc_type", "calc_distribution",
)  # fmt: skip
"""The causes that a film may show, in the order of `Cases.causes`; one that it lacks adds 0."""
Row = tuple[np.ndarray, np.ndarray, np.ndarray, bool, tuple[float, ...], tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class BreastRow:
    """One breast phantom as a training row: picture, slots, what is known, label, Bayes."""

    settings: Settings
    size: int = 224
    cropped: float = CROPPED

    def __call__(self, seed: int) -> Row:
        """The row of a seed."""
        world = breast.sample_world(seed, self.settings)
        is_crop = np.random.default_rng([seed, 11]).random() < self.cropped
        field = breast.crop_field(world, jitter=JITTER) if is_crop else None
        phantom = breast.draw(world, size=self.size, field=field)
        shown = breast.display(phantom)
        picture = Placement.whole(shown.shape, self.size).to_model(shown, fill=0.0)
        encoding = BREAST.encode(BREAST.check({"lesion_type": phantom.lesion_type, **phantom.form}))
        bayes = (phantom.bayes.image, phantom.bayes.form, phantom.bayes.both)
        causes = tuple(phantom.causes.get(name, 0.0) for name in CAUSES)
        pixels = np.round(picture * 255).astype(np.uint8)
        return pixels, encoding.values, encoding.known, phantom.malignant, bayes, causes


def draw_cases(row: Callable[[int], Row], seeds: range, *, processes: int = 1) -> Cases:
    """The cases of these seeds, in their order whatever the number of processes."""
    bar = {"total": len(seeds), "desc": "phantoms", "unit": "film"}
    if processes == 1:
        rows = list(tqdm(map(row, seeds), **bar))
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            rows = list(tqdm(pool.map(row, seeds, chunksize=32), **bar))
    images, values, known, labels, bayes, causes = (
        np.array(part) for part in zip(*rows, strict=True)
    )
    return Cases(
        torch.from_numpy(images)[:, None],
        torch.from_numpy(values),
        torch.from_numpy(known),
        torch.from_numpy(labels),
        torch.from_numpy(bayes.astype(np.float32)),
        torch.from_numpy(causes.astype(np.float32)),
    )
