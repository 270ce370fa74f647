"""Several people at once: each uploads film after film, and every result is checked.

    python -m benchmarks.people --people 5 --uploads 50

Each person has a tab of their own in one Chromium and uploads phantoms in an order of their own;
what the page says of a film must be what one person alone is told of it. Resident memory of the
app is read once everybody has seen a few films, and again at the end.
"""

import argparse
import asyncio
import re
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, ElementHandle, FilePayload, Page, async_playwright, expect
from playwright.async_api import TimeoutError as Late

from benchmarks.speed_cases import hardware
from tests.app.chromium import CHROMIUM, dicom, serve
from tests.app.conftest import archive_at
from xattn.phantoms import breast
from xattn.reports.sentences import amount
from xattn.runtime.engine import Engine, load

PATIENCE_MS = 90_000
READ_MS = 20_000
"""Within which a film is read on a busy machine."""
GONE = "uploader => !uploader.isConnected"
OPEN = re.compile("^Open")
ATTEMPT_MS = 5_000
FILMS = 25
"""Phantoms that are shared out, less those whose number another has too; all come again."""
WARM = 50
"""Uploads of each person before memory is read first: what the app keeps at most is full then."""
SETTLING = 10.0
"""Seconds without uploads before memory is read: jobs end, and Python gives memory back."""


@dataclass(frozen=True, slots=True)
class Told:
    """A film, and the log-odds that the page must say of it, as it writes them."""

    content: bytes
    odds: str


def main() -> None:
    """Print how long it took, how much memory it kept, and whether every result was right."""
    options = _options()
    engine = load(options.model)
    films = tuple({each.odds: each for each in (told(engine, n) for n in range(FILMS))}.values())
    with tempfile.TemporaryDirectory() as folder:
        environment = archive_at(Path(folder))
        with serve(Path(engine.model.folder or options.model), environment) as address:
            asyncio.run(together(address, films, options))
    print(hardware(engine.model))


def told(engine: Engine, seed: int) -> Told:
    """A phantom without form or box, and what one person alone is told of it."""
    content = dicom(breast.draw(breast.sample_world(seed, breast.Settings()), size=512))
    prediction = engine.predict(engine.read(content))
    return Told(content, amount(prediction.value, "log-odds"))


async def together(address: str, films: Sequence[Told], options: argparse.Namespace) -> None:
    """Everybody warms up, memory is read, everybody works, memory is read again."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        pages = [await _tab(browser, address) for _ in range(options.people)]
        await asyncio.gather(*(work(page, films, WARM, seed) for seed, page in enumerate(pages)))
        before = await _resident(address)
        start = time.perf_counter()
        counts = await asyncio.gather(
            *(work(page, films, options.uploads, 100 + n) for n, page in enumerate(pages))
        )
        took = time.perf_counter() - start
        after = await _resident(address)
        await browser.close()
    right, uploads = sum(counts), options.people * options.uploads
    print("| people | uploads | right | s | MiB before | MiB after | change |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {options.people} | {uploads} | {right} | {took:.0f} | {before:.0f} | {after:.0f} "
        f"| {after / before - 1:+.1%} |"
    )


async def work(page: Page, films: Sequence[Told], uploads: int, seed: int) -> int:
    """Upload films in an order of one's own; how many results were as they should be."""
    # Never the same film twice in a row: the page would say the right number before it is read.
    steps = np.random.default_rng(seed).integers(1, len(films), uploads)
    right = 0
    for place in (np.cumsum(steps) % len(films)).tolist():
        film = films[place]
        said = page.locator(".prediction .odds")
        await taken(page, film.content)
        try:
            await expect(said).to_contain_text(film.odds, timeout=PATIENCE_MS)
            right += 1
        except AssertionError:
            print(f"expected {film.odds}, however: {await said.inner_text()}", flush=True)
    return right


async def taken(page: Page, content: bytes) -> None:
    """Upload a film until it is read, which puts a fresh uploader in the place of the used one.

    One that is lost on the way (`pages/parts/uploads.py` has the reason) is given again, and told.
    """
    while True:
        used = await upload(page, content)
        try:
            await page.wait_for_function(GONE, arg=used, timeout=READ_MS)
        except Late:
            print("a film was not taken; given again", flush=True)
            continue
        return


async def upload(page: Page, content: bytes) -> ElementHandle:
    """Give the page another film, and tell where; a page drawn anew may close what was opened."""
    file = FilePayload(name="film.dcm", mimeType="application/dicom", buffer=content)
    films = page.locator("input[type=file]")
    while True:
        if not await films.count():
            await page.get_by_test_id("stPopoverButton").filter(has_text=OPEN).first.click()
        try:
            used = await films.first.element_handle(timeout=ATTEMPT_MS)
            await used.set_input_files([file], timeout=ATTEMPT_MS)
        except Late:
            continue
        return used


async def _tab(browser: Browser, address: str) -> Page:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(address)
    await page.locator("input[type=file]").first.wait_for(state="attached")
    return page


async def _resident(address: str) -> float:
    """MiB of the app's process, once nothing has happened for a while."""
    await asyncio.sleep(SETTLING)
    return resident(address.rpartition(":")[2])


def resident(port: str) -> float:
    """MiB that the process serving on a port holds, as Linux tells it."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_text()
            pages = int((process / "statm").read_text().split()[1])
        except OSError:
            continue  # it ended meanwhile
        if f"--server.port={port}" in command:
            return pages * resource.getpagesize() / 2**20
    return float("nan")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5)
    parser.add_argument("--uploads", type=int, default=50, help="of each person")
    parser.add_argument("--model", default="breast", help="a system's name or a checkpoint folder")
    return parser.parse_args()


if __name__ == "__main__":
    main()
