"""One training run from nothing to a checkpoint folder; the commands `train` and `evaluate`."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch

from xattn.models.checkpoint import Checkpoint, Description, save
from xattn.models.network import Network
from xattn.systems import LoadedModel, System
from xattn.training.calibrate import calibrate
from xattn.training.card import card
from xattn.training.cases import Cases
from xattn.training.evaluate import Evaluation, evaluate
from xattn.training.loop import TrainingConfig, train
from xattn.training.phantom_cases import draw_cases
from xattn.training.pretrain import PretrainingConfig, pretrain
from xattn.training.recipes import RECIPES, Recipe, World

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
    """A whole experiment; `training` and `pretraining` are the recipe's unless given."""

    system: System
    preset: str = "compact"
    changes: tuple[tuple[str, object], ...] = ()
    """Departures from the preset's configuration, such as ("fusion", "image")."""
    amounts: Amounts = field(default_factory=Amounts)
    world: World = field(default_factory=World)
    pretraining: PretrainingConfig
    training: TrainingConfig
    processes: int = 2

    @property
    def recipe(self) -> Recipe:
        """How the system is trained."""
        return RECIPES[self.system.name]

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
    system, recipe = experiment.system, experiment.recipe
    parts = {
        name: part_cases(
            experiment.system.name, experiment.world, part, cache, experiment.processes
        )
        for name, part in _parts(experiment.amounts).items()
    }
    torch.manual_seed(experiment.training.seed)
    model = system.build(experiment.config)
    state = cache / experiment.name
    data = parts["training"], parts["validation"]
    if not (state / "state.pt").exists():
        pretrain(model, parts["training"], experiment.pretraining)
    model = train(model, recipe.loss, data, experiment.training, state)
    if recipe.settling:
        config = experiment.training
        last = replace(config, epochs=1, warmup=0, rate=config.rate / 2)
        model = train(model, recipe.settling, data, last, state / "settled")
    model = model.cpu()
    _round(model)
    description = Description(
        system=system.name,
        preset=experiment.preset,
        version=VERSION,
        config=asdict(model.config),  # type: ignore[call-overload]  # a frozen dataclass by contract
        training_data=f"{len(parts['training']):,} synthetic phantoms",
        is_phantom_trained=True,
        label_means=tuple(parts["training"].labels.double().nanmean(dim=0).tolist()),
    )
    means = description.label_means
    calibration = calibrate(model.eval(), system, parts["calibration"], means)
    checkpoint = Checkpoint(model.eval(), description, calibration, card="")
    loaded = LoadedModel(system, checkpoint, torch.device("cpu"))
    evaluation = evaluate(loaded, parts["test"], recipe.judge)
    text = card(loaded, evaluation, recipe.failures)
    save(folder, replace(checkpoint, card=text), half=True)
    (folder / "training.json").write_text(
        json.dumps(_settings(experiment), indent=2) + "\n", encoding="utf-8"
    )
    return evaluation


def part_cases(system: str, world: World, seeds: range, cache: Path, processes: int = 2) -> Cases:
    """The phantoms of these seeds, drawn once and kept."""
    path = cache / f"{system}-{world.name}-{seeds.start}-{len(seeds)}.safetensors"
    if not path.exists():
        draw_cases(RECIPES[system].row(world), seeds, processes=processes).save(path)
    return Cases.load(path)


def seeds_of(part: str, count: int) -> range:
    """The seeds of a part's first phantoms."""
    return range(STARTS[part], STARTS[part] + count)


def _parts(amounts: Amounts) -> dict[str, range]:
    return {name: seeds_of(name, count) for name, count in asdict(amounts).items()}


def _round(model: Network) -> None:
    """What is shipped is what is evaluated: weights are rounded to float16 before measured."""
    tensors = model.state_dict()
    model.load_state_dict(
        {k: v.half().float() if v.is_floating_point() else v for k, v in tensors.items()}
    )


def _settings(experiment: Run) -> dict[str, object]:
    parts = (experiment.amounts, experiment.world, experiment.pretraining, experiment.training)
    return {type(part).__name__: asdict(part) for part in parts}
