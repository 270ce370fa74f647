"""The teacher of a distillation: DenseNet-121, trained here or read from published chest weights.

`TEACHER` is a system like any other, for the training loop; `trained_teacher` reads its checkpoint,
`published_teacher` a file of weights that somebody else trained, `read_teacher` either. `taught`
gives cases with what a teacher says of their films.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from xattn.data.findings import FINDINGS
from xattn.errors import CheckpointError
from xattn.models.backbones import Compact, DenseNet121
from xattn.models.checkpoint import load, system_of
from xattn.models.foreign_weights import read_tensors
from xattn.models.network import Backbone, Builder, Network
from xattn.models.tokens import ImageTokens, Output
from xattn.systems import find
from xattn.training.cases import Cases
from xattn.training.distill import distillation_targets

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
Encoder = Literal["densenet121", "compact"]
ENCODERS: Mapping[Encoder, Callable[[], Backbone]] = {
    "densenet121": lambda: DenseNet121(in_channels=1),
    "compact": Compact,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class TeacherConfig:
    """Everything that rebuilds the network; stored as JSON beside its weights."""

    backbone: Encoder = "densenet121"
    """The image encoder: the paper's, or our narrow ResNet-18 for a machine without accelerator."""
    outputs: int = len(FINDINGS)
    """Findings it scores."""
    size: int = 224
    """Side of the square input in pixels."""
    fill: float = 0.25
    """Grey of an absent region, as trained."""


class DenseNetTeacher(Network):
    """Scores of a film by a DenseNet-121 (Huang et al. 2017), or by another encoder's mean.

    The form is not read.
    """

    def __init__(self, config: TeacherConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = ENCODERS[config.backbone]()
        self.head = nn.Linear(self.backbone.channels, config.outputs)

    def encode_image(self, image: Tensor) -> ImageTokens:
        """The feature map, and its cells as tokens (B, H/32 · W/32, 1024)."""
        features = self.backbone(image)
        rows, columns = features.shape[2:]
        return ImageTokens(features.flatten(2).mT, (rows, columns), features)

    def fuse(self, image: ImageTokens, values: Tensor, known: Tensor) -> Output:  # noqa: ARG002
        """Log-odds (B, K) of the film, whatever the form says."""
        scores = self.head(image.tokens.mean(dim=1)).float()
        return Output(scores.expand(len(values), -1), image.features, {})


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


TEACHER = replace(
    find("chest"),
    name=SYSTEM,
    title="Chest: teacher",
    build=build_teacher,
    presets={"compact": {"backbone": "compact"}, "paper": {"backbone": "densenet121"}},
)
"""The teacher's row: what it says and is trained on is chest's, its network is its own."""


def read_teacher(path: Path) -> Teacher:
    """A teacher from a checkpoint folder of ours (a teacher's or a chest model's), or a file.

    Raises:
        CheckpointError: if neither can be read as a teacher of the findings.
    """
    if not path.is_dir():
        return published_teacher(path)
    if system_of(path) == SYSTEM:
        return trained_teacher(path)
    chest = find("chest")
    form = sum(chest.schema.sizes), len(chest.schema.names)
    return trained_teacher(path, chest.build, system=chest.name, form=form)


def taught(cases: Cases, teacher: Teacher, *, batch: int = 64) -> Cases:
    """The cases with the teacher's raw logits behind their labels; each film is encoded once.

    NOTE[DIFF] The released code asks the teacher about every varied film anew. Here it sees the
    whole film as it is: what the student cannot see it is to expect, as with labels.
    """
    logits = teacher_logits(teacher, cases.images, batch=batch)
    return replace(cases, labels=distillation_targets(cases.labels, logits))


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
    device = next(teacher.network.parameters()).device
    parts = torch.split(images, batch)
    return torch.cat([film_logits(teacher, part.to(device).float() / 255) for part in parts])


def film_logits(teacher: Teacher, films: Tensor) -> Tensor:
    """The same of one batch of films (B, 1, S, S) in 0 to 1, on the teacher's device."""
    side = teacher.network.config.size
    if films.shape[-1] != side:
        films = interpolate(films, (side, side), mode="bilinear", antialias=True)
    scores = _film_scores(teacher, films).float().cpu()
    absent = torch.full((len(films),), torch.nan)
    columns = [absent if column is None else scores[:, column] for column in teacher.columns]
    return torch.stack(columns, dim=1)


def _film_scores(teacher: Teacher, films: Tensor) -> Tensor:
    slots, fields = teacher.form
    values = films.new_zeros(len(films), slots)
    known = torch.zeros(len(films), fields, dtype=torch.bool, device=films.device)
    with torch.no_grad():
        return teacher.network(films, values, known).scores  # type: ignore[no-any-return]


def _own_name(name: str) -> str:
    part, _, rest = name.partition(".")
    return f"{PARTS.get(part, part)}.{rest}"
