"""Controls beside attention: what shuffling it does, and whether it agrees with interactions."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from xattn.errors import ExplainError
from xattn.explain.base import Game
from xattn.explain.walk import walk

SHUFFLES = 20
"""Permutations of the weights of each direction."""


@dataclass(frozen=True, slots=True)
class ShuffledAttention:
    """How far a prediction moves when each token reads elsewhere than it attends to.

    `moved` are |v(shuffled) − v| in the target's unit, one per permutation; `scale` is |v − v(no
    form)|, what the form as a whole does, for comparison.
    """

    value: float
    unit: str
    moved: tuple[float, ...]
    scale: float

    @property
    def mean(self) -> float:
        """The mean move."""
        return float(np.mean(self.moved))

    @property
    def sentence(self) -> str:
        """The control in one sentence."""
        return (
            f"With the attention weights shuffled the prediction moves by {self.mean:.2g} "
            f"{self.unit} on average ({max(self.moved):.2g} at most); the form as a whole moves it "
            f"by {self.scale:.2g}."
        )


def shuffled_attention(game: Game, *, shuffles: int = SHUFFLES, seed: int = 0) -> ShuffledAttention:
    """The control: every layer, head and token keeps its weights, given to other keys at random.

    One fusion pass per permutation; the film is not encoded again.

    Raises:
        ExplainError: if the model's fusion is not by attention between patches and fields.
    """
    generator = torch.Generator().manual_seed(seed)

    with torch.no_grad():
        values = [
            float(walk(game, lambda _, weights: shuffled(weights, generator))[0])
            for _ in range(shuffles)
        ]
    without = game.of_forms(game.film.tokens, np.zeros_like(game.form[1].cpu().numpy()))
    return ShuffledAttention(
        game.value,
        game.target.unit,
        tuple(abs(value - game.value) for value in values),
        abs(game.value - float(without[0])),
    )


def shuffled(weights: Tensor, generator: torch.Generator) -> Tensor:
    """Weights (B, H, Nq, Nk) with every row in an order of its own."""
    order = torch.rand(weights.shape, generator=generator).argsort(dim=-1)
    return weights.gather(-1, order.to(weights.device))


@dataclass(frozen=True, slots=True)
class FieldAgreement:
    """Whether a field attends to the regions that it interacts with.

    Spearman's rank correlations over regions; None where a side is constant. `elsewhere` is the
    mean correlation with the other fields' interactions, `shuffled` the 95th percentile of
    |correlation| once regions are permuted: attention that says something of this field exceeds
    both.
    """

    field: str
    correlation: float | None
    elsewhere: float | None
    shuffled: float | None


def attention_against_interaction(
    attention: dict[str, np.ndarray],
    interaction: dict[str, np.ndarray],
    *,
    permutations: int = 199,
    seed: int = 0,
) -> tuple[FieldAgreement, ...]:
    """For each field that has both: its attention (R,) against |its interaction| (R,).

    The size of an interaction is meant, since attention has no sign.

    Raises:
        ExplainError: if the regions are not the same for all.
    """
    shapes = {values.shape for side in (attention, interaction) for values in side.values()}
    if len(shapes) > 1 or any(len(shape) != 1 for shape in shapes):
        raise ExplainError("Attention and interactions must be given on the same regions.")
    sizes = {name: np.abs(values) for name, values in interaction.items()}
    names = [name for name in attention if name in sizes]
    generator = np.random.default_rng(seed)
    rows = []
    for name in names:
        others = [rank_correlation(attention[name], sizes[other]) for other in names]
        found = [value for o, value in zip(names, others, strict=True) if o != name]
        known = [value for value in found if value is not None]
        permuted = [
            rank_correlation(generator.permutation(attention[name]), sizes[name])
            for _ in range(permutations)
        ]
        sure = np.abs([value for value in permuted if value is not None])
        rows.append(
            FieldAgreement(
                name,
                others[names.index(name)],
                float(np.mean(known)) if known else None,
                float(np.quantile(sure, 0.95)) if len(sure) else None,
            )
        )
    return tuple(rows)


def rank_correlation(left: np.ndarray, right: np.ndarray) -> float | None:
    """Spearman's correlation with mean ranks of ties; None where a side is constant."""
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return None
    first, second = (rankdata(side) - (len(side) + 1) / 2 for side in (left, right))
    return float(first @ second / np.sqrt((first @ first) * (second @ second)))
