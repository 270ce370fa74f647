"""The same whole case composed from grad-cam, captum, shap and lime as their manuals show it."""

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

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
    reader = FilmReader(game)
    film = game.film.image.clone()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _grad_cam(reader, film)
        _integrated(reader, film, game.film.fill, counts.steps)
        kernel_shap(of_forms(game), len(game.schema.names), counts.form)
        _lime(reader, film, game.film.fill, counts.lime)
        players = game.film.region_count + len(game.schema.names)
        kernel_shap(of_players(game), players, counts.joint)
        for _ in range(counts.curves):
            _curves(game)


def kernel_shap(of_masks: Masked, players: int, samples: int | None) -> np.ndarray:
    """Shapley values (players,) by shap's kernel regression, without its choice of players."""
    import shap

    explainer = shap.KernelExplainer(of_masks, np.zeros((1, players)), silent=True)
    wanted = "auto" if samples is None else samples
    found = explainer.shap_values(np.ones((1, players)), nsamples=wanted, l1_reg=0, silent=True)
    return np.asarray(found).reshape(players)


def of_forms(game: Game) -> Masked:
    """From masks of fields (M, F) to values (M,): whole forward passes, as a wrapped model."""
    whole = of_players(game)
    regions = game.film.region_count

    def values(masks: np.ndarray) -> np.ndarray:
        return whole(np.concatenate([np.ones((len(masks), regions)), masks], axis=1))

    return values


def of_players(game: Game) -> Masked:
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


def _grad_cam(reader: nn.Module, film: Tensor) -> None:
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    reader = copy.deepcopy(reader)  # the manual asks for gradients of weights, which are shared
    for parameter in reader.parameters():
        parameter.requires_grad_(requires_grad=True)
    with GradCAM(reader, [feature_layer(reader.model)]) as cam:
        cam(film, [ClassifierOutputTarget(0)])


def _integrated(reader: nn.Module, film: Tensor, fill: float, steps: int) -> None:
    from captum.attr import IntegratedGradients

    IntegratedGradients(reader).attribute(
        film, torch.full_like(film, fill), target=0, n_steps=steps, internal_batch_size=8
    )


def _lime(reader: nn.Module, film: Tensor, fill: float, samples: int) -> None:
    from lime.lime_image import LimeImageExplainer

    def of_pictures(pictures: np.ndarray) -> np.ndarray:
        grey = torch.from_numpy(pictures[..., :1]).permute(0, 3, 1, 2).float()
        with torch.no_grad():
            values = reader(grey.contiguous().to(film.device))
        return np.asarray(values.cpu().numpy())

    picture = film[0, 0].cpu().numpy().astype(float)
    LimeImageExplainer(random_state=0).explain_instance(
        picture, of_pictures, labels=(0,), top_labels=None, hide_color=fill,
        num_samples=samples,
    )  # fmt: skip


def _curves(game: Game, levels: int = 10) -> None:
    """Deletion and insertion by tenths of the regions, in any order: the cost is the same."""
    regions, fields = game.film.region_count, len(game.schema.names)
    share = np.arange(regions)[None] < np.arange(levels)[:, None] * regions / levels
    masks = np.concatenate([share, ~share])
    of_players(game)(np.concatenate([masks, np.ones((2 * levels, fields), dtype=bool)], axis=1))
