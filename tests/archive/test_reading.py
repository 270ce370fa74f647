"""Read first, then see: no way to the result or to another's read comes before one's own."""

import pytest
from sqlalchemy import select

from tests.archive import bare
from tests.archive.bare import ANN, BEN, CLEO
from xattn.archive.access import READS
from xattn.archive.audit import entries
from xattn.archive.people import LOCAL, Person
from xattn.archive.reading import (
    TRIED,
    Opinion,
    adjudicate,
    hand_over,
    reads_of,
    record_read,
    require_open,
    revealed,
)
from xattn.archive.store import Archive
from xattn.archive.tables import audit, reveals
from xattn.data.placement import Box
from xattn.errors import AccessError, ArchiveError
from xattn.records import Target
from xattn.trust.tries import Try, audit_rows

OPINION = Opinion(0.7, 0.9)


@pytest.fixture
def archive(database, tmp_path):
    with Archive(database, str(tmp_path / "files")) as opened:
        yield opened


@pytest.fixture
def number(archive):
    return bare.stored(archive, bare.listed(archive))


def acts(archive):
    with archive.transaction() as connection:
        return [tuple(row) for row in connection.execute(select(audit.c.who, audit.c.what))]


def decide(archive, person, number, finding=0.6):
    record_read(archive, person, number, Opinion(finding, 0.5))
    revealed(archive, person, number)
    return record_read(archive, person, number, Opinion(finding, 0.8), decision="accept")


sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_two_readers_and_an_adjudicator(archive, number):
    with pytest.raises(AccessError, match="This list is read first"):
        revealed(archive, ANN, number)
    first = record_read(archive, ANN, number, OPINION)
    assert (first.stage, first.decision, first.finding, first.confidence) == (
        "alone",
        None,
        0.7,
        0.9,
    )
    ((method, result),) = revealed(archive, ANN, number)
    assert (method, result.value) == ("prediction", 0.5)
    second = record_read(
        archive, ANN, number, Opinion(0.4, 0.6), decision="change", reason="a marker"
    )
    assert (second.stage, second.decision, second.reason) == ("with AI", "change", "a marker")
    # The second reader sees neither result nor read before their own.
    with pytest.raises(AccessError, match="This list is read first"):
        revealed(archive, BEN, number)
    assert reads_of(archive, BEN, number) == ()
    with pytest.raises(AccessError, match="once two readers have decided"):
        adjudicate(archive, CLEO, number, OPINION, reason="early")
    assert reads_of(archive, CLEO, number) == ()
    decide(archive, BEN, number)
    assert [read.reader for read in reads_of(archive, CLEO, number)] == ["Ann"] * 2 + ["Ben"] * 2
    assert len(revealed(archive, CLEO, number)) == 1
    last = adjudicate(archive, CLEO, number, Opinion(0.8, 1), reason="both saw it")
    assert (last.stage, last.role, last.finding) == ("adjudication", "adjudicator", 0.8)
    assert reads_of(archive, ANN, number)[0] == first
    assert acts(archive)[3:] == [
        ("Ann", "read recorded"),
        ("Ann", "result shown"),
        ("Ann", "read recorded"),
        ("Ben", "read recorded"),
        ("Ben", "result shown"),
        ("Ben", "read recorded"),
        ("Cleo", "reads shown"),
        ("Cleo", "result shown"),
        ("Cleo", "read recorded"),
        ("Ann", "reads shown"),
    ]
    assert archive.verify().faults == ()


@sqlite_only
def test_a_change_of_mind_is_a_further_row_at_its_stage(archive, number):
    first = record_read(archive, ANN, number, OPINION)
    second = record_read(archive, ANN, number, Opinion(0.3, 0.5))
    assert [first.stage, second.stage] == ["alone", "alone"]
    decide(archive, BEN, number)
    revealed(archive, ANN, number)
    assert reads_of(archive, ANN, number) == (first, second)
    third = record_read(archive, ANN, number, OPINION, decision="accept")
    assert len(reads_of(archive, ANN, number)) == 5
    fourth = record_read(archive, ANN, number, OPINION, decision="reject", reason="Ben is right")
    assert [third.stage, fourth.stage] == ["with AI", "with readers"]
    assert reads_of(archive, ANN, number)[:2] == (first, second)


