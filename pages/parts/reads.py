"""Reads as lines: who found what at which stage, and what they made of the result."""

from collections.abc import Sequence
from html import escape

from xattn.archive.people import Person
from xattn.archive.reads import Read
from xattn.records import Target
from xattn.systems import System

ACTS = {"accept": "accepts", "change": "changes", "reject": "rejects"}


def finding(value: float, target: Target, system: System) -> str:
    """What was found, as a probability or in the unit of the target."""
    return f"{value:.2f}" if system.is_probability else f"{value:.3f} {target.unit}"


def listed(rows: Sequence[Read], who: Person, target: Target, system: System) -> str:
    """One line per read, in order; the person's own are called theirs."""
    lines = "".join(_line(row, who, target, system) for row in rows)
    return f'<table class="facts reads">{lines}</table>'


def _line(row: Read, who: Person, target: Target, system: System) -> str:
    name = "you" if row.reader == who.name else row.reader
    act = f", {ACTS[row.decision]}" if row.decision else ""
    said = f"<b>{escape(finding(row.finding, target, system))}</b> ({100 * row.confidence:.0f} %)"
    reason = f"<br><i>{escape(row.reason)}</i>" if row.reason else ""
    return f"<tr><th>{escape(name)}</th><td>{said} {escape(row.stage + act)}{reason}</td></tr>"
