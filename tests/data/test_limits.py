"""Bounds of a picture, each on its last allowed value and one beyond."""

import pytest

from xattn.data import limits
from xattn.data.limits import MAX_PIXELS, MAX_SIDE, MIN_SIDE, check_size
from xattn.errors import IntakeError

ALLOWED = [
    (MIN_SIDE, MIN_SIDE),
    (MIN_SIDE, MAX_SIDE),
    (MAX_SIDE, MIN_SIDE),
    (MAX_SIDE, MAX_PIXELS // MAX_SIDE),
    (2**13, 2**13),
    (4664, 3064),
]
REFUSED = [
    (MIN_SIDE - 1, MIN_SIDE),
    (MIN_SIDE, MIN_SIDE - 1),
    (MIN_SIDE, MAX_SIDE + 1),
    (MAX_SIDE + 1, MIN_SIDE),
    (MAX_SIDE, MAX_PIXELS // MAX_SIDE + 1),
    (2**13, 2**13 + 1),
    (0, 100),
    (-100, -100),
    (-(2**20), 64),
]


@pytest.mark.parametrize(("rows", "columns"), ALLOWED)
def test_the_last_allowed_sizes_pass(rows, columns):
    assert check_size(rows, columns) is None


@pytest.mark.parametrize(("rows", "columns"), REFUSED)
def test_the_first_sizes_beyond_are_refused_with_both_sides(rows, columns):
    with pytest.raises(IntakeError, match=f"however: {columns} x {rows};"):
        check_size(rows, columns)


def test_the_sentence_names_the_bounds_in_megapixels():
    with pytest.raises(IntakeError) as caught:
        check_size(1, 1)
    assert str(caught.value) == (
        "A radiograph with sides of 32 to 16384 pixels and at most 67 megapixels was expected, "
        "however: 1 x 1; export the original image again."
    )


def test_bounds_fit_each_other():
    # The largest picture at 16 bit fits in the largest file, but not the square of longest sides.
    assert 2 * MAX_PIXELS <= limits.MAX_FILE_BYTES
    assert MAX_SIDE**2 > MAX_PIXELS
    # Three lookup tables of 65,536 sixteen-bit entries fit in one element, as the bound says.
    assert 3 * 65_536 * 2 <= limits.MAX_ELEMENT_BYTES < limits.MAX_FILE_BYTES
