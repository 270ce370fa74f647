"""A prediction: the value, what each side says alone, and how it moves with the box."""

import numpy as np
import torch
from scipy.special import expit

from xattn.explain.base import Game, Steps, provenance
from xattn.records import Prediction


def predict(game: Game) -> Steps[Prediction]:
    """The prediction of a game's case; one encoder pass, and one more where a box was drawn."""
    everything = game.form[1].cpu().numpy()
    unknown = np.zeros_like(everything)
    image_only = float(game.of_forms(game.film.tokens, unknown)[0])
    form_only = float(game.of_forms(game.film.nothing, everything)[0])
    yield 0.5
    model, description = game.model, game.model.checkpoint.description
    is_probability = model.system.is_probability and game.target.minus is None
    return Prediction(
        target=game.target,
        value=game.value,
        probability=float(expit(game.value)) if is_probability else None,
        prevalence=description.label_means[game.target.output] if is_probability else None,
        reference=game.reference,
        image_only=image_only,
        form_only=form_only,
        jitter=_jitter(game),
        every=_every(game),
        provenance=provenance(model, game.case, method="prediction", settings=()),
    )


def _every(game: Game) -> tuple[tuple[str, float], ...]:
    with torch.no_grad():
        scores = game.fuse(game.film.tokens).scores.double()
    return tuple((target.name, float(target.of(scores)[0])) for target in game.model.targets)


def _jitter(game: Game) -> tuple[float, ...]:
    films = game.film.jittered
    return () if films is None else tuple(float(value) for value in game.of_films([films]))
