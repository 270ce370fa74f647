"""LIME by `lime`'s own image explainer: its neighbourhood and solver, our regions and fill."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from xattn.explain.base import Game, Steps
from xattn.explain.film import CHUNK
from xattn.explain.libraries.adapter import LibraryExplainer
from xattn.records import Attribution, Kind


@dataclass(frozen=True, kw_only=True)
class LibraryLime(LibraryExplainer):
    """`lime.lime_image.LimeImageExplainer` on the film's regions, absent ones filled as trained.

    Ribeiro et al. 2016 (arXiv 1602.04938), equation 1. The library's own segmentation gives one
    region on a smooth film, so ours is passed in. The neighbourhood is the one that it draws from
    this seed; it is answered here, batch by batch, so that the work can be watched and cancelled.
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
        """One forward pass per masked film, then the library's fit."""
        from lime.lime_image import LimeImageExplainer

        explainer = LimeImageExplainer(
            kernel_width=self.kernel_width,
            feature_selection="none",
            random_state=np.random.RandomState(self.seed),
        )
        masks = neighbourhood(explainer.random_state, self.samples, game.film.region_count)
        values = []
        for start in range(0, self.samples, CHUNK):
            films = game.film.encode(masks[start : start + CHUNK].astype(bool))
            values.append(game.of_films([films]))
            yield min(1.0, (start + CHUNK) / self.samples)
        explainer.data_labels = lambda *_, **__: (masks, np.concatenate(values)[:, None])
        explained = explainer.explain_instance(
            game.film.image[0, 0].cpu().numpy(),
            None,
            labels=(0,),
            top_labels=None,
            hide_color=game.film.fill,
            segmentation_fn=lambda _: game.film.regions,
            random_seed=self.seed,
        )
        coefficients = np.zeros(game.film.region_count)
        for region, weight in explained.local_exp[0]:
            coefficients[region] = weight
        figures = (("weighted R²", float(explained.score)),)
        return self.by_region(game, coefficients, passes=self.samples, figures=figures)


def neighbourhood(random: np.random.RandomState, samples: int, regions: int) -> np.ndarray:
    """The masks (M, R) of zeros and ones that `lime` draws: one half kept, the whole film first."""
    masks = random.randint(0, 2, samples * regions).reshape(samples, regions)
    masks[0] = 1
    return masks
