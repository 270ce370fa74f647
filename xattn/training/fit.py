"""From cases to a calibrated model: prepared, trained, settled, rounded, calibrated."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from xattn.errors import CheckpointError
from xattn.models.backbones import Published, load_published
from xattn.models.checkpoint import Checkpoint, Description
from xattn.models.network import Network
from xattn.models.support import support_of
from xattn.systems import LoadedModel, System, load
from xattn.training.calibrate import calibrate
from xattn.training.cases import Cases
from xattn.training.loop import Loss, TrainingConfig, train
from xattn.training.pretrain import PretrainingConfig, pretrain
from xattn.training.processes import processes
from xattn.training.recipes import RECIPES, Recipe


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is fitted and how; the same plan and cases give the same model."""

    system: System
    preset: str = "compact"
    changes: tuple[tuple[str, object], ...] = ()
    """Departures from the preset's configuration, such as ("fusion", "image")."""
    training: TrainingConfig
    pretraining: PretrainingConfig
    encoder: Path | None = None
    """A checkpoint folder, or a file of published ImageNet weights, whose encoder is started from;
    it is not prepared then."""
    loss: Loss | None = None
    """The recipe's unless given."""
    training_data: str = "phantoms"
    """What a card says of the data."""
    is_phantom_trained: bool = True

    @property
    def recipe(self) -> Recipe:
        """How the system is trained."""
        return RECIPES[self.system.schema.name]

    @property
    def config(self) -> dict[str, object]:
        """The model's configuration."""
        return {**self.system.presets[self.preset], **dict(self.changes)}

    @property
    def size(self) -> int:
        """Side of the pictures in pixels."""
        return self.system.build(self.config).config.size


@dataclass(frozen=True, slots=True)
class Parts:
    """What a model is trained on, stopped by, and calibrated on."""

    training: Cases
    stopping: Cases
    calibration: Cases


def fit(plan: Plan, parts: Parts, state: Path) -> LoadedModel:
    """A calibrated model on the CPU, without a card; `state` lets a stopped run go on.

    Raises:
        CheckpointError: if the plan's encoder is another one than the model's.
    """
    torch.manual_seed(plan.training.seed)
    model = plan.system.build(plan.config)
    with processes() as device:
        model.to(device)
        if plan.encoder:
            _start(model, plan.encoder)
        elif not (state / "state.pt").exists():
            pretrain(model, parts.training, plan.pretraining)
        model = _trained(model, plan, parts, state).cpu().eval()
    _round(model)
    # Behind the labels of taught cases stand a teacher's logits.
    labels = parts.training.labels[:, : len(plan.system.targets)]
    means = tuple(labels.double().nanmean(dim=0).tolist())
    description = Description(
        system=plan.system.name,
        preset=plan.preset,
        version="1.0",
        config=asdict(model.config),  # type: ignore[call-overload]  # a frozen dataclass by contract
        training_data=plan.training_data,
        is_phantom_trained=plan.is_phantom_trained,
        label_means=means,
        support=support_of(
            plan.system.schema, parts.training.values.numpy(), parts.training.known.numpy()
        ),
    )
    calibration = calibrate(model, plan.system, parts.calibration, means)
    checkpoint = Checkpoint(model, description, calibration, card="")
    return LoadedModel(plan.system, checkpoint, torch.device("cpu"))


def _trained(model: Network, plan: Plan, parts: Parts, state: Path) -> Network:
    data, config = (parts.training, parts.stopping), plan.training
    model = train(model, plan.loss or plan.recipe.loss, data, config, state)
    if plan.recipe.settling is None:
        return model
    last = replace(config, epochs=1, warmup=0, rate=config.rate / 2)
    return train(model, plan.recipe.settling, data, last, state / "settled")


def _start(model: Network, source: Path) -> None:
    if not source.is_dir():
        if not isinstance(model.backbone, Published):
            raise CheckpointError(
                "Published weights fit the encoders of hip and breast in the paper preset, however "
                "this one is none of them; start from a checkpoint folder."
            )
        load_published(model.backbone, source)
        return
    try:
        model.backbone.load_state_dict(load(source, device="cpu").module.backbone.state_dict())
    except RuntimeError as error:
        raise CheckpointError(
            "The encoder to start from must be of the same system and preset, however it is "
            "another one."
        ) from error


def _round(model: Network) -> None:
    """What is stored is what is evaluated: weights are rounded to float16 before measured."""
    tensors = model.state_dict()
    model.load_state_dict(
        {k: v.half().float() if v.is_floating_point() else v for k, v in tensors.items()}
    )
