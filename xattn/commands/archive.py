"""Commands about the archive: audit, replay."""

import argparse

import xattn
from xattn.commands.parts import Commands, add_command
from xattn.errors import ArchiveError


def add_archive(commands: Commands) -> None:
    """Add audit and replay."""
    where = (
        "The archive is the one that XATTN_DATABASE (a URL) and XATTN_FILES (a folder or URL) "
        "name, else that in the user's data folder."
    )
    parser = add_command(commands, audit, "audit verify", where)
    parser.add_argument("act", choices=("verify",), help="what to do")
    parser.add_argument("--head", default="", help="a head printed earlier and kept elsewhere")
    parser = add_command(commands, replay, "replay 12", where)
    parser.add_argument("case", type=int, help="the case's number in the archive")
    parser.add_argument("--checkpoint", help="a checkpoint folder instead of the shipped model")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where")


def audit(options: argparse.Namespace) -> None:
    """Verify that no row of the archive's audit was changed, removed or reordered."""
    from xattn.archive.store import open_archive

    with open_archive() as archive:
        check = archive.verify(options.head)
    print(*check.faults, f"{check.length} rows; head {check.head}", sep="\n")
    if check.faults:
        raise ArchiveError(f"The audit is not whole; faults: {len(check.faults)}.")


def replay(options: argparse.Namespace) -> None:
    """Compute the kept results of a case of the archive again, and compare every number."""
    from xattn.archive.store import open_archive
    from xattn.archive.worklist import find
    from xattn.runtime.replaying import replay as again

    with open_archive() as archive:
        system = find(archive, archive.case(options.case).worklist).system
        engine = xattn.load(options.checkpoint or system, device=options.device)
        outcomes = list(again(engine, archive, options.case))
    print(*(outcome.sentence for outcome in outcomes), sep="\n")
    if missed := sum(not outcome.is_same for outcome in outcomes):
        raise ArchiveError(f"Of {len(outcomes)} results, {missed} did not come again.")
