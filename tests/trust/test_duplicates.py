"""The same film twice: what is compared, and what does not matter."""

import numpy as np

from xattn.data.radiograph import Radiograph
from xattn.data.window import Window
from xattn.trust.duplicates import check_duplicate

VALUES = np.arange(2048).reshape(32, 64)


def test_a_film_is_compared_with_any_iterable_of_earlier_ones():
    assert check_duplicate("a", (letter for letter in "cba")).level == "warn"
    assert check_duplicate("a", iter("bcd")).level == "pass"
    assert check_duplicate("a", []).level == "pass"
    assert check_duplicate("a", ["A", "aa"]).level == "pass"


def test_without_a_list_nothing_was_compared():
    found = check_duplicate("a", None)
    assert (found.level, found.is_checked) == ("pass", False)
    assert found.reason == "Not checked: no other films were given to compare with."
    assert check_duplicate("a", []).is_checked


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
    assert {entry.pixel_sha256 for entry in same} == {film.pixel_sha256}
    assert film.pixel_sha256 not in {entry.pixel_sha256 for entry in others}
    assert len({entry.pixel_sha256 for entry in others}) == len(others)
