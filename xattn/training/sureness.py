"""The table of intervals and sets of a model, fitted on its calibration cases."""

import numpy as np
import torch

from xattn.models.tokens import ImageTokens
from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.evaluate import blank_film
from xattn.trust.conformal import one_per_group
from xattn.trust.strata import STRATA, withhold
from xattn.trust.sureness import SurenessTable, fit_row

BATCH = 64
Said = dict[str, np.ndarray]
"""By stratum, values (N, K) in the targets' units."""


def fit_sureness(
    model: LoadedModel, cases: Cases, *, patients: np.ndarray | None = None
) -> SurenessTable:
    """The table of a model on calibration cases that training did not see.

    `patients` (N,): one case of each is used; without them every case is a patient, as phantoms
    are. Each case falls once in every stratum that takes it, by a draw as in training.

    NOTE[DIFF] temperature and offset are fitted on the same cases. Sets and Venn–Abers ranges do
    not change with them; of an interval they are one or two parameters against n residuals.
    """
    if patients is not None:
        cases = cases.take(torch.from_numpy(one_per_group(patients)))
    found, labels = said_by_stratum(model, cases, seed=0), cases.labels.double().numpy()
    taken = {stratum.name: stratum.takes(cases.known.numpy()) for stratum in STRATA}
    rows = tuple(
        fit_row(
            target,
            stratum,
            found[stratum.name][taken[stratum.name], place],
            labels[taken[stratum.name], place],
        )
        for stratum in STRATA
        for place, target in enumerate(model.targets)
    )
    return SurenessTable(model_id=model.checkpoint.model_id, rows=rows)


def said_by_stratum(model: LoadedModel, cases: Cases, *, seed: int) -> Said:
    """What a model says of cases with parts of them withheld; each film is encoded once."""
    known = cases.known.numpy()
    kept = {stratum.name: withhold(known, stratum, seed=seed) for stratum in STRATA}
    parts: dict[str, list[np.ndarray]] = {stratum.name: [] for stratum in STRATA}
    with torch.no_grad():
        blank = blank_film(model.module, cases)
        for index in torch.split(torch.arange(len(cases)), BATCH):
            films = cases.images[index].to(model.device).float() / 255
            tokens = model.module.encode_image(films)
            values = cases.values[index].to(model.device)
            for stratum in STRATA:
                mask = torch.from_numpy(kept[stratum.name][index.numpy()]).to(model.device)
                image = tokens if stratum.has_film else blank
                parts[stratum.name].append(_values(model, image, values, mask))
    return {name: np.concatenate(each) for name, each in parts.items()}


def _values(
    model: LoadedModel, image: ImageTokens, values: torch.Tensor, known: torch.Tensor
) -> np.ndarray:
    scores = model.module.fuse(image, values, known).scores.double().cpu().numpy()
    return np.stack([target.of(scores) for target in model.targets], axis=1)
