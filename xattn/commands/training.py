"""Commands about models and what they learn from, phantoms among it."""

import argparse
from pathlib import Path

from xattn.commands.parts import SYSTEMS, Commands, add_command, add_model, say
from xattn.training.options import DATA_EXAMPLE, add_cache, add_cohort, add_plan, cohort_of, plan_of


def add_training(commands: Commands) -> None:
    """Add train, evaluate, crossvalidate and card."""
    parser = add_command(
        commands, train, "train --system breast --preset compact --out runs/breast", DATA_EXAMPLE
    )
    add_plan(parser, (*SYSTEMS, "chest-teacher"))
    parser.add_argument("--phantoms", type=int, default=12_000, help="phantoms to train on")
    _add_teacher(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    add_cohort(parser)
    parser = add_command(commands, evaluate, "evaluate --system breast", DATA_EXAMPLE)
    add_model(parser)
    parser.add_argument("--phantoms", type=int, default=3_000, help="held-out phantoms")
    parser.add_argument("--deconfounded", action="store_true", help="without the sites' shortcut")
    parser.add_argument("--shifted", action="store_true", help="physics unseen in training")
    add_cohort(parser)
    parser.add_argument("--seed", type=int, help="seed that parted the patients; its training's")
    parser.add_argument(
        "--everybody", action="store_true", help="of a cohort, all: for models that saw none of it"
    )
    example = "crossvalidate --system hip --folds 10 --phantoms 600 --size 96 --out runs/hip-folds"
    parser = add_command(commands, crossvalidate, example, DATA_EXAMPLE)
    add_plan(parser, SYSTEMS)
    parser.add_argument("--folds", type=int, default=10, help="rounds; three or more")
    parser.add_argument("--phantoms", type=int, default=2_000, help="phantoms to share out")
    parser.add_argument("--out", type=Path, required=True, help="keeps finished folds")
    add_cohort(parser)
    parser = add_command(commands, card, "card --system hip")
    add_model(parser)
    parser.add_argument("--phantoms", type=int, default=3_000, help="held-out phantoms")
    add_cache(parser)


def _add_teacher(parser: argparse.ArgumentParser) -> None:
    what = "of chest: a checkpoint folder, or a file of published DenseNet-121 chest weights"
    parser.add_argument("--teacher", type=Path, help=what)
    parser.add_argument("--teacher-share", type=float, default=0.5, help="its share of the loss")
    parser.add_argument("--temperature", type=float, default=1.0, help="softens both sides")
    parser.add_argument(
        "--label-weights", action="store_true", help="labels it often sees weigh less"
    )


def add_phantoms(commands: Commands) -> None:
    """Add phantoms."""
    parser = add_command(commands, phantoms, "phantoms --system hip --sheet sheet.png")
    parser.add_argument("--system", choices=SYSTEMS, default="breast", help="which system")
    parser.add_argument("--count", type=int, default=20_000, help="worlds that the table rests on")
    parser.add_argument("--seed", type=int, default=0, help="first seed")
    parser.add_argument("--sheet", type=Path, help="also draw a sheet of phantoms to this PNG")
    parser.add_argument("--cases", type=Path, help="also write the app's sample cases here")


def train(options: argparse.Namespace) -> None:
    """Train a model on phantoms, or on a cohort's patients, and write its checkpoint."""
    from xattn.training.cohort import train_on
    from xattn.training.distill import DistillationLoss
    from xattn.training.recipes import World
    from xattn.training.run import Amounts, Run, run

    plan = plan_of(options)
    if options.data:
        dataset = cohort_of(options, plan.system.schema)
        evaluation = train_on(plan, dataset, options.out, workers=options.workers)
    else:
        experiment = Run(
            system=plan.system,
            preset=plan.preset,
            changes=plan.changes,
            amounts=Amounts(training=options.phantoms),
            world=World(size=plan.size),
            training=plan.training,
            pretraining=plan.pretraining,
            teacher=options.teacher,
            encoder=options.encoder,
            distillation=DistillationLoss(
                alpha=options.teacher_share,
                temperature=options.temperature,
                has_label_weights=options.label_weights,
            ),
        )
        evaluation = run(experiment, options.cache, options.out)
    if evaluation:  # None in all processes but the first
        say(evaluation.text)


def evaluate(options: argparse.Namespace) -> None:
    """Print what a checkpoint is worth on phantoms, or on a cohort's patients, it has not seen."""
    from xattn.data.datasets import parts_of
    from xattn.systems import load
    from xattn.training.cohort import evaluate_on, seed_of
    from xattn.training.evaluate import evaluate as figures
    from xattn.training.recipes import RECIPES, World
    from xattn.training.run import part_cases, seeds_of

    model = load(options.checkpoint or options.system, device=options.device)
    system = model.system.schema.name
    if options.data:
        dataset = cohort_of(options, model.system.schema)
        seed = seed_of(Path(options.checkpoint or "")) if options.seed is None else options.seed
        entries = dataset.entries if options.everybody else parts_of(dataset, seed=seed)["test"]
        say(evaluate_on(model, dataset, entries, workers=options.workers).text)
        return
    size = model.module.config.size
    world = World(confounded=not options.deconfounded, shifted=options.shifted, size=size)
    cases = part_cases(system, world, seeds_of("test", options.phantoms), options.cache)
    say(figures(model, cases, RECIPES[system].judge).text)


def crossvalidate(options: argparse.Namespace) -> None:
    """Print mean ± SD over folds; each case is scored by a model that never saw its patient."""
    import numpy as np

    from xattn.training.crossvalidate import cross_validate
    from xattn.training.recipes import World
    from xattn.training.run import part_cases, seeds_of
    from xattn.training.table_cases import table_cases

    plan = plan_of(options)
    if options.data:
        dataset = cohort_of(options, plan.system.schema)
        table = table_cases(dataset.entries, plan.system, plan.size, workers=options.workers)
        cases, patients = table.cases, table.patients
    else:
        world, seeds = World(size=plan.size), seeds_of("training", options.phantoms)
        cases = part_cases(options.system, world, seeds, options.cache)
        patients = np.arange(len(cases))
    found = cross_validate(plan, cases, patients, count=options.folds, folder=options.out)
    say(found.text)


def card(options: argparse.Namespace) -> None:
    """Write a checkpoint's card anew from an evaluation on phantoms; its weights stay."""
    from xattn.systems import MODELS, load
    from xattn.training.card import renew, training_file
    from xattn.training.recipes import World
    from xattn.training.run import part_cases, seeds_of

    folder = Path(options.checkpoint or MODELS / options.system / "compact")
    model = load(folder, device=options.device)
    system = model.system.schema.name
    world = World(size=model.module.config.size)
    cases = part_cases(system, world, seeds_of("test", options.phantoms), options.cache)
    say(renew(model, folder, cases, training_file(folder, system, options.cache)))


def phantoms(options: argparse.Namespace) -> None:
    """Print how well each modality can be read at best, and draw a sheet of phantoms."""
    from PIL import Image

    from xattn.phantoms.registry import PHANTOMS

    source = PHANTOMS[options.system]
    for row in source.table(options.count, options.seed):
        say(row)
    if options.cases:
        source.write_samples(options.cases)
        say(options.cases)
    if options.sheet:
        Image.fromarray(source.sheet(options.seed)).save(options.sheet, optimize=True)
        say(options.sheet)
