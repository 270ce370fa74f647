"""The pictures of docs/guide.md, from a run of the app with its shipped models in Chromium."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from scipy.spatial import cKDTree

from tests.app import guide_study
from tests.app.chromium import PATIENCE_MS, all_done, canvas, serve
from tests.app.conftest import archive_at
from tests.app.test_reading_flow import choose, open_case, tab, to_list
from xattn.archive.store import Archive
from xattn.systems import MODELS

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images"
LARGEST_BYTES = 300_000
STEP = 2
GREYS = np.arange(0, 256, 2 * STEP)
"""Every fourth grey: what the eye tells apart on a page."""
MOST = 72
"""Colours that stay as they are: of marks, bars and scales."""
LEAST_CHROMA = 4
"""Between the channels of a colour; below it is grey."""
PAUSE_MS = 1500
"""Until a chart or a popover that slides in has come to rest."""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("XATTN_SCREENSHOTS") != "1", reason="writes the pictures of the guide"
    ),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app as it is shipped, with a study in its archive."""
    folder = tmp_path_factory.mktemp("guide")
    environment = archive_at(folder / "archive")
    with Archive(environment["XATTN_DATABASE"], environment["XATTN_FILES"]) as archive:
        guide_study.make_study(archive, folder / "films")
    with serve(MODELS / "breast" / "compact", environment) as found:
        yield found


def picture(page: Page, name: str) -> None:
    """Write what is in sight: each pixel in the nearest of 256 greys and colours."""
    page.wait_for_timeout(PAUSE_MS)
    path = PICTURES / f"guide-{name}.png"
    shown = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
    every, places, counts = np.unique(
        shown.reshape(-1, 3) // STEP, axis=0, return_inverse=True, return_counts=True
    )
    colours = palette(every * STEP, counts)
    _, nearest = cKDTree(colours).query(every * STEP)
    made = Image.fromarray(nearest[places].reshape(shown.shape[:2]).astype(np.uint8), "P")
    made.putpalette(colours.ravel().tolist())
    made.save(path, optimize=True)
    assert path.stat().st_size <= LARGEST_BYTES, name


def palette(every: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Greys, the colours that are there most, and others that spread best over the rest (n, 3)."""
    is_coloured = np.ptp(every, axis=1) > LEAST_CHROMA
    coloured, counts = every[is_coloured], counts[is_coloured]
    most = coloured[np.argsort(counts)[-MOST:]]
    count = 256 - len(GREYS) - len(most)
    spread = Image.fromarray(coloured[None].astype(np.uint8)).quantize(count, kmeans=2)
    flat = (spread.getpalette("RGB") or [])[: 3 * count]
    greys = np.repeat(GREYS[:, None], 3, axis=1)
    return np.concatenate([greys, most, np.reshape(flat, (-1, 3))]).astype(np.uint8)


def in_sight(place: Locator) -> None:
    """Bring a part of the page to the top of the window."""
    place.evaluate("(found) => found.scrollIntoView({ block: 'start' })")


def open_sample(page: Page, title: str) -> None:
    page.get_by_label("Sample case", exact=True).click()
    page.get_by_role("option", name=title, exact=True).click()
    page.locator(".viewer").wait_for()
    all_done(page)
    expect(page.get_by_text("not checked yet")).to_have_count(0, timeout=PATIENCE_MS)


def test_a_case_its_viewer_and_what_if(browser: Browser, address: str) -> None:
    with tab(browser, address, "Ann") as page:
        open_sample(page, "1 spiculated mass")
        canvas(page, "joint").click()
        picture(page, "case")
        page.keyboard.press("g")
        picture(page, "panels")
        page.keyboard.press("1")
        page.keyboard.press("m")
        shape = page.locator("canvas.large").bounding_box()
        assert shape
        middle = shape["x"] + shape["width"] / 2, shape["y"] + shape["height"] / 2
        page.mouse.move(middle[0] - 62, middle[1] + 30)
        page.mouse.down()
        page.mouse.move(middle[0] + 58, middle[1] - 30, steps=4)
        page.mouse.up()
        page.keyboard.press("Escape")
        page.keyboard.press("z")
        page.mouse.move(middle[0] + 20, middle[1] + 122, steps=4)
        picture(page, "viewer")
        page.keyboard.press("Escape")
        draw_what_if(page)


def type_choice(page: Page, label: str, words: str) -> None:
    """Choose by typing: the viewer has lists of the same words."""
    page.get_by_label(label, exact=True).click()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def draw_what_if(page: Page) -> None:
    page.get_by_text("What if: one entry varied").click()
    page.wait_for_timeout(PAUSE_MS)
    type_choice(page, "Entry that is varied", "Mass margins")
    page.locator(".js-plotly-plot").wait_for()
    type_choice(page, "Tried", "circumscribed")
    page.locator(".whatif").wait_for()
    page.wait_for_timeout(PAUSE_MS)
    in_sight(page.get_by_text("What if: one entry varied"))
    picture(page, "whatif")


def test_a_study(browser: Browser, address: str) -> None:
    with tab(browser, address, "Ann") as page:
        to_list(page)
        page.locator("tr[data-number='1']").wait_for()
        page.get_by_role("columnheader", name="Uncertainty").click()
        page.get_by_role("columnheader", name="Uncertainty").click()
        picture(page, "worklist")
        page.get_by_role("button", name="Further").click()
        open_case(page, guide_study.UNREAD)
        page.get_by_role("button", name="Record my read").wait_for()
        page.get_by_label("P(malignant) (%)").fill("70")
        choose(page, "75 %")
        picture(page, "alone")
    with tab(browser, address, "Cleo") as page:
        to_list(page)
        open_case(page, guide_study.ADJUDICATED)
        page.get_by_role("button", name="Adjudicate, in place of reading").click()
        page.locator(".prediction .number").wait_for()
        all_done(page)
        expect(page.get_by_text("not checked yet")).to_have_count(0, timeout=PATIENCE_MS)
        canvas(page, "lime").click()
        picture(page, "adjudicate")


def test_readers_cohort_and_models(browser: Browser, address: str) -> None:
    with tab(browser, address, "Ann") as page:
        to_list(page)
        page.locator("tr[data-number='1']").wait_for()
        title = page.get_by_text("Agreement of readers")
        title.click()
        page.get_by_role("button", name="Compute", exact=True).click()
        page.get_by_text("read alone by both").wait_for()
        expect(page.locator(".js-plotly-plot")).to_have_count(2)
        page.wait_for_timeout(PAUSE_MS)
        in_sight(title)
        picture(page, "agreement")
        page.get_by_role("link", name="Cohort").click()
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_text("What each entry adds").first.wait_for()
        picture(page, "cohort")
        page.get_by_role("link", name="Models").click()
        page.get_by_text("Operating point, per").first.wait_for()
        picture(page, "models")
