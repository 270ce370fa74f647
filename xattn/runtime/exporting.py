"""A worklist as files to take along: tables, and a report of every case that the person may see."""

import logging
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from xattn.archive import reading
from xattn.archive.export import READ_COLUMNS, RESULTS, reads_in, results_of, write
from xattn.archive.packing import Result
from xattn.archive.people import Person
from xattn.archive.reads import ADJUDICATION, Read
from xattn.archive.store import Archive
from xattn.archive.worklist import find, same_films
from xattn.errors import AccessError, ArchiveError
from xattn.records import Attribution, Explanation, Prediction, Target
from xattn.reports.content import Decision, compose
from xattn.reports.export import replacing
from xattn.reports.institution import NOBODY, Institution
from xattn.reports.pdf import render
from xattn.runtime.engine import Engine
from xattn.runtime.faults import attempt
from xattn.runtime.replaying import stored_case
from xattn.trust.belief import Belief

logger = logging.getLogger(__name__)

REPORT = "The report"
VEILED = "Its result may not be shown to you yet."
NO_RESULT = "There is no result of this model on the case as it was stored."


@dataclass(frozen=True, slots=True)
class Exported:
    """One case of the list: the name of its report's file, or why there is none."""

    done: int
    total: int
    case: int
    file: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Reports:
    """How reports are made: by which model, for whom, headed by whom, and in which form of PDF."""

    engine: Engine
    archive: Archive
    person: Person
    house: Institution = NOBODY
    archival: bool = False

    def render(self, number: int, target: Target) -> bytes:
        """The report of a case from its kept results; how far to believe it is asked again.

        Raises:
            AccessError: if its results may not be shown to the person.
            ArchiveError: if there is no such case, or no result of this model and target.
        """
        given = reading.revealed(self.archive, self.person, number, target=target.name)
        explanation = self._explanation(number, given)
        belief = self._belief(number, explanation)
        rows = reading.reads_of(self.archive, self.person, number)
        content = compose(
            explanation,
            self.engine.model,
            belief=belief,
            decision=decision_of(rows, self.person, target),
        )
        return render(content, archival=self.archival, institution=self.house)

    def _belief(self, number: int, explanation: Explanation) -> Belief:
        case, stored = explanation.case, self.archive.case(number)
        earlier = same_films(self.archive, stored.worklist, case.film, but=stored.digest)
        if explanation.attributions:
            return self.engine.believe(explanation, earlier=earlier)
        target = explanation.prediction.target
        return Belief(self.engine.assess(case, target=target, earlier=earlier))

    def _explanation(self, number: int, given: tuple[tuple[str, Result], ...]) -> Explanation:
        case = stored_case(self.engine, self.archive, self.archive.case(number))
        wanted = self.engine.model.checkpoint.model_id, case.digest
        found: Mapping[str, Result] = {
            method: result
            for method, result in given
            if (result.provenance.model_id, result.provenance.case_digest) == wanted
        }
        prediction = found.get("prediction")
        if not isinstance(prediction, Prediction):
            raise ArchiveError(NO_RESULT)
        maps = ((key, entry) for key, entry in found.items() if isinstance(entry, Attribution))
        return Explanation(case, prediction, tuple(maps))


def export(reports: Reports, worklist: int, folder: Path) -> Generator[Exported]:
    """Write `results.csv`, `results.parquet`, `reads.csv`, and `case-N.pdf` of each case.

    The folder appears as a whole after the last case, or not at all. What it holds counts as
    shown, reports are kept in the archive, and the audit has each. A case whose report is refused
    keeps its sentence; the others go on.

    Raises:
        ArchiveError: if there is no such worklist, or it is of another system.
        ReportError: if the folder holds other files.
    """
    archive, person, model = reports.archive, reports.person, reports.engine.model
    listed = find(archive, worklist)
    if listed.system != model.system.name:
        raise ArchiveError("The worklist is of another system; choose the model that reads it.")
    target = model.find_target(listed.target) if listed.target else model.target
    with replacing(folder.absolute()) as fresh:
        lines = results_of(archive, person, worklist)
        for name in ("results.csv", "results.parquet"):
            write(lines, RESULTS, fresh / name)
        write(reads_in(archive, person, worklist), READ_COLUMNS, fresh / "reads.csv")
        numbers = tuple(dict.fromkeys(int(str(line["case"])) for line in lines))
        for done, number in enumerate(numbers, start=1):
            file, refusal = _report(reports, number, target, fresh)
            yield Exported(done, len(numbers), number, file, refusal)


def decision_of(rows: tuple[Read, ...], person: Person, target: Target) -> Decision | None:
    """What a report says was decided: the adjudicator's word, else the person's own last one."""
    final = [row for row in rows if row.stage == ADJUDICATION]
    own = [row for row in rows if row.reader == person.name and row.decision]
    if not (found := (final or own)[-1:]):
        return None
    (row,) = found
    unit = "" if target.unit == "log-odds" else f" {target.unit}"
    return Decision(
        row.decision or "adjudicate",
        row.reason,
        row.reader,
        date.fromisoformat(row.at[:10]),
        f"{row.finding:.2f}{unit}, confidence {row.confidence:.2f}",
    )


def _report(reports: Reports, number: int, target: Target, folder: Path) -> tuple[str, str]:
    """The name of the report's file, or why there is none."""

    def rendered() -> bytes:
        pdf = reports.render(number, target)
        reports.archive.keep_report(reports.person, number, pdf)
        return pdf

    pdf, refusal = attempt(logger, REPORT, rendered)
    if pdf is None:
        return "", VEILED if isinstance(refusal, AccessError) else str(refusal)
    name = f"case-{number}.pdf"
    (folder / name).write_bytes(pdf)
    return name, ""
