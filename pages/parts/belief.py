"""How far to believe the number and the maps, short, as HTML; whole sentences fold out."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pages.parts.methods import title
from pages.parts.panels import heading
from xattn.records import Attribution, Target
from xattn.reports.beliefs import OFF_PATIENT
from xattn.reports.sentences import NOT_IMPORTANCE, OF_LARGEST, settled
from xattn.trust.anatomy import PARTS, Anatomy
from xattn.trust.assessment import Assessment
from xattn.trust.attention_check import ATTENTION
from xattn.trust.evidence import MapEvidence
from xattn.trust.missing import MissingRange
from xattn.trust.stability import Stability
from xattn.trust.sureness import Sureness
from xattn.trust.verdict import Verdict
from xattn.trust.whatif import Fragility
from xattn.trust.wording import percent, probability, span

NOT_CHECKED = "not checked"
UNIMPORTANT = NOT_IMPORTANCE[0].lower() + NOT_IMPORTANCE[1:-1]


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of one map: the answer, whether it stays and where it lies, agreement.

    `sentence` says all of it.
    """

    answer: str = NOT_CHECKED
    where: str = ""
    agreement: str = ""
    sentence: str = ""


def draw_belief(assessment: Assessment, target: Target) -> str:
    """Under the number: its range, what is unknown, what is fragile; a line each."""
    parts = []
    if assessment.sureness:
        parts.append(folded(*sureness(assessment.sureness, target)))
    else:
        what = "it" if target.minus is None else "a difference of two findings"
        note = f"No range: the model came without a calibration for {what}."
        parts.append(f'<p class="note">{note}</p>')
    if assessment.missing and assessment.missing.unknown:
        parts.append(folded(missing(assessment.missing, target), assessment.missing.sentence))
    if assessment.fragility and assessment.fragility.tried:
        parts.append(folded(fragility(assessment.fragility), assessment.fragility.sentence))
    return f'<div class="belief">{"".join(parts)}</div>'


def folded(short: str, whole: str) -> str:
    """A short line of HTML that opens to the whole sentence."""
    return f'<details class="folded"><summary>{short}</summary><p>{escape(whole)}</p></details>'


def sureness(entry: Sureness, target: Target) -> tuple[str, str]:
    """The range or set in short, as HTML, and what it rests on."""
    kind = "Interval" if target.unit == "g/cm²" else "Prediction set"
    if entry.reasons:
        more = f" ({len(entry.reasons) - 1} more)" if len(entry.reasons) > 1 else ""
        first = f'<span class="warning">{escape(entry.reasons[0])}</span>'
        return f"<b>{kind} not valid here.</b> {first}{more}", entry.sentence
    level = percent(entry.level)
    if entry.interval:
        short = f"{level} interval <b>{escape(span(target, *entry.interval))}</b>"
        if entry.bands:
            short += f", touches {escape('; '.join(entry.bands))}"
    else:
        short = f"{level} set: <b>{escape(answers(entry, target))}</b>"
        if entry.range:
            ends = f"{probability(entry.range.low)} to {probability(entry.range.high)}"
            short += f" · calibrated {escape(ends)}"
    near = ' · <b class="warning">near the cut</b>' if entry.is_near_cut else ""
    return short + near, entry.sentence


def answers(entry: Sureness, target: Target) -> str:
    """A prediction set in words; without the finding it never excludes it."""
    return {
        (): "neither answer is usual here",
        ("no",): f"not {target.name}; does not exclude it",
        ("yes",): target.name,
        ("no", "yes"): "undecided",
    }[entry.answers or ()]


def missing(entry: MissingRange, target: Target) -> str:
    """The range over what is unknown, and what would narrow it most."""
    count = len(entry.unknown)
    short = f"{count} unknown {'entries' if count > 1 else 'entry'}: "
    short += escape(span(target, entry.low, entry.high))
    if entry.fields and entry.fields[0].explained > 0:
        short += f"; <b>{escape(entry.fields[0].label)}</b> would narrow it most"
    return short


def fragility(entry: Fragility) -> str:
    """Which entry, if mistaken, crosses the cut."""
    if not entry.flips:
        return "No plausible slip of one entry crosses the cut"
    first = entry.flips[0]
    change = f"{first.label} {first.after} instead of {first.before}"
    return f'<b class="warning">Fragile:</b> {escape(change)} would cross the cut'


