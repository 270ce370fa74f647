"""MXA: the box against a crop, the gates against a twin with loops, and where gradients go."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from xattn.models.mxa import MXA, CompactMXA, hard_box, resample, soft_box

WHOLE = torch.tensor([[0.0, 0.0, 1.0, 1.0]])


def features(count: int = 2, channels: int = 32, side: int = 6) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(count, channels, side, side, generator=generator)


def module(roi: str, channels: int = 32) -> MXA:
    torch.manual_seed(0)
    return MXA(channels, roi=roi)


@pytest.mark.parametrize("channels", [192, 288, 384])
def test_a_module_has_the_released_number_of_parameters(channels: int):
    half, sixteenth = channels // 2, channels // 16
    expected = 9 * channels * half + 4 * half + 4 + 2 * channels * sixteenth + 98
    assert sum(p.numel() for p in MXA(channels, roi="hard").parameters()) == expected


def test_the_whole_map_resampled_is_the_map():
    assert torch.equal(resample(features(), WHOLE.expand(2, -1), is_cropped=False), features())


@pytest.mark.parametrize("box", [(0, 0, 6, 6), (1, 2, 3, 6), (2, 0, 5, 1), (5, 5, 6, 6)])
def test_a_hard_box_is_cropped_and_resized(box: tuple[int, ...]):
    left, top, right, bottom = box
    shares = torch.tensor([box], dtype=torch.float32) / 6
    twin = interpolate(
        features()[:, :, top:bottom, left:right], size=(6, 6), mode="bilinear", align_corners=False
    )
    ours = resample(features(), shares.expand(2, -1), is_cropped=True)
    # Weights of two cells each sum to 1 in float32; values below 4.
    torch.testing.assert_close(ours, twin, atol=2e-6, rtol=0)


def test_a_soft_box_reads_a_slope_where_it_lies():
    slope = torch.arange(8.0).expand(1, 1, 8, 8)
    read = resample(slope, torch.tensor([[0.25, 0.25, 0.75, 0.75]]), is_cropped=False)
    # Four cells from 2 to 6 shared by eight: centres at 2 + (i + 1/2) / 2 − 1/2, halves exact.
    expected = torch.tensor([1.75, 2.25, 2.75, 3.25, 3.75, 4.25, 4.75, 5.25])
    assert torch.equal(read[0, 0], expected.expand(8, 8))


def test_the_boxes_gradient_is_that_of_small_changes():
    generator = torch.Generator().manual_seed(2)
    maps = torch.randn(1, 2, 5, 5, generator=generator, dtype=torch.float64)
    box = torch.tensor([[0.13, 0.21, 0.77, 0.9]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda b: resample(maps, b, is_cropped=False), (box,))


def test_soft_boxes_by_hand():
    numbers = torch.tensor([[0.5, 0.5, 0.5, 0.25], [0.0, 1.0, 1.0, 0.5]])
    expected = [[0.25, 0.375, 0.75, 0.625], [0.0, 0.5, 1.0, 1.0]]
    assert soft_box(numbers).tolist() == expected


def test_hard_boxes_are_cut_to_cells_and_whole_where_crossed():
    numbers = torch.tensor(
        [
            [0.3, 0.1, 0.9, 0.6],  # 1.2, 0.4, 3.6, 2.4 of four cells
            [0.5, 0.1, 0.6, 0.9],  # left and right in one cell
            [0.9, 0.1, 0.2, 0.9],  # crossed
        ]
    )
    boxes = hard_box(numbers, torch.Size([4, 4]))
    assert boxes.tolist() == [[0.25, 0.0, 0.75, 0.5], [0, 0, 1, 1], [0, 0, 1, 1]]


def test_hard_boxes_know_width_from_height():
    box = hard_box(torch.tensor([[0.3, 0.3, 0.9, 0.9]]), torch.Size([2, 4]))
    assert box.tolist() == [[0.25, 0.0, 0.75, 0.5]]


def test_only_the_soft_box_is_trained():
    for roi, is_trained in (("soft", True), ("hard", False)):
        part = module(roi)
        part(features())[0].square().sum().backward()
        sizes = [float(p.grad.abs().max()) for p in part.predict.parameters()]
        assert [size > 0 for size in sizes] == [is_trained] * 3
        assert all(float(p.grad.abs().max()) > 0 for p in part.channel.parameters())
        assert float(part.spatial.weight.grad.abs().max()) > 0


@pytest.mark.parametrize("roi", ["soft", "hard"])
def test_gates_equal_their_twin_with_loops(roi: str):
    part, maps = module(roi), features(1, 32, 4)
    with torch.no_grad():
        gated, gates = part(maps)
        closer = resample(maps, gates["box"], is_cropped=roi == "hard")[0]
        squeezed = part.channel[0].weight.flatten(1) @ closer.mean((1, 2))
        channel = torch.sigmoid(part.channel[2].weight.flatten(1) @ squeezed.clamp_min(0))
        closer = closer * channel.view(-1, 1, 1)
        spatial = torch.tensor(
            [[twin_spatial(part, closer, row, column) for column in range(4)] for row in range(4)]
        )
    # float32 sums of up to 98 products of size one
    torch.testing.assert_close(gates["channel"][0], channel, atol=1e-6, rtol=0)
    torch.testing.assert_close(gates["spatial"][0], spatial, atol=1e-6, rtol=0)
    torch.testing.assert_close(gated[0], closer * spatial, atol=1e-6, rtol=0)


def twin_spatial(part: MXA, closer: Tensor, row: int, column: int) -> float:
    """σ of a 7 × 7 window over the channels' largest, then over their mean."""
    total = 0.0
    for i in range(7):
        for j in range(7):
            y, x = row + i - 3, column + j - 3
            if 0 <= y < 4 and 0 <= x < 4:
                largest, mean = part.spatial.weight[0, :, i, j].tolist()
                cell = closer[:, y, x]
                total += largest * float(cell.max()) + mean * float(cell.mean())
    return 1 / (1 + math.exp(-total))


@pytest.mark.parametrize("roi", ["soft", "hard"])
def test_films_are_gated_each_by_its_own_box_and_stay_as_they_were(roi: str):
    part, maps = module(roi), features(3)
    kept = maps.clone()
    with torch.no_grad():
        together, gates = part(maps)
        alone = [part(film[None]) for film in maps]
    assert torch.equal(maps, kept)
    # Another batch size may block the convolutions otherwise.
    torch.testing.assert_close(together, torch.cat([m for m, _ in alone]), atol=1e-6, rtol=0)
    for name, gate in gates.items():
        torch.testing.assert_close(gate, torch.cat([g[name] for _, g in alone]), atol=1e-6, rtol=0)


def test_beside_the_compact_encoder_it_adds_to_the_last_map():
    torch.manual_seed(0)
    encoder = CompactMXA(mxa=True, roi="soft").eval()
    film = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        plain = encoder.compact(film)
        looked = encoder.look(film)
        assert torch.equal(looked.last, plain + encoder.mxa(plain)[0])
        assert torch.equal(encoder(film), looked.last)
    assert {name: tuple(gate.shape) for name, gate in looked.gates.items()} == {
        "box": (1, 4),
        "channel": (1, 192),
        "spatial": (1, 2, 2),
    }
    assert CompactMXA(mxa=False, roi="soft").eval().look(film).gates == {}
