"""One training run from nothing to a checkpoint folder; the commands `train` and `evaluate`."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from xattn.errors import XattnError
from xattn.models.checkpoint import save
from xattn.systems import System
from xattn.training.card import card
from xattn.training.cases import Cases
from xattn.training.distill import DistillationLoss
from xattn.training.evaluate import Evaluation, evaluate
from xattn.training.fit import Parts, Plan, fit
from xattn.training.furnish import furnish
from xattn.training.loop import TrainingConfig
from xattn.training.phantom_cases import draw_cases
from xattn.training.pretrain import PretrainingConfig
from xattn.training.processes import first_alone, processes, rank
from xattn.training.recipes import RECIPES, Recipe, World
from xattn.training.teacher import read_teacher, taught


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
    teacher: Path | None = None
    """A teacher's checkpoint folder, or a file of published chest weights; chest alone."""
    distillation: DistillationLoss = field(default_factory=DistillationLoss)
    """What is lost against labels and teacher, where there is one."""
    encoder: Path | None = None
    """Whose encoder is started from, in place of preparing one; see `Plan`."""
    processes: int = 2
    """How many draw phantoms."""

    def __post_init__(self) -> None:
        if self.teacher and self.system.name != "chest":
            raise XattnError(
                "A teacher speaks for the findings of chest films, however the system is "
                f"{self.system.name}; train that without one."
            )

    @property
    def recipe(self) -> Recipe:
        """How the system is trained; the teacher's is chest's, as its form is."""
        return RECIPES[self.system.schema.name]

    @property
    def name(self) -> str:
        """What the run's state is kept under: another for whatever differs."""
        settings = {
            **_settings(self),
            "changes": self.changes,
            "from": [str(path) for path in (self.teacher, self.encoder)],
        }
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
        return f"{self.system.name}-{self.preset}-seed-{self.training.seed}-{digest[:8]}"

    @property
    def plan(self) -> Plan:
        """What is fitted; a student has a second head for its teacher."""
        second = (("distil", True),) if self.teacher else ()
        word = ", and a teacher's word on them" if self.teacher else ""
        return Plan(
            system=self.system,
            preset=self.preset,
            changes=(*second, *self.changes),
            training=self.training,
            pretraining=self.pretraining,
            encoder=self.encoder,
            loss=self.distillation if self.teacher else None,
            training_data=f"{self.amounts.training:,} synthetic phantoms{word}",
        )


def run(experiment: Run, cache: Path, folder: Path) -> Evaluation | None:
    """Draw phantoms (kept in `cache`), train, calibrate, evaluate, and write the checkpoint.

    Of several processes the first alone evaluates and writes; the others get None.
    """
    teacher = read_teacher(experiment.teacher) if experiment.teacher else None
    with processes() as device:
        with first_alone():
            drawn = _drawn(experiment, cache)
        parts = Parts(drawn["training"], drawn["validation"], drawn["calibration"])
        if teacher:
            teacher.network.to(device)
            data = taught(parts.training, teacher), taught(parts.stopping, teacher)
            parts = Parts(*data, parts.calibration)
        model = fit(experiment.plan, parts, cache / experiment.name)
        if rank() > 0:
            return None
    evaluation = evaluate(model, drawn["test"], experiment.recipe.judge)
    text = card(model, evaluation, experiment.recipe.failures)
    checkpoint = replace(model.checkpoint, card=text)
    stored = replace(checkpoint, model_id=save(folder, checkpoint, half=True))
    parts_seen = drawn["calibration"], drawn["validation"]
    furnish(folder, replace(model, checkpoint=stored), *parts_seen)
    (folder / "training.json").write_text(
        json.dumps(_settings(experiment), indent=2) + "\n", encoding="utf-8"
    )
    return evaluation


def _drawn(experiment: Run, cache: Path) -> dict[str, Cases]:
    schema, world = experiment.system.schema, experiment.world
    return {
        name: part_cases(schema.name, world, seeds_of(name, count), cache, experiment.processes)
        for name, count in asdict(experiment.amounts).items()
    }


def part_cases(system: str, world: World, seeds: range, cache: Path, processes: int = 2) -> Cases:
    """The phantoms of these seeds, drawn once and kept."""
    path = cache / f"{system}-{world.name}-{seeds.start}-{len(seeds)}.safetensors"
    if not path.exists():
        draw_cases(RECIPES[system].row(world), seeds, processes=processes).save(path)
    return Cases.load(path)


def seeds_of(part: str, count: int) -> range:
    """The seeds of a part's first phantoms."""
    return range(STARTS[part], STARTS[part] + count)


def _settings(experiment: Run) -> dict[str, object]:
    parts = (experiment.amounts, experiment.world, experiment.pretraining, experiment.training)
    settings: dict[str, object] = {type(part).__name__: asdict(part) for part in parts}
    if experiment.teacher:
        settings[type(experiment.distillation).__name__] = asdict(experiment.distillation)
    return settings
