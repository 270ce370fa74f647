"""Whether a method's maps depend on what the model learnt: its weights replaced by fresh ones.

Adebayo et al. 2018 (arXiv 1810.03292), section 3: cascading from the head down, and one block at a
time. A method whose maps stay when every weight is random shows the film, not the model.
"""

import copy
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy import stats
from torch import nn

from xattn.explain.base import Explainer, Game, Steps, drain
from xattn.records import Case, Target
from xattn.systems import LoadedModel
from xattn.trust.agreement import all_maps, mean_correlation
from xattn.trust.dependence import Answer

BOUND = 0.5
"""A mean rank correlation above this, after every weight is random, is survival."""
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Level:
    """What is left of the maps once a block is random: mean Spearman and its interval.

    Over cases, each with a random model of its own; Student's t.
    """

    block: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Randomisation:
    """One method under one model: `cascade` from the head down, `independent` block by block.

    Correlations of magnitudes, over regions: a map of the opposite sign is the same picture.
    """

    method: str
    label: str
    cases: int
    cascade: tuple[Level, ...]
    independent: tuple[Level, ...]
    bound: float = BOUND

    @property
    def verdict(self) -> Answer:
        """By the interval after the last step of the cascade: below, above or across the bound."""
        last = self.cascade[-1]
        if last.low > self.bound:
            return "unfit"
        return "fit" if last.high < self.bound else "unclear"

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        last = self.cascade[-1]
        found = (
            f"with every weight random its maps correlate {last.mean:.2f} "
            f"({last.low:.2f} to {last.high:.2f}) with the trained model's"
        )
        ends = {
            "fit": "it depends on what the model learnt",
            "unfit": "it is unfit for this model: it shows the film, not what the model learnt",
            "unclear": "whether it depends on what the model learnt is unclear",
        }
        return f"{self.label}: {found}; {ends[self.verdict]}."

    @property
    def plain(self) -> dict[str, object]:
        """Every number and the verdict, ready for JSON."""
        return {**asdict(self), "verdict": self.verdict, "sentence": self.sentence}


def blocks(module: nn.Module) -> tuple[tuple[str, ...], ...]:
    """The names of a model's tensors in blocks, from the head down to the image encoder.

    A block is what the model defines as one part; the last defined comes first.
    """
    found: dict[str, list[str]] = {}
    for name in module.state_dict():
        found.setdefault(block_name([name]), []).append(name)
    return tuple(tuple(names) for names in reversed(found.values()))


def block_name(names: Sequence[str]) -> str:
    """What a block is called: the part its tensors share."""
    return names[0].split(".", maxsplit=1)[0]


def randomised(model: LoadedModel, names: Sequence[str], seed: int) -> LoadedModel:
    """The model with these tensors as a fresh model of the same configuration has them."""
    module: Any = model.module
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        fresh = type(module)(module.config).to(model.device).state_dict()
    twin = copy.deepcopy(module)
    twin.load_state_dict({**module.state_dict(), **{name: fresh[name] for name in names}})
    return replace(model, checkpoint=replace(model.checkpoint, module=twin))


def randomisation(
    model: LoadedModel,
    cases: Sequence[Case],
    explainers: dict[str, Explainer],
    *,
    target: Target | None = None,
    seed: int = 0,
) -> Steps[tuple[Randomisation, ...]]:
    """The test of several methods on some cases; yields after every case.

    Each case meets random models of its own, drawn from `seed` and its number, so that cases are
    independent of each other. Maps that become constant count as 0: nothing of them is left.
    """
    chosen = target or model.target
    groups = blocks(model.module)
    cascade = [sum(groups[: end + 1], ()) for end in range(len(groups))]
    tried = [*cascade, *groups[1:]]  # the first of either is the head alone
    table = np.zeros((len(explainers), len(tried), len(cases)))
    for number, case in enumerate(cases):
        game = Game(model, case, chosen)
        before = {key: _rows(game, entry) for key, entry in explainers.items()}
        for step, names in enumerate(tried):
            other = Game(randomised(model, names, seed + 1000 * number), case, chosen)
            for place, (key, explainer) in enumerate(explainers.items()):
                after = _rows(other, explainer)
                table[place, step, number] = mean_correlation(before[key], after) or 0.0
        yield (number + 1) / len(cases)
    labels = [block_name(group) for group in groups]
    return tuple(
        _record(key, explainer.label, rows, labels)
        for (key, explainer), rows in zip(explainers.items(), table, strict=True)
    )


def _rows(game: Game, explainer: Explainer) -> np.ndarray:
    attribution = drain(explainer.run(game))
    return np.asarray(np.abs(all_maps(attribution, game.film.regions)))


def _record(key: str, label: str, rows: np.ndarray, labels: list[str]) -> Randomisation:
    """Rows (steps, cases): the cascade's, then those of each block but the head."""
    levels = [level(name, row) for name, row in zip([*labels, *labels[1:]], rows, strict=True)]
    count = len(labels)
    return Randomisation(
        method=key,
        label=label,
        cases=rows.shape[1],
        cascade=tuple(levels[:count]),
        independent=(levels[0], *levels[count:]),
    )


def level(block: str, correlations: np.ndarray) -> Level:
    """Mean of correlations (N,) and its interval, cut to −1 … 1; the whole range for one case."""
    count, mean = len(correlations), float(np.mean(correlations))
    if count < 2:
        return Level(block, mean, -1.0, 1.0)
    half = float(stats.t.ppf(0.5 + CONFIDENCE / 2, count - 1))
    half *= float(np.std(correlations, ddof=1)) / count**0.5
    return Level(block, mean, max(-1.0, mean - half), min(1.0, mean + half))
