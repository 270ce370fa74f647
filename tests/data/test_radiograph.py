"""Values, windows, polarity and hashes of a radiograph, against the standard's text."""

import math

import numpy as np
import pytest

from xattn.data.radiograph import Radiograph, SourceIdentity, VoiLut, Window
from xattn.data.window import automatic_window, full_window
from xattn.errors import IntakeError

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def linear_twin(x, centre, width, low=0.0, high=1.0):
    """PS3.3 C.11.2.1.2.1, line by line."""
    if x <= centre - 0.5 - (width - 1) / 2:
        return low
    if x > centre - 0.5 + (width - 1) / 2:
        return high
    return ((x - (centre - 0.5)) / (width - 1) + 0.5) * (high - low) + low


def sigmoid_twin(x, centre, width):
    """PS3.3 C.11.2.1.3.1."""
    return 1 / (1 + math.exp(-4 * (x - centre) / width))


def exact_twin(x, centre, width):
    """PS3.3 C.11.2.1.3.2."""
    if x <= centre - width / 2:
        return 0.0
    if x > centre + width / 2:
        return 1.0
    return (x - centre) / width + 0.5


TWINS = {"LINEAR": linear_twin, "SIGMOID": sigmoid_twin, "LINEAR_EXACT": exact_twin}


@pytest.mark.parametrize("function", list(TWINS))
@pytest.mark.parametrize(("centre", "width"), [(2048, 4096), (1000, 300), (10.5, 1), (2.25, 7.5)])
def test_window_is_the_formula_of_the_standard(function, centre, width):
    x = np.concatenate([np.arange(-10, 4100), [10.0, 10.25, 10.5, 11.0]])
    slow = [TWINS[function](value, centre, width) for value in x.tolist()]
    # Both compute in float64; only the order of one division and one addition may differ.
    np.testing.assert_allclose(Window(centre, width, "", function).shown(x), slow, atol=1e-14)


def test_linear_window_of_the_standards_own_example():
    # C.11.2.1.2.1, note: centre 2048 and width 4096 map 0 to black and 4095 to white.
    assert Window(2048, 4096).shown(np.array([0, 4095])).tolist() == [0.0, 1.0]


def test_width_one_is_a_step_at_half_below_the_centre():
    assert Window(100, 1).shown(np.array([99, 99.5, 99.6, 100])).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("centre", "width", "function"),
    [(0, 0.5, "LINEAR"), (0, 0, "LINEAR_EXACT"), (0, -1, "SIGMOID"), (math.nan, 9, "LINEAR")],
)
def test_windows_that_the_standard_forbids_are_refused(centre, width, function):
    with pytest.raises(IntakeError, match="A window with a width"):
        Window(centre, width, "", function)


def test_table_clamps_below_its_first_value_and_beyond_its_last():
    lut = VoiLut(np.array([0, 51, 255], dtype=np.uint16), first=-1, bits=8)
    shown = lut.shown(np.array([-9, -1, 0, 1, 2, 99]))
    assert shown.tolist() == [0, 0, 0.2, 1, 1, 1]


def test_entries_above_their_stated_bits_are_white():
    assert VoiLut(np.array([0, 300], dtype=np.uint16), 0, 8).shown(np.array([1])).tolist() == [1.0]


@pytest.mark.parametrize("is_inverted", [False, True])
def test_display_is_window_first_and_polarity_last(is_inverted):
    window = Window(2048, 1024)
    film = Radiograph(RAMP, (window,), is_inverted)
    slow = np.array([linear_twin(x, 2048, 1024, 0, 255) for x in range(4096)])
    expected = np.rint(255 - slow if is_inverted else slow).astype(np.uint8)
    assert np.array_equal(film.display().ravel(), expected)


def test_model_values_are_the_default_window_without_rounding():
    film = Radiograph(RAMP, (Window(2048, 4096), Window(1, 2)), is_inverted=True)
    np.testing.assert_array_equal(
        film.model_values().ravel(), (1 - np.arange(4096) / 4095).astype(np.float32)
    )


def test_another_preset_changes_the_display_alone():
    film = Radiograph(RAMP, (Window(2048, 4096), Window(100, 10)))
    assert film.display(film.presets[1])[0, 0] == 0
    assert film.display(film.presets[1])[5, 0] == 255
    assert film.display()[5, 0] == round(320 / 4095 * 255)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (np.uint8, np.uint16),
        (np.int64, np.uint16),
        (np.uint16, np.uint16),
        (np.float64, np.float32),
        (bool, np.uint16),
    ],
)
def test_values_are_kept_in_one_of_three_types(given, kept):
    assert Radiograph(np.ones((32, 32), dtype=given)).values.dtype == kept


