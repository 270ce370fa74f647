"""Attention against a twin with loops, its identities, and the literal reading of the paper."""

import math

import pytest
import torch
from torch import Tensor

from xattn.models.attention import (
    CLINICAL_TO_IMAGE,
    IMAGE_TO_CLINICAL,
    CoAttention,
    CrossAttention,
    OneWay,
    SharedAttention,
    SingleToken,
)

IMAGE, CLINICAL, DIM, HEADS = 6, 3, 8, 2


@pytest.fixture
def tokens() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.randn(2, n, DIM, generator=generator) for n in (IMAGE, CLINICAL))  # type: ignore[return-value]


def twin_attention(
    module: CrossAttention, query_tokens: Tensor, context: Tensor
) -> tuple[Tensor, Tensor]:
    """Equations 10 to 15 of arXiv 2508.16000 with loops over cases, heads, queries and keys."""
    q, k, v = module.query(query_tokens), module.key(context), module.value(context)
    width = DIM // HEADS
    weights = torch.zeros(len(q), HEADS, q.shape[1], k.shape[1])
    read = torch.zeros(len(q), q.shape[1], DIM)
    for b in range(len(q)):
        for h in range(HEADS):
            part = slice(h * width, (h + 1) * width)
            for i in range(q.shape[1]):
                scores = [
                    float(q[b, i, part] @ k[b, j, part]) / math.sqrt(width)
                    for j in range(k.shape[1])
                ]
                total = sum(math.exp(s) for s in scores)
                for j, score in enumerate(scores):
                    weights[b, h, i, j] = math.exp(score) / total
                    read[b, i, part] += weights[b, h, i, j] * v[b, j, part]
    return module.out(read), weights


def test_cross_attention_equals_its_twin(tokens: tuple[Tensor, Tensor]):
    torch.manual_seed(0)
    module = CrossAttention(DIM, HEADS)
    with torch.no_grad():
        ours, twin = module(*tokens), twin_attention(module, *tokens)
    for a, b in zip(ours, twin, strict=True):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=0)  # float32 sums of 8 products


@pytest.mark.parametrize("fusion", [OneWay, CoAttention, SharedAttention])
def test_rows_of_attention_sum_to_one(fusion: type, tokens: tuple[Tensor, Tensor]):
    _, weights = fusion(DIM, HEADS)(*tokens)
    shapes = {
        IMAGE_TO_CLINICAL: (2, HEADS, IMAGE, CLINICAL),
        CLINICAL_TO_IMAGE: (2, HEADS, CLINICAL, IMAGE),
    }
    for direction, weight in weights.items():
        assert weight.shape == shapes[direction]
        torch.testing.assert_close(weight.sum(-1), torch.ones(weight.shape[:-1]), atol=1e-6, rtol=0)


def test_shared_attention_has_one_similarity_for_both_directions(tokens: tuple[Tensor, Tensor]):
    _, weights = SharedAttention(DIM, HEADS)(*tokens)
    rows, columns = (
        weights[IMAGE_TO_CLINICAL].log(),
        weights[CLINICAL_TO_IMAGE].log().transpose(-1, -2),
    )

    # log softmax over rows and over columns of one matrix differ by a row term plus a column term,
    # so double centring leaves the same matrix of both.
    def centred(x: Tensor) -> Tensor:
        return (
            x - x.mean(-1, keepdim=True) - x.mean(-2, keepdim=True) + x.mean((-1, -2), keepdim=True)
        )

    torch.testing.assert_close(centred(rows), centred(columns), atol=1e-5, rtol=0)


def test_the_literal_single_token_has_weight_one(tokens: tuple[Tensor, Tensor]):
    pair, weights = SingleToken(DIM)(*tokens)
    assert torch.equal(weights[IMAGE_TO_CLINICAL], torch.ones(2, 1, 1, 1))
    assert pair.shape == (2, 2 * DIM)


@pytest.mark.parametrize("fusion", [OneWay, CoAttention, SharedAttention])
def test_one_film_meets_many_forms_as_if_repeated(fusion: type, tokens: tuple[Tensor, Tensor]):
    image, clinical = tokens
    module = fusion(DIM, HEADS)
    shared, _ = module(image[:1], clinical)
    repeated, _ = module(image[:1].expand(2, -1, -1), clinical)
    torch.testing.assert_close(shared, repeated, atol=1e-6, rtol=0)  # same products, other batching
