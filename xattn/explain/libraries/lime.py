"""LIME by `lime`'s own image explainer: its neighbourhood and solver, our regions and fill."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from xattn.explain.base import Game, Steps
from xattn.explain.film import CHUNK
from xattn.explain.libraries.adapter import LibraryExplainer
from xattn.explain.libraries.outside import Questions, outside
from xattn.records import Attribution, Kind

Asked = Questions[np.ndarray, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class LibraryLime(LibraryExplainer):
    """`lime.lime_image.LimeImageExplainer` on the film's regions, absent ones filled as trained.

    Ribeiro et al. 2016 (arXiv 1602.04938), equation 1. The library's own segmentation gives one
    region on a smooth film, so ours is passed in. The neighbourhood is the one that it draws from
    this seed; it is asked for in our batches of masks, not in the library's of coloured films.
    """

    label: ClassVar[str] = "LIME (lime)"
    kind: ClassVar[Kind] = "contribution"
    package: ClassVar[str] = "lime"

    samples: int = 1000
    """Masked films, the whole one first; the library's default."""
    kernel_width: float = 0.25
    """σ of the kernel on cosine distances; the library's default for images."""
    seed: int = 0
    """Of the neighbourhood: a new explainer for every call, so that calls agree."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward pass per masked film; the library draws and fits in its own thread."""
        film = game.film
        image, labels = film.image[0, 0].cpu().numpy(), film.regions

        def model(masks: np.ndarray) -> np.ndarray:
            return game.of_films([film.encode(masks)])

        explained = yield from outside(
            lambda asked: self._explain(asked, image, labels, film.fill),
            model,
            batches=-(-self.samples // CHUNK),
        )
        coefficients = np.zeros(film.region_count)
        for region, weight in explained.local_exp[0]:
            coefficients[region] = weight
        figures = (("weighted R²", float(explained.score)),)
        return self.by_region(game, coefficients, passes=self.samples, figures=figures)

    def _explain(self, asked: Asked, image: np.ndarray, labels: np.ndarray, fill: float) -> Any:
        from lime.lime_image import LimeImageExplainer

        explainer = LimeImageExplainer(
            kernel_width=self.kernel_width,
            feature_selection="none",
            random_state=np.random.RandomState(self.seed),
        )

        def data_labels(*_: object, **__: object) -> tuple[np.ndarray, np.ndarray]:
            masks = neighbourhood(explainer.random_state, self.samples, int(labels.max()) + 1)
            batches = np.split(masks.astype(bool), range(CHUNK, self.samples, CHUNK))
            return masks, np.concatenate([asked(batch) for batch in batches])[:, None]

        explainer.data_labels = data_labels
        return explainer.explain_instance(
            image,
            None,
            labels=(0,),
            top_labels=None,
            hide_color=fill,
            segmentation_fn=lambda _: labels,
            random_seed=self.seed,
        )


def neighbourhood(random: np.random.RandomState, samples: int, regions: int) -> np.ndarray:
    """The masks (M, R) of zeros and ones that `lime` draws: one half kept, the whole film first."""
    masks = random.randint(0, 2, samples * regions).reshape(samples, regions)
    masks[0] = 1
    return masks
