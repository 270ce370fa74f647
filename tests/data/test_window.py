"""VOI functions against the standard's pseudocode, at the values where its branches meet."""

import math

import numpy as np
import pytest

from xattn.data.window import VoiLut, Window, automatic_window, full_window


def linear(x, centre, width):
    """PS3.3 C.11.2.1.2.1 with ymin = 0 and ymax = 1, branch by branch."""
    if x <= centre - 0.5 - (width - 1) / 2:
        return 0.0
    if x > centre - 0.5 + (width - 1) / 2:
        return 1.0
    return (x - (centre - 0.5)) / (width - 1) + 0.5


def sigmoid(x, centre, width):
    """PS3.3 C.11.2.1.3.1."""
    return 1 / (1 + math.exp(-4 * (x - centre) / width))


def exact(x, centre, width):
    """PS3.3 C.11.2.1.3.2, branch by branch."""
    if x <= centre - width / 2:
        return 0.0
    if x > centre + width / 2:
        return 1.0
    return (x - centre) / width + 0.5


WINDOWS = [(2048, 4096), (2048, 1), (0, 100), (0, 1), (-500.5, 2), (40.25, 400.5)]


def around(*edges):
    """Each edge, the numbers next to it in float64, and half a value to either side."""
    near = [(e - 0.5, math.nextafter(e, -9e9), e, math.nextafter(e, 9e9), e + 0.5) for e in edges]
    return [value for group in near for value in group]


@pytest.mark.parametrize(("centre", "width"), WINDOWS)
def test_linear_at_its_two_corners_and_in_the_middle(centre, width):
    middle, half = centre - 0.5, (width - 1) / 2
    values = around(middle - half, middle, middle + half)
    slow = [linear(value, centre, width) for value in values]
    # One division and one addition in float64 on either side; quotients up to one.
    np.testing.assert_allclose(Window(centre, width).shown(np.array(values)), slow, atol=1e-12)


@pytest.mark.parametrize(("centre", "width"), [*WINDOWS, (0.5, 0.25)])
def test_linear_exact_at_its_two_corners_and_in_the_middle(centre, width):
    values = around(centre - width / 2, centre, centre + width / 2)
    slow = [exact(value, centre, width) for value in values]
    shown = Window(centre, width, "", "LINEAR_EXACT").shown(np.array(values))
    np.testing.assert_allclose(shown, slow, atol=1e-12)  # as above


def test_the_standards_examples_of_the_linear_function():
    # C.11.2.1.2.1: c = 2048, w = 4096 spans 0 to 4095; c = 2048, w = 1 steps at 2047.5;
    # c = 0, w = 100 spans -50 to 49; c = 0, w = 1 steps at -0.5.
    ends = {(2048, 4096): (0, 4095), (0, 100): (-50, 49)}
    for (centre, width), (low, high) in ends.items():
        shown = Window(centre, width).shown(np.array([low - 1, low, low + 1, high, high + 1]))
        assert shown.tolist() == [0, 0, pytest.approx(1 / (width - 1), rel=1e-9), 1, 1]
    assert Window(2048, 1).shown(np.array([2047.5, 2047.6])).tolist() == [0, 1]
    assert Window(0, 1).shown(np.array([-0.5, -0.4])).tolist() == [0, 1]


@pytest.mark.parametrize(("centre", "width"), WINDOWS)
def test_sigmoid_is_the_formula_where_it_is_not_yet_flat(centre, width):
    values = np.linspace(centre - 8 * width, centre + 8 * width, 33)
    slow = [sigmoid(value, centre, width) for value in values]
    shown = Window(centre, width, "", "SIGMOID").shown(values)
    # The exponent is at most 32; its float64 error of 1e-14 is the result's relative error.
    np.testing.assert_allclose(shown, slow, rtol=1e-13)


def test_sigmoid_is_flat_and_silent_far_away():
    shown = Window(0, 1, "", "SIGMOID").shown(np.array([-1e9, 0, 1e9]))
    assert shown[0] == pytest.approx(math.exp(-40), rel=1e-12)  # where the exponent is held
    assert shown[1:].tolist() == [0.5, 1.0]


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_every_function_is_odd_about_its_middle(function):
    window = Window(100, 41, "", function)
    middle = 99.5 if function == "LINEAR" else 100
    steps = np.arange(0, 60, 0.25)
    total = window.shown(middle + steps) + window.shown(middle - steps)
    np.testing.assert_allclose(total, 1, atol=1e-14)  # two float64 results near one


def test_integers_of_every_width_are_shown_alike():
    values = np.array([0, 17, 127])
    window = Window(60, 90)
    expected = window.shown(values.astype(np.float64)).tolist()
    for kind in (np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float32):
        assert window.shown(values.astype(kind)).tolist() == expected


def test_a_table_of_a_line_is_the_full_window():
    table = VoiLut(np.arange(256, dtype=np.uint16), first=0, bits=8)
    values = np.arange(-3, 260)
    # (x - 127.5) / 255 + 0.5 and x / 255 round differently in the last bit.
    np.testing.assert_allclose(table.shown(values), full_window(8).shown(values), atol=2e-16)


def test_a_table_reads_fractions_by_the_entry_below():
    table = VoiLut(np.array([0, 10, 20], dtype=np.uint16), first=-1, bits=4)
    assert table.shown(np.array([-1.5, -0.01, 0.99, 1.0])).tolist() == [0, 0, 10 / 15, 1]


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_full_window_is_black_at_zero_and_white_at_the_top(bits):
    window = full_window(bits)
    assert window.shown(np.array([0, 2**bits - 1])).tolist() == [0.0, 1.0]
    assert window.name == "as stored"


def test_automatic_window_spans_its_percentiles():
    window = automatic_window(np.arange(1001).reshape(7, 143))
    # Percentiles of 0 to 1000 are ten times the percentage.
    assert (window.centre, window.width) == (500.0, 990.0)
    assert window.function == "LINEAR_EXACT"
    assert window.shown(np.array([5, 500, 995])).tolist() == [0.0, 0.5, 1.0]


def test_automatic_window_of_a_flat_film_is_mid_grey():
    window = automatic_window(np.full((40, 40), 77))
    assert (window.centre, window.width) == (77.0, 1.0)
    assert window.shown(np.array([77])).tolist() == [0.5]
