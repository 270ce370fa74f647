"""Tables hold what the person may see, and what they hold counts as shown."""

import csv
import io

import pytest
from pyarrow import parquet
from sqlalchemy import select

from tests.archive import bare
from tests.archive.bare import ANN, BEN, CLEO
from xattn.archive.export import READ_COLUMNS, RESULTS, as_csv, reads_in, results_of, write
from xattn.archive.reading import Opinion, record_read, revealed
from xattn.archive.store import Archive, Grades
from xattn.archive.tables import audit
from xattn.errors import AccessError, ArchiveError


@pytest.fixture
def archive(tmp_path):
    with Archive(f"sqlite:///{tmp_path / 'archive.sqlite'}", str(tmp_path / "files")) as opened:
        listed = bare.listed(opened)
        for seed in (0, 1):
            number = bare.stored(opened, listed, seed, title="Jane Doe")
            opened.grade(
                number, Grades(level="warn", novelty=97, uncertainty=0.5, disagreement=0.1)
            )
        yield opened


def test_no_result_is_exported_before_it_may_be_seen(archive, tmp_path):
    model_columns = RESULTS[RESULTS.index("model") :]
    for line in results_of(archive, ANN, 1):
        assert [line[column] for column in model_columns] == [None] * len(model_columns)
        assert (line["level"], line["novelty"]) == ("warn", 97)
    record_read(archive, ANN, 1, Opinion(0.7, 0.5))
    first, second = results_of(archive, ANN, 1)
    assert (first["value"], first["uncertainty"], first["target"]) == (0.5, 0.5, "malignant")
    assert second["value"] is second["uncertainty"] is None
    write([first, second], RESULTS, tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text()
    assert text.count("\n") == 3
    assert "Jane" not in text
    # What was exported was shown: the next read is not made alone.
    assert record_read(archive, ANN, 1, Opinion(0.7, 0.5), decision="accept").stage == "with AI"
    with pytest.raises(AccessError, match="This list is read first"):
        revealed(archive, BEN, 1)


def test_a_later_result_of_the_same_model_takes_the_place_of_the_earlier(archive):
    record_read(archive, ANN, 1, Opinion(0.7, 0.5))
    edited = bare.case(0, {"lesion_type": "mass", "density": 4})
    archive.keep(ANN, 1, "prediction", bare.prediction(edited, 0.75))
    other = bare.prediction(bare.case(0), 0.25, model="n" * 64)
    archive.keep(ANN, 1, "prediction", other)
    lines = results_of(archive, ANN, 1)
    assert [(line["case"], line["value"]) for line in lines] == [(1, 0.75), (1, 0.25), (2, None)]


def test_reads_of_others_come_after_ones_own_decision(archive, tmp_path):
    record_read(archive, ANN, 1, Opinion(0.7, 0.5))
    record_read(archive, BEN, 1, Opinion(0.2, 0.5))
    record_read(archive, BEN, 2, Opinion(0.3, 0.5))
    assert [read.reader for read in reads_in(archive, ANN, 1)] == ["Ann"]
    assert reads_in(archive, CLEO, 1) == ()
    for reader in (ANN, BEN):
        revealed(archive, reader, 1)
        record_read(archive, reader, 1, Opinion(0.6, 0.5), decision="accept", reason="=1+1")
    found = reads_in(archive, ANN, 1)
    assert [(read.case, read.reader) for read in found] == [(1, "Ann"), (1, "Ben")] * 2
    write(found, READ_COLUMNS, tmp_path / "reads.parquet")
    table = parquet.read_table(tmp_path / "reads.parquet").to_pylist()
    assert [tuple(row.values()) for row in table] == [
        tuple(getattr(read, name) for name in READ_COLUMNS) for read in found
    ]
    assert len(reads_in(archive, CLEO, 1)) == 4
    again = record_read(archive, ANN, 1, Opinion(0.6, 0.5), decision="accept")
    assert again.stage == "with readers"


def test_exports_stand_in_the_audit(archive):
    record_read(archive, ANN, 1, Opinion(0.7, 0.5))
    results_of(archive, ANN, 1)
    with archive.transaction() as connection:
        rows = connection.execute(select(audit.c.what, audit.c.content).order_by(audit.c.number))
        (_, exported), (_, single) = rows.all()[-2:]
    assert exported == {"worklist": 1, "cases": 2, "shown": 1}
    assert single["case"] == 1
    with pytest.raises(ArchiveError, match="no row of this number among the worklists"):
        results_of(archive, ANN, 9)


def test_no_cell_of_a_csv_is_a_formula():
    line = {"one": "=HYPERLINK()", "two": -1.5, "three": "a,b\n"}
    rows = list(csv.reader(io.StringIO(as_csv([line], ("one", "two", "three")))))
    assert rows == [["one", "two", "three"], ["'=HYPERLINK()", "-1.5", "a,b\n"]]


def test_other_files_and_places_are_refused(tmp_path):
    with pytest.raises(ArchiveError, match=r"as \.csv or \.parquet"):
        write([], RESULTS, tmp_path / "out.xlsx")
    with pytest.raises(ArchiveError, match="folder that exists"):
        write([], RESULTS, tmp_path / "nowhere" / "out.csv")
