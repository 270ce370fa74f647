"""Integrated gradients from the absent film to the film, with the gap of its completeness."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch

from xattn.explain.base import Explainer, Game, Steps
from xattn.explain.regions import paint, region_sums
from xattn.records import Attribution, Kind, Map

BATCH = 8
"""Path points per pass: fixed, because another batch size rounds differently."""


@dataclass(frozen=True, kw_only=True)
class IntegratedGradients(Explainer):
    """(x − x′) ⊙ ∫ ∂v/∂x (x′ + t (x − x′)) dt, by Gauss-Legendre quadrature, form held fixed.

    Sundararajan et al. 2017 (arXiv 1703.01365), equation 1. Baseline x′: the absent film. The sum
    is v(x) − v(x′) up to the gap that is printed beside it.
    """

    label: ClassVar[str] = "Integrated gradients"
    kind: ClassVar[Kind] = "contribution"

    points: int = 32
    """Points of the quadrature on the path."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """One forward and one backward pass per point, in small batches."""
        film = game.film.image
        baseline = torch.full_like(film, game.film.fill)
        places, weights = np.polynomial.legendre.leggauss(self.points)
        total = torch.zeros_like(film, dtype=torch.float64)
        for start in range(0, self.points, BATCH):
            t, w = (
                torch.tensor(part[start : start + BATCH] / 2, device=film.device).view(-1, 1, 1, 1)
                for part in (places + 1, weights)
            )
            images = (baseline + t * (film - baseline)).float()
            _, value = game.gradient(images)
            (gradient,) = torch.autograd.grad(value.sum(), images)
            total += (w * gradient).sum(dim=0)
            yield min(1.0, (start + BATCH) / self.points)
        pixels = ((film - baseline) * total)[0, 0].cpu().numpy()
        known = game.form[1].cpu().numpy()
        difference = game.value - float(game.of_forms(game.film.nothing, known)[0])
        per_region = region_sums(pixels, game.film.regions)
        return replace(
            self.blank(game),
            maps=(
                Map(game.target.name, paint(per_region, game.film.regions)),
                Map("pixels", pixels.astype(np.float32)),
            ),
            reference=game.value - difference,
            value=game.value,
            gap=float(per_region.sum() - difference),
            regions=game.film.regions,
            passes=2 * self.points,
        )
