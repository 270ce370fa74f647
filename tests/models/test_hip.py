"""The hip model: sizes, layers against their formulas, absence, and that nothing is in place."""

import pytest
import torch
from torch import Tensor, nn

from xattn.data.schemas import HIP
from xattn.models.attention import (
    CLINICAL_TO_IMAGE,
    IMAGE_TO_CLINICAL,
    MutualAttention,
    StackedAttention,
)
from xattn.models.hip import FUSIONS, HipConfig, HipModel, build

FIELDS, SLOTS = len(HIP.sizes), sum(HIP.sizes)
IMAGE, CLINICAL, DIM, HEADS = 6, 3, 8, 2


def tiny(**changes: object) -> HipModel:
    torch.manual_seed(0)
    return build({"size": 64, **changes}).eval()


def inputs(count: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return (
        torch.rand(count, 1, 64, 64, generator=generator),
        torch.randn(count, SLOTS, generator=generator),
        torch.rand(count, FIELDS, generator=generator) < 0.7,
    )


def tokens(image: int = 2, clinical: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(image, IMAGE, DIM, generator=generator),
        torch.randn(clinical, CLINICAL, DIM, generator=generator),
    )


def stacked(layers: int = 3) -> StackedAttention:
    torch.manual_seed(0)
    module = StackedAttention(DIM, HEADS, layers=layers)
    for part in module.modules():
        if isinstance(part, nn.LayerNorm):
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.5, 0.5)
    return module.requires_grad_(requires_grad=False)


def test_the_form_has_ten_fields():
    assert (FIELDS, SLOTS) == (10, 13)


def test_sizes_of_both_presets():
    assert sum(p.numel() for p in HipModel(HipConfig()).parameters()) == 2_163_204
    paper = HipModel(HipConfig(backbone="resnet34", dim=128))
    # ResNet-34 without its head: 21,797,672 − 513,000.
    assert sum(p.numel() for p in paper.backbone.parameters()) == 21_284_672
    with torch.no_grad():
        film = paper.eval().encode_image(torch.rand(1, 1, 224, 224))
        output = paper.fuse(film, torch.zeros(1, SLOTS), torch.ones(1, FIELDS, dtype=torch.bool))
    assert film.tokens.shape == (1, 49, 128)
    assert film.features.shape == (1, 512, 7, 7)
    shapes = {IMAGE_TO_CLINICAL: (1, 4, 49, 10), CLINICAL_TO_IMAGE: (1, 4, 10, 49)}
    assert {name: tuple(w.shape) for name, w in output.attention.items()} == {
        f"{name}{layer}": shape
        for name, shape in shapes.items()
        for layer in ("", "/1", "/2", "/3")
    }


@pytest.mark.parametrize(("image", "clinical"), [(1, 3), (3, 1), (3, 3), (1, 1)])
def test_mutual_attention_is_two_cross_attentions(image: int, clinical: int):
    torch.manual_seed(0)
    module = MutualAttention(DIM, HEADS)
    x, m = tokens(image, clinical)
    with torch.no_grad():
        ours = module(x, m)
        from_clinical, to_clinical = module.image_reads(x, m)
        from_image, to_image = module.clinical_reads(m, x)
    # Products of three matrices in another order: float32 sums of 8, values of order 1.
    for a, b in (
        (ours[0], from_clinical),
        (ours[1], from_image),
        (ours[2][IMAGE_TO_CLINICAL], to_clinical),
        (ours[2][CLINICAL_TO_IMAGE], to_image),
    ):
        torch.testing.assert_close(a, b, atol=1e-6, rtol=0)


def test_a_layer_is_read_norm_perceptron_norm():
    layer = stacked(1).layers[0]
    x, m = tokens()
    from_clinical, _ = layer.reads.image_reads(x, m)
    from_image, _ = layer.reads.clinical_reads(m, x)
    for ours, side, read, update in (
        (layer(x, m)[0], x, from_clinical, layer.image_update),
        (layer(x, m)[1], m, from_image, layer.clinical_update),
    ):
        joined = twin_norm(side + read, update.read_norm)
        refreshed = joined + update.perceptron(joined)
        twin = twin_norm(refreshed, update.norm)
        torch.testing.assert_close(ours, twin, atol=2e-6, rtol=0)  # two normalisations in float32


