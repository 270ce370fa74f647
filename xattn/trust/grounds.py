"""What a case is judged by: the files beside a checkpoint's weights, read once."""

from dataclasses import dataclass
from pathlib import Path

from xattn.trust import bank, content, novelty
from xattn.trust.bank import Bank
from xattn.trust.content import Classifier
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


def grounds(folder: Path | None, system: str) -> Grounds:
    """What lies in a checkpoint's folder, and the rule by which its system knows its films.

    Raises:
        CheckpointError: if a file is damaged.
    """
    classifier = content.load(system) if system in EXPECTATIONS else None
    if folder is None:
        return Grounds(classifier)
    has_table = (folder / SURENESS).is_file()
    return Grounds(
        classifier,
        novelty.load_reference(folder),
        SurenessTable.load(folder) if has_table else None,
        bank.load(folder),
    )
