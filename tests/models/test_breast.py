"""The breast model: its sizes, its two steps, absence, and that nothing works in place."""

import pytest
import torch
from torch import nn

from xattn.data.schemas import BREAST
from xattn.models.breast import FUSIONS, BreastConfig, BreastModel, build
from xattn.models.tokens import FieldTokeniser, ModalityDropout


def tiny(**changes: object) -> BreastModel:
    torch.manual_seed(0)
    return build({"size": 64, **changes}).eval()


def inputs(count: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    known = torch.rand(count, 5, generator=generator) < 0.7
    values = torch.zeros(count, 36)
    values[:, [1, 5, 13, 20, 32]] = 1.0
    return torch.rand(count, 1, 64, 64, generator=generator), values, known


def test_sizes_of_both_presets():
    assert sum(p.numel() for p in BreastModel(BreastConfig()).parameters()) == 2_022_541
    paper = BreastModel(BreastConfig(backbone="resnet50"))
    assert (
        sum(p.numel() for p in paper.backbone.parameters()) == 23_508_032
    )  # ResNet-50 without its head
    with torch.no_grad():
        tokens = paper.eval().encode_image(torch.rand(1, 1, 224, 224))
        attention = paper.fuse(
            tokens, torch.zeros(1, 36), torch.ones(1, 5, dtype=torch.bool)
        ).attention
    assert tokens.tokens.shape == (1, 49, 100)
    assert attention["image_attends_clinical"].shape == (1, 4, 49, 5)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_forward_is_encode_then_fuse(fusion: str):
    model = tiny(fusion=fusion)
    images, values, known = inputs()
    with torch.no_grad():
        whole = model(images, values, known)
        parts = model.fuse(model.encode_image(images), values, known)
    assert torch.equal(whole.scores, parts.scores)
    assert whole.scores.shape == (2, 1)


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


def test_no_module_works_in_place():
    for backbone in ("compact", "resnet50"):
        model = tiny(backbone=backbone)
        assert not [m for m in model.modules() if getattr(m, "inplace", False)]


def test_features_are_not_overwritten_after_they_are_returned():
    model = tiny()
    images, values, known = inputs()
    tokens = model.encode_image(images)
    before = tokens.features.detach().clone()
    model.fuse(tokens, values, known)
    assert torch.equal(tokens.features, before)


def test_a_missing_field_is_its_own_token_whatever_its_slots_hold():
    tokeniser = FieldTokeniser(BREAST.sizes, 10)
    nothing = torch.zeros(1, 5, dtype=torch.bool)
    a, b = (tokeniser(slots, nothing) for slots in (torch.zeros(1, 36), torch.ones(1, 36)))
    assert torch.equal(a, b)
    assert torch.equal(a[0], tokeniser.missing)


def test_a_field_reads_only_its_own_slots():
    tokeniser = FieldTokeniser(BREAST.sizes, 10)
    known = torch.ones(1, 5, dtype=torch.bool)
    plain = tokeniser(torch.zeros(1, 36), known)
    slots = torch.zeros(1, 36)
    slots[0, 13] = 1.0  # second of the five margins, slots 12 to 16
    changed = tokeniser(slots, known)
    assert (changed - plain)[0].abs().sum(-1).nonzero().flatten().tolist() == [2]
    # (bias + weight) − bias: two roundings of float32 at magnitude below 1
    torch.testing.assert_close(
        changed[0, 2], tokeniser.bias[2] + tokeniser.weight[13], atol=1e-7, rtol=0
    )


def test_modality_dropout_takes_one_side_never_both():
    dropout = ModalityDropout(0.3).train()
    torch.manual_seed(0)
    image, clinical = dropout(torch.ones(4000, 2, 3), torch.ones(4000, 2, 3))
    no_image, no_clinical = (side.sum((1, 2)) == 0 for side in (image, clinical))
    assert not (no_image & no_clinical).any()
    # Binomial(4000, 0.15) has a standard deviation of 22.6; five of them on either side of 600.
    assert abs(int(no_image.sum()) - 600) < 113
    assert abs(int(no_clinical.sum()) - 600) < 113
    assert torch.equal(dropout.eval()(image, clinical)[0], image)


def test_a_wrong_configuration_is_refused_by_name():
    with pytest.raises(TypeError, match="depth"):
        build({"depth": 3})


def test_modules_have_no_state_beyond_parameters_and_statistics():
    names = set(tiny().state_dict())
    assert not [n for n in names if n.endswith("member")]  # rebuilt from the schema, never stored
    assert isinstance(tiny().head[1], nn.ReLU)
