"""How a model stands missing fields: none to all of the form withheld."""

from dataclasses import replace

import numpy as np
import torch

from xattn.systems import LoadedModel
from xattn.training.cases import Cases
from xattn.training.judges import Judge
from xattn.training.loop import predict_scores

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def stress(model: LoadedModel, cases: Cases, judge: Judge) -> dict[str, dict[str, float]]:
    """The main figure by share withheld: each field by itself, and the form as a whole."""
    return {
        "each field at random": _curve(model, cases, judge, is_whole=False),
        "whole forms at random": _curve(model, cases, judge, is_whole=True),
    }


def _curve(model: LoadedModel, cases: Cases, judge: Judge, *, is_whole: bool) -> dict[str, float]:
    generator = torch.Generator().manual_seed(0)
    shape = (len(cases), 1) if is_whole else tuple(cases.known.shape)
    draws = torch.rand(shape, generator=generator)
    labels = cases.labels.double().numpy()
    found = {}
    for share in SHARES:
        part = replace(cases, known=cases.known & (draws >= share))
        scores = predict_scores(model.module, part).double().numpy()
        values = np.stack([target.of(scores) for target in model.targets], axis=1)
        found[f"{share:.0%}"] = dict(judge.figures(labels, model.plain(values)))[judge.main].value
    return found
