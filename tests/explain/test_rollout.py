"""Attention read by norm, gradient and rollout: twins of the formulas, identities, controls."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests import tiny
from xattn.errors import ExplainError
from xattn.explain.attention_control import (
    attention_against_interaction,
    rank_correlation,
    shuffled,
    shuffled_attention,
)
from xattn.explain.base import Game
from xattn.explain.rollout import AttentionRollout, GradientAttention, NormAttention, rollout
from xattn.explain.walk import as_it_is, layer_shares, walk

HIP_FIELDS = 10
PATCHES = 9


def hip_game() -> Game:
    model = tiny.model_of("hip")
    return Game(model, tiny.case_of("hip"), model.target)


@pytest.mark.parametrize("system", ["hip", "breast", "chest"])
def test_the_walk_gives_the_models_own_value_and_weights(system: str) -> None:
    model, case = tiny.model_of(system), tiny.case_of(system)
    before = tiny.fingerprint(model.module)
    game = Game(model, case, model.target)
    with torch.no_grad():
        value, readings = walk(game)
    # float32, another order of products in the stacked layers
    assert float(value) == pytest.approx(game.value, abs=1e-5)
    attention = game.fuse(game.film.tokens).attention
    for reading in readings:
        stacked = f"{reading.direction}/{reading.layer}"
        own = attention[stacked if stacked in attention else reading.direction]
        np.testing.assert_allclose(reading.weights.numpy(), own.numpy(), rtol=0, atol=1e-6)
    assert tiny.fingerprint(model.module) == before


def test_co_attention_is_walked_as_well(tiny_case) -> None:
    model = tiny.breast_model("co")
    game = Game(model, tiny_case, model.target)
    with torch.no_grad():
        value, readings = walk(game)
    assert float(value) == pytest.approx(game.value, abs=1e-5)  # float32
    assert len(readings) == 2


@pytest.mark.parametrize("fusion", ["literal", "concat", "image", "form", "bidirectional"])
def test_other_fusions_are_refused(fusion: str, tiny_case) -> None:
    model = tiny.breast_model(fusion)
    with pytest.raises(ExplainError, match="without attention over patches and fields"):
        walk(Game(model, tiny_case, model.target))


def test_norms_are_those_of_each_weighted_and_moved_value(tiny_model, tiny_case) -> None:
    game = Game(tiny_model, tiny_case, tiny_model.target)
    with torch.no_grad():
        _, (reading,) = walk(game)
        block = tiny_model.module.fusion.image_reads
        clinical = tiny_model.module.clinical_tokens(*game.form)[0]
        width = clinical.shape[1] // block.heads
        for head in range(block.heads):
            rows = slice(head * width, (head + 1) * width)
            for key, token in enumerate(clinical):
                arriving = block.out.weight[:, rows] @ (block.value.weight[rows] @ token)
                for query in (0, 8):
                    norm = (reading.weights[0, head, query, key] * arriving).norm()
                    # float32 over 25 products
                    assert float(reading.norms[0, head, query, key]) == pytest.approx(
                        float(norm), rel=1e-4
                    )


def test_shares_of_norm_sum_to_one_in_every_patch(tiny_model, tiny_case) -> None:
    shown = NormAttention()(tiny_model, tiny_case, tiny_model.target)
    names = [f"image_attends_clinical/{name}/head 2" for name in tiny_model.system.schema.names]
    total = sum(shown.map(name).values for name in names)
    np.testing.assert_allclose(total, np.ones((3, 3)), rtol=0, atol=1e-6)  # float32
    assert dict(shown.figures) == {"uniform share": 1 / 5}


def test_gradient_times_weight_foretells_a_small_change_of_the_weights() -> None:
    game = hip_game()
    with torch.enable_grad():
        value, readings = walk(game)
        gradients = torch.autograd.grad(value.sum(), [r.weights for r in readings])
    assert all(gradient.abs().max() > 0 for gradient in gradients)
    chosen = gradients[-1] * readings[-1].weights
    step = 0.01

    def scaled(direction: str, weights: torch.Tensor) -> torch.Tensor:
        seen.append(direction)
        return weights * (1 + step) if len(seen) == len(readings) else weights

    seen: list[str] = []
    with torch.no_grad():
        moved, _ = walk(game, scaled)
    # a step of one hundredth: the second order is of its size
    assert float(moved) - float(value.detach()) == pytest.approx(
        step * float(chosen.detach().sum()), rel=0.05, abs=1e-6
    )


def test_gradient_maps_hold_the_product() -> None:
    game = hip_game()
    shown = GradientAttention(every_layer=True)(game.model, game.case, game.target)
    with torch.enable_grad():
        value, readings = walk(game)
        gradients = torch.autograd.grad(value.sum(), [r.weights for r in readings])
    reading, gradient = readings[1], gradients[1]
    assert (reading.direction, reading.layer) == ("clinical_attends_image", 1)
    product = (reading.weights * gradient)[0].detach().numpy()
    name = f"clinical_attends_image/1/{game.schema.names[2]}/head 3"
    assert np.array_equal(shown.map(name).values, product[2, 2].reshape(3, 3))


def test_rollout_is_the_product_of_layers_and_its_rows_sum_to_one() -> None:
    game = hip_game()
    with torch.no_grad():
        _, readings = walk(game)
    shares = layer_shares(game)
    assert sum(shares) == pytest.approx(1.0, abs=1e-6)  # float32 softmax
    rolled = rollout(readings, shares)
    np.testing.assert_allclose(rolled.sum(axis=1), 1.0, rtol=0, atol=1e-6)  # float32 weights
    count = PATCHES + HIP_FIELDS
    product, expected = np.eye(count), np.zeros((count, count))
    for layer, share in enumerate(shares, start=1):
        step = np.zeros((count, count))
        for reading in (r for r in readings if r.layer == layer):
            mean = reading.weights[0].double().mean(dim=0).numpy()
            is_film = reading.direction == "image_attends_clinical"
            for row in range(mean.shape[0]):
                for column in range(mean.shape[1]):
                    if is_film:
                        step[row, PATCHES + column] = mean[row, column]
                    else:
                        step[PATCHES + row, column] = mean[row, column]
        product = (step + np.eye(count)) / 2 @ product
        expected += share * product
    # rows of float32 weights sum to 1 within 1e-7, by which ours are divided
    np.testing.assert_allclose(rolled, expected, rtol=0, atol=1e-6)


def test_rollout_maps_are_rows_of_the_product() -> None:
    game = hip_game()
    shown = AttentionRollout()(game.model, game.case, game.target)
    with torch.no_grad():
        _, readings = walk(game)
    rolled = rollout(readings, layer_shares(game))
    name = f"clinical_attends_image/{game.schema.names[4]}"
    expected = rolled[PATCHES + 4, :PATCHES].reshape(3, 3).astype(np.float32)
    assert np.array_equal(shown.map(name).values, expected)


def test_one_layer_in_one_direction_leaves_the_form_as_it_is(tiny_model, tiny_case) -> None:
    game = Game(tiny_model, tiny_case, tiny_model.target)
    with torch.no_grad():
        _, readings = walk(game)
    rolled = rollout(readings, layer_shares(game))
    assert np.array_equal(rolled[9:], np.eye(14)[9:])
    np.testing.assert_allclose(np.diag(rolled)[:9], 0.5, rtol=0, atol=1e-7)  # float32 weights


def test_shuffling_moves_the_prediction_and_equal_weights_cannot_be_shuffled() -> None:
    game = hip_game()
    control = shuffled_attention(game, shuffles=3)
    assert control == shuffled_attention(game, shuffles=3)
    assert min(control.moved) > 0
    without = game.of_forms(game.film.tokens, np.zeros((1, HIP_FIELDS), dtype=bool))[0]
    assert control.scale == pytest.approx(abs(game.value - without), abs=1e-12)
    for block in game.model.module.fusion.layers:
        for reads in (block.reads.image_reads, block.reads.clinical_reads):
            reads.query.weight.data.zero_()
    flat = Game(game.model, game.case, game.target)
    # all weights 1/N: a permutation changes nothing but rounding
    assert max(shuffled_attention(flat, shuffles=3).moved) < 1e-6


def test_a_shuffled_row_keeps_its_weights_in_another_order() -> None:
    weights = torch.arange(48.0).reshape(1, 2, 4, 6)
    moved = shuffled(weights, torch.Generator().manual_seed(0))
    assert torch.equal(moved.sort(dim=-1).values, weights)
    orders = {tuple((row - row.min()).int().tolist()) for row in moved.reshape(8, 6)}
    assert len(orders) == 8


def test_the_change_is_told_the_direction() -> None:
    assert as_it_is("any", torch.ones(1)) == torch.ones(1)
    game = hip_game()
    seen: list[str] = []
    with torch.no_grad():
        walk(game, lambda direction, weights: (seen.append(direction), weights)[1])
    assert seen == ["image_attends_clinical", "clinical_attends_image"] * 3


def test_attention_that_follows_the_interaction_and_one_that_does_not() -> None:
    generator = np.random.default_rng(0)
    interaction = {name: generator.normal(size=40) for name in ("age", "sex", "weight")}
    attention = {name: np.abs(values) for name, values in interaction.items()}
    attention["weight"] = generator.random(40)
    rows = {row.field: row for row in attention_against_interaction(attention, interaction)}
    assert rows["age"].correlation == pytest.approx(1.0, abs=1e-12)
    assert rows["age"].correlation > rows["age"].shuffled > abs(rows["age"].elsewhere)
    assert abs(rows["weight"].correlation) < rows["weight"].shuffled
    expected = [
        rank_correlation(attention["age"], np.abs(interaction[other]))
        for other in ("sex", "weight")
    ]
    assert rows["age"].elsewhere == pytest.approx(np.mean(expected), abs=1e-12)


def test_constant_attention_has_no_correlation() -> None:
    rows = attention_against_interaction({"age": np.ones(5)}, {"age": np.arange(5.0)})
    assert (rows[0].correlation, rows[0].elsewhere, rows[0].shuffled) == (None, None, None)


def test_other_regions_are_refused() -> None:
    with pytest.raises(ExplainError, match="same regions"):
        attention_against_interaction({"age": np.ones(5)}, {"age": np.ones(6)})


def test_every_layer_is_there_when_asked_for() -> None:
    game = hip_game()
    shown = NormAttention(every_layer=True)(game.model, game.case, game.target)
    names = [entry.name for entry in shown.maps]
    # two directions, ten fields, a mean and four heads, the last layer and each of three
    assert len(names) == len(set(names)) == 2 * 10 * 5 * 4
    last = shown.map("image_attends_clinical/3/sex").values
    assert np.array_equal(shown.map("image_attends_clinical/sex").values, last)
    plain = NormAttention()(game.model, game.case, game.target)
    assert [entry.name for entry in plain.maps] == names[: 2 * 10 * 5]
    assert replace(plain, maps=()).unit == "share of what is read"
