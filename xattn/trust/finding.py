"""What a check of the input found: its level, and one sentence that gives the reason."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["pass", "warn", "block"]
LEVELS: tuple[Level, ...] = ("pass", "warn", "block")
"""From good to bad."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result; `is_checked` is False where film and form do not allow the check."""

    check: str
    level: Level
    reason: str
    is_checked: bool = True


@dataclass(frozen=True, slots=True)
class Gate:
    """All checks of one case, made before its prediction, and what the reader acknowledged."""

    findings: tuple[Finding, ...]
    acknowledged: frozenset[str] = frozenset()

    @property
    def level(self) -> Level:
        """The worst level of all findings, acknowledged or not."""
        return max((finding.level for finding in self.findings), key=LEVELS.index, default="pass")

    @property
    def pending(self) -> tuple[Finding, ...]:
        """What blocks and is not acknowledged."""
        return tuple(
            finding
            for finding in self.findings
            if finding.level == "block" and finding.check not in self.acknowledged
        )

    @property
    def blocks(self) -> bool:
        """Whether the prediction must wait for the reader."""
        return bool(self.pending)

    def acknowledge(self, *checks: str) -> "Gate":
        """The same findings, these checks acknowledged: they stay in the list and the report."""
        return Gate(self.findings, self.acknowledged | set(checks))

    def __getitem__(self, check: str) -> Finding:
        return next(finding for finding in self.findings if finding.check == check)


def passed(check: str, reason: str) -> Finding:
    """A finding that nothing is wrong."""
    return Finding(check, "pass", reason)


def unchecked(check: str, reason: str) -> Finding:
    """A check that could not be made: it passes, and says so."""
    return Finding(check, "pass", f"Not checked: {reason}", is_checked=False)
