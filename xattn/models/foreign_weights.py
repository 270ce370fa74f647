"""Weights that somebody else stored: tensors by name from a local file, never code."""

import struct
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from xattn.errors import CheckpointError
from xattn.models.checkpoint import MAX_BYTES

UNREADABLE = (
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    struct.error,
    torch.serialization.pickle.UnpicklingError,  # type: ignore[attr-defined]  # what torch raises
    SafetensorError,
)
"""What torch and safetensors raise on files with bytes changed, cut or foreign."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The state dict of a .safetensors file, or of a .pth file that holds tensors alone.

    Raises:
        CheckpointError: if there is no such file, it is too large, damaged, or holds anything else.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(
                f"Expected weights of at most {MAX_BYTES // 1024**2} MiB, however: more; not read."
            )
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise CheckpointError("The weights need a readable file, however: none.") from error
    except UNREADABLE as error:
        raise CheckpointError(
            "Expected a readable file of tensors alone, however: a damaged file or a whole pickled "
            "model, which is not opened; save the model's state_dict() to a file of its own."
        ) from error
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise CheckpointError(
            "Expected a plain state dict, names with tensors, however: something else; save the "
            "model's state_dict() to a file of its own."
        )
    return dict(content)
