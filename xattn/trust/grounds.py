"""What a case is judged by: the files beside a checkpoint's weights, read once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xattn.errors import CheckpointError
from xattn.trust import bank, content, dependence, novelty
from xattn.trust.bank import Bank
from xattn.trust.content import Classifier
from xattn.trust.dependence import Dependence
from xattn.trust.expectations import EXPECTATIONS
from xattn.trust.novelty import Reference
from xattn.trust.sureness import FILE as SURENESS
from xattn.trust.sureness import SurenessTable


@dataclass(frozen=True, slots=True, eq=False)
class Grounds:
    """None for what a checkpoint came without: then nothing is said, and that is said."""

    classifier: Classifier | None = None
    reference: Reference | None = None
    table: SurenessTable | None = None
    bank: Bank | None = None
    dependence: Mapping[str, Dependence] = field(default_factory=dict)


def grounds(folder: Path | None, system: str, model_id: str = "") -> Grounds:
    """What lies in a checkpoint's folder, and the rule by which its system knows its films.

    Raises:
        CheckpointError: if a file is damaged, or it was made of another model.
    """
    classifier = content.load(system) if system in EXPECTATIONS else None
    if folder is None:
        return Grounds(classifier)
    table = SurenessTable.load(folder) if (folder / SURENESS).is_file() else None
    if table and model_id and table.model_id != model_id:
        raise CheckpointError(
            f"Expected {SURENESS} of this very model, however: it was fitted on another; fit it "
            "again."
        )
    return Grounds(
        classifier,
        novelty.load_reference(folder),
        table,
        bank.load(folder),
        dependence.load(folder, model_id),
    )
