"""One process per device: joining the others, taking turns, agreeing; and compiling."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed, nn

WAIT = timedelta(hours=6)
"""How long the others wait while the first draws phantoms or writes."""
logger = logging.getLogger(__name__)


@contextmanager
def processes() -> Iterator[torch.device]:
    """This process's device; joins and leaves the group that torchrun describes, if any.

    Inside another `processes` the group is the outer one's.
    """
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    is_group = int(os.environ.get("WORLD_SIZE", "1")) > 1 and not distributed.is_initialized()
    if is_group:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=WAIT)
    try:
        yield device
    finally:
        if is_group:
            distributed.destroy_process_group()


def rank() -> int:
    """The number of this process, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def world() -> int:
    """How many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


@contextmanager
def first_alone() -> Iterator[None]:
    """The first process goes through the block, then the others: what it made is there for them."""
    if rank() > 0:
        wait_for_all()
    yield
    if rank() == 0:
        wait_for_all()


def wait_for_all() -> None:
    """Return once every process has come here."""
    if distributed.is_initialized():
        distributed.barrier()


def agreed(value: float, device: torch.device) -> float:
    """The first process's value, so that all stop at the same epoch."""
    if not distributed.is_initialized():
        return value
    shared = torch.tensor(value, dtype=torch.float64, device=device)
    distributed.broadcast(shared, 0)
    return float(shared)


def compile_in_place(module: nn.Module) -> None:
    """Compile a module where this machine can; else a sentence is logged and it stays as it is."""
    device = next(module.parameters()).device
    try:
        torch.compile(nn.SiLU())(torch.zeros(2, device=device))
    # What fails is the machine's C++ compiler or Triton; torch wraps both.
    except RuntimeError:
        logger.warning(
            "Compiled training was asked for, however no working compiler is here; training goes "
            "on without."
        )
        return
    module.compile()
