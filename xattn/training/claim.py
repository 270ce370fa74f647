"""A folder in which a run is kept belongs to one plan and one set of cases."""

import hashlib
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from torch import Tensor

from xattn.errors import XattnError
from xattn.training.cases import Cases
from xattn.training.fit import Plan


def digest_of(plan: Plan, tensors: Iterable[Tensor]) -> str:
    """SHA-256 over a plan and what it is carried out on."""
    losses = (plan.loss or plan.recipe.loss, plan.recipe.settling)
    settings = (plan.system.name, plan.config, plan.training, plan.pretraining, plan.encoder)
    found = hashlib.sha256(repr((settings, losses)).encode())
    for tensor in tensors:
        found.update(tensor.cpu().contiguous().numpy().data)
    return found.hexdigest()


def tensors_of(cases: Cases) -> tuple[Tensor, ...]:
    """All that cases are made of."""
    return tuple(getattr(cases, field.name) for field in fields(cases))


def claim(folder: Path, digest: str) -> None:
    """Make the folder this digest's, or find that it is.

    Raises:
        XattnError: if it keeps a run of other cases or of another plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "digest.txt"
    if not path.exists():
        path.write_text(digest, encoding="utf-8")
    if path.read_text(encoding="utf-8") != digest:
        raise XattnError(
            "The folder must hold a run of the same cases and settings, however it holds that of "
            "others; choose another folder."
        )
