"""LIME over the image regions: our regions and pool of masked films, the solver of `lime`."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from lime.lime_base import LimeBase
from sklearn.linear_model import Ridge

from xattn.explain.base import Explainer, Game, Steps
from xattn.explain.regions import paint
from xattn.explain.sampling import jackknife
from xattn.records import Attribution, Kind, Map


@dataclass(frozen=True, kw_only=True)
class RegionLime(Explainer):
    """A weighted ridge regression of v on which regions are present.

    Ribeiro et al. 2016 (arXiv 1602.04938), equation 1 with the kernel exp(−d²/σ²), d the cosine
    distance to the whole film, as in `lime`: 1 − √(share of regions kept). The spread is the
    standard deviation of each coefficient over seeds, by the jackknife that leaves out one part of
    the pool at a time.
    NOTE[DIFF] Masks keep regions at every rate from 0 to 1, as the model was trained with them, in
    pairs of complements; not at one half.
    """

    label: ClassVar[str] = "LIME"
    kind: ClassVar[Kind] = "contribution"
    draws_pool: ClassVar[bool] = True

    samples: int = 320
    """Masked films in all; a multiple of 32 times the parts."""
    parts: int = 5
    """Parts of the pool, of which each is left out once for the spread."""
    kernel_width: float = 0.25
    """σ of the kernel; `lime`'s default for images."""
    ridge: float = 1.0
    """Penalty of the regression; `lime`'s default."""

    def steps(self, game: Game) -> Steps[Attribution]:
        """The pool's masked films, then one fit of all and one without each part."""
        yield from game.film.grow(self.samples)
        masks, films = game.film.pool(self.samples)
        values = game.of_films(films)
        coefficients, score = self.fit(masks, values, game.value)
        part = np.arange(len(masks)) * self.parts // len(masks)
        fits = [
            self.fit(masks[part != out], values[part != out], game.value)[0]
            for out in range(self.parts)
        ]
        spread = jackknife(np.array(fits))
        labels = game.film.regions
        return replace(
            self.blank(game),
            maps=(
                Map(game.target.name, paint(coefficients, labels)),
                Map("spread over seeds", paint(spread, labels)),
            ),
            value=game.value,
            gap=float(coefficients.sum() - (game.value - self.absent(game))),
            figures=(
                ("weighted R²", score),
                ("rounding of the pool", game.rounding),
                ("median spread over seeds", float(np.median(spread))),
            ),
            regions=labels,
            passes=len(masks),
        )

    def fit(self, masks: np.ndarray, values: np.ndarray, whole: float) -> tuple[np.ndarray, float]:
        """Coefficients (R,) and weighted R² for masks (M, R), values (M,) and the whole film's."""
        data = np.concatenate([np.ones((1, masks.shape[1])), masks])
        distances = 1 - np.sqrt(data.mean(axis=1))
        _, pairs, score, _ = LimeBase(self.weight).explain_instance_with_data(
            data,
            np.concatenate([[whole], values])[:, None],
            distances,
            0,
            masks.shape[1],
            feature_selection="none",
            model_regressor=Ridge(alpha=self.ridge),
        )
        coefficients = np.zeros(masks.shape[1])
        coefficients[[region for region, _ in pairs]] = [weight for _, weight in pairs]
        return coefficients, float(score)

    def weight(self, distances: np.ndarray) -> np.ndarray:
        """`lime`'s kernel, √exp(−d²/σ²), of distances to the whole film."""
        return np.sqrt(np.exp(-(distances**2) / self.kernel_width**2))

    @staticmethod
    def absent(game: Game) -> float:
        """v(form alone): what the coefficients should reach from."""
        return float(game.of_forms(game.film.nothing, game.form[1].cpu().numpy())[0])
