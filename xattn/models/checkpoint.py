"""A checkpoint folder: weights, configuration, calibration and card, each with its hash.

`weights.safetensors` and `model.json` make the model; the SHA-256 over both is its id. A model is
only ever rebuilt from that folder, never from a pickle.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors

from xattn.errors import CheckpointError
from xattn.models.network import Builder, Network
from xattn.models.signature import refuse_changed

WEIGHTS, MODEL, CALIBRATION, CARD = (
    "weights.safetensors",
    "model.json",
    "calibration.json",
    "card.md",
)
FORMAT = 1
MAX_BYTES = 2 * 1024**3
"""No file of a checkpoint is larger; a larger one is not read."""

Seen = list[float] | list[str] | list[bool]
"""Both ends of the middle 99 % of a number, or every answer given; empty if never known."""
Support = dict[str, Seen]
"""What each field of the form held in training, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """`model.json`: what rebuilds the model and what must be said of it."""

    system: str
    preset: str
    version: str
    config: dict[str, object]
    training_data: str
    is_phantom_trained: bool
    label_means: tuple[float, ...]
    """Mean label in training, one per score: a prevalence, or a mean in the target's unit."""
    support: Support = field(default_factory=dict)
    """What the form held in training; empty in folders that do not say."""
    format: int = FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """`calibration.json`: from raw scores to what is shown.

    `temperature` divides raw scores (Guo et al. 2017, section 4.2); `offset` is added in the
    target's unit. `cam_scale` is the 99th percentile of |Grad-CAM| on the calibration set, the top
    of the relative scale.
    """

    temperature: float = 1.0
    offset: float = 0.0
    cam_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A rebuilt model with what was stored beside it."""

    module: Network
    description: Description
    calibration: Calibration
    card: str
    model_id: str = field(default="")


def save(folder: Path, checkpoint: Checkpoint, *, half: bool = False) -> str:
    """Write a checkpoint folder and give back the model's id; `half` stores float16 weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: tensor.detach().cpu().contiguous() for name, tensor in _state(checkpoint).items()
    }
    if half:
        tensors = {k: v.half() if v.is_floating_point() else v for k, v in tensors.items()}
    weights = save_tensors(tensors)
    model = _json(asdict(checkpoint.description))
    for name, content in (
        (WEIGHTS, weights),
        (MODEL, model),
        (CALIBRATION, _json(asdict(checkpoint.calibration))),
        (CARD, checkpoint.card.encode()),
    ):
        _replace(folder / name, content)
    return _model_id(weights, model)


def redescribe(folder: Path, description: Description, card: str) -> None:
    """Write another description and card beside weights that stay; the model's id follows."""
    _replace(folder / MODEL, _json(asdict(description)))
    _replace(folder / CARD, card.encode())


def load(folder: Path, build: Builder, system: str) -> Checkpoint:
    """Rebuild the model of a folder with the system's builder, in evaluation mode, frozen.

    Raises:
        CheckpointError: if a file is missing, damaged, too large, of another format or system,
            changed since the folder was signed, or does not fit the model it describes.
    """
    refuse_changed(folder)
    weights, model = _read(folder / WEIGHTS), _read(folder / MODEL)
    try:
        description = Description(**json.loads(model))
        calibration = Calibration(**json.loads(_read(folder / CALIBRATION)))
    except (TypeError, ValueError) as error:
        raise CheckpointError(
            f"The checkpoint's description is not as written by xattn: {error}."
        ) from error
    if (description.format, description.system) != (FORMAT, system):
        raise CheckpointError(
            f"Expected a checkpoint of format {FORMAT} for {system}, however: format "
            f"{description.format} for {description.system}."
        )
    try:
        module = build(description.config)
        tensors = {
            name: tensor.float() if tensor.is_floating_point() else tensor
            for name, tensor in load_tensors(weights).items()
        }
        module.load_state_dict(tensors, strict=True)
    except (SafetensorError, TypeError, KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "The checkpoint's weights do not fit the model it describes."
        ) from error
    if not all(torch.isfinite(parameter).all() for parameter in module.parameters()):
        raise CheckpointError(
            "The checkpoint holds weights that are not finite; it cannot be used."
        )
    module.eval().requires_grad_(requires_grad=False)
    card = _read(folder / CARD).decode("utf-8", errors="replace")
    return Checkpoint(module, description, calibration, card, _model_id(weights, model))


def system_of(folder: Path) -> str:
    """The system that a checkpoint folder is for.

    Raises:
        CheckpointError: if the folder has no readable description.
    """
    try:
        return str(json.loads(_read(folder / MODEL))["system"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError("The checkpoint's model.json does not name its system.") from error


def _state(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    return checkpoint.module.state_dict()


def _model_id(weights: bytes, model: bytes) -> str:
    return hashlib.sha256(
        hashlib.sha256(weights).digest() + hashlib.sha256(model).digest()
    ).hexdigest()


def _json(content: dict[str, object]) -> bytes:
    return (json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(path.suffix + ".part")
    temporary.write_bytes(content)
    temporary.replace(path)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(
                f"{path.name} is larger than {MAX_BYTES // 1024**2} MiB; not read."
            )
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"The checkpoint folder needs a readable {path.name}.") from error
