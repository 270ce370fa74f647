"""Recipes: what a system's phantoms hand out is what its schema, model and loss take in."""

import itertools

import numpy as np
import pytest
import torch

from xattn.systems import SYSTEMS
from xattn.training.phantom_cases import draw_cases
from xattn.training.recipes import COMMON_FAILURES, RECIPES, World
from xattn.training.run import STARTS, Amounts, seeds_of

SMALL = World(size=32)


def test_every_system_has_a_recipe():
    assert tuple(RECIPES) == tuple(SYSTEMS)


@pytest.mark.parametrize("name", RECIPES)
def test_rows_fit_schema_and_targets(name: str):
    system, row = SYSTEMS[name], RECIPES[name].row(SMALL)(30_000_001)
    count = len(system.targets)
    assert row.pixels.shape == (32, 32)
    assert row.pixels.dtype == np.uint8
    assert row.values.shape == (sum(system.schema.sizes),)
    assert row.known.shape == (len(system.schema.names),)
    assert row.labels.shape == (count,)
    assert row.expected.shape == (3, count)
    assert np.isfinite(row.causes).all()
    assert {part.dtype for part in (row.values, row.labels, row.expected, row.causes)} == {
        np.dtype(np.float32)
    }


@pytest.mark.parametrize("name", RECIPES)
def test_the_same_seed_gives_the_same_row_and_another_does_not(name: str):
    make = RECIPES[name].row(SMALL)
    first, again, other = make(5), make(5), make(6)
    assert first.pixels.tobytes() == again.pixels.tobytes()
    assert first.pixels.tobytes() != other.pixels.tobytes()
    assert first.expected.tobytes() == again.expected.tobytes()


@pytest.mark.parametrize("name", RECIPES)
def test_the_loss_takes_what_the_model_says_and_the_cases_aim_at(name: str):
    system, recipe = SYSTEMS[name], RECIPES[name]
    cases = draw_cases(recipe.row(SMALL), range(4))
    scores = torch.zeros(4, len(system.targets), requires_grad=True)
    for loss in filter(None, (recipe.loss, recipe.settling)):
        value = loss(scores, cases.targets[:, 0])
        assert value.shape == ()
        (gradient,) = torch.autograd.grad(value, scores)
        assert bool(gradient.abs().sum() > 0)


@pytest.mark.parametrize("name", RECIPES)
def test_the_judge_compares_by_a_figure_that_it_gives(name: str):
    judge = RECIPES[name].judge
    count = len(SYSTEMS[name].targets)
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, (40, count)).astype(float)
    assert judge.main in dict(judge.figures(labels, generator.random((40, count))))


def test_worlds_are_kept_under_names_of_their_own():
    worlds = [
        World(confounded=confounded, shifted=shifted, size=size)
        for confounded in (True, False)
        for shifted in (True, False)
        for size in (128, 224)
    ]
    assert len({world.name for world in worlds}) == len(worlds) == 8


def test_no_two_parts_share_a_phantom():
    amounts = Amounts()
    parts = [seeds_of(name, getattr(amounts, name)) for name in STARTS]
    starts = sorted((part.start, part.stop) for part in parts)
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(starts))


@pytest.mark.parametrize("name", RECIPES)
def test_failures_are_sentences(name: str):
    for line in (*COMMON_FAILURES, *RECIPES[name].failures):
        assert line[0].isupper() or line.startswith("“")
        assert line.endswith(".")
