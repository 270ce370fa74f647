"""What the commands share: how one is added, how a model is named, and how they speak."""

import argparse
import sys
from collections.abc import Callable
from typing import TypeAlias

SYSTEMS = ("hip", "breast", "chest")
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
"""What argparse's `add_subparsers` gives; its class has no public name."""


class Formatter(argparse.RawDescriptionHelpFormatter, argparse.ArgumentDefaultsHelpFormatter):
    """Keeps the lines of an example, and says every default."""


def add_command(
    commands: Commands,
    run: Callable[[argparse.Namespace], None],
    *examples: str,
) -> argparse.ArgumentParser:
    """Add a command called like its function, whose docstring is its help."""
    summary = (run.__doc__ or "").strip()
    shown = "\n\n".join(f"example:\n  python -m xattn {line}" for line in examples[:1])
    parser = commands.add_parser(
        run.__name__,
        help=summary,
        description=summary,
        epilog="\n\n".join([shown, *examples[1:]]),
        formatter_class=Formatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a model and where it computes."""
    parser.add_argument("--system", choices=SYSTEMS, default="breast", help="which system reads")
    parser.add_argument("--checkpoint", help="a checkpoint folder instead of the shipped model")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto", help="where")


def say(*lines: object) -> None:
    """Write lines to standard output: what was asked for."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def warn(line: object) -> None:
    """Write a line to standard error: what was not asked for and should be known."""
    sys.stderr.write(f"xattn: {line}\n")
