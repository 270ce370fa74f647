"""What the browser tests do with a page: open films, wait, look at pixels, draw boxes."""

import base64
import io
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from pages.parts.resources import CHECKPOINT
from tests.data.dicom_files import DicomOptions, write_dicom
from xattn.phantoms.breast import Phantom

PATIENCE_MS = 90_000
"""Far above what it takes: a busy machine must not fail a test."""


ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
IN_CHROMIUM = (
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("XATTN_REQUIRE_BROWSER") != "1",
        reason="needs Chromium at /usr/bin/chromium",
    ),
)
"""What a module of such tests is marked by."""


@contextmanager
def serve(checkpoint: Path, environment: Mapping[str, str], *options: str) -> Iterator[str]:
    """The address of the app, served on a free port of this machine alone until the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += ["--server.headless=true", f"--server.port={port}", *options]
    named = {CHECKPOINT: os.environ.get(CHECKPOINT, str(checkpoint))}
    whole = {**os.environ, **named, **environment}
    server = subprocess.Popen(command, cwd=ROOT, env=whole, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/_stcore/health")
        yield address
    finally:
        server.kill()
        server.wait()


def wait_for(url: str) -> None:
    end = time.monotonic() + PATIENCE_MS / 1000
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            assert time.monotonic() < end, "the app did not start"
            time.sleep(0.2)
        else:
            return


def dicom(phantom: Phantom) -> bytes:
    polarity = "MONOCHROME1" if phantom.is_inverted else "MONOCHROME2"
    extra = (
        ("Modality", "MG"),
        ("ImagerPixelSpacing", [phantom.spacing_mm] * 2),
    )
    options = DicomOptions(photometric=polarity, bits_stored=phantom.bits, extra=extra)
    return write_dicom(phantom.pixels, options)


def open_film(page: Page, content: bytes, *, is_awaited: bool = True) -> None:
    file = {"name": "DOE^JANE.dcm", "mimeType": "application/dicom", "buffer": content}
    page.locator("input[type=file]").first.set_input_files([file])
    if is_awaited:
        page.locator(".viewer").wait_for()


def all_done(page: Page, panels: int = 5) -> None:
    expect(page.locator("figure")).to_have_count(panels, timeout=PATIENCE_MS)
    expect(page.locator("figure[data-state=ready]")).to_have_count(panels, timeout=PATIENCE_MS)


def edges(place: Locator) -> tuple[float, float]:
    """Upper and lower edge of an element on the screen, in pixels."""
    box = place.bounding_box()
    assert box
    return box["y"], box["y"] + box["height"]


def assert_one_screen(page: Page) -> None:
    """Film, form and the reader's decision are read without scrolling."""
    assert page.viewport_size
    height = page.viewport_size["height"]
    decision = page.locator(".st-key-read")
    for place in (page.locator(".viewer"), decision, page.locator("[class*=st-key-field-]").last):
        upper, lower = edges(place)
        assert upper >= 0
        assert lower <= height
    says = page.locator(".st-key-says")
    assert edges(says)[1] <= edges(decision)[0]
    assert says.locator("..").evaluate("(place) => place.scrollHeight - place.clientHeight") <= 1


def canvas(page: Page, panel: str) -> Locator:
    return page.locator(f"figure[data-panel={panel}] canvas")


def pixels(canvas: Locator) -> np.ndarray:
    """What a canvas shows (h, w, 3), after it was drawn."""
    picture = canvas.evaluate(
        """async (canvas) => {
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    return np.array(
        Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"), dtype=np.int16
    )


def coloured_share(picture: np.ndarray) -> float:
    """Share of pixels that are not grey."""
    return float((np.ptp(picture, axis=2) > 12).mean())


def pick(page: Page, label: str, option: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    page.locator(".heading").first.click()


def drag_box(page: Page, box: tuple[int, int, int, int], shape: tuple[int, int]) -> None:
    """Draw a box given in file pixels on the large film, which shows the whole film."""
    place = page.locator("canvas.large").bounding_box()
    assert place
    scale = min(place["width"] / shape[1], place["height"] / shape[0])
    left = place["x"] + place["width"] / 2 - scale * shape[1] / 2
    top = place["y"] + place["height"] / 2 - scale * shape[0] / 2
    x, y, width, height = box
    page.mouse.move(left + scale * x, top + scale * y)
    page.mouse.down()
    page.mouse.move(left + scale * (x + width), top + scale * (y + height), steps=4)
    page.mouse.up()
