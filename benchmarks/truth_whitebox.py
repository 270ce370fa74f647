"""White boxes: models of film and form whose every Shapley value is known in closed form.

v = Σ over terms of (coefficient × what its players hold). A region holds how dark it is beside the
fill, a field holds 1 where it is known, and both hold 0 where they are absent; so every term is a
product that vanishes with any of its players, its value is the dividend of their coalition
(Harsanyi 1963), and the Shapley value of a player is its even part of each of its dividends.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from xattn.models.checkpoint import Calibration, Checkpoint, Description
from xattn.models.network import Backbone, Network
from xattn.models.tokens import ImageTokens, Output
from xattn.systems import SYSTEMS, LoadedModel

FILL = 0.25
"""Grey of an absent region: a sum of powers of two, so that absent is exactly 0."""
CELLS = 7
"""Cells along each side of the feature map."""
STRENGTH = 0.3
"""Standard deviation of a coefficient, in score."""
LARGEST = 4
"""Players of the largest product."""
GIVEN = -1
"""Group of a player that is there in every coalition."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a white box is made of: sizes of the products, and whether darkness saturates."""

    name: str
    largest: int = 1
    saturates: bool = False


RECIPES = (
    Recipe("sum"),
    Recipe("products of two", largest=2),
    Recipe("products of up to four, saturating", largest=LARGEST, saturates=True),
)


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Products of P players: `places` (T, 4) with P where there are fewer, `factors` (T,)."""

    places: np.ndarray
    factors: np.ndarray
    players: int

    def dividends(self, held: np.ndarray) -> np.ndarray:
        """The value (T,) of every term where the players hold these numbers (P,)."""
        return np.asarray(self.factors * np.append(held, 1.0)[self.places].prod(axis=1))


def shapley(terms: Terms, held: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Shapley values (G,) of groups of players that hold `held` (P,) and come and go together.

    `groups` (P,) numbers them; a player that is `GIVEN` is no player of the game. One group for
    each player is the game of all; with the regions in one group the film is one player.
    """
    shares = np.zeros(groups.max() + 1)
    named = np.append(groups, GIVEN)
    for places, dividend in zip(terms.places, terms.dividends(held), strict=True):
        owners = np.unique(named[places])
        owners = owners[owners != GIVEN]
        if len(owners):
            shares[owners] += dividend / len(owners)
    return shares


def draw_terms(recipe: Recipe, regions: int, fields: np.ndarray, *, seed: int) -> Terms:
    """One term for each region and known field (F,) bool, then products at random.

    Of each larger size come as many as there are regions; every other one holds a field.
    """
    generator = np.random.default_rng([seed, 21])
    players = regions + len(fields)
    known = regions + np.flatnonzero(fields)
    rows = [[player] for player in (*range(regions), *known)]
    for size in range(2, recipe.largest + 1):
        for number in range(regions):
            has_field = number % 2 == 0 and len(known) > 0
            chosen = generator.choice(regions, size - has_field, replace=False).tolist()
            rows.append([*chosen, *([int(generator.choice(known))] if has_field else [])])
    places = np.full((len(rows), LARGEST), players)
    for row, chosen in zip(places, rows, strict=True):
        row[: len(chosen)] = chosen
    return Terms(places, STRENGTH * generator.normal(size=len(rows)), players)


class Darkness(Backbone):
    """How much darker than the fill each region is: its part in every cell (B, R, 7, 7)."""

    place: Tensor
    share: Tensor

    def __init__(self, labels: np.ndarray, film: np.ndarray) -> None:
        super().__init__()
        side, regions = len(labels), int(labels.max()) + 1
        cell = np.arange(side) * CELLS // side
        place = labels * CELLS**2 + cell[:, None] * CELLS + cell
        area = np.bincount(labels.ravel())
        means = np.bincount(labels.ravel(), weights=(FILL - film.astype(float)).ravel()) / area
        usual = np.sqrt((means**2).mean())  # so that the terms of every film are of one size
        self.channels, self.stride = regions, side // CELLS
        self.register_buffer("place", torch.from_numpy(place.ravel()))
        self.register_buffer("share", torch.from_numpy(1 / (area * usual))[labels.ravel()])

    def forward(self, image: Tensor) -> Tensor:
        """The feature map, in float64."""
        darker = (FILL - image.double()).flatten(1) * self.share
        cells = darker.new_zeros(len(image), self.channels * CELLS**2)
        cells = cells.index_add(1, self.place, darker)
        return cells.view(len(image), self.channels, CELLS, CELLS)


@dataclass(frozen=True, slots=True)
class WhiteBoxConfig:
    """Side of the film, and the fill."""

    size: int
    fill: float


class WhiteBox(Network):
    """The sum of terms over the regions of one film and the fields of its form.

    All of its `scores` are equal.
    """

    places: Tensor

    def __init__(self, backbone: Darkness, terms: Terms, *, saturates: bool, scores: int) -> None:
        super().__init__()
        size = int(len(backbone.place) ** 0.5)
        self.config = WhiteBoxConfig(size, FILL)
        self.scores = scores
        self.backbone: Darkness = backbone
        self.terms = terms
        self.saturates = saturates
        self.register_buffer("places", torch.from_numpy(terms.places))
        # A parameter, because grad-cam asks a model's first one for its device.
        self.factors = nn.Parameter(torch.from_numpy(terms.factors), requires_grad=False)

    def encode_image(self, image: Tensor) -> ImageTokens:
        """One token per region: what it holds."""
        features = self.backbone(image)
        sums = features.sum(dim=(2, 3))
        held = torch.tanh(sums) if self.saturates else sums
        return ImageTokens(held.unsqueeze(-1), (sums.shape[1], 1), features)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:  # noqa: ARG002
        """The sum of products; what a field says does not matter, only that it is known."""
        held = image.tokens.squeeze(-1)
        rows = max(len(held), len(known))
        one = held.new_ones(rows, 1)
        players = torch.cat([held.expand(rows, -1), known.double().expand(rows, -1), one], dim=1)
        score = players[:, self.places].prod(dim=-1) @ self.factors
        return Output(score[:, None].expand(-1, self.scores), image.features, {})

    def held(self, film: np.ndarray, known: np.ndarray) -> np.ndarray:
        """What every player (P,) holds: regions of a film (S, S), then fields (F,) bool."""
        with torch.no_grad():
            tokens = self.encode_image(torch.from_numpy(film)[None, None]).tokens
        return np.concatenate([tokens[0, :, 0].numpy(), known.astype(float)])


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """What a white box is built on: pixels (S, S), regions (S, S), known fields (F,) bool."""

    pixels: np.ndarray
    labels: np.ndarray
    known: np.ndarray


def white_box(system: str, film: Film, recipe: Recipe, *, seed: int) -> LoadedModel:
    """A white box in place of a system's model, on the regions of one film."""
    backbone = Darkness(film.labels, film.pixels)
    terms = draw_terms(recipe, backbone.channels, film.known, seed=seed)
    targets = SYSTEMS[system].targets
    module = WhiteBox(backbone, terms, saturates=recipe.saturates, scores=len(targets))
    module.eval()
    description = Description(
        system=system,
        preset="white box",
        version="1",
        config={},
        training_data="none: its coefficients are drawn",
        is_phantom_trained=True,
        label_means=(0.0,) * len(targets),
    )
    checkpoint = Checkpoint(module, description, Calibration(), "", f"white box {seed}")
    return LoadedModel(SYSTEMS[system], checkpoint, torch.device("cpu"))