@sqlite_only
def test_a_reader_who_read_but_has_not_decided_sees_no_other_read(archive, number):
    decide(archive, BEN, number)
    mine = record_read(archive, ANN, number, OPINION)
    assert reads_of(archive, ANN, number) == (mine,)
    revealed(archive, ANN, number)
    assert reads_of(archive, ANN, number) == (mine,)


@sqlite_only
def test_what_was_seen_elsewhere_bars_a_read_alone(archive, number):
    """An adjudicator saw both reads; who saw the same case on an open list saw the result."""
    for reader in (ANN, BEN):
        decide(archive, reader, number)
    both = Person("Cleo", ("reader", "adjudicator"))
    assert len(reads_of(archive, both, number)) == 4
    with pytest.raises(AccessError, match="someone who has not must read it"):
        record_read(archive, both, number, OPINION)


@sqlite_only
def test_the_same_case_on_an_open_list_is_closed_until_it_is_read(archive, number):
    twin = bare.stored(archive, bare.listed(archive, name="open", is_read_first=False))
    other = bare.stored(archive, 2, seed=1)
    assert len(revealed(archive, ANN, other)) == 1
    with pytest.raises(AccessError, match="This list is read first"):
        revealed(archive, ANN, twin)
    record_read(archive, ANN, number, OPINION)
    assert len(revealed(archive, ANN, twin)) == 1
    # What was shown on one list was shown: the next read on the other is with it.
    assert record_read(archive, ANN, number, OPINION, decision="accept").stage == "with AI"


@sqlite_only
def test_a_result_that_was_shown_before_the_case_came_bars_a_read_alone(archive):
    early = bare.stored(archive, bare.listed(archive, name="open", is_read_first=False))
    revealed(archive, ANN, early)
    late = bare.stored(archive, bare.listed(archive))
    with pytest.raises(AccessError, match="someone who has not must read it"):
        record_read(archive, ANN, late, OPINION)
    with pytest.raises(AccessError, match="This list is read first"):
        revealed(archive, ANN, early)


@sqlite_only
def test_on_an_open_list_the_archive_still_knows_who_read_alone(archive):
    number = bare.stored(archive, bare.listed(archive, is_read_first=False))
    require_open(archive, ANN, number)
    assert record_read(archive, ANN, number, OPINION).stage == "alone"
    revealed(archive, BEN, number)
    assert record_read(archive, BEN, number, OPINION, decision="accept").stage == "with AI"


@sqlite_only
def test_each_result_is_noted_as_shown_once(archive, number):
    record_read(archive, ANN, number, OPINION)
    for _ in range(2):
        revealed(archive, ANN, number)
        assert revealed(archive, ANN, number, target="another") == ()
    with archive.transaction() as connection:
        rows = connection.execute(select(reveals.c.reader, reveals.c.content)).all()
        content = connection.execute(
            select(audit.c.content).where(audit.c.what == "result shown")
        ).scalar_one()
    assert [row.reader for row in rows] == ["Ann"]
    assert content == {"case": number, "content": rows[0].content}
    assert rows[0].content != READS


@sqlite_only
@pytest.mark.parametrize(
    ("opinion", "words"),
    [
        (Opinion(1.5, 0.5), "finding must lie between 0 and 1"),
        (Opinion(float("nan"), 0.5), "finding must be a number"),
        (Opinion(0.5, 1.5), "Confidence must lie"),
        (Opinion(0.5, float("nan")), "Confidence must lie"),
    ],
)
def test_numbers_out_of_range_are_refused(archive, number, opinion, words):
    with pytest.raises(ArchiveError, match=words):
        record_read(archive, ANN, number, opinion)
    assert reads_of(archive, ANN, number) == ()


@sqlite_only
def test_a_density_is_no_share(archive):
    listed = archive.worklist(LOCAL, "hips", "hip", is_read_first=True)
    number = archive.add(LOCAL, listed, bare.case(), title="", form={})
    assert record_read(archive, ANN, number, Opinion(1.25, 0.5)).finding == 1.25


