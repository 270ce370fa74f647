"""The chest model: the released parameter counts, one sigmoid only, both heads, absence."""

from math import e, log

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from xattn.data.findings import FINDINGS
from xattn.data.schemas import CHEST
from xattn.models.chest import FUSIONS, FilmModel, FusedModel, build

FIELDS, SLOTS = len(CHEST.sizes), sum(CHEST.sizes)
KINDS = ("cross", "concat", "image", "form")
RELEASED = {"backbone": "efficientvit_m5", "fusion": "image", "compat": True, "roi": "hard"}


def tiny(**changes: object) -> FilmModel | FusedModel:
    torch.manual_seed(0)
    return build({"size": 64, **changes}).eval()


def inputs(count: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return (
        torch.rand(count, 1, 64, 64, generator=generator),
        torch.randn(count, SLOTS, generator=generator),
        torch.rand(count, FIELDS, generator=generator) < 0.7,
    )


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"mxa": False, "in_channels": 3}, 12_094_162),
        ({}, 16_149_010),
        ({"distil": True}, 16_155_168),
    ],
)
def test_the_released_parameter_counts(changes: dict[str, object], count: int):
    assert sum(p.numel() for p in build({**RELEASED, **changes}).parameters()) == count


def test_the_default_form_has_the_released_count_too():
    plain = build({"backbone": "efficientvit_m5", "fusion": "image"})
    assert sum(p.numel() for p in plain.parameters()) == 16_149_010


def test_the_papers_head_is_normalised_and_linear_on_the_mean_of_the_last_stage():
    model = tiny(backbone="efficientvit_m5", fusion="image")
    images, values, known = inputs()
    norm, linear = model.heads.first.bn, model.heads.first.linear
    nn.init.uniform_(norm.running_mean, -1, 1)
    with torch.no_grad():
        pooled = model.backbone(images).mean((2, 3))
        normal = (pooled - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
        twin = (normal * norm.weight + norm.bias) @ linear.weight.T + linear.bias
        scores = model(images, values, known).scores
    torch.testing.assert_close(scores, twin, atol=1e-5, rtol=1e-5)  # means of cells, other order
    assert linear.weight.shape == (14, 384)


def test_fourteen_findings_and_four_fields():
    assert len(FINDINGS) == 14
    assert (FIELDS, SLOTS) == (4, 7)


@pytest.mark.parametrize(
    ("fusion", "tokens", "grid"), [("cross", (1, 49, 128), (7, 7)), ("image", (1, 16, 384), (4, 4))]
)
def test_tokens_and_maps_of_a_full_film(
    fusion: str, tokens: tuple[int, ...], grid: tuple[int, int]
):
    model = build({"backbone": "efficientvit_m5", "fusion": fusion, "dim": 128}).eval()
    with torch.no_grad():
        film = model.encode_image(torch.rand(1, 1, 224, 224))
        output = model.fuse(film, torch.zeros(1, SLOTS), torch.ones(1, FIELDS, dtype=torch.bool))
    assert (film.tokens.shape, film.grid) == (tokens, grid)
    assert film.features.shape == (1, 288, 7, 7)
    assert output.scores.shape == (1, 14)
    shapes = {name: tuple(w.shape) for name, w in output.attention.items()}
    assert shapes == ({"image_attends_clinical": (1, 4, 49, 4)} if fusion == "cross" else {})


@pytest.mark.parametrize("fusion", KINDS)
@pytest.mark.parametrize("backbone", ["compact", "efficientvit_m5"])
def test_forward_is_encode_then_fuse(backbone: str, fusion: str):
    model = tiny(backbone=backbone, fusion=fusion)
    images, values, known = inputs()
    with torch.no_grad():
        whole = model(images, values, known)
        parts = model.fuse(model.encode_image(images), values, known)
    assert torch.equal(whole.scores, parts.scores)
    assert whole.scores.shape == (2, 14)
    assert whole.scores.dtype == torch.float32


@pytest.mark.parametrize("fusion", KINDS)
def test_one_film_meets_many_forms_as_if_repeated(fusion: str):
    model = tiny(fusion=fusion)
    images, values, known = inputs(5)
    with torch.no_grad():
        film = model.encode_image(images[:1])
        shared = model.fuse(film, values, known)
        repeated = model.fuse(model.encode_image(images[:1].expand(5, -1, -1, -1)), values, known)
    # The same products in other batches.
    torch.testing.assert_close(shared.scores, repeated.scores, atol=1e-6, rtol=0)
    assert shared.scores.shape == (5, 14)


def test_rows_of_attention_sum_to_one():
    (weights,) = tiny()(*inputs()).attention.values()
    assert weights.shape == (2, 4, 4, 4)  # two by two patches, four fields
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 4), atol=1e-6, rtol=0)


