"""The viewer in a real Chromium: to the grey level, the file pixel, the tenth of a millimetre."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from pages.parts.film import halved, presets, texture
from pages.parts.scene import Panel
from tests import tiny
from tests.app.chromium import IN_CHROMIUM, pixels
from tests.app.viewer_stage import DISPLAY, FULL, Stage, case_of, centres, fitted, script
from xattn.data.radiograph import Radiograph
from xattn.data.window import VoiLut, Window, full_window
from xattn.explain import EXPLAINERS

SHAPE = (60, 48)
"""Small enough for every file pixel to be a block of at least three screen pixels."""

pytestmark = [*IN_CHROMIUM]


@pytest.fixture
def stage(browser: Browser) -> Iterator[Stage]:
    """A viewer without a film; an error of its script fails the test."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    tab = context.new_page()
    faults: list[str] = []
    tab.on("pageerror", lambda fault: faults.append(str(fault)))
    yield Stage(tab).open()
    context.close()
    assert faults == []


def values(kind: str, low: float, high: float, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    chance = np.random.default_rng(7)
    if kind == "float32":
        return chance.uniform(low, high, shape).astype(np.float32)
    return chance.integers(int(low), int(high), shape, endpoint=True).astype(kind)


CURVE = VoiLut(np.rint(65535 * np.linspace(0, 1, 3000) ** 2).astype(np.uint16), 500, 16, "curve")
FILMS = {
    "12 bit": Radiograph(values("uint16", 0, 4095), (Window(2048, 3000),)),
    "16 bit, narrow": Radiograph(values("uint16", 20_000, 65_535), (Window(40_000, 300),)),
    "signed": Radiograph(values("int16", -3000, 3000), (Window(-200, 900, "", "SIGMOID"),)),
    "table": Radiograph(values("uint16", 0, 4095), (CURVE,)),
    "white is low": Radiograph(
        values("uint16", 0, 4095), (Window(1000, 2000, "", "LINEAR_EXACT"),), is_inverted=True
    ),
}


@pytest.mark.parametrize("name", FILMS)
def test_the_grey_shown_is_that_of_the_standard_through_every_window(
    stage: Stage, name: str
) -> None:
    """Exact: the same formula on the same stored values, rounded alike."""
    film = FILMS[name]
    stage.show(film)
    np.testing.assert_array_equal(centres(stage.grey(), film.shape), film.display())
    for preset in presets(film)[1:]:
        stage.press("w")
        np.testing.assert_array_equal(centres(stage.grey(), film.shape), film.display(preset))
    stage.press("w")
    np.testing.assert_array_equal(centres(stage.grey(), film.shape), film.display())


def chart() -> Radiograph:
    """Every pixel has a grey that no other within eight rows has, so its grey says which it is."""
    return Radiograph((np.arange(1024) % 256).astype(np.uint16).reshape(32, 32), (full_window(8),))


def grey_of(x: float, y: float) -> int:
    """The grey of the chart at a file coordinate."""
    return (32 * int(y) + int(x)) % 256


def test_fractions_are_shown_to_one_grey_level(stage: Stage) -> None:
    """Half a step of 65,535 over the range, and that is less than a grey of this window."""
    film = Radiograph(values("float32", -1.5, 4.25), (Window(1.2, 3.1, "", "LINEAR_EXACT"),))
    stage.show(film)
    shown = centres(stage.grey(), film.shape)
    assert np.abs(shown - film.display().astype(int)).max() <= 1
    assert (shown == film.display()).mean() > 0.99


def test_inverting_is_the_other_polarity(stage: Stage) -> None:
    film = FILMS["12 bit"]
    turned = Radiograph(film.values, film.presets, is_inverted=True)
    stage.show(film)
    stage.press("i")
    np.testing.assert_array_equal(centres(stage.grey(), film.shape), turned.display())
    stage.press("i")
    np.testing.assert_array_equal(centres(stage.grey(), film.shape), film.display())


@pytest.mark.parametrize(("name", "away"), [("12 bit", 1), ("white is low", -1)])
def test_a_drag_of_400_pixels_moves_by_the_films_own_window(
    stage: Stage, name: str, away: int
) -> None:
    """Right is wider, down is darker: of a film on which white is low, a lower centre."""
    film = FILMS[name]
    window = film.presets[0]
    assert isinstance(window, Window)
    stage.show(film)
    stage.drag((100, -40), button="right")
    centre = window.centre - away * 0.1 * window.width
    dragged = Window(centre, 1.25 * window.width, "", window.function)
    np.testing.assert_array_equal(centres(stage.grey(), film.shape), film.display(dragged))
    expect(stage.page.locator("select.presets")).to_have_value("-1")
    stage.press("]", ".")
    further = Window(
        centre - away * window.width / 16, (1.25 + 1 / 16) * window.width, "", window.function
    )
    np.testing.assert_array_equal(centres(stage.grey(), film.shape), film.display(further))


def test_a_table_is_dragged_as_the_window_of_its_rise(stage: Stage) -> None:
    film = FILMS["table"]
    stage.show(film)
    stage.drag((0, 40), button="right")
    rise = [500 + int(np.argmax(CURVE.table >= share * 65535)) for share in (0.02, 0.98)]
    width = rise[1] - rise[0]
    window = Window(sum(rise) / 2 + 0.1 * width, width, "", "LINEAR_EXACT")
    np.testing.assert_array_equal(centres(stage.grey(), film.shape), film.display(window))


def test_zoom_and_pan_show_the_same_file_pixel_in_the_middle_of_every_panel(stage: Stage) -> None:
    film = chart()
    stage.show(film, Panel("lime", "LIME", "pending"), Panel("joint", "Shapley", "pending"))
    before = fitted(stage.grey(), film.shape)
    box = stage.large.bounding_box()
    assert box
    x, y = before[1] + 4.5 * before[0], before[2] + 10.5 * before[0]  # file pixel (4.5, 10.5)
    stage.page.mouse.move(box["x"] + x, box["y"] + y)
    stage.page.mouse.wheel(0, -400)  # a factor of e
    stage.drag((30, -20))
    shown = [stage.grey(canvas) for canvas in stage.canvases]
    middles = [canvas[canvas.shape[0] // 2, canvas.shape[1] // 2] for canvas in shown]
    zoomed = np.e * before[0]
    px, py = (box["width"] // 2 + 0.5 - x, box["height"] // 2 + 0.5 - y)
    place = 4.5 + (px - 30) / zoomed, 10.5 + (py + 20) / zoomed
    assert middles == [grey_of(*place)] * 4


def test_the_pointer_is_marked_at_its_file_pixel_in_the_other_panels(stage: Stage) -> None:
    film = chart()
    stage.show(film, Panel("lime", "LIME", "pending"))
    scale, left, top = fitted(stage.grey(), film.shape)
    box = stage.large.bounding_box()
    assert box
    stage.page.mouse.move(box["x"] + left + 12.5 * scale, box["y"] + top + 3.5 * scale)
    for thumb in stage.page.locator("figure").all():
        canvas, cursor = thumb.locator("canvas"), thumb.locator(".cursor")
        shown = stage.grey(canvas)
        at, edge = cursor.bounding_box(), canvas.bounding_box()
        assert at
        assert edge
        assert shown[int(at["y"] - edge["y"]), int(at["x"] - edge["x"])] == grey_of(12.5, 3.5)
    expect(stage.page.locator(".stage .cursor")).to_be_hidden()
    expect(stage.page.locator(".readout")).to_have_text(
        "x 12, y 3 px · grey 108 of 255 · value 108"
    )


@pytest.mark.parametrize(
    ("spacing", "facts", "words"),
    [
        ((0.2, 0.1), (("spacing", "Pixel Spacing"),), "{:.1f} mm"),
        (
            (0.2, 0.1),
            (("spacing", "Imager Pixel Spacing, at the detector: magnification not corrected"),),
            "{:.1f} mm, at the detector, magnification not corrected",
        ),
        (None, (), "{:.1f} px, no spacing in the file"),
    ],
)
def test_a_ruler_measures_spacing_times_pixels(
    stage: Stage,
    spacing: tuple[float, float] | None,
    facts: tuple[tuple[str, str], ...],
    words: str,
) -> None:
    """Pixels here are twice as high as wide; a file without spacing gets pixels and says so."""
    film = Radiograph(values("uint16", 0, 255, (300, 200)), spacing_mm=spacing, facts=facts)
    stage.show(film)
    scale, _, _ = fitted(stage.grey(), film.shape)
    stage.press("m")
    stage.drag((60, 80))
    across, down = 60 / scale, 80 / scale
    rows_mm, columns_mm = spacing or (1, 1)
    length = np.hypot(across * columns_mm, down * rows_mm)
    status = stage.page.get_by_role("status")
    expect(status).to_have_text(f"Ruler {words.format(length)}")
    stage.press("Shift+ArrowRight", "Enter", "Backspace", "Backspace")
    expect(status).to_have_text("0 rulers left")


def test_the_full_level_takes_the_place_of_the_display_level(stage: Stage) -> None:
    """Odd sides, so that the last row and column of every level stand for half a square."""
    film = Radiograph(values("uint16", 0, 65_535, (2301, 1777)))
    made = texture(film)
    stage.show(film, made=made)
    viewer = stage.page.locator(".viewer")
    expect(viewer).to_have_attribute("data-level", "display")
    stage.fetch_full(made)
    stage.press("a")
    shown = stage.grey()
    top, left = round(2301 / 2 - shown.shape[0] / 2), round(1777 / 2 - shown.shape[1] / 2)
    part = film.display()[top:, left:][: shown.shape[0], : shown.shape[1]]
    matches = [
        np.array_equal(shown[1:-1, 1:-1], np.roll(part, shift, (0, 1))[1:-1, 1:-1])
        for shift in ((0, 0), (0, 1), (1, 0), (1, 1), (0, -1), (-1, 0), (-1, -1), (1, -1), (-1, 1))
    ]
    assert sum(matches) == 1  # the middle of the film lies between two pixels
    stage.show(film, made=made)
    stage.fetch_full(made)
    assert stage.asked.count(FULL) == 1


def test_a_film_is_taken_in_before_its_scene_and_asked_for_again_where_it_was_not_there(
    stage: Stage,
) -> None:
    film = Radiograph(values("uint16", 0, 4095, (300, 200)))
    made = texture(film)
    with stage.page.expect_response(f"**{DISPLAY}"):
        stage.name(made)
    stage.levels[DISPLAY] = made.display
    stage.page.wait_for_function("() => performance.getEntriesByName('xattn-film').length")
    stage.show(film, made=made)
    assert stage.asked.count(DISPLAY) == 2


def test_levels_are_halved_alike_in_python_and_in_the_browser(stage: Stage) -> None:
    codes = values("uint16", 0, 65_535, (37, 52))
    found = stage.page.evaluate(
        """([script, codes, rows, columns]) => {
            const body = script.replace("export default", "") + "; return halved;";
            const halved = new Function(body)();
            const { values, ...shape } = halved({ rows, columns, values: Uint16Array.from(codes) });
            return [Array.from(values), shape.rows, shape.columns];
        }""",
        [script(), codes.ravel().tolist(), *codes.shape],
    )
    np.testing.assert_array_equal(np.reshape(found[0], found[1:]), halved(codes))


def test_a_map_fades_and_what_is_weak_is_hidden_in_map_and_scale(stage: Stage) -> None:
    model, film = tiny.breast_model(), tiny.case().film.radiograph
    shown = EXPLAINERS["integrated"](model, case_of(film), model.target)
    stage.show(film, Panel("integrated", "Integrated", shown=shown))
    stage.press("2", "l")
    colours = lambda: np.ptp(pixels(stage.large), axis=2) > 0  # noqa: E731
    opacity, threshold = (stage.page.locator("input[type=range]").nth(place) for place in (0, 1))
    opacity.fill("100")
    whole = colours().mean()
    threshold.fill("50")
    strong = colours().mean()
    values_of = np.abs(shown.maps[0].values)
    limit = values_of.max()  # the scale's end is this, rounded up to two digits
    assert 0 < strong < whole
    expect(stage.large).to_have_attribute(
        "aria-label", re.compile("map at 100 %, from 50 % of its scale")
    )
    scale, left, top = fitted(pixels(stage.large), film.shape)
    rows, columns = np.mgrid[: values_of.shape[0], : values_of.shape[1]]
    step = film.shape[0] / values_of.shape[0] * scale
    at = colours()[
        (top + (rows + 0.5) * step).astype(int), (left + (columns + 0.5) * step).astype(int)
    ]
    assert not at[values_of < 0.45 * limit].any()
    threshold.fill("0")
    opacity.fill("0")
    assert not colours().any()
    stage.press("r")
    assert stage.page.evaluate("window.sent") == []


def test_keys_typed_into_a_field_are_not_the_viewers(stage: Stage) -> None:
    stage.show(FILMS["12 bit"])
    first = stage.grey()
    for place in ("#note", "select.presets", "input[type=range]"):
        stage.page.locator(place).first.focus()
        for key in ("i", "o", "m", "2"):
            stage.page.keyboard.press(key)
    assert stage.page.locator("#note").input_value() == "iom2"
    stage.page.locator("select.presets").select_option("0")
    np.testing.assert_array_equal(stage.grey(), first)


def test_a_screen_reader_is_told_what_is_shown_and_what_changed(stage: Stage) -> None:
    film = Radiograph(
        values("uint16", 0, 4095, (300, 200)),
        (Window(2048, 3000),),
        facts=(("laterality", "L"), ("view position", "MLO")),
    )
    stage.show(film)
    expect(stage.page.locator(".marker")).to_have_text("L MLO")
    scale = round(100 * fitted(stage.grey(), film.shape)[0])
    label = f"Radiograph L MLO, Film, no map, C 2048 W 3000, {scale} %"
    expect(stage.large).to_have_attribute("aria-label", label)
    expect(stage.large).to_have_attribute("tabindex", "0")
    stage.press("i")
    expect(stage.page.get_by_role("status")).to_have_text("inverted")
    expect(stage.large).to_have_attribute("aria-label", re.compile("inverted"))
    for each in stage.page.locator(".viewer button:visible, .viewer input, .viewer select").all():
        assert each.get_attribute("aria-label") or each.inner_text()


def test_the_magnifier_shows_the_film_two_and_a_half_times_larger(stage: Stage) -> None:
    """At its middle lies the file pixel under the pointer."""
    film = chart()
    stage.show(film)
    scale, left, top = fitted(stage.grey(), film.shape)
    box = stage.large.bounding_box()
    assert box
    stage.page.mouse.move(box["x"] + left + 5.5 * scale, box["y"] + top + 9.5 * scale)
    stage.press("z")
    glass = stage.grey(stage.page.locator("canvas.glass"))
    side = glass.shape[0]
    assert glass[side // 2, side // 2] == grey_of(5.5, 9.5)
    power = 2.5 * scale
    right = int(side // 2 + 0.4 * power)
    assert glass[side // 2, right] == grey_of(5.5, 9.5)
    assert 2.5 * scale > side / 2 or glass[side // 2, int(side // 2 + 0.6 * power)] == grey_of(
        6.5, 9.5
    )
    stage.press("Escape")
    expect(stage.page.locator("canvas.glass")).to_be_hidden()


def test_a_new_film_begins_with_empty_bars(stage: Stage) -> None:
    pending = Panel("lime", "LIME", "pending")
    stage.show(FILMS["12 bit"], pending)
    tell = "window.dispatchEvent(new CustomEvent('xattn-progress', { detail: { lime: 0.9 } }))"
    stage.page.evaluate(tell)
    bar = stage.page.locator("figure[data-panel=lime] progress")
    expect(bar).to_have_js_property("value", 0.9)
    stage.show(FILMS["12 bit"], pending)
    expect(bar).to_have_js_property("value", 0.9)
    stage.show(FILMS["signed"], pending)
    expect(bar).to_have_js_property("value", 0)
