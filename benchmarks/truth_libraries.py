"""The libraries as their manuals show them, and shap's sampler on our players."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from benchmarks.truth_answer import Amount, Answer
from benchmarks.truth_scores import per_pixel
from xattn.explain.base import Game
from xattn.explain.film import CHUNK
from xattn.explain.libraries.adapter import FilmReader
from xattn.explain.libraries.gradcam import feature_layer

SHAP_BATCH = 50
"""Of shap's manual for pictures."""
SEED = 0
PASSES = 2
"""One forward and one backward: what a gradient costs."""


def default_of(function: Callable[..., object], name: str) -> int:
    """What a library uses unless it is told otherwise."""
    return int(inspect.signature(function).parameters[name].default)


@contextmanager
def seeded() -> Iterator[None]:
    """The same draws from the generator that shap shares with everybody, which then goes on."""
    before = np.random.get_state()  # noqa: NPY002  # shap has no generator of its own
    np.random.seed(SEED)  # noqa: NPY002
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def kernel_shap(game: Game, amount: Amount) -> Answer:
    """`shap.KernelExplainer` on regions and fields, with the joint game's number of films."""
    import shap

    regions = game.film.region_count
    columns = [game.schema.names.index(name) for name in game.fields]
    samples = amount.masks(game)

    def of_players(rows: np.ndarray) -> np.ndarray:
        present = np.asarray(rows) > 0.5
        known = np.zeros((len(present), 1, len(game.schema.names)), dtype=bool)
        known[:, 0, columns] = present[:, regions:]
        parts = [
            game.of_pairs(game.film.encode(present[part, :regions]), known[part])
            for part in _batches(len(present))
        ]
        return np.concatenate(parts)[:, 0]

    players = regions + len(columns)
    with seeded():
        explainer = shap.KernelExplainer(of_players, np.zeros((1, players)), silent=True)
        found = explainer.shap_values(
            np.ones((1, players)), nsamples=samples, l1_reg=False, silent=True
        )
    shares = np.asarray(found, dtype=np.float64).ravel()
    density = per_pixel(shares[:regions], game.film.regions)
    fields = dict(zip(game.fields, map(float, shares[regions:]), strict=True))
    return Answer(samples, density=density, fields=fields)


def grad_cam(game: Game, _: Amount) -> Answer:
    """`GradCAM` of grad-cam: after its ReLU, stretched to 0 to 1, drawn at the film's size."""
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    reader = FilmReader(game)
    with warnings.catch_warnings(), torch.enable_grad():
        warnings.simplefilter("ignore")
        with GradCAM(reader, [feature_layer(reader.model)]) as cam:
            shown = cam(game.film.image.clone().requires_grad_(), [ClassifierOutputTarget(0)])
    return Answer(PASSES, density=np.asarray(shown[0], dtype=np.float64))


def integrated(game: Game, _: Amount) -> Answer:
    """`IntegratedGradients` of captum from a black film, with its own number of points."""
    from captum.attr import IntegratedGradients

    with torch.enable_grad():
        found = IntegratedGradients(FilmReader(game)).attribute(
            game.film.image.clone(), target=0, internal_batch_size=CHUNK
        )
    points = default_of(IntegratedGradients.attribute, "n_steps")
    return Answer(PASSES * points, density=found[0, 0].detach().double().cpu().numpy())


def lime(game: Game, _: Amount) -> Answer:
    """`LimeImageExplainer` of lime: its own segments, their mean grey as fill, its own samples."""
    from lime.lime_image import LimeImageExplainer

    picture = game.film.image[0, 0].cpu().numpy().astype(np.float64)
    pictures = _Pictures(game)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explained = LimeImageExplainer(random_state=SEED).explain_instance(
            picture, pictures, labels=(0,), top_labels=None
        )
    labels = np.unique(explained.segments, return_inverse=True)[1].reshape(picture.shape)
    weights = dict(explained.local_exp[0])
    contributions = np.array([weights.get(segment, 0.0) for segment in range(labels.max() + 1)])
    return Answer(pictures.count, density=per_pixel(contributions, labels))


def partition(game: Game, _: Amount) -> Answer:
    """`shap.Explainer` of pictures: Owen values over halves of halves, absent parts blurred."""
    import shap

    picture = game.film.image[0, 0].cpu().numpy()
    coloured = np.repeat(picture[..., None], 3, axis=2)
    pictures = _Pictures(game)
    with seeded():
        masker = shap.maskers.Image("blur(16,16)", coloured.shape)
        explainer = shap.Explainer(pictures, masker)
        found = explainer(coloured[None], max_evals=500, batch_size=SHAP_BATCH, silent=True)
    values = np.asarray(found.values, dtype=np.float64).reshape(*coloured.shape, -1)
    return Answer(pictures.count, density=values[..., 0].sum(axis=2))


class _Pictures:
    """The model as the libraries for pictures call it: colours in, (M, 1) values out; counted."""

    def __init__(self, game: Game) -> None:
        self.reader = FilmReader(game)
        self.device = game.model.device
        self.count = 0

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        self.count += len(pictures)
        grey = torch.from_numpy(np.ascontiguousarray(pictures[..., 0])).float()[:, None]
        with torch.no_grad():
            parts = [self.reader(part.to(self.device)) for part in torch.split(grey, CHUNK)]
        return np.asarray(torch.cat(parts).cpu().numpy())


def _batches(count: int) -> list[slice]:
    return [slice(first, first + CHUNK) for first in range(0, count, CHUNK)]
