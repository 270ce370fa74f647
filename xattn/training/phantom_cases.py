"""Phantoms as training cases, drawn by several processes."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch
from tqdm import tqdm

from xattn.phantoms.row import PhantomRow
from xattn.training.cases import Cases


def draw_cases(row: Callable[[int], PhantomRow], seeds: range, *, processes: int = 1) -> Cases:
    """The cases of these seeds, in their order whatever the number of processes."""
    bar = {"total": len(seeds), "desc": "phantoms", "unit": "film"}
    if processes == 1:
        rows = list(tqdm(map(row, seeds), **bar))
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            rows = list(tqdm(pool.map(row, seeds, chunksize=32), **bar))
    return Cases(
        images=torch.from_numpy(np.stack([each.pixels for each in rows]))[:, None],
        values=torch.from_numpy(np.stack([each.values for each in rows])),
        known=torch.from_numpy(np.stack([each.known for each in rows])),
        labels=torch.from_numpy(np.stack([each.labels for each in rows])),
        expected=torch.from_numpy(np.stack([each.expected for each in rows])),
        causes=torch.from_numpy(np.stack([each.causes for each in rows])),
    )