def twin_norm(x: Tensor, norm: nn.LayerNorm) -> Tensor:
    """(x − mean) / sd over the width, scaled and shifted."""
    centred = x - x.mean(-1, keepdim=True)
    sd = (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt()
    return centred / sd * norm.weight + norm.bias


@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_a_one_hot_fusion_weight_is_that_layer_alone(chosen: int):
    module = stacked()
    module.layer_scores[chosen] = 1e4
    x, m = tokens()
    pair, _ = module(x, m)
    for layer in module.layers[: chosen + 1]:
        x, m, _ = layer(x, m)
    assert torch.equal(pair, torch.cat([x.mean(1), m.mean(1)], dim=-1))


def test_fusion_weights_start_even_and_mix_the_layers():
    module = stacked()
    x, m = tokens()
    alone = []
    for chosen in range(3):
        module.layer_scores.zero_()[chosen] = 1e4
        alone.append(module(x, m)[0])
    module.layer_scores.zero_()
    torch.testing.assert_close(module(x, m)[0], sum(alone) / 3, atol=1e-6, rtol=0)
    module.layer_scores.copy_(torch.tensor([0.0, 1.0, 2.0]).log1p())  # shares 1, 2, 3 of 6
    mixed = sum(share * pair for share, pair in zip((1, 2, 3), alone, strict=True)) / 6
    torch.testing.assert_close(module(x, m)[0], mixed, atol=1e-6, rtol=0)


def test_each_layers_weights_come_from_refreshed_tokens_and_the_last_bear_the_plain_name():
    module = stacked()
    x, m = tokens()
    _, attention = module(x, m)
    for number, layer in enumerate(module.layers, start=1):
        own = layer(x, m)[2]
        for name in (IMAGE_TO_CLINICAL, CLINICAL_TO_IMAGE):
            assert torch.equal(attention[f"{name}/{number}"], own[name])
        x, m, _ = layer(x, m)
    for name in (IMAGE_TO_CLINICAL, CLINICAL_TO_IMAGE):
        assert attention[name] is attention[f"{name}/3"]
        assert not torch.allclose(attention[name], attention[f"{name}/1"], atol=1e-3)


@pytest.mark.parametrize("fusion", ["bidirectional", "cross"])
def test_rows_of_attention_sum_to_one(fusion: str):
    attention = tiny(fusion=fusion)(*inputs()).attention
    assert len(attention) == {"bidirectional": 8, "cross": 1}[fusion]
    for weights in attention.values():
        ones = torch.ones(weights.shape[:-1])
        torch.testing.assert_close(weights.sum(-1), ones, atol=1e-6, rtol=0)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_forward_is_encode_then_fuse(fusion: str):
    model = tiny(fusion=fusion)
    images, values, known = inputs()
    with torch.no_grad():
        whole = model(images, values, known)
        parts = model.fuse(model.encode_image(images), values, known)
    assert torch.equal(whole.scores, parts.scores)
    assert whole.scores.shape == (2, 1)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_one_film_meets_many_forms_as_if_repeated(fusion: str):
    model = tiny(fusion=fusion)
    images, values, known = inputs(5)
    with torch.no_grad():
        shared = model.fuse(model.encode_image(images[:1]), values, known)
        repeated = model.fuse(model.encode_image(images[:1].expand(5, -1, -1, -1)), values, known)
        apart = [
            model.fuse(model.encode_image(images[:1]), v[None], k[None]).scores
            for v, k in zip(values, known, strict=True)
        ]
    # The same products in other batches.
    torch.testing.assert_close(shared.scores, repeated.scores, atol=1e-6, rtol=0)
    torch.testing.assert_close(shared.scores, torch.cat(apart), atol=1e-6, rtol=0)


def test_many_films_meet_one_form():
    model = tiny()
    images, values, known = inputs(3)
    with torch.no_grad():
        films = model.encode_image(images)
        shared = model.fuse(films, values[:1], known[:1]).scores
        repeated = model.fuse(films, values[:1].expand(3, -1), known[:1].expand(3, -1)).scores
    torch.testing.assert_close(shared, repeated, atol=1e-6, rtol=0)


def test_image_only_ignores_the_form_and_form_only_the_film():
    images, values, known = inputs(1)
    with torch.no_grad():
        image, form = tiny(fusion="image"), tiny(fusion="form")
        assert torch.equal(
            image(images, values, known).scores, image(images, values, ~known).scores
        )
        assert torch.equal(
            form(images, values, known).scores, form(1 - images, values, known).scores
        )
        assert not torch.equal(
            form(images, values, known).scores, form(images, values, ~known).scores
        )


def test_what_an_unknown_field_holds_does_not_matter():
    model = tiny()
    images, values, known = inputs(1)
    known[:] = True
    known[:, 3] = False  # weight, slot 3
    changed = values.clone()
    changed[:, 3] += 5
    with torch.no_grad():
        assert torch.equal(
            model(images, values, known).scores, model(images, changed, known).scores
        )
        known[:, 3] = True
        assert not torch.equal(
            model(images, values, known).scores, model(images, changed, known).scores
        )


def test_nothing_works_in_place():
    for backbone in ("compact", "resnet34"):
        model = tiny(backbone=backbone)
        assert not [m for m in model.modules() if getattr(m, "inplace", False)]
    images, values, known = inputs()
    model = tiny()
    film = model.encode_image(images)
    kept = [t.detach().clone() for t in (images, values, known, film.tokens, film.features)]
    model.fuse(film, values, known)
    now = (images, values, known, film.tokens, film.features)
    assert all(torch.equal(a, b) for a, b in zip(kept, now, strict=True))


def test_a_gradient_reaches_every_weight_and_the_features():
    model = tiny()
    images, values, known = inputs()
    film = model.encode_image(images)
    score = model.fuse(film, values, known).scores.sum()
    (gradient,) = torch.autograd.grad(score, film.features, retain_graph=True)
    assert float(gradient.abs().max()) > 0
    score.backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_a_wrong_configuration_is_refused_by_name():
    with pytest.raises(TypeError, match="depth"):
        build({"depth": 3})
    with pytest.raises(KeyError, match="resnet50"):
        build({"backbone": "resnet50"})
