"""Commands about many cases at once, and about checkpoints that travel: cohort, sign, operating."""

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import xattn
from xattn.commands.parts import Commands, add_command, add_model, say
from xattn.errors import XattnError
from xattn.training.options import add_cache

if TYPE_CHECKING:
    from xattn.archive.store import Archive
    from xattn.runtime.cohort import CohortCase
    from xattn.runtime.cohort_keeping import Keeper
    from xattn.runtime.cohort_members import Cohort
    from xattn.runtime.engine import Engine

DATA_EXAMPLE = """Or over a manifest of the columns image,patient,FIELDS,LABELS beside its films:

  python -m xattn cohort --system breast --data films/list.csv --out figures --regions

Results are kept, in the archive or in OUT/kept: what was stopped goes on where it was."""
SIGN_EXAMPLE = """Make a key pair once, and give the public half to whoever loads the folder:

  python -m xattn sign --make mine            writes mine.key (keep it secret) and mine.pub

Trusted public keys are files named by XATTN_KEYS, separated as in PATH."""
logger = logging.getLogger(__name__)


def add_cohorts(commands: Commands) -> None:
    """Add cohort, sign and operating."""
    parser = add_command(commands, cohort, "cohort --worklist 3 --out figures", DATA_EXAMPLE)
    add_model(parser)
    parser.add_argument("--worklist", type=int, help="number of a list of the archive")
    parser.add_argument("--data", type=Path, help="a manifest, in place of a list")
    parser.add_argument("--target", default="", help="of a manifest: what is explained")
    parser.add_argument("--regions", action="store_true", help="regions as well: seconds per case")
    parser.add_argument("--against", help="a second checkpoint folder, on the same cases")
    parser.add_argument("--out", type=Path, required=True, help="folder of the figures")
    parser = add_command(commands, sign, "sign runs/breast --key mine.key", SIGN_EXAMPLE)
    parser.add_argument("folder", type=Path, nargs="?", help="a checkpoint folder")
    parser.add_argument("--key", type=Path, help="the secret key")
    parser.add_argument("--make", type=Path, help="make a key pair of this name instead")
    parser = add_command(commands, operating, "operating --system breast")
    add_model(parser)
    parser.add_argument("--phantoms", type=int, default=3_000, help="held-out phantoms")
    add_cache(parser)


def cohort(options: argparse.Namespace) -> None:
    """Write importances, subgroups, mean maps and errors over a worklist or a manifest."""
    from contextlib import ExitStack

    from xattn.archive.store import open_archive
    from xattn.runtime.cohort_comparison import compare, paired
    from xattn.runtime.cohort_files import summarise, write_cohort

    if (options.worklist is None) == (options.data is None):
        raise XattnError("Name a worklist or a manifest, one of the two.")
    with ExitStack() as stack:
        archive = stack.enter_context(open_archive()) if options.worklist else None
        engine, people, keeper = _asked(options, archive)
        found = _run(engine, people, keeper, has_regions=options.regions)
        summary = summarise(people, found, engine.schema)
        compared = None
        if options.against:
            other = _engine(options.against, options.device)
            second = _run(other, people, keeper, has_regions=False)
            compared = compare(paired(found, second), engine.schema)
    write_cohort(summary, options.out, compared)
    for reason, count in people.left_out:
        logger.info("left out: %d %s", count, reason)
    for path in sorted(options.out.iterdir()):
        if path.is_file():
            say(path)


def sign(options: argparse.Namespace) -> None:
    """Sign the files of a checkpoint folder, or make the key pair to sign with."""
    from xattn.models import signature
    from xattn.models.checkpoint import system_of
    from xattn.systems import find

    if options.make:
        for path in signature.make_keys(options.make):
            say(path)
        return
    if not (options.folder and options.key):
        raise XattnError("Name a checkpoint folder and --key, or --make a key pair first.")
    schema = find(system_of(options.folder)).schema
    say(signature.sign(options.folder, options.key, schema))


def operating(options: argparse.Namespace) -> None:
    """Write operating.json beside a checkpoint's weights: what every cut costs on phantoms."""
    from xattn.runtime.operating import FILE, operating_of, save
    from xattn.systems import load
    from xattn.training.recipes import World
    from xattn.training.run import part_cases, seeds_of

    model = load(options.checkpoint or options.system, device=options.device)
    assert model.folder is not None
    world, seeds = World(size=model.module.config.size), seeds_of("test", options.phantoms)
    cases = part_cases(model.system.schema.name, world, seeds, options.cache)
    data = f"{len(cases):,} phantoms of seeds that training did not see"
    save(model.folder, operating_of(model, cases, data))
    say(model.folder / FILE)


def _asked(
    options: argparse.Namespace, archive: "Archive | None"
) -> "tuple[Engine, Cohort, Keeper]":
    """The engine, its cohort, and where results are kept."""
    from xattn.archive.people import LOCAL
    from xattn.archive.worklist import find
    from xattn.runtime.cohort_keeping import InArchive, InFolder
    from xattn.runtime.cohort_members import looking, of_manifest, of_worklist

    if archive is None:
        engine = _engine(options.checkpoint or options.system, options.device)
        people = of_manifest(options.data, engine.model, target=options.target)
        return engine, people, InFolder(options.out / "kept")
    system = find(archive, options.worklist).system
    engine = _engine(options.checkpoint or system, options.device)
    people = of_worklist(archive, LOCAL, options.worklist, engine.model)
    return engine, people, InArchive(archive, looking(LOCAL))


def _run(
    engine: "Engine", people: "Cohort", keeper: "Keeper", *, has_regions: bool
) -> "list[CohortCase]":
    """Every case that could be read; the others are logged with their reason."""
    from xattn.runtime.cohort import Settings, run

    found = []
    for step in run(engine, people, keeper, settings=Settings(has_regions=has_regions)):
        logger.info("%d of %d%s", step.done, step.total, f": {step.refusal}" * bool(step.refusal))
        if step.case:
            found.append(step.case)
    return found


def _engine(named: str, device: str) -> "Engine":
    """The engine of a system or folder; whose signature a folder bears is logged."""
    from xattn.models.signature import standing

    if Path(named).is_dir():
        logger.info("%s", standing(Path(named)).sentence)
    return xattn.load(named, device=device)
