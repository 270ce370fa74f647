"""A film as the explainers see it: encoded once, with a pool of masked versions of itself.

The pool's tokens do not depend on the form, so an edit of the form meets all of them again at the
cost of fusion alone. Absent regions are filled with one stated grey; a film filled throughout is
"image absent", the same state by the same path for every game.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from xattn.explain.regions import regions
from xattn.models.tokens import ImageTokens
from xattn.records import Film
from xattn.systems import LoadedModel

CHUNK = 32
"""Masked films per encoder pass: fixed, because another batch size rounds differently."""


class EncodedFilm:
    """One film under one model: its tokens, its regions, and the pool of masked films."""

    def __init__(self, model: LoadedModel, film: Film, *, seed: int = 0) -> None:
        self.model = model
        self.seed = seed
        self.image = torch.from_numpy(film.pixels)[None, None].to(model.device)
        self.fill = model.module.config.fill
        self._masks: list[np.ndarray] = []
        self._pool: list[ImageTokens] = []

    @cached_property
    def regions(self) -> np.ndarray:
        """The image players as labels (S, S)."""
        return regions(self.image[0, 0].cpu().numpy())

    @property
    def region_count(self) -> int:
        """R, the number of image players."""
        return int(self.regions.max()) + 1

    @cached_property
    def tokens(self) -> ImageTokens:
        """The tokens of the film as it is."""
        return self._encode(self.image)

    @cached_property
    def nothing(self) -> ImageTokens:
        """The tokens of the absent film: every region filled."""
        return self._encode(torch.full_like(self.image, self.fill))

    def encode(self, masks: np.ndarray) -> ImageTokens:
        """The tokens of this film with only the regions of each mask (M, R) left in place."""
        kept = torch.from_numpy(masks).to(self.model.device)
        labels = torch.from_numpy(self.regions).to(self.model.device)
        return self._encode(torch.where(kept[:, labels].unsqueeze(1), self.image, self.fill))

    def _encode(self, films: Tensor) -> ImageTokens:
        with torch.no_grad():
            return self.model.module.encode_image(films)

    def grow(self, count: int) -> Iterator[float]:
        """Fill the pool up to `count` masked films, yielding the share done after each batch.

        Each mask keeps every region with one probability drawn from U(0, 1), as in training. The
        same seed gives the same masks, whatever was asked for before.
        """
        while (have := len(self._pool) * CHUNK) < count:
            masks = draw_masks(self.region_count, CHUNK, seed=self.seed + have)
            self._pool.append(self.encode(masks).without_features())
            self._masks.append(masks)
            yield min(1.0, (have + CHUNK) / count)

    def pool(self, count: int) -> tuple[np.ndarray, list[ImageTokens]]:
        """The masks (M, R) of the pool up to `count`, and their tokens in batches."""
        batches = -(-count // CHUNK)
        return np.concatenate(self._masks[:batches]), self._pool[:batches]


def draw_masks(region_count: int, count: int, *, seed: int) -> np.ndarray:
    """Masks (count, R): each keeps its regions at a rate of its own from U(0, 1)."""
    generator = np.random.default_rng(seed)
    rates = generator.random((count, 1))
    return generator.random((count, region_count)) < rates
