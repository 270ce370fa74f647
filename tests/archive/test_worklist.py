"""Pages in every order join to the list as Python sorts it; what is veiled stays so."""

import itertools
from dataclasses import replace
from operator import attrgetter

import pytest

from tests.archive import bare
from tests.archive.bare import ANN, BEN, CLEO
from xattn.archive.people import LOCAL
from xattn.archive.reading import Opinion, adjudicate, record_read, revealed
from xattn.archive.store import Archive, Grades
from xattn.archive.worklist import (
    Query,
    count,
    duplicates,
    find,
    lists,
    neighbour,
    page,
    place_of,
    same_films,
    waiting,
)
from xattn.data.placement import Box
from xattn.errors import ArchiveError

GRADES = (
    Grades(level="pass", novelty=10, uncertainty=0.5, disagreement=0.1),
    Grades(level="warn", novelty=99, uncertainty=0.25, disagreement=0.3),
    Grades(level="pass", novelty=10, uncertainty=None, disagreement=0.2),
    Grades(),
    Grades(level="block", novelty=50, uncertainty=0.75, disagreement=0.2),
)
TITLES = ("delta", "Alpha", "100 % sure", "beta", "Beta")


def filled(archive, *, is_read_first=False):
    listed = bare.listed(archive, is_read_first=is_read_first)
    for seed, (title, grades) in enumerate(zip(TITLES, GRADES, strict=True)):
        archive.grade(bare.stored(archive, listed, seed, title=title), grades)
    return listed


def walked(archive, query, person=ANN, size=2):
    rows, after = [], None
    for _ in itertools.count():
        found = page(archive, person, query, after=after, size=size)
        rows += found.rows
        after = found.after
        if after is None:
            return rows
    return rows


@pytest.fixture
def archive(database, tmp_path):
    with Archive(database, str(tmp_path / "files")) as opened:
        yield opened


sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_pages_places_and_neighbours_follow_every_order(archive):
    listed = filled(archive)
    numbers = {
        ("added", False): [1, 2, 3, 4, 5],
        ("added", True): [5, 4, 3, 2, 1],
        ("novelty", False): [1, 3, 5, 2, 4],
        # Unknown is last in both directions; equal keys go by number, in the order's direction.
        ("novelty", True): [2, 5, 3, 1, 4],
        ("uncertainty", False): [2, 1, 5, 3, 4],
        ("uncertainty", True): [5, 1, 2, 4, 3],
        ("disagreement", True): [2, 5, 3, 1, 4],
        ("title", False): [3, 2, 4, 5, 1],
        ("title", True): [1, 5, 4, 2, 3],
    }
    for (order, is_descending), expected in numbers.items():
        query = Query(worklist=listed, order=order, is_descending=is_descending)
        assert [row.number for row in walked(archive, query)] == expected, query
        steps = [*zip(expected, [*expected[1:], None], strict=True)]
        assert [neighbour(archive, ANN, query, n, step=1) for n, _ in steps] == [
            b for _, b in steps
        ]
        before = [None, *expected[:-1]]
        assert [neighbour(archive, ANN, query, n, step=-1) for n in expected] == before
        assert [place_of(archive, ANN, query, n) for n in expected] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("size", [1, 5, 6])
@sqlite_only
def test_the_last_page_says_so(archive, size):
    listed = filled(archive)
    query = Query(worklist=listed)
    assert [row.number for row in walked(archive, query, size=size)] == [1, 2, 3, 4, 5]
    assert page(archive, ANN, query, size=5).after is None


def test_filters_leave_what_they_name(archive):
    listed = filled(archive)
    archive.annotate(ANN, 4, note="Spicules? 100 %", is_marked=True)
    archive.annotate(BEN, 1, is_marked=True, note="spicules")
    record_read(archive, ANN, 2, Opinion(0.5, 0.5))
    for filters, expected in (
        ({"text": "BETA"}, [4, 5]),
        ({"text": "100 %"}, [3, 4]),
        ({"text": "%"}, [3, 4]),
        ({"text": "spic"}, [4]),
        ({"is_marked": True}, [4]),
        ({"is_marked": False}, [1, 2, 3, 5]),
        ({"is_unread": True}, [1, 3, 4, 5]),
        ({"is_unread": False}, [2]),
        ({"level": "pass"}, [1, 3]),
        ({"level": "pass", "text": "sure"}, [3]),
    ):
        query = Query(worklist=listed, **filters)
        assert [row.number for row in walked(archive, query)] == expected, filters
        assert count(archive, ANN, query) == len(expected)
    row = walked(archive, Query(worklist=listed, is_marked=True))[0]
    assert (row.note, row.is_marked, row.is_read) == ("Spicules? 100 %", True, False)
    # A case that no longer passes the filter still has neighbours.
    unread = Query(worklist=listed, is_unread=True)
    assert neighbour(archive, ANN, unread, 2, step=1) == 3


