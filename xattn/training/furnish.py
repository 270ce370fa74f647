"""What a checkpoint's answers are judged by, written beside its weights."""

from pathlib import Path

import numpy as np

from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.sureness import fit_sureness
from xattn.trust.gate import embed
from xattn.trust.novelty import Embedded, fit_reference, save_reference


def furnish(
    folder: Path,
    model: LoadedModel,
    calibration: Cases,
    held_out: Cases,
    *,
    patients: np.ndarray | None = None,
) -> None:
    """Write ranges and sets, and the reference for novelty, of a stored model into its folder.

    Neither part was trained on; `held_out` are those whose distances novelty is a percentile of.
    `patients` (N,) are those of `calibration`, of each of whom one case is used; without them every
    case is another's.
    """
    fit_sureness(model, calibration, patients=patients).save(folder)
    save_reference(folder, fit_reference(_embedded(model, calibration), _embedded(model, held_out)))


def _embedded(model: LoadedModel, cases: Cases) -> Embedded:
    return embed(model, cases.images, values=cases.values.numpy(), known=cases.known.numpy())
