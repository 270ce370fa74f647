"""EfficientViT-M5: the released shapes, timm's numbers without MXA, and the two ways of wiring."""

from copy import deepcopy
from functools import cache

import pytest
import torch
from timm.models.efficientvit_msra import EfficientVitMsra
from torch import Tensor, nn
from torch.nn.functional import interpolate

from xattn.models.efficientvit import EfficientViTM5, GatedBlock


@cache
def encoder(mxa: bool = True, compat: bool = False, roi: str = "soft") -> EfficientViTM5:
    """Of seed 0, at 64 pixels, with normalisations that do not hide a residual's branch."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = EfficientViTM5(size=64, in_channels=1, mxa=mxa, roi=roi, compat=compat).eval()
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                nn.init.uniform_(part.weight, 0.5, 1.0)
                nn.init.uniform_(part.bias, -0.1, 0.1)
            if hasattr(part, "attention_biases"):
                nn.init.uniform_(part.attention_biases, -1, 1)
    return module.requires_grad_(requires_grad=False)


def films(count: int = 2, side: int = 64) -> Tensor:
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(side))


def test_the_released_shapes():
    module = EfficientViTM5(size=224, in_channels=1, mxa=True, roi="hard", compat=True)
    blocks = [[block.block for block in stage.blocks] for stage in module.stages]
    assert [len(stage) for stage in blocks] == [1, 3, 4]
    for stage, width, heads, cells in zip(
        blocks, (192, 288, 384), (3, 3, 4), (49, 49, 16), strict=True
    ):
        for block in stage:
            attention = block.mixer.m.attn
            assert block.dw0.m.conv.out_channels == width
            assert block.ffn0.m.pw1.conv.out_channels == 2 * width
            assert attention.key_dim == 16
            assert attention.attention_biases.shape == (heads, cells)
            # timm's own M5 has 7, 5, 3, 3 here, with the same count over all blocks.
            assert [tuple(d.conv.weight.shape) for d in attention.dws] == [(16, 1, 5, 5)] * heads
    stem = [part.conv for name, part in module.patches.named_children() if "conv" in name]
    assert [conv.out_channels for conv in stem] == [24, 48, 96, 192]
    assert [conv.stride for conv in stem] == [(2, 2)] * 4


def test_stages_and_gates_of_a_full_film():
    torch.manual_seed(0)
    module = EfficientViTM5(size=224, in_channels=3, mxa=True, roi="soft", compat=False).eval()
    with torch.no_grad():
        looked = module.look(films(1, 224))
    assert looked.middle.shape == (1, 288, 7, 7)
    assert looked.last.shape == (1, 384, 4, 4)
    assert looked.joined.shape == (1, 672, 7, 7)
    places = [f"{s}.{b}" for s, depth in enumerate((1, 3, 4), 1) for b in range(1, depth + 1)]
    assert set(looked.gates) == {f"{k}/{p}" for k in ("box", "channel", "spatial") for p in places}
    sides = {"1": 14, "2": 7, "3": 4}
    for place in places:
        assert looked.gates[f"spatial/{place}"].shape[1:] == (sides[place[0]],) * 2


def test_without_mxa_it_is_timms():
    ours = encoder(mxa=False)
    theirs = EfficientVitMsra(
        64, 1, 0, (192, 288, 384), depth=(1, 3, 4), num_heads=(3, 3, 4), kernels=(5, 5, 5, 5)
    ).eval()
    names = {"patches.": "patch_embed.", ".merge.": ".downsample.", ".block.": "."}
    state = {}
    for name, tensor in ours.state_dict().items():
        for old, new in names.items():
            name = name.replace(old, new)  # noqa: PLW2901
        state[name] = tensor
    theirs.load_state_dict(state, strict=True)
    with torch.no_grad():
        # The same operations on the same numbers, normalised to (x − 1/2) / (1/4) before.
        assert torch.equal(ours(films()), theirs.forward_features((films() - 0.5) / 0.25))
    assert ours.look(films()).gates == {}


def wired(block: GatedBlock, x: Tensor) -> Tensor:
    """A block from its parts: what attention and MXA give, and where they are added."""
    b, attention = block.block, block.block.mixer.m
    if block.compat:
        x = (x + attention(x)) + (x + block.mxa(x)[0])
        u = x + b.dw0.m(x)
        u = u + b.ffn0.m(u)
        u = u + attention(u)
    else:
        u = x + b.dw0.m(x)
        u = u + b.ffn0.m(u)
        u = u + attention(u) + block.mxa(u)[0]
    u = u + b.dw1.m(u)
    return u + b.ffn1.m(u)


@pytest.mark.parametrize("compat", [False, True])
@pytest.mark.parametrize("roi", ["soft", "hard"])
def test_each_wiring_equals_its_formula(compat: bool, roi: str):
    module = encoder(compat=compat, roi=roi)
    x = torch.randn(2, 288, 2, 2, generator=torch.Generator().manual_seed(4))
    block = module.stages[1].blocks[0]
    kept = x.clone()
    ours, gates = block(x)
    # The same parts; sums of three in another order.
    torch.testing.assert_close(ours, wired(block, x), rtol=1e-5, atol=1e-5)
    assert torch.equal(x, kept)
    assert set(gates) == {"box", "channel", "spatial"}


def test_joined_is_the_second_stage_beside_the_last():
    looked = encoder().look(films())
    assert torch.equal(looked.joined[:, :288], looked.middle)
    wide = interpolate(looked.last, size=(2, 2), mode="bilinear", align_corners=False)
    assert torch.equal(looked.joined[:, 288:], wide)
    assert torch.equal(encoder()(films()), looked.last)


def test_biases_are_those_of_now():
    module = deepcopy(encoder())
    before = module(films())
    biases = module.stages[1].blocks[0].block.mixer.m.attn.attention_biases
    biases.mul_(-3)
    assert not torch.equal(module(films()), before)


def test_gradients_can_be_asked_for_twice_and_the_module_copied_after_use():
    module = deepcopy(encoder()).requires_grad_()
    for _ in range(2):
        module(films()).sum().backward()
    copy = deepcopy(module)
    with torch.no_grad():
        assert torch.equal(copy(films()), module(films()))


def test_no_part_works_in_place():
    assert not [m for m in encoder().modules() if getattr(m, "inplace", False)]


def test_films_do_not_see_each_other_in_evaluation():
    together = encoder()(films(3))
    alone = torch.cat([encoder()(film[None]) for film in films(3)])
    scale = float(together.abs().max())
    # Another batch size may block the convolutions otherwise.
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5 * scale)


def test_smaller_films_than_built_for_are_read():
    # Pretraining halves them: windows are padded.
    assert encoder().look(films(1, 96)).joined.shape == (1, 672, 3, 3)