@sqlite_only
def test_decisions_need_a_result_and_a_reason(archive, number):
    with pytest.raises(AccessError, match="about a result that was shown"):
        record_read(archive, ANN, number, OPINION, decision="accept")
    record_read(archive, ANN, number, OPINION)
    revealed(archive, ANN, number)
    with pytest.raises(ArchiveError, match="accept, change or reject"):
        record_read(archive, ANN, number, OPINION)
    with pytest.raises(ArchiveError, match="needs a reason"):
        record_read(archive, ANN, number, OPINION, decision="reject", reason=" ")
    with pytest.raises(ArchiveError, match="no row of this number among the cases"):
        record_read(archive, ANN, 99, OPINION)


@sqlite_only
def test_roles_are_asked_for(archive, number):
    with pytest.raises(AccessError, match="role of reader"):
        record_read(archive, CLEO, number, OPINION)
    with pytest.raises(AccessError, match="role of adjudicator"):
        adjudicate(archive, ANN, number, OPINION, reason="mine")
    for reader in (LOCAL, ANN):
        decide(archive, reader, number)
    with pytest.raises(AccessError, match="by someone who is neither"):
        adjudicate(archive, LOCAL, number, OPINION, reason="my own")
    with pytest.raises(ArchiveError, match="needs its reason"):
        adjudicate(archive, CLEO, number, OPINION, reason="")


@sqlite_only
def test_a_reason_fits_its_column(archive, number):
    for reader in (LOCAL, ANN):
        decide(archive, reader, number)
    words = "reason must be at most 2,000 characters"
    with pytest.raises(ArchiveError, match=words):
        record_read(archive, ANN, number, OPINION, decision="reject", reason="x" * 2001)
    with pytest.raises(ArchiveError, match=words):
        adjudicate(archive, CLEO, number, OPINION, reason="x" * 2001)


@sqlite_only
def test_what_was_tried_stands_in_the_audit_with_the_decision(archive, number):
    """In order, before the read, in its transaction; a refused decision leaves none."""
    tries = [tried("density: 2 → 4", 0.75), tried("covered 4 × 4 px", 0.25, Box(1, 2, 4, 4))]
    record_read(archive, ANN, number, OPINION)
    revealed(archive, ANN, number)
    with pytest.raises(ArchiveError, match="needs a reason"):
        record_read(archive, ANN, number, OPINION, decision="reject", tries=tries)
    assert ("Ann", TRIED) not in acts(archive)
    record_read(archive, ANN, number, OPINION, decision="accept", tries=tries)
    assert acts(archive)[-3:] == [("Ann", TRIED), ("Ann", TRIED), ("Ann", "read recorded")]
    with archive.transaction() as connection:
        first, second = (row for row in entries(connection) if row.what == TRIED)
    assert first.content == {**audit_rows(tries)[0], "case": number, "digest": "d" * 64}
    assert second.content["box"] == {"x": 1, "y": 2, "width": 4, "height": 4}
    decide(archive, BEN, number)
    adjudicate(archive, CLEO, number, OPINION, reason="both saw it", tries=tries[:1])
    assert acts(archive)[-2:] == [("Cleo", TRIED), ("Cleo", "read recorded")]
    hand_over(archive, ANN, number, {}, tries[1:])
    assert acts(archive)[-1] == ("Ann", TRIED)
    with pytest.raises(ArchiveError, match="no row of this number"):
        hand_over(archive, ANN, 99, {}, tries)
    assert archive.verify().faults == ()


def test_what_was_seen_before_the_case_was_kept_is_kept_and_counts_as_shown(archive):
    number = bare.stored(archive, bare.listed(archive))
    seen = bare.prediction(bare.case(), model="n" * 64)
    hand_over(archive, ANN, number, {"prediction": seen})
    assert acts(archive)[-2:] == [("Ann", "result kept"), ("Ann", "result shown")]
    with archive.transaction() as connection:
        (row,) = connection.execute(select(reveals)).mappings()
    assert (row["case"], row["reader"]) == (number, "Ann")
    assert archive.keep(ANN, number, "prediction", seen) == row["content"]


def tried(change: str, after: float, box: Box | None = None) -> Try:
    """A what-if on a case of 64 d's, from 0.5."""
    target = Target(name="malignant", unit="log-odds")
    return Try("d" * 64, target, change, "density 2", "density 4", 0.5, after, box)
