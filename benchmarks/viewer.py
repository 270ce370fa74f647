"""The viewer on a film of 5,000 x 4,000 pixels of 16 bits: time to see it, and time between frames.

The app is started on a port of this machine and shown in the system's Chromium without a screen or
graphics hardware, the slowest that it will ever be drawn. Frames are counted as the browser makes
them, while pointer and wheel move in every one of them.
"""

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite

from tests.app.chromium import CHROMIUM, serve
from tests.app.conftest import archive_at

SHAPE = (5000, 4000)
SIZES = ((1440, 900), (1920, 1080))
PATIENCE_MS = 180_000
IDLE_MS = 8000
"""After the last map of a film: its evidence is still being made, which takes the machine."""

FRAMES = """async ({ kind, many }) => {
    const root = (function find(place) {
        for (const each of place.querySelectorAll("*")) {
            if (each.matches("canvas.large")) return each;
            const inside = each.shadowRoot && find(each.shadowRoot);
            if (inside) return inside;
        }
        return null;
    })(document);
    const box = root.getBoundingClientRect();
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    const send = (type, frame, more = {}) => {
        const angle = frame / 12;
        const clientX = middle.x + 90 * Math.sin(angle);
        const clientY = middle.y + 60 * Math.sin(angle / 2);
        const place = { clientX, clientY, pointerId: 1 };
        const options = { bubbles: true, cancelable: true, ...place, ...more };
        const Kind = type === "wheel" ? WheelEvent : PointerEvent;
        root.dispatchEvent(new Kind(type, options));
    };
    root.setPointerCapture = () => {};
    const times = [];
    if (kind !== "zoom") send("pointerdown", 0, { button: kind === "window" ? 2 : 0 });
    for (let frame = 0; frame <= many; frame += 1) {
        times.push(await new Promise((done) => requestAnimationFrame(done)));
        if (kind === "zoom") send("wheel", frame, { deltaY: frame % 40 < 20 ? -60 : 60 });
        else send("pointermove", frame + 1);
    }
    if (kind !== "zoom") send("pointerup", many);
    return times.slice(1).map((now, place) => now - times[place]);
}"""
"""Milliseconds between frames while the film is panned, zoomed or windowed."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--films", type=int, default=5, help="opened one after another")
    parser.add_argument("--model", default="breast", help="a system's name or a checkpoint folder")
    options = parser.parse_args()
    rows, columns = SHAPE
    print(f"{rows} x {columns} pixels, 16 bits\n")
    with tempfile.TemporaryDirectory() as folder, opened(options.model, Path(folder)) as address:
        files = [Path(folder) / f"{seed}.dcm" for seed in range(options.films)]
        for seed, file in enumerate(files):
            file.write_bytes(phantom(seed))
        for width, height in SIZES:
            with tab(address, width, height) as page:
                print(f"## {width} x {height}\n")
                draw_paints(page, files)
                draw_frames(page, options.frames)


def draw_paints(page: Page, files: list[Path]) -> None:
    """Upload films one after another into an open session, and print when each is seen."""
    page.wait_for_timeout(IDLE_MS)
    print("| film | upload to first paint s | since the level came s | full level after s |")
    print("|---|---|---|---|")
    for place, file in enumerate(files, start=1):
        painted, full = upload(page, file)
        print(f"| {place} | {painted:.2f} | {since_it_came(page):.2f} | {full:.2f} |", flush=True)
        page.locator("figure[data-state=ready]").nth(4).wait_for()
        page.keyboard.press("Escape")  # out of what the next film is chosen in
        page.wait_for_timeout(IDLE_MS)
    print()


def draw_frames(page: Page, frames: int) -> None:
    """Print how the film moves."""
    page.locator("figure[data-panel=joint] canvas").click()
    print("| | median ms | 95th percentile ms | frames per second |")
    print("|---|---|---|---|")
    for place in ("whole film", "actual pixels"):
        if place == "actual pixels":
            page.locator("canvas.large").press("a")
        for kind in ("pan", "zoom", "window"):
            page.wait_for_timeout(500)
            times = page.evaluate(FRAMES, {"kind": kind, "many": frames})
            middle = statistics.median(times)
            late = float(np.percentile(times, 95))
            print(f"| {kind}, {place} | {middle:.1f} | {late:.1f} | {1000 / middle:.0f} |")
    print(flush=True)


def upload(page: Page, file: Path) -> tuple[float, float]:
    """Seconds from the upload to the first paint, and from there to the full level."""
    before = None
    if page.locator(".viewer").count():
        before = page.locator(".viewer").get_attribute("data-film")
        page.get_by_test_id("stPopoverButton").filter(has_text="Open").first.click()
        page.wait_for_timeout(1000)
    began = time.time()
    page.locator("input[type=file]").first.set_input_files(file)
    page.locator(f".viewer[data-level=full]:not([data-film='{before}'])").wait_for()
    painted, full = (marked(page, name) for name in ("xattn-paint", "xattn-full"))
    return painted - began, full - painted


def marked(page: Page, name: str) -> float:
    """When the viewer last set a mark, in seconds since 1970: a locator looks every half second."""
    script = (
        """name => performance.timeOrigin + performance.getEntriesByName(name).at(-1).startTime"""
    )
    return float(page.evaluate(script, name)) / 1000


def since_it_came(page: Page) -> float:
    """Seconds from the arrival of the display level to its first paint."""
    return marked(page, "xattn-paint") - marked(page, "xattn-film")


def phantom(seed: int = 0) -> bytes:
    """A DICOM file of a smooth body with detector noise in all 16 bits; nobody's."""
    rows, columns = SHAPE
    down, across = np.linspace(-1, 1, rows)[:, None], np.linspace(0, 1.6, columns)[None]
    body = np.clip(1.2 - np.hypot(down, across), 0, 1, dtype=np.float32)
    noise = np.random.default_rng(seed).normal(0, 300, SHAPE).astype(np.float32)
    values = np.clip(60_000 * np.sqrt(body) + noise + 1000, 0, 65_535).astype("<u2")
    dataset = Dataset()
    dataset.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = uid.generate_uid(entropy_srcs=["xattn", "viewer"])
    dataset.Modality, dataset.ImageLaterality, dataset.ViewPosition = "MG", "L", "CC"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, 1
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.WindowCenter, dataset.WindowWidth = 30_000, 56_000
    dataset.ImagerPixelSpacing = [0.05, 0.05]
    dataset.PixelData = values.tobytes()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


@contextmanager
def opened(model: str, folder: Path) -> Iterator[str]:
    """The address of the app with an archive of its own."""
    with serve(Path(model), archive_at(folder / "archive")) as address:
        yield address


@contextmanager
def tab(address: str, width: int, height: int) -> Iterator[Page]:
    """An open session on the review page, before a case."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        page.get_by_text("open a case").wait_for()
        yield page
        browser.close()


if __name__ == "__main__":
    main()