def test_a_list_that_is_read_first_veils_the_models_numbers(archive):
    listed = filled(archive, is_read_first=True)
    veiled = walked(archive, Query(worklist=listed, order="uncertainty", is_descending=True))
    # Nothing is open, so the order says nothing: unknown keys, by number downwards.
    assert [row.number for row in veiled] == [5, 4, 3, 2, 1]
    assert {(row.uncertainty, row.disagreement, row.is_open) for row in veiled} == {
        (None, None, False)
    }
    assert [row.novelty for row in veiled] == [50, None, 10, 99, 10]
    for number in (1, 2):
        record_read(archive, ANN, number, Opinion(0.5, 0.5))
    opened = walked(archive, Query(worklist=listed, order="uncertainty", is_descending=True))
    assert [row.number for row in opened] == [1, 2, 5, 4, 3]
    assert [row.uncertainty for row in opened] == [0.5, 0.25, None, None, None]
    assert not any(row.is_open for row in walked(archive, Query(worklist=listed), BEN))


def test_an_adjudicator_sees_in_the_list_what_they_have_weighed(archive):
    """Not before their own word, though the case itself is open to them then."""
    listed = filled(archive, is_read_first=True)
    query = Query(worklist=listed, order="uncertainty", is_descending=True)
    for number in (1, 2):
        for reader in (ANN, BEN):
            record_read(archive, reader, number, Opinion(0.5, 0.5))
            revealed(archive, reader, number)
            record_read(archive, reader, number, Opinion(0.5, 0.5), decision="accept")
    assert not any(row.is_open for row in walked(archive, query, CLEO))
    adjudicate(archive, CLEO, 2, Opinion(0.5, 0.5), reason="both saw it")
    rows = walked(archive, query, CLEO)
    assert [row.number for row in rows] == [2, 5, 4, 3, 1]
    assert [(row.uncertainty, row.disagreement) for row in rows] == [
        (0.25, 0.3),
        *[(None, None)] * 4,
    ]
    assert [row.is_open for row in rows] == [True, *[False] * 4]
    # Their word opens it to nobody else, nor to them once they may adjudicate no more.
    for other in (replace(CLEO, name="Dan"), replace(CLEO, roles=("reader",))):
        assert not any(row.is_open for row in walked(archive, query, other))


@sqlite_only
def test_rows_that_come_between_two_pages_neither_repeat_nor_skip(archive):
    listed = filled(archive)
    query = Query(worklist=listed, order="title")
    first = page(archive, ANN, query, size=2)
    bare.stored(archive, listed, 6, title="aaa")
    rest = page(archive, ANN, query, after=first.after, size=9)
    assert [row.number for row in (*first.rows, *rest.rows)] == [3, 2, 4, 5, 1]


@sqlite_only
def test_duplicates_are_known_by_their_pixels(archive):
    listed = filled(archive)
    made = bare.case(1, {"lesion_type": "mass", "density": 4})
    twin = archive.add(LOCAL, listed, made, title="again", form={})
    assert duplicates(archive, twin) == (2,)
    assert duplicates(archive, 2) == (twin,)
    assert duplicates(archive, 1) == ()
    copies = {row.number: row.copies for row in walked(archive, Query(worklist=listed))}
    assert copies == {1: 0, 2: 1, 3: 0, 4: 0, 5: 0, twin: 1}


@sqlite_only
def test_lists_are_listed(archive):
    filled(archive)
    bare.listed(archive, name="another")
    assert [(listed.name, listed.count) for listed in lists(archive)] == [
        ("another", 0),
        ("mine", 5),
    ]
    assert list(map(attrgetter("is_read_first"), lists(archive))) == [True, False]
    assert find(archive, 1).name == "mine"
    with pytest.raises(ArchiveError, match="no row of this number among the worklists"):
        find(archive, 9)
    with pytest.raises(ArchiveError, match="no row of this number among the cases"):
        neighbour(archive, ANN, Query(worklist=1), 99, step=1)


@sqlite_only
def test_a_film_waits_for_whom_it_is_yet_to_be_read_first(archive):
    filled(archive, is_read_first=True)
    pixels = bare.case(1).film.radiograph.pixel_sha256
    assert waiting(archive, ANN, pixels) == 2
    record_read(archive, ANN, 2, Opinion(0.5, 0.5))
    assert waiting(archive, ANN, pixels) is None
    assert waiting(archive, BEN, pixels) == 2
    assert waiting(archive, BEN, "0" * 64) is None


@sqlite_only
def test_the_gate_compares_with_the_same_film_and_box_on_the_list(archive):
    """Another box is another lesion, another list another study; the entry is not its own twin."""
    listed = filled(archive)
    made = bare.case(1, {"lesion_type": "mass", "density": 4})
    same = frozenset({made.film.radiograph.pixel_sha256})
    assert same_films(archive, listed, made.film, but=made.digest) == same
    twin = archive.add(LOCAL, listed, made, title="again", form={})
    assert same_films(archive, listed, made.film, but=archive.case(twin).digest) == same
    assert same_films(archive, listed, made.film, but=archive.case(2).digest) == same
    assert same_films(archive, listed, bare.case(2).film, but=archive.case(3).digest) == frozenset()
    boxed = replace(made.film, box=Box(1, 2, 20, 20))
    assert same_films(archive, listed, boxed, but="") == frozenset()
    archive.add(LOCAL, listed, replace(made, films=(boxed,)), title="boxed", form={})
    assert same_films(archive, listed, boxed, but="") == same
    other = bare.listed(archive, name="other", is_read_first=False)
    assert same_films(archive, other, made.film, but="") == frozenset()
