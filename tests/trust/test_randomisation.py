"""Model randomisation: which weights become random, who survives, intervals by hand."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from scipy import stats

from tests import tiny
from xattn.explain.base import Explainer, Game, Steps, drain
from xattn.explain.crossattention import CrossAttention
from xattn.explain.gradcam import GradCAM
from xattn.records import Attribution, Case, Kind, Map
from xattn.trust.randomisation import (
    BOUND,
    Level,
    Randomisation,
    block_name,
    blocks,
    level,
    randomisation,
    randomised,
)


@dataclass(frozen=True, kw_only=True)
class Edges(Explainer):
    """The film's edges: a map that no model has a part in."""

    label: ClassVar[str] = "Edges"
    kind: ClassVar[Kind] = "relative"

    def steps(self, game: Game) -> Steps[Attribution]:
        yield 1.0
        down, right = np.gradient(game.case.film.pixels)
        return replace(self.blank(game), maps=(Map("edges", np.hypot(down, right)),))


@dataclass(frozen=True, kw_only=True)
class Flat(Edges):
    """Nothing anywhere."""

    def steps(self, game: Game) -> Steps[Attribution]:
        shown = yield from super().steps(game)
        return replace(shown, maps=(Map("flat", np.zeros((3, 3), np.float32)),))


def cases(count: int) -> list[Case]:
    generator = np.random.default_rng(0)
    some = []
    for _ in range(count):
        film = tiny.case().film
        pixels = generator.random((96, 96), dtype=np.float32)
        some.append(replace(tiny.case(), films=(replace(film, pixels=pixels),)))
    return some


def test_blocks_go_from_the_head_to_the_encoder_and_hold_every_tensor() -> None:
    module = tiny.breast_module()
    names = [block_name(block) for block in blocks(module)]
    assert names == ["head", "fusion", "clinical_tokens", "image_tokens", "backbone"]
    held = [name for block in blocks(module) for name in block]
    assert sorted(held) == sorted(module.state_dict())


def test_only_the_named_tensors_change_and_the_model_does_not() -> None:
    model = tiny.breast_model()
    before = tiny.fingerprint(model.module)
    head = blocks(model.module)[0]
    state = torch.random.get_rng_state()
    other = randomised(model, head, seed=3).module.state_dict()
    assert torch.equal(torch.random.get_rng_state(), state)
    assert tiny.fingerprint(model.module) == before
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, other[name]) == (name not in head), name
    again = randomised(model, head, seed=3).module.state_dict()
    assert all(torch.equal(other[name], again[name]) for name in other)


def test_a_map_of_the_film_survives_and_a_flat_one_does_not() -> None:
    model = tiny.breast_model()
    edges, flat, attention = drain(
        randomisation(
            model, cases(2), {"edges": Edges(), "flat": Flat(), "attention": CrossAttention()}
        )
    )
    assert all(row.mean == pytest.approx(1.0, abs=1e-12) for row in edges.cascade)
    assert edges.verdict == "unfit"
    assert "unfit for this model" in edges.sentence
    assert (flat.cascade[-1], flat.verdict) == (
        Level(flat.cascade[-1].block, 0.0, 0.0, 0.0),
        "fit",
    )
    # attention comes before the head, which it therefore cannot see
    assert attention.cascade[0].mean == pytest.approx(1.0, abs=1e-12)
    assert attention.cascade[1].mean < 0.99
    assert edges.plain["verdict"] == "unfit"
    assert len(edges.cascade) == len(edges.independent) == len(blocks(model.module))


def test_the_cascade_ends_with_every_weight_random() -> None:
    model, some = tiny.breast_model(), cases(1)
    (found,) = drain(randomisation(model, some, {"gradcam": GradCAM()}, seed=11))
    game = Game(model, some[0], model.target)
    fresh = Game(randomised(model, list(model.module.state_dict()), 11), some[0], model.target)
    labels = game.film.regions
    left, right = (
        np.abs(_means(np.kron(drain(GradCAM().run(g)).maps[0].values, np.ones((32, 32))), labels))
        for g in (game, fresh)
    )
    expected = stats.spearmanr(left, right).statistic
    assert found.cascade[-1].mean == pytest.approx(expected, abs=1e-12)
    assert (found.cascade[-1].low, found.cascade[-1].high) == (-1.0, 1.0)


def _means(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    means = np.array([values[labels == region].mean() for region in range(labels.max() + 1)])
    return np.round(means / np.abs(means).max(), 9)  # regions within one cell are ties


def test_the_interval_is_students() -> None:
    values = np.array([0.1, 0.3, 0.2, 0.4])
    found = level("head", values)
    low, high = stats.t.interval(0.95, 3, loc=values.mean(), scale=stats.sem(values))
    assert (found.mean, found.low, found.high) == pytest.approx((0.25, low, high), abs=1e-12)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.51, 0.9, "unfit"), (0.1, 0.49, "fit"), (0.4, 0.6, "unclear"), (BOUND, 0.9, "unclear")],
)
def test_the_verdict_reads_the_whole_interval(low: float, high: float, verdict: str) -> None:
    row = Level("backbone", (low + high) / 2, low, high)
    record = Randomisation(method="m", label="M", cases=9, cascade=(row,), independent=(row,))
    assert record.verdict == verdict