def test_image_only_ignores_the_form_and_form_only_the_film():
    images, values, known = inputs(1)
    with torch.no_grad():
        image, form = tiny(fusion="image"), tiny(fusion="form")
        assert torch.equal(
            image(images, values, known).scores, image(images, 1 - values, ~known).scores
        )
        assert torch.equal(
            form(images, values, known).scores, form(1 - images, values, known).scores
        )
        assert not torch.equal(
            form(images, values, known).scores, form(images, values, ~known).scores
        )


def test_the_form_stays_in_the_graph_of_the_film_alone_with_gradient_zero():
    images, values, known = inputs()
    scores = tiny(fusion="image")(images, values.requires_grad_(), known).scores
    (gradient,) = torch.autograd.grad(scores.sum(), values)
    assert torch.equal(gradient, torch.zeros_like(values))


@pytest.mark.parametrize("fusion", ["image", "cross"])
@pytest.mark.parametrize("backbone", ["compact", "efficientvit_m5"])
def test_maps_are_drawn_on_features_in_the_same_graph(backbone: str, fusion: str):
    model = tiny(backbone=backbone, fusion=fusion)
    images, values, known = inputs()
    film = model.encode_image(images)
    scores = model.fuse(film, values, known).scores
    for finding in (0, 13):
        (gradient,) = torch.autograd.grad(
            scores[:, finding].sum(), film.features, retain_graph=True
        )
        assert all(float(part.abs().max()) > 0 for part in gradient)


def test_gates_are_returned_and_left_out_where_many_are_kept():
    film = tiny(backbone="efficientvit_m5").encode_image(inputs()[0])
    assert len(film.gates) == 3 * 8
    assert film.without_features().gates == {}
    assert tiny(mxa=False).encode_image(inputs()[0]).gates == {}


def test_two_heads_in_training_and_their_mean_after():
    model = tiny(distil=True)
    images, values, known = inputs()
    with torch.no_grad():
        film = model.encode_image(images)
        shown = model.fuse(film, values, known)
        model.heads.train()
        trained = model.fuse(film, values, known)
    model.heads.first[2].p = model.heads.second[2].p = 0.0
    with torch.no_grad():
        trained = model.fuse(film, values, known)
    assert shown.distilled is None
    assert not torch.equal(trained.scores, trained.distilled)
    # The mean of two float32 numbers
    mean = (trained.scores + trained.distilled) / 2
    torch.testing.assert_close(shown.scores, mean, atol=1e-7, rtol=0)


def test_one_head_gives_no_second_scores():
    assert tiny().train()(*inputs()).distilled is None


def test_scores_are_log_odds_so_random_labels_can_be_learned():
    torch.manual_seed(0)
    model = build({"size": 32, "fusion": "image"}).train()
    images = torch.rand(16, 1, 32, 32)
    labels = (torch.rand(16, 14) < 0.2).float()
    values, known = torch.zeros(16, SLOTS), torch.zeros(16, FIELDS, dtype=torch.bool)
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(40):
        loss = binary_cross_entropy_with_logits(model(images, values, known).scores, labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    # With a sigmoid in the model too no score leaves 0 to 1: −log σ(1) for a positive and log 2 for
    # a negative are the least, which is how the released baseline stood still at 0.69.
    share = float(labels.mean())
    floor = share * log(1 + 1 / e) + (1 - share) * log(2)
    assert floor > 0.6
    assert loss.item() < floor / 2


@pytest.mark.parametrize("backbone", ["compact", "efficientvit_m5"])
def test_nothing_works_in_place(backbone: str):
    model = tiny(backbone=backbone)
    assert not [m for m in model.modules() if getattr(m, "inplace", False)]
    images, values, known = inputs()
    film = model.encode_image(images)
    kept = [t.detach().clone() for t in (images, values, known, film.tokens, film.features)]
    model.fuse(film, values, known)
    now = (images, values, known, film.tokens, film.features)
    assert all(torch.equal(a, b) for a, b in zip(kept, now, strict=True))


@pytest.mark.parametrize("roi", ["soft", "hard"])
@pytest.mark.parametrize("fusion", KINDS)
def test_a_gradient_reaches_every_weight(fusion: str, roi: str):
    model = tiny(fusion=fusion, roi=roi).train()
    model(*inputs()).scores.sum().backward()
    # Gradients of zero included: several processes wait for every weight's.
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_a_wrong_configuration_is_refused_by_name():
    with pytest.raises(TypeError, match="depth"):
        build({"depth": 3})
    with pytest.raises(KeyError, match="co"):
        build({"fusion": "co"})
    assert set(FUSIONS) == set(KINDS) - {"image"}
