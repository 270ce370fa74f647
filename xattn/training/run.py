"""One training run from nothing to a checkpoint folder; the commands `train` and `evaluate`."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from xattn.models.checkpoint import Checkpoint, Description, save
from xattn.phantoms.breast import Settings
from xattn.systems import System
from xattn.training.calibrate import calibrate
from xattn.training.card import card
from xattn.training.cases import Cases
from xattn.training.evaluate import Evaluation, evaluate
from xattn.training.loop import TrainingConfig, train
from xattn.training.losses import binary_cross_entropy
from xattn.training.phantom_cases import BreastRow, draw_cases
from xattn.training.pretrain import PretrainingConfig, pretrain

VERSION = "1.0"


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """How many phantoms each part gets; the parts use seeds of their own."""

    training: int = 12_000
    validation: int = 1_000
    calibration: int = 1_000
    test: int = 3_000


STARTS = {"training": 0, "validation": 10_000_000, "calibration": 20_000_000, "test": 30_000_000}
"""First seed of each part; no two parts share a phantom."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A whole experiment."""

    system: System
    preset: str = "compact"
    changes: tuple[tuple[str, object], ...] = ()
    """Departures from the preset's configuration, such as ("fusion", "image")."""
    amounts: Amounts = field(default_factory=Amounts)
    settings: Settings = field(default_factory=Settings)
    pretraining: PretrainingConfig = field(default_factory=PretrainingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    processes: int = 2

    @property
    def name(self) -> str:
        """What the run's state is kept under."""
        changed = [f"{name}-{value}" for name, value in self.changes]
        return "-".join([self.system.name, self.preset, *changed, f"seed-{self.training.seed}"])

    @property
    def config(self) -> dict[str, object]:
        """The model's configuration."""
        return {**self.system.presets[self.preset], **dict(self.changes)}


def run(experiment: Run, cache: Path, folder: Path) -> Evaluation:
    """Draw phantoms (kept in `cache`), train, calibrate, evaluate, and write the checkpoint."""
    parts = {name: part_cases(experiment, name, cache) for name in STARTS}
    torch.manual_seed(experiment.training.seed)
    model = experiment.system.build(experiment.config)
    state = cache / experiment.name
    data = parts["training"], parts["validation"]
    if not (state / "state.pt").exists():
        pretrain(model, parts["training"], experiment.pretraining)
    model = train(model, binary_cross_entropy, data, experiment.training, state).cpu()
    # What is shipped is what is evaluated: weights are rounded to float16 before they are measured.
    model.load_state_dict(
        {k: v.half().float() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    )
    description = Description(
        system=experiment.system.name,
        preset=experiment.preset,
        version=VERSION,
        config=asdict(model.config),  # type: ignore[call-overload]  # a frozen dataclass by contract
        training_data=f"{len(parts['training']):,} synthetic phantoms",
        is_phantom_trained=True,
        prevalence=float(parts["training"].labels.float().mean()),
    )
    calibration = calibrate(model, parts["calibration"])
    checkpoint = Checkpoint(model, description, calibration, card="")
    evaluation = evaluate(checkpoint, parts["test"])
    parameters = sum(p.numel() for p in model.parameters())
    text = card(experiment.system.title, description, parameters, evaluation)
    save(folder, replace(checkpoint, card=text), half=True)
    (folder / "training.json").write_text(
        json.dumps(_settings(experiment), indent=2) + "\n", encoding="utf-8"
    )
    return evaluation


def _settings(experiment: Run) -> dict[str, object]:
    parts = (experiment.amounts, experiment.pretraining, experiment.training)
    return {type(part).__name__: asdict(part) for part in parts}


def part_cases(experiment: Run, name: str, cache: Path) -> Cases:
    """The phantoms of one part, drawn once and kept."""
    count = getattr(experiment.amounts, name)
    settings = experiment.settings
    kind = (
        f"{'confounded' if settings.confounded else 'deconfounded'}{'-shifted' * settings.shifted}"
    )
    path = cache / f"{experiment.system.name}-{kind}-{name}-{count}.safetensors"
    if not path.exists():
        seeds = range(STARTS[name], STARTS[name] + count)
        draw_cases(BreastRow(settings), seeds, processes=experiment.processes).save(path)
    return Cases.load(path)
