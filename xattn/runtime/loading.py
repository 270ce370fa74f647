"""A checkpoint folder looked at before it speaks: whose it is, what it holds, whether it fits."""

from dataclasses import dataclass
from pathlib import Path

from xattn.errors import CheckpointError
from xattn.models.checkpoint import system_of
from xattn.models.signature import MANIFEST, SIGNATURE, Standing, fingerprint, standing
from xattn.models.support import require_fit
from xattn.systems import LoadedModel, find, load

OPENED = frozenset({".safetensors", ".json", ".md"})
"""What is ever opened of a folder; a pickle is not, whatever it is called."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a folder is before its weights are read; `unopened` are names that nothing reads."""

    folder: Path
    system: str
    standing: Standing
    unopened: tuple[str, ...]


def inspect(folder: Path) -> Inspection:
    """Whose a folder is and for which system, without building its model.

    Raises:
        CheckpointError: if it is no checkpoint folder, was changed since it was signed, or was
            signed for another form.
    """
    if not folder.is_dir():
        raise CheckpointError("A checkpoint folder that exists was expected; check the path.")
    found = standing(folder)
    system = find(system_of(folder))
    if found.schema and found.schema != fingerprint(system.schema):
        raise CheckpointError(
            "The checkpoint was signed for another version of the form: its entries would be read "
            "wrongly. Use the version of xattn that it was made with."
        )
    names = sorted(path.name for path in folder.iterdir() if path.suffix not in OPENED)
    unopened = tuple(name for name in names if name not in (MANIFEST, SIGNATURE))
    return Inspection(folder, system.name, found, unopened)


def load_folder(folder: Path, *, is_acknowledged: bool, device: str = "auto") -> LoadedModel:
    """The model of a folder, once all checks have passed.

    `is_acknowledged` says that a person knows that nobody they trust vouches for it.

    Raises:
        CheckpointError: if it is not signed by a trusted key and that is not acknowledged, was
            changed, is of another format, or does not fit the form or the system.
    """
    found = inspect(folder)
    if not (found.standing.is_trusted or is_acknowledged):
        raise CheckpointError(f"{found.standing.sentence} Acknowledge that before it is loaded.")
    model = load(folder, device=device)
    require_fit(model.checkpoint.description, model.system.schema, len(model.system.targets))
    return model
