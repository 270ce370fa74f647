"""Integrated gradients and occlusion of `captum`, over the same regions and the same fill."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from xattn.explain.base import Game, Steps
from xattn.explain.film import CHUNK
from xattn.explain.integrated import BATCH
from xattn.explain.libraries.adapter import FilmReader, LibraryExplainer
from xattn.explain.regions import region_sums
from xattn.records import Attribution, Kind, Map


@dataclass(frozen=True, kw_only=True)
class CaptumIntegratedGradients(LibraryExplainer):
    """`captum.attr.IntegratedGradients` from the absent film to the film, summed over regions.

    Sundararajan et al. 2017 (arXiv 1703.01365), equation 1.
    """

    label: ClassVar[str] = "Integrated gradients (captum)"
    kind: ClassVar[Kind] = "contribution"
    package: ClassVar[str] = "captum"

    points: int = 32
    """Points of the Gauss-Legendre quadrature on the path."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward and one backward pass per point, in the library's batches."""
        from captum.attr import IntegratedGradients

        film = game.film.image.clone()
        with torch.enable_grad():
            attributed = IntegratedGradients(FilmReader(game)).attribute(
                film,
                baselines=torch.full_like(film, game.film.fill),
                target=0,
                n_steps=self.points,
                method="gausslegendre",
                internal_batch_size=BATCH,
            )
        yield 1.0
        pixels = attributed[0, 0].detach().cpu().numpy().astype(np.float32)
        sums = region_sums(pixels, game.film.regions)
        return self.by_region(game, sums, passes=2 * self.points, more=(Map("pixels", pixels),))


@dataclass(frozen=True, kw_only=True)
class CaptumOcclusion(LibraryExplainer):
    """v(x) − v(x without the region), region by region, by `captum.attr.FeatureAblation`.

    What one region alone is worth when all others are there: regions that stand in for each other
    get little, so the gap of the sum is part of the answer.
    """

    label: ClassVar[str] = "Occlusion (captum)"
    kind: ClassVar[Kind] = "contribution"
    package: ClassVar[str] = "captum"

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward pass per region, in batches, and one for the whole film."""
        from captum.attr import FeatureAblation

        labels = torch.from_numpy(game.film.regions).to(game.model.device)[None, None]
        attributed = FeatureAblation(FilmReader(game)).attribute(
            game.film.image,
            baselines=game.film.fill,
            target=0,
            feature_mask=labels,
            perturbations_per_eval=CHUNK,
        )
        yield 1.0
        _, first = np.unique(game.film.regions, return_index=True)
        drops = attributed.cpu().numpy().ravel()[first].astype(np.float64)
        return self.by_region(game, drops, passes=game.film.region_count + 1)