def mark_of(
    evidence: MapEvidence | None, key: str, entry: Attribution | None, *, is_due: bool
) -> Mark:
    """What is known of a map; its evidence must have been made of this very map's case."""
    waits = f"{NOT_CHECKED} yet" if is_due else NOT_CHECKED
    reached = settled(entry) if entry else ""
    if evidence is None or entry is None or not _is_of(evidence, entry):
        return Mark(waits, reached)
    if key == ATTENTION and evidence.attention:
        said = evidence.attention
        return Mark(NOT_CHECKED, said.short, UNIMPORTANT, said.sentence)
    if key not in evidence.verdicts:
        return Mark(waits, reached)
    verdict, steady = evidence.verdicts[key], evidence.stability.get(key)
    place = where(evidence.places[key]) if key in evidence.places else ""
    parts = (stable(steady), reached.replace(OF_LARGEST, ""), place)
    told = [verdict.sentence, evidence.agreement.sentence, steady.sentence if steady else ""]
    told += [f"Largest standard error {reached}." if reached else ""]
    words = " ".join(filter(None, told))
    return Mark(verdict.answer, " · ".join(filter(None, parts)), agreement(evidence), words)


def _is_of(evidence: MapEvidence, entry: Attribution) -> bool:
    """Whether evidence was made of a map's very case and target."""
    made_of = entry.provenance.case_digest, entry.target.name
    return (evidence.case_digest, evidence.target) == made_of


def stable(found: Stability | None) -> str:
    """How stable a map is, in a word and a number."""
    if found is None or found.mean is None:
        return "stability not checked"
    return f"stable {_said(found.mean)}"


def where(place: Anatomy) -> str:
    """How rich the map is on the system's anatomy for its area, and what lies off the patient."""
    words = [
        f"{part.enrichment:.1f} × on {part.name}"
        for part in place.parts
        if part.name not in PARTS and part.enrichment is not None
    ]
    if place.off_patient is not None and place.off_patient > OFF_PATIENT:
        words.append(f"{percent(place.off_patient)} off the patient")
    return ", ".join(words)


def agreement(evidence: MapEvidence) -> str:
    """Whether the methods agree, in three words and a number."""
    found = evidence.agreement
    if found.summary is None:
        return ""
    words = found.sentence.split(":")[0].removeprefix("The ")
    return f"{words} ({found.summary:.2f})".replace("-", "−")


def evidence_table(evidence: MapEvidence, methods: Sequence[str] = ()) -> str:
    """The numbers behind every verdict, then pairs, stability and the controls of attention.

    Of `methods` alone, where they are named: one that is no longer chosen was judged with the rest.
    """
    columns = (
        "Method", "Tracks the model", "Agreement with covering", "p by null", "p (Holm)",
        "Fidelity", "Infidelity", "Deletion, insertion",
    )  # fmt: skip
    wanted = methods or evidence.agreement.methods
    verdicts = {key: entry for key, entry in evidence.verdicts.items() if key in wanted}
    rows = [_cells(title(key), entry) for key, entry in verdicts.items()]
    head = "".join(f"<th>{name}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for cells in rows
    )
    notes = [evidence.agreement.sentence, *_pairs(evidence, wanted)]
    notes += [entry.sentence for key, entry in evidence.stability.items() if key in wanted]
    notes += [evidence.attention.sentence] if evidence.attention else []
    text = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    return (
        f'<div data-figure="agreement">{heading("Evidence beside the maps")}'
        f'<table class="details"><tr>{head}</tr>{body}</table>{text}</div>'
    )


def _cells(name: str, verdict: Verdict) -> tuple[str, ...]:
    found, drawn = verdict.evidence, verdict.curves
    if found.reason:
        return (name, verdict.answer, found.reason, *("",) * 5)
    nulls = ", ".join(f"{null} {p:.3f}" for null, p in found.p_values)
    areas = [drawn.deletion.area, drawn.insertion.area] if drawn else []
    numbers = (found.fidelity, found.infidelity)
    said = ["" if number is None else _said(number, ".3g") for number in numbers]
    curves = ", ".join(_said(area, ".3g") for area in areas)
    holm = "" if verdict.p_holm is None else f"{verdict.p_holm:.3f}"
    return name, verdict.answer, _said(found.agreement), nulls, holm, *said, curves


def _said(number: float, digits: str = ".2f") -> str:
    """A number with a true minus."""
    return format(number, digits).replace("-", "−")


def _pairs(evidence: MapEvidence, wanted: Sequence[str]) -> list[str]:
    """Each pair's rank correlation and overlap of its top regions."""
    found = evidence.agreement
    words = []
    for i, one in enumerate(found.methods):
        for j in range(i):
            rank, overlap = found.correlations[i][j], found.overlaps[i][j]
            is_wanted = one in wanted and found.methods[j] in wanted
            if is_wanted and rank is not None and overlap is not None:
                pair = f"{title(found.methods[j])} and {title(one)}"
                words.append(f"{pair} {_said(rank)}, top {found.top} regions {overlap:.2f}")
    return [f"Rank correlation and overlap: {'; '.join(words)}."] if words else []
