"""Cross-attention: the loops of its definition, rows that sum to 1, and which map is which."""

import numpy as np
import pytest
import torch

from tests import tiny, twins
from xattn.errors import ExplainError
from xattn.explain.base import Game, drain
from xattn.explain.crossattention import CrossAttention
from xattn.models import attention
from xattn.records import Case
from xattn.systems import LoadedModel

FIELDS = ("density", "mass_shape", "mass_margins", "calc_type", "calc_distribution")


def test_weights_and_result_equal_the_loops() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        module = attention.CrossAttention(dim=12, heads=3).double()
        tokens, context = torch.randn(1, 4, 12).double(), torch.randn(1, 5, 12).double()
    with torch.no_grad():
        read, weights = module(tokens, context)
        projected = [
            part(side)[0].numpy()
            for part, side in (
                (module.query, tokens),
                (module.key, context),
                (module.value, context),
            )
        ]
        twin_read, twin_weights = twins.attention_by_loops(*projected, heads=3)
        expected = module.out(torch.from_numpy(twin_read))
    # float64 both times
    np.testing.assert_allclose(weights[0].numpy(), twin_weights, rtol=0, atol=1e-14)
    np.testing.assert_allclose(read[0].numpy(), expected.numpy(), rtol=0, atol=1e-14)


@pytest.mark.parametrize("suffix", ["", "/head 1", "/head 4"])
def test_the_shares_of_one_patch_over_the_fields_sum_to_one(
    suffix: str, tiny_model: LoadedModel, tiny_case: Case
) -> None:
    attribution = CrossAttention()(tiny_model, tiny_case, tiny_model.target)
    total = sum(attribution.map(f"image_attends_clinical/{name}{suffix}").values for name in FIELDS)
    # a float32 softmax over five
    np.testing.assert_allclose(total, np.ones((3, 3)), rtol=0, atol=1e-6)


def test_each_map_is_the_weight_of_its_patch_field_and_head(
    tiny_model: LoadedModel, tiny_case: Case
) -> None:
    game = Game(tiny_model, tiny_case, tiny_model.target)
    attribution = drain(CrossAttention().run(game))
    weights = game.fuse(game.film.tokens).attention["image_attends_clinical"][0]
    for column, name in enumerate(FIELDS):
        for head in range(4):
            values = attribution.map(f"image_attends_clinical/{name}/head {head + 1}").values
            for patch in range(9):
                assert values[patch // 3, patch % 3] == float(weights[head, patch, column])


@pytest.mark.parametrize("fusion", ["co", "bidirectional"])
def test_where_a_field_looks_sums_to_one_over_the_film(fusion: str, tiny_case: Case) -> None:
    model = tiny.breast_model(fusion)
    attribution = CrossAttention()(model, tiny_case, model.target)
    for name in FIELDS:
        values = attribution.map(f"clinical_attends_image/{name}").values
        assert values.shape == (3, 3)
        assert values.sum() == pytest.approx(1.0, abs=1e-6)  # a float32 softmax over nine


def test_the_literal_single_token_attends_with_weight_one(tiny_case: Case) -> None:
    model = tiny.breast_model("literal")
    game = Game(model, tiny_case, model.target)
    weights = game.fuse(game.film.tokens).attention["image_attends_clinical"]
    assert torch.equal(weights, torch.ones(1, 1, 1, 1))


@pytest.mark.parametrize("fusion", ["literal", "concat", "image", "form"])
def test_a_fusion_without_patches_and_fields_has_nothing_to_show(
    fusion: str, tiny_case: Case
) -> None:
    model = tiny.breast_model(fusion)
    with pytest.raises(ExplainError, match="without attention over patches and fields"):
        CrossAttention()(model, tiny_case, model.target)
