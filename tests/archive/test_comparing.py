"""Kept against computed again: every kind of number counts, words of provenance do not."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from tests.archive import bare
from xattn.archive import packing
from xattn.archive.comparing import TOLERANCE, compare, kept
from xattn.archive.people import LOCAL
from xattn.archive.store import Archive
from xattn.errors import ArchiveError
from xattn.records import Attribution, Map

# Differences are dyadic and so are what they are added to: the sums are exact.
CLOSE, FAR = 2.0**-14, 2.0**-13
SAID = replace(bare.prediction(bare.case()), probability=0.625, prevalence=0.375, jitter=(0.5, 1.0))
BARE = Attribution(
    method="shapley",
    kind="contribution",
    unit="log-odds",
    target=SAID.target,
    placement=bare.case().film.placement,
    provenance=SAID.provenance,
)
FULL = replace(
    BARE,
    maps=(Map("a", np.ones((2, 3), np.float32)), Map("b", np.zeros((1, 1), np.float32))),
    players=(("image", 0.5), ("age", -0.25)),
    figures=(("spread", 2.0),),
    reference=0.25,
    value=0.5,
    gap=0.0,
    regions=np.array([[0, 1], [1, 2]]),
)
INFINITE = ("different", float("inf"))


@pytest.fixture
def archive(tmp_path):
    with Archive(f"sqlite:///{tmp_path / 'archive.sqlite'}", str(tmp_path / "files")) as opened:
        bare.listed(opened)
        yield opened


def moved(name: str, by: float):
    """The same prediction with one of its numbers moved."""
    if name == "jitter":
        return replace(SAID, jitter=(SAID.jitter[0], SAID.jitter[1] + by))
    if name == "every":
        return replace(SAID, every=((SAID.every[0][0], SAID.every[0][1] - by),))
    return replace(SAID, **{name: getattr(SAID, name) + by})


def bent(name: str, by: float) -> Attribution:
    """The same attribution with one of its numbers moved."""
    if name == "maps":
        return replace(FULL, maps=(FULL.maps[0], Map("b", FULL.maps[1].values - np.float32(by))))
    if name in ("players", "figures"):
        (first, value), *rest = getattr(FULL, name)
        return replace(FULL, **{name: ((first, value + by), *rest)})
    return replace(FULL, **{name: getattr(FULL, name) + by})


def test_the_bounds_lie_on_both_sides_of_the_tolerance():
    assert CLOSE < TOLERANCE < FAR


@pytest.mark.parametrize(
    "name",
    [
        "value",
        "probability",
        "prevalence",
        "reference",
        "image_only",
        "form_only",
        "jitter",
        "every",
    ],
)
def test_every_number_of_a_prediction_counts(name):
    assert compare(SAID, moved(name, CLOSE)) == ("within 1e-4", CLOSE)
    assert compare(moved(name, FAR), SAID) == ("different", FAR)


@pytest.mark.parametrize("name", ["value", "reference", "gap", "players", "figures", "maps"])
def test_every_number_of_an_attribution_counts(name):
    assert compare(FULL, bent(name, CLOSE)) == ("within 1e-4", CLOSE)
    assert compare(bent(name, FAR), FULL) == ("different", FAR)


def test_the_largest_of_many_differences_is_told():
    both = replace(bent("maps", CLOSE), gap=3.0, players=(("image", 0.0), ("age", 0.25)))
    assert compare(FULL, both) == ("different", 3.0)


def test_a_region_of_another_label_is_another_region():
    other = np.array([[0, 1], [1, 1]])
    assert compare(FULL, replace(FULL, regions=other)) == ("different", 1.0)
    # The same labels in a narrower type are not the same bytes, yet the same numbers.
    narrow = replace(FULL, regions=FULL.regions.astype(np.int32))
    assert compare(FULL, narrow) == ("within 1e-4", 0.0)


@pytest.mark.parametrize(
    "other",
    [
        replace(FULL, regions=None),
        replace(FULL, regions=np.zeros((4, 4), np.int64)),
        replace(FULL, value=None),
        replace(FULL, maps=FULL.maps[:1]),
        replace(FULL, maps=(FULL.maps[0], Map("c", FULL.maps[1].values))),
        replace(FULL, maps=(FULL.maps[0], Map("b", np.zeros((1, 2), np.float32)))),
        replace(FULL, players=(("image", 0.5), ("sex", -0.25))),
        replace(FULL, figures=()),
        SAID,
    ],
)
def test_what_has_no_counterpart_is_different_without_a_difference(other):
    assert compare(FULL, other) == INFINITE
    assert compare(other, FULL) == INFINITE


OTHER_TARGET = replace(SAID.target, name="benign")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SAID, replace(SAID, target=OTHER_TARGET)),
        (FULL, replace(FULL, target=OTHER_TARGET)),
        (FULL, replace(FULL, method="lime")),
        (FULL, replace(FULL, kind="relative")),
        (FULL, replace(FULL, unit="mm")),
        (FULL, replace(FULL, placement=replace(FULL.placement, left=FULL.placement.left + 1))),
    ],
)
def test_the_same_numbers_of_something_else_are_different(one, other):
    assert compare(one, other) == INFINITE


def test_a_pass_more_is_a_difference():
    assert compare(FULL, replace(FULL, passes=FULL.passes + 1)) == ("different", 1.0)


def test_a_probability_or_a_box_that_is_no_longer_there_is_different():
    for other in (
        replace(SAID, probability=None),
        replace(SAID, jitter=()),
        replace(SAID, every=()),
    ):
        assert compare(SAID, other) == INFINITE


@pytest.mark.parametrize("result", [SAID, replace(SAID, probability=None), BARE, FULL])
def test_whatever_is_equal_is_equal_to_the_bit_wherever_it_was_made(result):
    source = replace(SAID.provenance, device="cuda:3", threads=64, versions=())
    elsewhere = replace(result, provenance=source)
    assert compare(result, elsewhere) == ("equal to the bit", 0.0)


def test_zero_and_minus_zero_are_not_equal_to_the_bit():
    assert compare(FULL, replace(FULL, gap=-0.0)) == ("within 1e-4", 0.0)


@pytest.mark.parametrize(
    "place",
    [0, 1],
)
def test_a_map_that_is_no_number_is_different_wherever_it_stands(place):
    maps = list(FULL.maps)
    maps[place] = Map(maps[place].name, np.full_like(maps[place].values, np.nan))
    assert compare(FULL, replace(FULL, maps=tuple(maps)))[0] == "different"


def test_results_are_told_oldest_first_with_what_they_were_made_by(archive):
    number, other = bare.stored(archive, 1), bare.stored(archive, 1, seed=1)
    archive.keep(LOCAL, number, "gradcam", FULL)
    archive.keep(LOCAL, number, "prediction", bare.prediction(bare.case(), model="n" * 64))
    found = list(kept(archive, number))
    assert [(one.method, one.model[:1]) for one in found] == [
        ("prediction", "m"),
        ("gradcam", "m"),
        ("prediction", "n"),
    ]
    assert {one.digest for one in found} == {bare.case().digest}
    assert compare(found[1].result, FULL) == ("equal to the bit", 0.0)
    assert [one.digest for one in kept(archive, other)] == [bare.case(1).digest]


def test_a_case_without_results_has_none_and_no_case_is_refused(archive):
    number = archive.add(LOCAL, 1, bare.case(), title="one", form=bare.MASS)
    assert list(kept(archive, number)) == []
    with pytest.raises(ArchiveError, match="no row of this number among the cases"):
        list(kept(archive, number + 1))


def test_a_damaged_result_is_refused_and_the_ones_before_it_are_told(archive, tmp_path):
    number = bare.stored(archive, 1)
    archive.keep(LOCAL, number, "gradcam", FULL)
    name = hashlib.sha256(packing.pack(FULL)).hexdigest()
    (tmp_path / "files" / name[:2] / name).write_bytes(b"")
    found = kept(archive, number)
    assert next(found).method == "prediction"
    with pytest.raises(ArchiveError, match="changed on the disk"):
        next(found)
