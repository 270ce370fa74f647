"""One line that reads a case from its numbers alone; each clause names the figure it comes from."""

from dataclasses import dataclass

from xattn.data.clinical import Schema
from xattn.explain.grouping import grouped
from xattn.records import Explanation
from xattn.reports.beliefs import where
from xattn.reports.sentences import amount
from xattn.trust.belief import Belief

MAP = "joint"
"""The map that the line speaks of: the one in the prediction's unit whose regions add up."""
MOST_SHARES = 3
CLOSING = "none of this says that the model is right"


@dataclass(frozen=True, slots=True)
class Clause:
    """A few words, and the key of the figure that holds their number."""

    words: str
    figure: str


def reading(explanation: Explanation, belief: Belief, schema: Schema) -> tuple[Clause, ...]:
    """What adds most, whether its map tracks the model, where it lies, whether methods agree."""
    clauses = [*_shares(explanation, schema), *_evidence(belief)]
    return (*clauses, Clause(CLOSING, "")) if clauses else ()


def line(clauses: tuple[Clause, ...]) -> str:
    """The clauses as one sentence."""
    return f"{'; '.join(clause.words for clause in clauses)}." if clauses else ""


def _shares(explanation: Explanation, schema: Schema) -> list[Clause]:
    bars = dict(explanation.attributions).get("shapley")
    if bars is None:
        return []
    film, *fields = grouped(bars.players, schema)
    told = [film, *fields[: MOST_SHARES - 1]]
    words = ", ".join(f"{share.label} {amount(share.value, bars.unit)}" for share in told)
    return [Clause(f"{words} {bars.unit}", "shapley")]


def _evidence(belief: Belief) -> list[Clause]:
    evidence = belief.evidence
    if evidence is None:
        return [Clause("whether the maps track the model was not checked", "")]
    clauses = []
    if MAP in evidence.verdicts:
        answer = evidence.verdicts[MAP].answer
        clauses.append(Clause(f"the map of contributions tracks the model: {answer}", MAP))
        if place := where(evidence.places[MAP]):
            clauses.append(
                Clause(place.rstrip(".").replace("For its", "for its").replace(". ", ", "), MAP)
            )
    if evidence.agreement.summary is not None:
        words = evidence.agreement.sentence.split(":")[0]
        clauses.append(Clause(words[0].lower() + words[1:], "agreement"))
    return clauses
