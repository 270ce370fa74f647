"""The teacher of a distillation: DenseNet-121, trained here or read from published chest weights.

`build_teacher` is a network like any other, for the training loop; `trained_teacher` reads its
checkpoint, `published_teacher` a file of weights that somebody else trained.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from xattn.data.findings import FINDINGS
from xattn.errors import CheckpointError
from xattn.models.backbones import DenseNet121
from xattn.models.checkpoint import load
from xattn.models.foreign_weights import read_tensors
from xattn.models.network import Builder, Network
from xattn.models.tokens import ImageTokens, Output

SYSTEM = "chest-teacher"
"""What the description of a teacher's checkpoint names as its system."""
PATHOLOGIES = (
    "Atelectasis",
    "Consolidation",
    "Infiltration",
    "Pneumothorax",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Effusion",
    "Pneumonia",
    "Pleural_Thickening",
    "Cardiomegaly",
    "Nodule",
    "Mass",
    "Hernia",
    "Lung Lesion",
    "Fracture",
    "Lung Opacity",
    "Enlarged Cardiomediastinum",
)
"""Outputs of the weights that TorchXRayVision publishes, in their order."""
SPOKEN = {
    "enlarged_cardiomediastinum": "Enlarged Cardiomediastinum",
    "cardiomegaly": "Cardiomegaly",
    "lung_opacity": "Lung Opacity",
    "lung_lesion": "Lung Lesion",
    "edema": "Edema",
    "consolidation": "Consolidation",
    "pneumonia": "Pneumonia",
    "atelectasis": "Atelectasis",
    "pneumothorax": "Pneumothorax",
    "pleural_effusion": "Effusion",
    "fracture": "Fracture",
}
"""Which output speaks for a finding; the other findings have none.

NOTE[DIFF] The released code of arXiv 2504.02277 also takes pleural thickening for Pleural Other,
which these weights never saw, a constant for Support Devices, and for No Finding the product of
eighteen (1 − p), which holds for independent outputs only and which seven untrained ones would
make nearly 0: the three are masked here.
"""

PARTS = {"features": "backbone.body.features", "classifier": "head"}
"""Where the parts of TorchXRayVision's (and torchvision's) DenseNet are in ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TeacherConfig:
    """Everything that rebuilds the network; stored as JSON beside its weights."""

    outputs: int = len(FINDINGS)
    """Findings it scores."""
    size: int = 224
    """Side of the square input in pixels."""
    fill: float = 0.25
    """Grey of an absent region, as trained."""


class DenseNetTeacher(Network):
    """Scores of a film by a DenseNet-121 (Huang et al. 2017); the form is not read."""

    def __init__(self, config: TeacherConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = DenseNet121(in_channels=1)
        self.head = nn.Linear(self.backbone.channels, config.outputs)

    def encode_image(self, image: Tensor) -> ImageTokens:
        """The feature map, and its cells as tokens (B, H/32 · W/32, 1024)."""
        features = self.backbone(image)
        rows, columns = features.shape[2:]
        return ImageTokens(features.flatten(2).mT, (rows, columns), features)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:  # noqa: ARG002
        """Log-odds (B, K) of the film, whatever the form says."""
        return Output(self.head(image.tokens.mean(dim=1)).float(), image.features, {})


@dataclass(frozen=True, slots=True)
class Teacher:
    """A network in evaluation mode, and which of its outputs speaks for which finding."""

    network: Network
    columns: tuple[int | None, ...]
    """Output of each of FINDINGS, None where it has none."""
    form: tuple[int, int] = (0, 0)
    """Slots and fields of the form it takes; all are left unknown."""


def build_teacher(config: Mapping[str, object]) -> DenseNetTeacher:
    """The teacher, with fresh weights, that a stored configuration describes."""
    return DenseNetTeacher(TeacherConfig(**config))  # type: ignore[arg-type]  # checked by the dataclass


def trained_teacher(
    folder: Path,
    build: Builder = build_teacher,
    *,
    system: str = SYSTEM,
    form: tuple[int, int] = (0, 0),
) -> Teacher:
    """A checkpoint of ours as teacher: a DenseNet, or any chest model by its film alone.

    Raises:
        CheckpointError: if the checkpoint cannot be read, or scores other findings than ours.
    """
    network = load(folder, build, system).module
    teacher = Teacher(network, tuple(range(len(FINDINGS))), form)
    blank = torch.zeros(1, 1, network.config.size, network.config.size)
    outputs = _film_scores(teacher, blank).shape[1]
    if outputs != len(FINDINGS):
        raise CheckpointError(
            f"Expected a teacher of {len(FINDINGS)} findings, however: {outputs} outputs; "
            "train one on the same labels."
        )
    return teacher


def published_teacher(path: Path) -> Teacher:
    """TorchXRayVision's DenseNet-121 from a local state dict (.pt, .pth or .safetensors).

    Its scores are raw logits: the operating points stored beside the weights, which would turn
    them into probabilities of another scale, only tell which outputs were trained (not NaN).

    Raises:
        CheckpointError: if the file is no state dict, or not of this network.
    """
    state = read_tensors(path)
    thresholds = state.pop("op_threshs", torch.zeros(len(PATHOLOGIES)))
    network = DenseNetTeacher(TeacherConfig(outputs=len(PATHOLOGIES)))
    try:
        network.load_state_dict({_own_name(name): tensor for name, tensor in state.items()})
        points = dict(zip(PATHOLOGIES, thresholds.tolist(), strict=True))
    except (RuntimeError, ValueError) as error:
        raise CheckpointError(
            "Expected the weights of a one-channel DenseNet-121 with 18 outputs, however: names or "
            "shapes differ; use the chest weights that TorchXRayVision publishes."
        ) from error
    network.eval().requires_grad_(requires_grad=False)
    names = (SPOKEN.get(finding) for finding in FINDINGS)
    columns = (
        PATHOLOGIES.index(name) if name and not math.isnan(points[name]) else None for name in names
    )
    return Teacher(network, tuple(columns))


def teacher_logits(teacher: Teacher, images: Tensor, *, batch: int = 64) -> Tensor:
    """Raw logits (N, 14) float32 on the CPU of films (N, 1, S, S) uint8; NaN where it has none."""
    side = teacher.network.config.size
    device = next(teacher.network.parameters()).device
    columns = [column for column in teacher.columns if column is not None]
    heard = torch.tensor([column is not None for column in teacher.columns])
    logits = torch.full((len(images), len(teacher.columns)), torch.nan)
    for index in torch.split(torch.arange(len(images)), batch):
        films = images[index].to(device).float() / 255
        if films.shape[-1] != side:
            films = interpolate(films, (side, side), mode="bilinear", antialias=True)
        scores = _film_scores(teacher, films).float().cpu()
        logits[index[:, None], heard.nonzero().T] = scores[:, columns]
    return logits


def _film_scores(teacher: Teacher, films: Tensor) -> Tensor:
    slots, fields = teacher.form
    values = films.new_zeros(len(films), slots)
    known = torch.zeros(len(films), fields, dtype=torch.bool, device=films.device)
    with torch.no_grad():
        return teacher.network(films, values, known).scores  # type: ignore[no-any-return]


def _own_name(name: str) -> str:
    part, _, rest = name.partition(".")
    return f"{PARTS.get(part, part)}.{rest}"
