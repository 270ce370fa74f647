"""The same whole case composed from grad-cam, captum, shap and lime as their manuals show it."""

import io
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import dataclass

import numpy as np
import torch

from xattn.explain.base import Game
from xattn.explain.libraries.adapter import FilmReader
from xattn.explain.libraries.gradcam import feature_layer
from xattn.records import Case
from xattn.systems import LoadedModel

AT_ONCE = 64
"""Whole forward passes of a wrapped model in one batch."""
Masked = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much each library samples; its default unless given, None where that depends."""

    lime: int = 1000
    steps: int = 50
    form: int | None = None
    joint: int | None = None
    """Coalitions of regions and fields together."""
    curves: int = 3
    """Maps whose deletion and insertion curves are drawn, in ten levels each."""


def composition(model: LoadedModel, case: Case, counts: Counts) -> None:
    """Grad-CAM, integrated gradients, KernelSHAP of the form and of all players, LIME, curves."""
    game = Game(model, case, model.target)
    grad_cam(game)
    integrated(game, counts.steps)
    shap_of_form(game, counts.form)
    lime(game, counts.lime)
    shap_of_players(game, counts.joint)
    for _ in range(counts.curves):
        curves(game)


def shap_of_form(game: Game, samples: int | None) -> np.ndarray:
    """Shapley values (F,) of the fields beside the whole film."""
    return _kernel_shap(_of_forms(game), _known(game), samples)


def shap_of_players(game: Game, samples: int | None) -> np.ndarray:
    """Shapley values (R + F,) of regions and fields in one game."""
    players = np.concatenate([np.ones(game.film.region_count), _known(game)])
    return _kernel_shap(_of_players(game), players, samples)


def _kernel_shap(of_masks: Masked, players: np.ndarray, samples: int | None) -> np.ndarray:
    """The kernel regression of shap, all players kept; 0 is who is absent from the case."""
    import shap

    explainer = shap.KernelExplainer(of_masks, np.zeros((1, len(players))), silent=True)
    wanted = "auto" if samples is None else samples
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = explainer.shap_values(players[None], nsamples=wanted, l1_reg=0, silent=True)
    return np.asarray(found).reshape(len(players))


def _known(game: Game) -> np.ndarray:
    """Which fields are players (F,): shap leaves out whoever has the background's value."""
    return np.array([name in game.fields for name in game.schema.names], dtype=float)


def _of_forms(game: Game) -> Masked:
    """From masks of fields (M, F) to values (M,): whole forward passes, as a wrapped model."""
    whole = _of_players(game)
    regions = game.film.region_count

    def values(masks: np.ndarray) -> np.ndarray:
        return whole(np.concatenate([np.ones((len(masks), regions)), masks], axis=1))

    return values


def _of_players(game: Game) -> Masked:
    """From masks of regions and fields (M, R + F) to values (M,)."""
    labels, fill = torch.from_numpy(game.film.regions), game.film.fill
    slots, known = game.form

    def values(masks: np.ndarray) -> np.ndarray:
        return np.concatenate([batch(part) for part in _parts(masks)])

    def batch(masks: np.ndarray) -> np.ndarray:
        kept = torch.from_numpy(masks > 0.5).to(game.model.device)
        regions, fields = kept[:, : game.film.region_count], kept[:, game.film.region_count :]
        films = torch.where(regions[:, labels].unsqueeze(1), game.film.image, fill)
        with torch.no_grad():
            output = game.model.module(films, slots.expand(len(masks), -1), fields & known)
        return np.asarray(game.target.of(output.scores).double().cpu().numpy())

    return values


def _parts(masks: np.ndarray) -> list[np.ndarray]:
    return [masks[first : first + AT_ONCE] for first in range(0, len(masks), AT_ONCE)]


def grad_cam(game: Game) -> None:
    """The map of grad-cam on the last feature map."""
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    reader = FilmReader(game)  # a copy: the manual asks for gradients of weights
    for parameter in reader.parameters():
        parameter.requires_grad_(requires_grad=True)
    with GradCAM(reader, [feature_layer(reader.model)]) as cam:
        cam(game.film.image.clone(), [ClassifierOutputTarget(0)])


def integrated(game: Game, steps: int) -> np.ndarray:
    """Integrated gradients (S, S) by captum, from the absent film."""
    from captum.attr import IntegratedGradients

    film = game.film.image.clone()
    found = IntegratedGradients(FilmReader(game)).attribute(
        film,
        torch.full_like(film, game.film.fill),
        target=0,
        n_steps=steps,
        internal_batch_size=8,
    )
    return np.asarray(found[0, 0].detach().cpu().numpy())


def lime(
    game: Game, samples: int, regions: np.ndarray | None = None, *, seed: int = 0
) -> np.ndarray:
    """Coefficients of superpixels by lime: of `regions` (S, S), or of its own choice."""
    from lime.lime_image import LimeImageExplainer

    reader = FilmReader(game)

    def of_pictures(pictures: np.ndarray) -> np.ndarray:
        grey = torch.from_numpy(pictures[..., :1]).permute(0, 3, 1, 2).float()
        with torch.no_grad():
            values = reader(grey.contiguous().to(game.model.device))
        return np.asarray(values.cpu().numpy())

    picture = game.film.image[0, 0].cpu().numpy().astype(float)
    with redirect_stderr(io.StringIO()):  # its progress bar
        found = LimeImageExplainer(random_state=seed).explain_instance(
            picture,
            of_pictures,
            labels=(0,),
            top_labels=None,
            hide_color=game.film.fill,
            num_samples=samples,
            segmentation_fn=None if regions is None else lambda _: regions,
        )
    return np.array([weight for _, weight in sorted(found.local_exp[0])])


def curves(game: Game, levels: int = 10) -> None:
    """Deletion and insertion by tenths of the regions, in any order: the cost is the same."""
    regions, fields = game.film.region_count, len(game.schema.names)
    share = np.arange(regions)[None] < np.arange(levels)[:, None] * regions / levels
    masks = np.concatenate([share, ~share])
    _of_players(game)(np.concatenate([masks, np.ones((2 * levels, fields), dtype=bool)], axis=1))
