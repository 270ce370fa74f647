"""The systems: one row each. A further system is one row, a schema and a model file."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from xattn.data.clinical import Schema
from xattn.data.schemas import BREAST
from xattn.errors import CheckpointError, XattnError
from xattn.models import breast
from xattn.models import checkpoint as checkpoints
from xattn.models.checkpoint import Checkpoint
from xattn.models.network import Builder, Network
from xattn.records import Target

MODELS = Path(__file__).resolve().parent.parent / "assets" / "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What is fixed about a system: what it reads, how it is built, what it says."""

    name: str
    title: str
    film: str
    """What the radiograph must be, for the upload's label."""
    schema: Schema
    build: Builder
    presets: dict[str, dict[str, object]]
    target: Target
    """The default target, before calibration."""
    is_probability: bool
    """Whether the score is a log-odds, so that its sigmoid is a probability."""
    positive: str
    """The class or direction that raises the score, in words."""
    margin_mm: float
    """How much of the film around the lesion's box is read, on every side."""
    negative_reads: str
    """What a low score says; it never reads as an all-clear."""


SYSTEMS = {
    "breast": System(
        name="breast",
        title="Breast lesion",
        film="Mammogram",
        schema=BREAST,
        build=breast.build,
        presets={
            "compact": {"backbone": "compact"},
            "paper": {"backbone": "resnet50"},
        },
        target=Target(name="malignant", unit="log-odds"),
        is_probability=True,
        positive="malignant",
        margin_mm=18.0,
        negative_reads="does not exclude malignancy",
    ),
}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A system's model, ready to read: frozen weights in evaluation mode on one device."""

    system: System
    checkpoint: Checkpoint
    device: torch.device

    @property
    def module(self) -> Network:
        """The network; `encode_image`, `fuse` and `forward` as DESIGN's model interface."""
        return self.checkpoint.module

    @property
    def target(self) -> Target:
        """The default target in calibrated units."""
        return replace(self.system.target, scale=1 / self.checkpoint.calibration.temperature)


def find(name: str) -> System:
    """The row of this name.

    Raises:
        XattnError: if there is none.
    """
    if name not in SYSTEMS:
        raise XattnError(f"System must be one of {', '.join(SYSTEMS)}, however: {name[:60]!r}.")
    return SYSTEMS[name]


def load(name_or_folder: str | Path, *, device: str = "auto") -> LoadedModel:
    """A system's shipped compact model by name, or any checkpoint by its folder.

    Raises:
        CheckpointError: if the checkpoint is incomplete or damaged.
        XattnError: if neither a system nor a folder has this name, or the device is not there.
    """
    name = str(name_or_folder)
    folder = MODELS / name / "compact" if name in SYSTEMS else Path(name_or_folder)
    if not folder.is_dir():
        systems = ", ".join(SYSTEMS)
        raise CheckpointError(f"Expected a system ({systems}) or a checkpoint folder that exists.")
    system = find(checkpoints.system_of(folder))
    checkpoint = checkpoints.load(folder, system.build, system.name)
    place = choose_device(device)
    checkpoint.module.to(place)
    return LoadedModel(system, checkpoint, place)


def choose_device(wanted: str) -> torch.device:
    """The torch device for auto, cpu or cuda; auto takes a GPU where there is one.

    Raises:
        XattnError: if a GPU is asked for and none is there.
    """
    if wanted not in ("auto", "cpu", "cuda"):
        raise XattnError(f"The device must be auto, cpu or cuda, however: {wanted[:20]!r}.")
    has_gpu = torch.cuda.is_available()
    if wanted == "cuda" and not has_gpu:
        raise XattnError("A CUDA device was asked for, however none is here. Use auto or cpu.")
    return torch.device("cuda" if has_gpu and wanted != "cpu" else "cpu")
