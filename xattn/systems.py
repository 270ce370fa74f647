"""The systems: one row each. A further system is one row, a schema and a model file."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.special import expit

from xattn.data import densitometry_sentences
from xattn.data.clinical import Form, Schema
from xattn.data.densitometry import BMD_MEAN, BMD_SD
from xattn.data.findings import FINDINGS, LABELS
from xattn.data.schemas import BREAST, CHEST, HIP
from xattn.errors import CheckpointError, XattnError
from xattn.models import breast, chest, hip
from xattn.models import checkpoint as checkpoints
from xattn.models.checkpoint import Checkpoint
from xattn.models.network import Builder, Network
from xattn.models.precision import has_bfloat16
from xattn.records import Target

LESS = " − "
"""Between the names of two targets whose difference is explained."""
MODELS = Path(__file__).resolve().parent.parent / "assets" / "models"


def no_remarks(_: Form, __: float) -> tuple[str, ...]:
    """Nothing to add to the number."""
    return ()


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
    targets: tuple[Target, ...]
    """What it says, one per score, in the order of the scores, before calibration."""
    default_target: int = 0
    """Place of the target that is explained unless another is asked for."""
    is_probability: bool
    """Whether a score is a log-odds, so that its sigmoid is a probability."""
    margin_mm: float
    """How much of the film around the box is read, on every side."""
    box_advice: str
    """What to box and why, where a reader should; empty where the whole film is read."""
    negative_reads: str
    """What a low score says; it never reads as an all-clear."""
    remarks: Callable[[Form, float], tuple[str, ...]] = no_remarks
    """Sentences that belong to the number: of this form and value."""


SYSTEMS = {
    "hip": System(
        name="hip",
        title="Hip: bone density",
        film="Hip radiograph",
        schema=HIP,
        build=hip.build,
        presets={
            "compact": {"backbone": "compact"},
            "paper": {"backbone": "resnet34", "dim": 128},
        },
        targets=(Target(name="femoral-neck BMD", unit="g/cm²", scale=BMD_SD, offset=BMD_MEAN),),
        is_probability=False,
        margin_mm=0.0,
        box_advice="It was trained on films of one hip; on a pelvis, box one hip (key b on the "
        "film).",
        negative_reads="does not exclude low bone density",
        remarks=densitometry_sentences.remarks,
    ),
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
        targets=(Target(name="malignant", unit="log-odds"),),
        is_probability=True,
        margin_mm=18.0,
        box_advice="The descriptors speak of one lesion; box it (key b on the film) so that both "
        "speak of the same.",
        negative_reads="does not exclude malignancy",
    ),
    "chest": System(
        name="chest",
        title="Chest: 14 findings",
        film="Chest radiograph",
        schema=CHEST,
        build=chest.build,
        presets={
            "compact": {"backbone": "compact"},
            "paper": {"backbone": "efficientvit_m5", "dim": 128},
        },
        targets=tuple(
            Target(name=label.lower(), unit="log-odds", output=place)
            for place, label in enumerate(LABELS)
        ),
        default_target=FINDINGS.index("pleural_effusion"),
        is_probability=True,
        margin_mm=0.0,
        box_advice="",
        negative_reads="does not exclude the finding, and “no finding” is no reassurance",
    ),
}


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A system's model, ready to read: frozen weights in evaluation mode on one device."""

    system: System
    checkpoint: Checkpoint
    device: torch.device
    folder: Path | None = None
    """Where it was loaded from: what its answers are judged by lies beside its weights."""
    is_rounded: bool = False
    """Whether masked films are encoded in bfloat16; what that changes is printed."""

    @property
    def module(self) -> Network:
        """The network; `encode_image`, `fuse` and `forward` as DESIGN's model interface."""
        return self.checkpoint.module

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it says, in calibrated units."""
        calibration = self.checkpoint.calibration
        return tuple(
            replace(
                target,
                scale=target.scale / calibration.temperature,
                offset=target.offset + calibration.offset,
            )
            for target in self.system.targets
        )

    @property
    def target(self) -> Target:
        """The target unless another is asked for."""
        return self.targets[self.system.default_target]

    def find_target(self, name: str) -> Target:
        """The target of this name, in letters of any size, or two of them with a minus between.

        Raises:
            XattnError: if there is none, or the two are the same.
        """
        first, is_contrast, second = name.replace(" - ", LESS).partition(LESS)
        if is_contrast:
            return self.contrast(self.find_target(first), self.find_target(second))
        named = {target.name.casefold(): target for target in self.targets}
        if name.casefold() not in named:
            known = ", ".join(target.name for target in self.targets)
            raise XattnError(f"The target must be one of {known}, however: {name[:60]!r}.")
        return named[name.casefold()]

    def contrast(self, target: Target, against: Target) -> Target:
        """What speaks for one finding rather than another: the difference of their values.

        Raises:
            XattnError: if the two are the same.
        """
        if target.output == against.output:
            raise XattnError(f"Two targets were expected, however: {target.name} twice.")
        name = f"{target.name}{LESS}{against.name}"
        # What is added to each score, the calibration's offset, goes in the difference.
        return replace(target, name=name, minus=against.output, offset=0.0)

    def plain(self, values: np.ndarray) -> np.ndarray:
        """Values of targets as a person reads them: probabilities, or numbers in their unit."""
        return np.asarray(expit(values)) if self.system.is_probability else values


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
    place = choose_device(device)
    # torch keeps a pool of threads for each thread that has computed with it; beside a second pool
    # the worker's sleeps and wakes at every operation, which doubled the time of small ones.
    with ThreadPoolExecutor(max_workers=1) as passing:
        return passing.submit(_loaded, folder, system, place).result()


def _loaded(folder: Path, system: System, place: torch.device) -> LoadedModel:
    checkpoint = checkpoints.load(folder, system.build, system.name)
    # Channels-last convolutions take half the time; the sums round differently by about 1e-6.
    checkpoint.module.to(place).to(memory_format=torch.channels_last)
    return LoadedModel(system, checkpoint, place, folder, is_rounded=has_bfloat16(place))


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
