"""The same film twice: groups against a plain double loop, and what does not matter."""

from itertools import permutations

import numpy as np
import pytest

from xattn.data.radiograph import Radiograph
from xattn.data.window import Window
from xattn.trust.duplicates import check_duplicate, duplicate_groups

VALUES = np.arange(2048).reshape(32, 64)


def slowly(hashes: str) -> set[frozenset[int]]:
    alike = [frozenset(j for j, b in enumerate(hashes) if a == b) for a in hashes]
    return {group for group in alike if len(group) > 1}


@pytest.mark.parametrize("hashes", ["", "a", "ab", "aa", "abab", "abcabca", "aaaa", "abcde"])
def test_groups_are_the_places_of_equal_hashes(hashes):
    groups = duplicate_groups(list(hashes))
    assert {frozenset(group) for group in groups} == slowly(hashes)
    assert len(groups) == len(slowly(hashes))
    assert all(list(group) == sorted(group) for group in groups)


def test_groups_come_in_the_order_of_their_first_film():
    assert duplicate_groups(list("xbaab")) == ((1, 4), (2, 3))


def test_the_order_of_the_list_only_renames_the_places():
    for order in permutations("aabc"):
        (group,) = duplicate_groups(order)
        assert [order[place] for place in group] == ["a", "a"]


def test_a_film_is_compared_with_any_iterable_of_earlier_ones():
    assert check_duplicate("a", (letter for letter in "cba")).level == "warn"
    assert check_duplicate("a", iter("bcd")).level == "pass"
    assert check_duplicate("a", []).level == "pass"
    assert check_duplicate("a", ["A", "aa"]).level == "pass"


def test_type_and_name_of_the_file_do_not_matter_and_polarity_window_and_turn_do():
    window = (Window(512, 1024),)
    film = Radiograph(VALUES.astype(np.uint16), window)
    same = [
        Radiograph(VALUES.astype(np.int64), window),
        Radiograph(VALUES.astype(np.uint16), window, facts=(("modality", "DX"),), file_sha256="b"),
        Radiograph(np.asfortranarray(VALUES), window, spacing_mm=(0.1, 0.1)),
    ]
    others = [
        Radiograph(VALUES, window, is_inverted=True),
        Radiograph(VALUES, (Window(512, 1025),)),
        Radiograph(VALUES[::-1], window),
        Radiograph(VALUES.reshape(64, 32), window),
    ]
    hashes = [entry.pixel_sha256 for entry in (film, *same, *others)]
    assert duplicate_groups(hashes) == ((0, 1, 2, 3),)
