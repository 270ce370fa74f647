"""What a reader tried on a case: what was changed, the form as submitted and as tried, the outputs.

A try changes no case. Reports and files carry every one, and the archive's audit takes each as it
is from `audit_rows`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from xattn.data.placement import Box
from xattn.records import Target
from xattn.trust.wording import said


@dataclass(frozen=True, slots=True)
class Try:
    """One what-if: what was changed, the form as submitted and as tried, and both outputs.

    `box` is the covered area in file pixels where the film was changed and not the form.
    """

    case_digest: str
    target: Target
    change: str
    submitted: str
    tried: str
    before: float
    after: float
    box: Box | None = None

    @property
    def sentence(self) -> str:
        """The try in words, with both forms."""
        outputs = f"{said(self.target, self.after)} instead of {said(self.target, self.before)}"
        tried = "the same, a part of the film covered" if self.box else self.tried
        return f"{self.change}: {outputs}. Form as submitted: {self.submitted}. As tried: {tried}."

    @property
    def plain(self) -> dict[str, object]:
        """Every number and word, ready for JSON; identities are not among them."""
        return {
            "case": self.case_digest,
            "target": self.target.name,
            "unit": self.target.unit,
            "change": self.change,
            "submitted": self.submitted,
            "tried": self.tried,
            "before": self.before,
            "after": self.after,
            "box": asdict(self.box) if self.box else None,
        }


def audit_rows(tries: Iterable[Try]) -> tuple[dict[str, object], ...]:
    """One row of an audit for each try, in order: what `archive.audit.append` takes as content."""
    return tuple(made.plain for made in tries)
