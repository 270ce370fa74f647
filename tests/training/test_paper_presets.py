"""The paper's sizes: one step of each through the loop, at a small film."""

import math

import pytest
import torch

from xattn.systems import SYSTEMS
from xattn.training.loop import BothWays, Optimisation, TrainingConfig, train_epoch
from xattn.training.phantom_cases import draw_cases
from xattn.training.recipes import RECIPES, World
from xattn.training.teacher import TEACHER

SIZE, COUNT = 64, 2
CONFIG = TrainingConfig(batch=COUNT, warmup=0)


@pytest.mark.parametrize("system", [*SYSTEMS.values(), TEACHER], ids=lambda system: system.name)
def test_one_step_changes_every_part_and_stays_finite(system):
    recipe = RECIPES[system.schema.name]
    cases = draw_cases(recipe.row(World(size=SIZE)), range(COUNT))
    torch.manual_seed(0)
    model = system.build({**system.presets["paper"], "size": SIZE})
    before = [parameter.detach().clone() for parameter in model.parameters()]
    losses = []

    def loss(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        losses.append(recipe.loss(scores, targets))
        return losses[-1]

    how = Optimisation.of(model, CONFIG, COUNT)
    train_epoch(BothWays(model), loss, how=how, cases=cases, config=CONFIG)
    assert len(losses) == 2  # of film and form, and of the film alone
    assert all(math.isfinite(value.item()) for value in losses)
    moved = []
    for (name, parameter), old in zip(model.named_parameters(), before, strict=True):
        assert parameter.grad is not None, name
        assert bool(parameter.isfinite().all()), name
        # AdamW's first step is of the rate's size wherever there is a gradient at all.
        is_moved = not torch.equal(parameter, old)
        assert is_moved or not parameter.grad.any(), name
        moved.append(is_moved)
    # EfficientViT's residual branches begin at 0, so that one step leaves what is inside.
    assert sum(moved) > len(moved) / 2
