"""The viewer in the whole app: what travels, when, and what does not."""

import re
import urllib.error
import urllib.request

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from pages.parts.film import TOKEN_BYTES, texture
from tests.app.chromium import IN_CHROMIUM, PATIENCE_MS, all_done, canvas, open_film, pick, pixels
from tests.app.conftest import png
from tests.data.dicom_files import DicomOptions, write_dicom
from xattn.data.intake import read_image

QUIET_MS = 2000
"""Longer than the page waits between two looks at its work."""

pytestmark = [*IN_CHROMIUM]


@pytest.fixture(scope="module")
def large_film() -> bytes:
    """A film longer than the display level; its shape is a test's, its patient invented."""
    rows, columns = np.mgrid[:2600, :1000]
    body = 3000 * np.exp(-((rows - 1300) ** 2 + (columns - 400) ** 2) / 300_000)
    noise = np.random.default_rng(1).integers(0, 200, rows.shape)
    extra = (("Modality", "MG"), ("ImagerPixelSpacing", [0.07, 0.07]))
    return write_dicom((body + noise).astype(np.uint16), DicomOptions(bits_stored=12, extra=extra))


def messages_of(page: Page) -> list[bytes | str]:
    """What the page sends to the server from its next load on."""
    sent: list[bytes | str] = []

    def keep(frame: bytes | str) -> None:
        sent.append(frame)

    page.on("websocket", lambda socket: socket.on("framesent", keep))
    return sent


def settle(page: Page, sent: list[bytes | str]) -> None:
    """Wait until the page has nothing more to ask by itself."""
    known = -1
    while known != len(sent):
        known = len(sent)
        page.wait_for_timeout(QUIET_MS)


def test_nothing_that_the_eye_does_goes_to_the_server(page: Page) -> None:
    sent = messages_of(page)
    asked: list[str] = []
    page.reload()
    page.get_by_text("open a case").wait_for()
    open_film(page, png(seed=3, shape=(400, 300)))
    all_done(page)
    expect(page.get_by_text("not checked yet")).to_have_count(0, timeout=PATIENCE_MS)
    settle(page, sent)
    page.on("request", lambda request: asked.append(request.url))
    assert sent
    sent.clear()
    large = page.locator("canvas.large")
    box = large.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for button in ("left", "right"):
        page.mouse.move(x, y)
        page.mouse.down(button="right" if button == "right" else "left")
        page.mouse.move(x + 40, y + 30, steps=5)
        page.mouse.up(button="right" if button == "right" else "left")
    page.mouse.wheel(0, -300)
    for slider in page.locator(".viewer input[type=range]").all():
        slider.fill("35")
    for panel in ("gradcam", "lime", "joint", "attention"):
        canvas(page, panel).click()
        large.hover(position={"x": 150, "y": 200})
        large.hover(position={"x": 190, "y": 240})
    page.locator(".st-key-field-density").hover()
    large.focus()
    for key in "iw[],.aolzmgfr+-1234":
        page.keyboard.press(key)
    page.locator("select.presets").select_option("0")
    page.wait_for_timeout(QUIET_MS)
    assert sent == []
    assert [url for url in asked if not url.startswith("blob:")] == []


def test_each_level_is_fetched_once_and_goes_with_the_case(page: Page, large_film: bytes) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    open_film(page, large_film)
    page.locator(".viewer[data-level=full]").wait_for()
    display, url = (url for url in fetched if "/media/" in url)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/media/[0-9a-f]{32}\.bin", url)
    with urllib.request.urlopen(url, timeout=20) as answer:
        codes = np.frombuffer(answer.read()[TOKEN_BYTES:], "<u2")
    film = read_image(large_film)
    np.testing.assert_array_equal(codes.reshape(film.shape), film.values)

    all_done(page)
    pick(page, "Breast density", "3 heterogeneous")
    page.locator(".bars [data-field=density]").wait_for(state="attached")
    all_done(page)
    assert [other for other in fetched if "/media/" in other] == [display, url]

    page.get_by_test_id("stPopoverButton").filter(has_text="Open").first.click()
    open_film(page, png(seed=4))
    page.get_by_text("90 × 120").wait_for()
    for gone in (display, url):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            wait_until_gone(page, gone)


def wait_until_gone(page: Page, url: str) -> None:
    """Ask until it is refused: the server clears up at the end of a run, and a run may go on."""
    for _ in range(50):
        urllib.request.urlopen(url, timeout=20).close()
        page.wait_for_timeout(200)


def test_an_address_cannot_be_guessed_from_the_film(large_film: bytes) -> None:
    film = read_image(large_film)
    first, second = texture(film), texture(film)
    levels = (first.display, second.display), (first.full, second.full)
    for one, other in levels:
        assert one[:TOKEN_BYTES] != other[:TOKEN_BYTES]
        assert one[TOKEN_BYTES:] == other[TOKEN_BYTES:]


def test_the_film_stays_while_results_come(page: Page, large_film: bytes) -> None:
    """Window and zoom are the reader's: no run of the page resets them."""
    open_film(page, large_film)
    page.locator(".viewer[data-level=full]").wait_for()
    large = page.locator("canvas.large")
    large.focus()
    for key in ("w", "i", "+", "+"):
        page.keyboard.press(key)
    first = pixels(large)  # waits for the frame that the last key asked for
    words = page.locator(".corner.tone").inner_text()
    all_done(page)
    assert page.locator(".corner.tone").inner_text() == words
    np.testing.assert_array_equal(pixels(large), first)
