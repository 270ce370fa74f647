"""Where bfloat16 is quicker: on GPUs, and on CPUs that have its instructions."""

import torch


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16; other CPUs emulate it slowly."""
    # torch's only name for this question.
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001


def autocast(device: torch.device, *, enabled: bool = True) -> torch.autocast:
    """bfloat16 where the device computes in it, else full precision."""
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled and has_bfloat16(device))
