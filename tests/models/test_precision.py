"""bfloat16 where the device computes in it, and nowhere else."""

import pytest
import torch

from xattn.models.precision import autocast, has_bfloat16

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(params=[False, True], ids=["without", "with"])
def supported(request, monkeypatch) -> bool:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: request.param)
    return request.param


def product() -> torch.Tensor:
    return torch.ones(2, 2) @ torch.full((2, 2), 1 + 2**-10)


def test_a_gpu_has_it_and_a_cpu_by_its_instructions(supported):
    assert has_bfloat16(CPU) == supported
    assert has_bfloat16(CUDA)


@pytest.mark.parametrize("enabled", [False, True])
def test_products_are_rounded_where_supported_and_enabled(supported, enabled):
    with autocast(CPU, enabled=enabled):
        found = product()
    assert found.dtype == (torch.bfloat16 if supported and enabled else torch.float32)
    # 1 + 2⁻¹⁰ has more bits than bfloat16 keeps.
    assert found[0, 0].item() == (2.0 if supported and enabled else 2 + 2**-9)


def test_it_ends_with_its_block_and_is_on_unless_told_otherwise(supported):
    with autocast(CPU):
        assert torch.is_autocast_enabled("cpu") == supported
        with autocast(CPU, enabled=False):
            assert not torch.is_autocast_enabled("cpu")
    assert not torch.is_autocast_enabled("cpu")
    assert product().dtype == torch.float32
