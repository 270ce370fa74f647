"""The command line: `python -m xattn COMMAND --help` teaches each command by example."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

import xattn
from xattn.commands.archive import add_archive
from xattn.commands.case import add_cases
from xattn.commands.cohort import add_cohorts
from xattn.commands.parts import Formatter
from xattn.commands.serving import add_app
from xattn.commands.training import add_phantoms, add_training
from xattn.errors import XattnError

DESCRIPTION = """Explain what a cross-attention model reads in a radiograph and a clinical form.
Research use, not for diagnosis."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give back its exit code; a refusal is one sentence and exit code 2."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except XattnError as refusal:
        print(f"xattn: {refusal}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m xattn", description=DESCRIPTION, formatter_class=Formatter
    )
    parser.add_argument("--version", action="version", version=xattn.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (add_app, add_cases, add_training, add_phantoms, add_archive, add_cohorts):
        add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
