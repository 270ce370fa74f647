"""A film as the explainers see it: encoded once, with a pool of masked versions of itself.

The pool's tokens do not depend on the form, so an edit of the form meets all of them again at the
cost of fusion alone. Absent regions are filled with one stated grey; a film filled throughout is
"image absent", the same state by the same path for every game.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from xattn.explain.coalitions import Coalitions
from xattn.explain.encoding import encode
from xattn.explain.regions import regions
from xattn.explain.sampling import POOL, draw_masks
from xattn.models.tokens import ImageTokens
from xattn.records import Film
from xattn.systems import LoadedModel

CHUNK = 32
"""Masked films to a batch of the pool, in whole pairs; fixed, since masks are drawn by batch."""
BLUR = 1 / 16
"""Standard deviation of the blurred fill as a share of the film's side: wider than most regions."""

BATCHES_KEPT = 64
"""Batches whose raw scores are kept, under 30 kB each: two forms under both fills."""
SAMPLED = 8
"""Masked films on which the rounding of the pool is measured."""

Fill = Literal["trained", "blurred", "mean"]
"""What stands in an absent region: the grey of training, the blurred film, or its own mean grey."""


class EncodedFilm:
    """One film under one model: its tokens, its regions, and the pool of masked films.

    Only the trained fill makes "every region absent" the same as "image absent"; under another fill
    it is another state, so that other fills serve to show a spread, never the contributions.
    """

    def __init__(self, model: LoadedModel, film: Film, *, seed: int = 0) -> None:
        self.model = model
        self.seed = seed
        self.image = torch.from_numpy(film.pixels)[None, None].to(model.device)
        self._moved = torch.from_numpy(film.jittered).unsqueeze(1).to(model.device)
        self.fill = model.module.config.fill
        self.with_film, self.without_film = Coalitions(), Coalitions()
        self._masks: list[np.ndarray] = []
        self._pools: dict[Fill, list[ImageTokens]] = {}
        self._absent: dict[Fill, ImageTokens] = {}
        self._scores: OrderedDict[Hashable, np.ndarray] = OrderedDict()

    @cached_property
    def regions(self) -> np.ndarray:
        """The image players as labels (S, S)."""
        return regions(self.image[0, 0].cpu().numpy())

    @property
    def region_count(self) -> int:
        """R, the number of image players."""
        return int(self.regions.max()) + 1

    def scores(self, key: Hashable, make: Callable[[], np.ndarray]) -> np.ndarray:
        """Raw scores of masked films with their forms, as kept under a key, or made and kept."""
        found = self._scores.pop(key, None)
        self._scores[key] = make() if found is None else found
        while len(self._scores) > BATCHES_KEPT:
            self._scores.popitem(last=False)
        return self._scores[key]

    @property
    def pooled(self) -> int:
        """Masked films under the trained fill that are there already."""
        return len(self._pools.get("trained", ())) * CHUNK

    @cached_property
    def tokens(self) -> ImageTokens:
        """The tokens of the film as it is."""
        return self._encode(self.image)

    @property
    def nothing(self) -> ImageTokens:
        """The tokens of the absent film: every region filled as in training."""
        return self.absent("trained")

    def absent(self, fill: Fill) -> ImageTokens:
        """The tokens of the film with every region filled."""
        if fill not in self._absent:
            self._absent[fill] = self._encode(self.background(fill))
        return self._absent[fill]

    def background(self, fill: Fill) -> Tensor:
        """What is seen (1, 1, S, S) where a region is absent."""
        if fill == "blurred":
            pixels = self.image[0, 0].cpu().numpy()
            blurred = gaussian_filter(pixels, BLUR * len(pixels), mode="nearest")
            return torch.from_numpy(blurred)[None, None].to(self.model.device)
        grey = self.fill if fill == "trained" else float(self.image.mean())
        return torch.full_like(self.image, grey)

    def encode(
        self, masks: np.ndarray, fill: Fill = "trained", *, is_rounded: bool = False
    ) -> ImageTokens:
        """The tokens of this film with only the regions of each mask (M, R) left in place.

        A mask that keeps nothing has the tokens of the absent film to the bit, in any batch.
        """
        kept = torch.from_numpy(masks).to(self.model.device)
        labels = torch.from_numpy(self.regions).to(self.model.device)
        films = torch.where(kept[:, labels].unsqueeze(1), self.image, self.background(fill))
        encoded = encode(self.model, films, is_rounded=is_rounded)
        if masks.any(axis=1).all():
            return encoded
        is_there = kept.any(dim=1)[:, None, None]
        tokens = torch.where(is_there, encoded.tokens, self.absent(fill).tokens)
        return replace(encoded, tokens=tokens)

    def _encode(self, films: Tensor) -> ImageTokens:
        with torch.no_grad():
            return self.model.module.encode_image(films)

    def grow(self, count: int, fill: Fill = "trained") -> Iterator[float]:
        """Fill the pool up to `count` masked films, yielding the share done after each batch.

        The sizes of the masks are uniform, as in training. The same seed gives the same masks,
        whatever was asked for before, and every fill has the same masks. A caller that stops
        leaves whole batches behind.
        """
        pool = self._pools.setdefault(fill, [])
        while (have := len(pool) * CHUNK) < count:
            masks = self.masks(have + CHUNK)[have:]
            pool.append(self.encode(masks, fill, is_rounded=self.model.is_rounded))
            yield min(1.0, (have + CHUNK) / count)

    @cached_property
    def jittered(self) -> ImageTokens | None:
        """The tokens of the film in its box moved and resized; None where no box was drawn."""
        return self._encode(self._moved).without_features() if len(self._moved) else None

    @cached_property
    def pair(self) -> tuple[ImageTokens, ImageTokens]:
        """The pool's first masked films as they are kept, and encoded in full precision."""
        masks, films = self.pool(1)
        first = replace(films[0], tokens=films[0].tokens[:SAMPLED])
        return first, self.encode(masks[:SAMPLED])

    def masks(self, count: int) -> np.ndarray:
        """The masks (M, R) of the pool up to `count`, in whole batches; see `draw_masks`."""
        while (have := len(self._masks) * CHUNK) < count:
            seed = (self.seed, POOL, have)
            self._masks.append(draw_masks(self.region_count, CHUNK, seed=seed))
        return np.concatenate(self._masks[: -(-count // CHUNK)])

    def pool(self, count: int, fill: Fill = "trained") -> tuple[np.ndarray, list[ImageTokens]]:
        """The masks (M, R) of the pool up to `count`, and their tokens in batches."""
        return self.masks(count), self._pools[fill][: -(-count // CHUNK)]
