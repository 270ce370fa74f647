"""The next case of a worklist: time to see its film, what the model says, and every map of it.

Films of 5,000 x 4,000 pixels of 16 bits in a list, gone through by Page Down in the system's
Chromium without a screen or graphics hardware; times are from the key. The reader stays with each
case for a while, as readers do: `--stay 0` presses on as soon as its film is there.
"""

import argparse
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.viewer import marked, opened, phantom, tab
from tests.app.conftest import archive_at
from xattn.archive.people import LOCAL
from xattn.archive.store import Archive
from xattn.runtime.engine import load
from xattn.runtime.importing import import_films, plan

SIZE = (1440, 900)
MAPS = ("gradcam", "lime", "joint", "attention")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=5)
    parser.add_argument("--stay", type=float, default=40, help="seconds with a case")
    parser.add_argument("--model", default="breast", help="a system's name")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(options.model, Path(folder), options.cases)
        with opened(options.model, Path(folder)) as address, tab(address, *SIZE) as page:
            first(page)
            print("| case | film, s | prediction and every map, s |")
            print("|---|---|---|")
            for number in range(2, options.cases + 1):
                page.wait_for_timeout(1000 * options.stay)
                film, maps = step(page)
                print(f"| {number} | {film:.2f} | {maps:.1f} |", flush=True)


def fill(model: str, folder: Path, count: int) -> None:
    """A list of films, taken in as the app does it."""
    films = folder / "films"
    films.mkdir()
    for seed in range(count):
        (films / f"{seed}.dcm").write_bytes(phantom(seed))
    engine, places = load(model), archive_at(folder / "archive")
    with Archive(places["XATTN_DATABASE"], places["XATTN_FILES"]) as archive:
        worklist = archive.worklist(LOCAL, "films", model, is_read_first=False)
        taken = list(import_films(engine, archive, LOCAL, worklist, plan(films, engine.schema)))
    assert all(each.case for each in taken), [each.refusal for each in taken]
    engine.worker.close()


def first(page: Page) -> None:
    """Open the first case of the list, and wait for all of it."""
    page.get_by_role("link", name="Worklist").click()
    page.locator("tr[data-number='1']").click()
    wait_for_maps(page)


def step(page: Page) -> tuple[float, float]:
    """Seconds from Page Down to the film of the next case, and to its last map."""
    film = page.locator(".viewer").get_attribute("data-film")
    began = time.time()
    page.keyboard.press("PageDown")
    page.locator(f".viewer[data-level]:not([data-film='{film}'])").wait_for()
    wait_for_maps(page)
    return marked(page, "xattn-paint") - began, time.time() - began


def wait_for_maps(page: Page) -> None:
    """Wait until prediction and every map of the case in hand are there."""
    page.locator(".prediction .number").wait_for()
    for name in MAPS:
        page.locator(f"figure[data-panel={name}][data-state=ready]").wait_for()


if __name__ == "__main__":
    main()
