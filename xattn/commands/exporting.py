"""Commands about taking a worklist along: export."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import xattn
from xattn.archive.people import LOCAL
from xattn.commands.parts import Commands, add_command, say, warn
from xattn.errors import ArchiveError

if TYPE_CHECKING:
    from xattn.archive.people import Person
    from xattn.archive.store import Archive
    from xattn.archive.worklist import Worklist


def add_export(commands: Commands, where: str) -> None:
    """Add export; `where` says which archive it reads."""
    parser = add_command(commands, export, "export 3 --out folder", where)
    parser.add_argument("worklist", help="the worklist's number or name")
    parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
    parser.add_argument("--reader", default=LOCAL.name, help="in whose name: what they may see")
    parser.add_argument("--archival", action="store_true", help="reports as PDF/A-2a and PDF/UA-1")
    parser.add_argument("--checkpoint", help="a checkpoint folder instead of the shipped model")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where")


def export(options: argparse.Namespace) -> None:
    """Write a worklist's results and reads as tables, and a report of each case, to a folder."""
    from xattn.archive.store import open_archive
    from xattn.reports.institution import institution
    from xattn.runtime.exporting import Reports
    from xattn.runtime.exporting import export as steps

    house = institution()
    if house.problem:
        warn(f"{house.problem}")
    with open_archive() as archive:
        person, listed = _reader(archive, options.reader), _worklist(archive, options.worklist)
        engine = xattn.load(options.checkpoint or listed.system, device=options.device)
        reports = Reports(engine, archive, person, house, options.archival)
        for step in steps(reports, listed.number, options.out):
            say(f"{step.done} / {step.total}: case {step.case}: {step.file or step.refusal}")
    say(options.out)


def _reader(archive: "Archive", name: str) -> "Person":
    """In whose name: somebody with a role where people have roles, else whoever says so."""
    from xattn.archive.members import find, members
    from xattn.archive.people import Person

    if name == LOCAL.name:
        return LOCAL
    return find(archive, name) if members(archive) else Person(name, LOCAL.roles)


def _worklist(archive: "Archive", wanted: str) -> "Worklist":
    """The worklist of this number or name."""
    from xattn.archive.worklist import lists

    for listed in lists(archive):
        if wanted in (str(listed.number), listed.name):
            return listed
    raise ArchiveError("There is no worklist of this number or name in the archive.")
