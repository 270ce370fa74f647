"""Commands about the archive: audit, replay, people."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import xattn
from xattn.archive.people import ROLES
from xattn.commands.exporting import add_export
from xattn.commands.parts import Commands, add_command, say
from xattn.errors import ArchiveError

if TYPE_CHECKING:
    from xattn.runtime.replaying import Replayed


def add_archive(commands: Commands) -> None:
    """Add audit, replay, people and export."""
    where = (
        "The archive is the one that XATTN_DATABASE (a URL) and XATTN_FILES (a folder or URL) "
        "name, else that in the user's data folder."
    )
    parser = add_command(commands, audit, "audit verify", where)
    parser.add_argument("act", choices=("verify",), help="what to do")
    parser.add_argument("--head", default="", help="a head printed earlier and kept elsewhere")
    file = "Without an archive: replay result/explanation.json --image film.dcm"
    parser = add_command(commands, replay, "replay 12", file, where)
    parser.add_argument("case", help="the case's number in the archive, or an explanation.json")
    parser.add_argument("--image", help="the film that an explanation.json was made of")
    parser.add_argument("--checkpoint", help="a checkpoint folder instead of the shipped model")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where")
    parser = add_command(commands, people, "people add ann@example.org --role reader", where)
    parser.add_argument("act", choices=("add", "remove", "list"), help="what to do")
    parser.add_argument("name", nargs="?", default="", help="as the sign-in provider spells it")
    parser.add_argument("--role", action="append", choices=ROLES, help="may be repeated")
    add_export(commands, where)


def audit(options: argparse.Namespace) -> None:
    """Verify that no row of the archive's audit was changed, removed or reordered."""
    from xattn.archive.store import open_archive

    with open_archive() as archive:
        check = archive.verify(options.head)
    say(*check.faults, f"{check.length} rows; head {check.head}")
    if check.faults:
        raise ArchiveError(f"The audit is not whole; faults: {len(check.faults)}.")


def replay(options: argparse.Namespace) -> None:
    """Compute the results of a kept case, or of an exported one, again; compare every number."""
    outcomes = _of_file(options) if options.case.endswith(".json") else _of_archive(options)
    say(*(outcome.sentence for outcome in outcomes))
    if missed := sum(not outcome.is_same for outcome in outcomes):
        raise ArchiveError(f"Of {len(outcomes)} results, {missed} did not come again.")


def _of_archive(options: argparse.Namespace) -> "list[Replayed]":
    from xattn.archive.store import open_archive
    from xattn.archive.worklist import find
    from xattn.runtime.replaying import replay as again

    if not options.case.isdecimal():
        raise ArchiveError("A case's number or an explanation.json was expected.")
    with open_archive() as archive:
        number = int(options.case)
        system = find(archive, archive.case(number).worklist).system
        engine = xattn.load(options.checkpoint or system, device=options.device)
        return list(again(engine, archive, number))


def _of_file(options: argparse.Namespace) -> "list[Replayed]":
    from xattn.data.intake import read_image
    from xattn.reports.stored import read_explanation
    from xattn.runtime.replaying import replay_file

    if not options.image:
        raise ArchiveError("The film is not in an explanation.json; name it with --image.")
    stored = read_explanation(Path(options.case))
    engine = xattn.load(options.checkpoint or stored.system, device=options.device)
    return list(replay_file(engine, read_image(Path(options.image)), stored))


def people(options: argparse.Namespace) -> None:
    """List who may sign in, give somebody roles in place of those they had, or take them all."""
    from xattn.archive.members import appoint, dismiss, members
    from xattn.archive.people import LOCAL
    from xattn.archive.store import open_archive

    if (options.act == "list") == bool(options.name):
        raise ArchiveError("A name goes with add and remove, and none with list; see --help.")
    if (options.act == "add") != bool(options.role):
        raise ArchiveError("A role goes with add, and only there; name it with --role.")
    with open_archive() as archive:
        if options.act == "add":
            appoint(archive, LOCAL, options.name, options.role)
        elif options.act == "remove":
            dismiss(archive, LOCAL, options.name)
        found = members(archive)
    say(*(f"{entry.name}: {', '.join(entry.roles)}" for entry in found))
