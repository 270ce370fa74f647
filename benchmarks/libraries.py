"""The same whole case composed from grad-cam, captum, shap and lime as their manuals show it."""

import copy
import warnings

import numpy as np
import torch
from torch import Tensor, nn

from xattn.explain.base import Game
from xattn.explain.libraries.adapter import FilmReader
from xattn.records import Case
from xattn.systems import LoadedModel


def composition(model: LoadedModel, case: Case, *, lime_samples: int, steps: int) -> None:
    """Grad-CAM, integrated gradients, KernelSHAP of the form and LIME, one after the other."""
    game = Game(model, case, model.target)
    reader = FilmReader(game)
    film = game.film.image.clone()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _grad_cam(reader, film)
        _integrated(reader, film, game.film.fill, steps)
        _kernel_shap(game)
        _lime(reader, film, game.film.fill, lime_samples)


def _grad_cam(reader: nn.Module, film: Tensor) -> None:
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    reader = copy.deepcopy(reader)  # the manual asks for gradients of weights, which are shared
    for parameter in reader.parameters():
        parameter.requires_grad_(requires_grad=True)
    with GradCAM(reader, [reader.model.backbone]) as cam:
        cam(film, [ClassifierOutputTarget(0)])


def _integrated(reader: nn.Module, film: Tensor, fill: float, steps: int) -> None:
    from captum.attr import IntegratedGradients

    IntegratedGradients(reader).attribute(
        film, torch.full_like(film, fill), target=0, n_steps=steps, internal_batch_size=8
    )


def _kernel_shap(game: Game) -> None:
    import shap

    def of_masks(masks: np.ndarray) -> np.ndarray:
        """Whole forward passes, film included, as a wrapped model makes them."""
        known = torch.from_numpy(masks > 0.5).to(game.model.device)
        values, _ = game.form
        films = game.film.image.expand(len(masks), -1, -1, -1)
        with torch.no_grad():
            output = game.model.module(films, values.expand(len(masks), -1), known)
        return np.asarray(game.target.of(output.scores).cpu().numpy())

    count = len(game.schema.names)
    explainer = shap.KernelExplainer(of_masks, np.zeros((1, count)), silent=True)
    explainer.shap_values(game.form[1].cpu().numpy().astype(float), silent=True)


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