def test_negative_whole_numbers_are_int16_and_wide_ones_float32():
    assert Radiograph(np.full((32, 32), -1024)).values.dtype == np.int16
    assert Radiograph(np.full((32, 32), 70000)).values.dtype == np.float32
    signed = Radiograph(RAMP.astype(np.int16) - 1024, (Window(0, 2048),))
    assert signed.display()[16, 0] == round((0 + 0.5) / 2047 * 255 + 127.5)


def test_values_are_a_copy_that_cannot_be_written():
    mine = RAMP.copy()
    film = Radiograph(mine)
    mine[0, 0] = 9
    assert film.values[0, 0] == 0
    with pytest.raises(ValueError, match="read-only"):
        film.values[0, 0] = 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((40, 40, 3)), "one grey value per pixel"),
        (np.zeros((40, 40), dtype=complex), "one grey value per pixel"),
        (np.zeros((31, 40)), "sides of 32 to 16384"),
        (np.full((40, 40), np.inf), "Finite pixel values"),
        (np.full((40, 40), 1e300), "Finite pixel values"),
        (np.full((40, 40), np.nan), "Finite pixel values"),
    ],
)
def test_what_is_no_picture_is_refused(values, message):
    with pytest.raises(IntakeError, match=message):
        Radiograph(values)


def test_hash_is_the_same_for_equal_films_however_stored():
    stored = [RAMP, RAMP.astype(np.int32), RAMP.astype(">u2"), np.asfortranarray(RAMP)]
    assert len({Radiograph(values).pixel_sha256 for values in stored}) == 1


def test_hash_differs_in_values_shape_polarity_type_and_default_window():
    films = [
        Radiograph(RAMP, (Window(5, 9),)),
        Radiograph(RAMP + np.uint16(1), (Window(5, 9),)),
        Radiograph(RAMP.reshape(32, 128), (Window(5, 9),)),
        Radiograph(RAMP, (Window(5, 9),), is_inverted=True),
        Radiograph(RAMP.astype(np.float32), (Window(5, 9),)),
        Radiograph(RAMP, (Window(5, 9, "", "SIGMOID"),)),
        Radiograph(RAMP, (VoiLut(RAMP[0], 0, 12),)),
        Radiograph(RAMP, (VoiLut(RAMP[1], 0, 12),)),
    ]
    assert len({film.pixel_sha256 for film in films}) == len(films)


def test_hash_ignores_names_facts_and_presets_that_no_model_reads():
    plain = Radiograph(RAMP, (Window(5, 9),))
    other = Radiograph(RAMP, (Window(5, 9, "bone"), Window(1, 2)), facts=(("a", "b"),))
    assert plain.pixel_sha256 == other.pixel_sha256


def test_automatic_window_lies_between_the_percentiles():
    window = automatic_window(np.arange(1001))
    # np.percentile interpolates linearly: 0.5 % of 0..1000 is 5, 99.5 % is 995.
    assert (window.centre, window.width, window.name) == (500, 990, "automatic")


def test_automatic_window_ignores_a_bright_marker():
    values = np.full((100, 100), 500)
    values[:50] = 300
    values[0, :40] = 65535
    window = automatic_window(values)
    assert (window.centre - window.width / 2, window.centre + window.width / 2) == (300, 500)


def test_a_flat_film_is_mid_grey():
    assert Radiograph(np.full((32, 32), 7)).display().max() == 128


def test_full_window_shows_eight_bits_as_they_are():
    film = Radiograph(np.arange(1024).reshape(32, 32) % 256, (full_window(8),))
    assert np.array_equal(film.display(), film.values)


def test_facts_are_found_by_name():
    film = Radiograph(RAMP, facts=(("modality", "DX"),))
    assert (film.fact("modality"), film.fact("view position")) == ("DX", None)


def test_repr_shows_no_pixels_and_no_identity():
    film = Radiograph(RAMP, facts=(("manufacturer", "Acme"),))
    assert repr(film) == f"Radiograph(64 x 64, uint16, {film.pixel_sha256[:12]})"
    identity = SourceIdentity(patient_name="Doe^Jane", patient_id="4711")
    assert repr(identity) == str(identity) == f"{identity}" == "SourceIdentity(withheld)"


def test_only_an_array_that_nobody_can_change_is_kept_without_a_copy():
    mine = RAMP.astype(np.uint16)
    mine.flags.writeable = False
    assert Radiograph(mine).values is mine
    theirs = RAMP.astype(np.uint16)
    view = theirs[:]
    view.flags.writeable = False
    film = Radiograph(view)
    theirs[:] = 7
    assert np.array_equal(film.values, RAMP)
    assert film.pixel_sha256 == Radiograph(mine).pixel_sha256
