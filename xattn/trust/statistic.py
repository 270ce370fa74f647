"""How well what a map gives the regions agrees with what covering them does to the value.

The effect of each region is estimated from the judged coalitions, and a map is correlated with the
effects over the regions, area and share of the body held fixed. Of the statistics tried on planted
signals (correlation over coalitions of Σ_S a with v(S), with covariances instead of effects, with
ranks), this one had the highest power: it takes out first what is chance in the draw of coalitions.
"""

from dataclasses import dataclass

import numpy as np

from xattn.records import Kind
from xattn.trust.judging import LEVELS, JudgedFilm
from xattn.trust.nulls import CELLS, body_mask, silhouettes

STREAM = 0x6F75746C
PENALTY = 0.1
"""Ridge penalty as a share of the mean squared length of a region's column."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Judge:
    """A judged film, prepared for many maps.

    `weights` (R, C²) average a coarse map over regions, `area` (R,) is each region's share of the
    square, `outlines` (n, C, C) are the silhouettes drawn for this film. `effects` (R,) are the
    regions' effects on the value in its unit, `controls` (R, 3) what a map gets no credit for: a
    constant, the area, the share of the region that is body.
    """

    judged: JudgedFilm
    seed: int
    body: np.ndarray
    outlines: np.ndarray
    weights: np.ndarray
    area: np.ndarray
    effects: np.ndarray
    controls: np.ndarray

    @staticmethod
    def of(judged: JudgedFilm, *, seed: int = 0) -> "Judge":
        """The judge of one film and target."""
        weights = region_weights(judged.labels)
        area = np.bincount(judged.labels.ravel()) / judged.labels.size
        body = body_mask(judged.film)
        controls = np.stack([np.ones(len(area)), area, weights @ body.ravel()], axis=1)
        return Judge(
            judged=judged,
            seed=seed,
            body=body,
            outlines=silhouettes(judged.film, body, np.random.default_rng([seed, STREAM])),
            weights=weights,
            area=area,
            effects=region_effects(judged),
            controls=controls,
        )

    def regions(self, maps: np.ndarray, *, is_sum: bool) -> np.ndarray:
        """What maps (n, C, C) give each region (n, R): their sum there, or their mean."""
        means = maps.reshape(len(maps), -1) @ self.weights.T
        return np.asarray(means * self.area if is_sum else means)

    def agreement(
        self, vectors: np.ndarray, kind: Kind, *, common: np.ndarray | None = None
    ) -> np.ndarray:
        """Partial correlations (n,) over regions of vectors (n, R) with the effects.

        Contributions and relative maps claim a direction: a region with more raises the value more.
        Attention claims none: it is correlated with the size of the effects. `common` (k, R) are
        held fixed as well.
        """
        effects = np.abs(self.effects) if kind == "attention" else self.effects
        controls = self.controls
        if common is not None:
            controls = np.concatenate([controls, common.T], axis=1)
        rest, left = _without(controls, vectors.T), _without(controls, effects)
        # A map that is nothing but its controls leaves rounding errors, which must not correlate.
        least = 1e-9 * np.linalg.norm(vectors, axis=1) + np.finfo(np.float64).tiny
        lengths = np.linalg.norm(rest, axis=0)
        scale = np.maximum(lengths, least) * max(float(np.linalg.norm(left)), 1e-300)
        return np.asarray(np.where(lengths > least, left @ rest / scale, 0.0))


def region_effects(judged: JudgedFilm) -> np.ndarray:
    """What keeping each region (R,) does to the value, from the judged coalitions by ridge.

    Every share of regions kept has an intercept of its own, so that how much is kept explains
    nothing.
    """
    strata = np.tile(np.eye(LEVELS), (len(judged.orders), 1))
    kept = _without(strata, judged.masks.astype(np.float64))
    gram = kept.T @ kept
    penalty = PENALTY * np.trace(gram) / len(gram)
    moments = kept.T @ _without(strata, judged.values)
    return np.asarray(np.linalg.solve(gram + penalty * np.eye(len(gram)), moments))


def region_weights(labels: np.ndarray) -> np.ndarray:
    """Weights (R, C²) that sum to 1: each coarse cell's share of each region of labels (S, S)."""
    cell = np.arange(len(labels)) * CELLS // len(labels)
    cells = cell[:, None] * CELLS + cell[None, :]
    counts = np.zeros((int(labels.max()) + 1, CELLS**2))
    np.add.at(counts, (labels.ravel(), cells.ravel()), 1.0)
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _without(controls: np.ndarray, values: np.ndarray) -> np.ndarray:
    """What a linear fit on the controls leaves of values (M,) or (M, n)."""
    return np.asarray(values - controls @ np.linalg.lstsq(controls, values, rcond=None)[0])
