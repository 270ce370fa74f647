"""How far a prediction and its maps may be believed: what pages, reports and files carry."""

from dataclasses import dataclass

from xattn.trust.assessment import Assessment
from xattn.trust.evidence import MapEvidence
from xattn.trust.tries import Try


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What was asked of a case beside its prediction and its maps; None for what was not asked.

    `tries` are the reader's what-ifs on this film, in order.
    """

    assessment: Assessment | None = None
    evidence: MapEvidence | None = None
    tries: tuple[Try, ...] = ()

    @property
    def plain(self) -> dict[str, object]:
        """Every number and sentence, ready for JSON."""
        return {
            "assessment": self.assessment.plain if self.assessment else None,
            "evidence": self.evidence.plain if self.evidence else None,
            "what_if": [made.plain for made in self.tries],
        }


UNASKED = Belief()
"""Nothing was asked: then every map says that it was not checked."""
