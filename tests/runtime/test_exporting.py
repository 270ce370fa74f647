"""A worklist as files: what the person may see, each with its record, whole or not at all."""

import csv
import shutil
import subprocess
from dataclasses import replace

import pytest
from pyarrow import parquet
from sqlalchemy import select

from tests import tiny
from xattn.archive.people import LOCAL, Person
from xattn.archive.reading import Opinion, adjudicate, record_read, revealed
from xattn.archive.store import Archive
from xattn.archive.tables import audit, reports
from xattn.errors import ArchiveError, ReportError
from xattn.reports.institution import Institution
from xattn.runtime.exporting import NO_RESULT, Reports, export

ANN, BEN, CLEO = (
    Person("Ann", ("reader",)),
    Person("Ben", ("reader",)),
    Person("Cleo", ("adjudicator",)),
)
OPINION = Opinion(0.7, 0.5)
VEILED = "Its result may not be shown to you yet."
needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="poppler-utils reads the text back"
)


def filled(archive: Archive, engine, *forms: dict[str, object]) -> None:
    """A list, number 2, that is read first, with a case and its prediction per form."""
    archive.worklist(LOCAL, "first", "breast", is_read_first=True)
    for form in forms:
        case = engine.case(tiny.case().film.radiograph, form)
        number = archive.add(LOCAL, 2, case, title="Jane Doe", form=form)
        archive.keep(LOCAL, number, "prediction", engine.predict(case))
        archive.keep(LOCAL, number, "shapley", engine.start_explanation(case, "shapley").result())


@pytest.fixture
def cases(archive, engine):
    filled(archive, engine, tiny.MASS, {"lesion_type": "mass", "density": 4})
    return archive


def acts(archive):
    with archive.transaction() as connection:
        return [row.what for row in connection.execute(select(audit).order_by(audit.c.number))]


def text_of(path):
    told = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True)
    return " ".join(told.stdout.decode().split())


def table(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def decide(archive, person, number):
    record_read(archive, person, number, OPINION)
    revealed(archive, person, number)
    record_read(archive, person, number, OPINION, decision="change", reason="seen before")


@needs_poppler
def test_each_may_take_along_what_they_may_see(cases, engine, tmp_path):
    decide(cases, ANN, 1)
    house = Institution("Example Hospital")
    steps = list(export(Reports(engine, cases, ANN, house, archival=True), 2, tmp_path / "out"))
    assert [(step.done, step.total, step.case) for step in steps] == [(1, 2, 1), (2, 2, 2)]
    assert [(step.file, step.refusal) for step in steps] == [("case-1.pdf", ""), ("", VEILED)]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "case-1.pdf", "reads.csv", "results.csv", "results.parquet",
    ]  # fmt: skip
    rows = table(tmp_path / "out" / "results.csv")
    assert [bool(row["value"]) for row in rows] == [True, False]
    assert parquet.read_table(tmp_path / "out" / "results.parquet").num_rows == 2
    reads = table(tmp_path / "out" / "reads.csv")
    assert [row["stage"] for row in reads] == ["alone", "with AI"]
    text = text_of(tmp_path / "out" / "case-1.pdf")
    for words in ("Example Hospital", "Reader Ann", "changes the result", "seen before",
                  "Finding 0.70, confidence 0.50", "What adds up to the result"):  # fmt: skip
        assert words in text
    assert "Jane" not in text
    assert acts(cases)[-3:] == ["results exported", "reads exported", "report exported"]
    assert cases.verify().faults == ()


def test_the_same_case_gives_the_same_bytes_and_they_are_kept(cases, engine, tmp_path):
    decide(cases, ANN, 1)
    for name in ("one", "two"):
        list(export(Reports(engine, cases, ANN), 2, tmp_path / name))
    one, two = ((tmp_path / name / "case-1.pdf").read_bytes() for name in ("one", "two"))
    assert one == two
    with cases.transaction() as connection:
        kept = connection.execute(select(reports.c.content)).scalars().all()
    assert len(kept) == 2
    assert cases.blobs.get(kept[0]) == one


@needs_poppler
def test_an_adjudicators_word_stands_on_the_report(cases, engine, tmp_path):
    for reader in (ANN, BEN):
        decide(cases, reader, 1)
    adjudicate(cases, CLEO, 1, Opinion(0.9, 1), reason="both margins")
    for name, person in (("cleo", CLEO), ("ann", ANN)):
        list(export(Reports(engine, cases, person), 2, tmp_path / name))
        text = text_of(tmp_path / name / "case-1.pdf")
        assert "Reader Cleo Decision weighed the reads of others; this finding stands" in text
        assert "Finding 0.90, confidence 1.00 Note both margins" in text


def test_a_case_that_fails_does_not_end_the_others(cases, engine, tmp_path, monkeypatch, caplog):
    for number in (1, 2):
        decide(cases, ANN, number)
    believe = engine.believe

    def broken(explanation, *, earlier):
        if explanation.case.digest == cases.case(1).digest:
            raise ZeroDivisionError("Jane Doe")
        return believe(explanation, earlier=earlier)

    monkeypatch.setattr(engine, "believe", broken)
    steps = list(export(Reports(engine, cases, ANN), 2, tmp_path / "out"))
    fault = "The report ended through a fault of the program; it was logged."
    assert [step.refusal for step in steps] == [fault, ""]
    assert "Jane" not in caplog.text


def test_a_result_of_another_model_is_no_report(cases, engine, tmp_path):
    decide(cases, ANN, 1)
    checkpoint = replace(engine.model.checkpoint, model_id="other")
    monkey = replace(engine.model, checkpoint=checkpoint)
    other = type(engine)(monkey, engine.worker)
    steps = list(export(Reports(other, cases, ANN), 2, tmp_path / "out"))
    assert steps[0].refusal == NO_RESULT


def test_what_cannot_begin_leaves_nothing(cases, engine, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for worklist, folder, error in (
        (9, "out", ArchiveError),
        (2, "mine", ReportError),
    ):
        with pytest.raises(error):
            list(export(Reports(engine, cases, ANN), worklist, tmp_path / folder))
    cases.worklist(LOCAL, "hips", "hip", is_read_first=False)
    with pytest.raises(ArchiveError, match="of another system"):
        list(export(Reports(engine, cases, ANN), 3, tmp_path / "out"))
    assert not (tmp_path / "out").exists()
    assert "results exported" not in acts(cases)


def test_one_that_is_stopped_leaves_no_folder(cases, engine, tmp_path):
    for number in (1, 2):
        decide(cases, ANN, number)
    steps = export(Reports(engine, cases, ANN), 2, tmp_path / "out")
    assert next(steps).file == "case-1.pdf"
    steps.close()
    assert list(tmp_path.glob("*out*")) == []
