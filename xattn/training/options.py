"""The options of the commands that train or judge, and what they say: a plan, and a cohort."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xattn.errors import XattnError

if TYPE_CHECKING:
    from xattn.data.clinical import Schema
    from xattn.data.datasets import Dataset
    from xattn.training.fit import Plan

DATA_EXAMPLE = """Patients' films instead of phantoms: --data names a table of the columns

  image,patient,FIELDS,LABELS        labels: malignant, bmd, or the 14 findings

to which split and box may be added; or, with --layout, the folder of a published cohort.
No patient is in two parts."""
logger = logging.getLogger(__name__)


def add_plan(parser: argparse.ArgumentParser, systems: Sequence[str]) -> None:
    """What is trained, and how."""
    parser.add_argument("--system", choices=systems, default="breast", help="which system")
    parser.add_argument("--preset", choices=("compact", "paper"), default="compact", help="size")
    parser.add_argument("--fusion", help="another fusion: co, bidirectional, literal, concat, …")
    parser.add_argument("--size", type=int, help="side of the pictures; the preset's unless given")
    parser.add_argument("--epochs", type=int, help="passes at most; the recipe's unless given")
    parser.add_argument("--preparing", type=int, help="passes that prepare the encoder on phantoms")
    parser.add_argument("--frozen", type=int, help="first epochs with a frozen encoder")
    parser.add_argument("--seed", type=int, default=0, help="seed of weights, order and parts")
    parser.add_argument("--compile", action="store_true", help="compile the network first")
    what = "a file of published ImageNet weights; with --data a checkpoint folder as well"
    parser.add_argument("--encoder", type=Path, help=what)


def add_cohort(parser: argparse.ArgumentParser) -> None:
    """Which patients, and where drawn phantoms are kept."""
    parser.add_argument("--data", type=Path, help="table of a cohort, or its folder with --layout")
    layouts = ("cbis-ddsm", "chexpert", "nih")
    parser.add_argument("--layout", choices=layouts, help="a published cohort's own folder")
    policies = ("per-finding", "u-ones", "u-zeros", "u-ignore")
    what = "what uncertain findings become"
    parser.add_argument("--policy", choices=policies, default="per-finding", help=what)
    what = "go on without films that are not in the folder"
    parser.add_argument("--leave-out", action="store_true", help=what)
    parser.add_argument("--workers", type=int, default=1, help="processes that read films")
    add_cache(parser)


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Where drawn phantoms are kept."""
    parser.add_argument("--cache", type=Path, default=Path("runs/phantoms"), help="drawn phantoms")


def plan_of(options: argparse.Namespace) -> "Plan":
    """The plan that the options of `add_plan` name."""
    from dataclasses import replace

    from xattn.systems import find
    from xattn.training.fit import Plan
    from xattn.training.recipes import RECIPES
    from xattn.training.teacher import SYSTEM, TEACHER

    system = TEACHER if options.system == SYSTEM else find(options.system)
    recipe = RECIPES[system.schema.name]
    wanted = {"epochs": options.epochs, "seed": options.seed, "frozen": options.frozen}
    given = {name: value for name, value in wanted.items() if value is not None}
    prepared = {} if options.preparing is None else {"epochs": options.preparing}
    changes = {"fusion": options.fusion, "size": options.size}
    return Plan(
        system=system,
        preset=options.preset,
        changes=tuple((name, value) for name, value in changes.items() if value),
        training=replace(recipe.training, compiled=options.compile, **given),
        pretraining=replace(recipe.pretraining, seed=options.seed, **prepared),
        encoder=options.encoder,
    )


def cohort_of(options: argparse.Namespace, schema: "Schema") -> "Dataset":
    """The cohort that the options of `add_cohort` name; what is left out is logged.

    Raises:
        XattnError: if a teacher is asked for as well, or the cohort cannot be read.
    """
    from xattn.data.datasets import read_cohort
    from xattn.data.findings import POLICIES

    if getattr(options, "teacher", None):
        raise XattnError("A teacher speaks of phantoms, however --data was given; leave one out.")
    dataset = read_cohort(
        options.data,
        schema,
        layout=options.layout or "",
        policy=POLICIES[options.policy],
        missing="leave out" if options.leave_out else "refuse",
    )
    for reason, count in dataset.left_out:
        logger.info("left out: %d of %s", count, reason)
    return dataset
