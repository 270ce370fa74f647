"""How far to believe a case, in words: for the report's rows, the lines under maps, the page."""

from xattn.reports.sections import Row
from xattn.trust.anatomy import PARTS, Anatomy
from xattn.trust.attention_check import ATTENTION
from xattn.trust.belief import Belief
from xattn.trust.finding import Finding
from xattn.trust.stability import Stability
from xattn.trust.verdict import Verdict
from xattn.trust.wording import percent

NOT_CHECKED = "Not checked: whether this map tracks the model."
UNSTEADIED = "Stability not checked."
OFF_PATIENT = 0.2
"""Share of a map outside the patient above which its line says so."""


def rows(belief: Belief) -> tuple[Row, ...]:
    """What was found of the input, the range, the entries, all maps together, and the what-ifs."""
    found: list[Row] = []
    if assessment := belief.assessment:
        found += [
            Row(f"{_level(belief, entry)}: {entry.check}", entry.reason) for entry in noted(belief)
        ]
        parts = (
            ("How sure", assessment.sureness),
            ("Unknown entries", assessment.missing),
            ("Fragile entries", assessment.fragility),
        )
        found += [Row(label, part.sentence) for label, part in parts if part]
    if evidence := belief.evidence:
        found.append(Row("Methods together", evidence.agreement.sentence))
        if evidence.attention:
            found.append(Row("Attention", evidence.attention.sentence))
    found += [Row("What if", made.sentence) for made in belief.tries]
    return tuple(found)


def noted(belief: Belief) -> tuple[Finding, ...]:
    """What the gate warned of or blocked for."""
    gate = belief.assessment.gate if belief.assessment else None
    return tuple(entry for entry in gate.findings if entry.level != "pass") if gate else ()


def _level(belief: Belief, finding: Finding) -> str:
    gate = belief.assessment.gate if belief.assessment else None
    if finding.level == "warn" or gate is None:
        return "Warning"
    return "Acknowledged" if finding.check in gate.acknowledged else "Blocked"


def of_map(belief: Belief, key: str) -> tuple[str, ...]:
    """The lines under one map, by its explainer's key: does it track the model, stay, lie where."""
    evidence = belief.evidence
    if evidence and key == ATTENTION and evidence.attention:
        return (NOT_CHECKED, evidence.attention.summary)
    if evidence is None or key not in evidence.verdicts:
        return (NOT_CHECKED,)
    place = where(evidence.places[key]) if key in evidence.places else ""
    steady = stays(evidence.stability[key]) if key in evidence.stability else UNSTEADIED
    return tuple(line for line in (tracks(evidence.verdicts[key]), steady, place) if line)


def tracks(verdict: Verdict) -> str:
    """The verdict without its reasons; no map is ever called right."""
    if verdict.answer == "not checked":
        return f"Not checked whether this map tracks the model: {verdict.evidence.reason}."
    if verdict.answer == "unfit":
        return "Unfit for this model: the method's maps stay alike with every weight random."
    return f"Tracks the model: {verdict.answer}."


def stays(found: Stability) -> str:
    """Whether the map stays under changes that should not count."""
    if found.mean is None:
        return f"Stability not checked: {found.reason or 'the map is constant'}."
    more = "" if len(found.correlations) < 2 else f" on average, {found.minimum:.2f} at worst"
    said = f"Stability: rank correlation {found.mean:.2f}{more}, {found.under}."
    return said.replace("-", "−")


def where(place: Anatomy) -> str:
    """How rich the map is on the system's anatomy, and whether it leaves the patient."""
    rich = [
        f"{part.name} {part.enrichment:.1f} ×"
        for part in place.parts
        if part.name not in PARTS and part.enrichment is not None
    ]
    lines = [f"For its area: {', '.join(rich)}."] if rich else []
    if place.off_patient is not None and place.off_patient > OFF_PATIENT:
        lines.append(f"{percent(place.off_patient)} of it lies outside the patient.")
    return " ".join(lines)
