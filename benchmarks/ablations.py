"""What each design choice is worth, one factor at a time: `make ablations` writes docs/results.md.

Every run trains a compact model at 96 px on the same phantoms with the same seeds; encoders are
prepared once per seed and shared by the rows that do not change them. A finished run is kept, so
that a stopped comparison goes on where it was.
"""

import argparse
import json
import logging
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.ablations_choices import CHOICES, LONGER, QUICK, Amounts, Choice
from benchmarks.ablations_tables import SIZE, plain, tables
from benchmarks.missing import stress
from xattn.models.checkpoint import Checkpoint, Description
from xattn.models.network import Network
from xattn.systems import SYSTEMS, LoadedModel
from xattn.training.calibrate import calibrate
from xattn.training.cases import Cases
from xattn.training.distill import DistillationLoss
from xattn.training.evaluate import evaluate
from xattn.training.loop import TrainingConfig, train
from xattn.training.losses import WeightedSmoothL1
from xattn.training.pretrain import PretrainingConfig, pretrain
from xattn.training.recipes import RECIPES, World
from xattn.training.run import part_cases, seeds_of
from xattn.training.teacher import TEACHER, Teacher, taught

CACHE = Path("runs/ablations")
RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results.md"
Pair = tuple[Cases, Cases]
"""Cases to train on, and to stop by."""
logger = logging.getLogger(__name__)


def main() -> None:
    """Train what is missing, then write the tables."""
    options = _options()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    amounts = QUICK if options.quick else Amounts()
    folder = CACHE / ("quick" if options.quick else "full")
    rows = CHOICES if options.quick else (*CHOICES, *LONGER)
    choices = [choice for choice in rows if options.system in (None, choice.system)]
    for seed in range(amounts.seeds):
        for choice in choices:
            path = folder / f"{choice.system}-{plain(choice.name)}-{seed}.json"
            if not path.exists():
                logger.info("%s, %s, seed %d", choice.system, choice.name, seed)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(result(choice, seed, amounts), indent=2))
    text = tables(folder, amounts)
    print(text)
    if not options.quick:
        RESULTS.write_text(text, encoding="utf-8")


def result(choice: Choice, seed: int, amounts: Amounts) -> dict[str, object]:
    """The figures of one run."""
    system, recipe = SYSTEMS[choice.system], RECIPES[choice.system]
    parts = {
        name: _withhold(choice, _drawn(choice.system, name, amounts))
        for name in ("training", "validation", "calibration", "test")
    }
    torch.manual_seed(seed)
    config = {**system.presets["compact"], "size": SIZE, **dict(choice.changes)}
    model = system.build(config)
    _prepare(model, choice, parts["training"], (seed, amounts))
    folder = CACHE / "state" / f"{choice.system}-{plain(choice.name)}-{seed}-{amounts.training}"
    training = TrainingConfig(
        epochs=choice.times * amounts.epochs,
        seed=seed,
        contrast=recipe.training.contrast,
        batch=32,
    )
    data = parts["training"], parts["validation"]
    loss = choice.loss or recipe.loss
    if isinstance(loss, DistillationLoss):
        data = _taught(data, (seed, amounts), folder)
    if isinstance(loss, WeightedSmoothL1):
        loss = loss.fitted(parts["training"].labels.numpy())
    model = train(model, loss, data, training, folder)
    if choice.is_settled and recipe.settling:
        last = replace(training, epochs=1, warmup=0, rate=training.rate / 2)
        model = train(model, recipe.settling, data, last, folder / "settled")
    means = tuple(parts["training"].labels.double().nanmean(dim=0).tolist())
    calibration = calibrate(model.eval(), system, parts["calibration"], means)
    description = Description(
        system=choice.system,
        preset="compact",
        version="ablation",
        config=config,
        training_data=f"{amounts.training} phantoms",
        is_phantom_trained=True,
        label_means=means,
    )
    checkpoint = Checkpoint(model.eval(), description, calibration, card="")
    loaded = LoadedModel(system, checkpoint, torch.device("cpu"))
    found = evaluate(loaded, parts["test"], recipe.judge)
    rows = {row.name: {name: each.value for name, each in row.figures} for row in found.rows}
    missing = stress(loaded, parts["test"], recipe.judge) if choice.is_stressed else {}
    bounds = {name: estimate.value for name, estimate in found.bounds}
    return {"main": found.main, "rows": rows, "bounds": bounds, "missing": missing}


def _taught(data: Pair, how: tuple[int, Amounts], folder: Path) -> Pair:
    """The same cases with the word of a teacher that is trained on them first, by the same loop."""
    seed, amounts = how
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = TEACHER.build({"backbone": "compact", "size": SIZE})
        training = TrainingConfig(epochs=amounts.preparing + amounts.epochs, seed=seed, batch=32)
        network = train(network, RECIPES["chest"].loss, data, training, folder / "teacher")
    teacher = Teacher(network, tuple(range(len(SYSTEMS["chest"].targets))))
    return taught(data[0], teacher), taught(data[1], teacher)


def _drawn(system: str, part: str, amounts: Amounts) -> Cases:
    seeds = seeds_of(part, getattr(amounts, part))
    return part_cases(system, World(size=SIZE), seeds, CACHE, processes=1)


def _withhold(choice: Choice, cases: Cases) -> Cases:
    names = SYSTEMS[choice.system].schema.names
    kept = torch.tensor([name not in choice.withheld for name in names])
    return replace(cases, known=cases.known & kept)


def _prepare(model: Network, choice: Choice, cases: Cases, how: tuple[int, Amounts]) -> None:
    seed, amounts = how
    name = f"{choice.system}-{choice.encoder}-{seed}-{amounts.training}-{amounts.preparing}.pt"
    path = CACHE / "encoders" / name
    if not path.exists():
        contrast = RECIPES[choice.system].pretraining.contrast
        config = PretrainingConfig(
            epochs=amounts.preparing, seed=seed, contrast=contrast, halved=False
        )
        pretrain(model, cases, config)
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(model.backbone.state_dict(), path)
    model.backbone.load_state_dict(torch.load(path, weights_only=True))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a pass through all in minutes")
    parser.add_argument("--system", choices=tuple(SYSTEMS), help="one system's rows alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
