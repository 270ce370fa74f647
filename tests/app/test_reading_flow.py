"""A study in a real Chromium: import, restart, read first, reveal, a second reader, adjudication.

Phantoms and, where they lie on this machine, real mammograms; the tiny model reads.
"""

import csv
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.chromium import IN_CHROMIUM, PATIENCE_MS, assert_one_screen, dicom, edges, serve
from tests.app.conftest import archive_at
from xattn.archive.store import Archive
from xattn.data.placement import Box
from xattn.phantoms.breast import Settings, draw, sample_world
from xattn.records import Case
from xattn.reports import sentences
from xattn.runtime.engine import Engine
from xattn.trust import wording

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("XATTN_DATA", ROOT.parent / "shared" / "data"))
CASES = 30
REAL = 6
"""Real films among the cases, where they are there."""
NUMBER = 2
"""The case that all of them read."""
HEADER = ("file", "lesion_type", "density", "box", "title")
RESULT = (b'class="prediction', b'class="bars', b'"gradcam"', b'"lime"', b'"joint"')
"""What reaches the browser with every result: texts of the page, panels of the viewer."""

pytestmark = [*IN_CHROMIUM, pytest.mark.slow]  # three servers, four people


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of films with a manifest, and a file that is none."""
    folder = tmp_path_factory.mktemp("study")
    real = sorted((DATA / "cdd_cesm_mammo").rglob("*.jpg"))[:REAL] if DATA.is_dir() else []
    rows = []
    for place, film in enumerate(real):
        name = f"real_{place}.jpg"
        (folder / name).write_bytes(film.read_bytes())
        rows.append((name, "", "", "", f"real {place}"))
    for seed in range(CASES - len(real)):
        phantom = draw(sample_world(seed, Settings()), size=300)
        name = f"doe_{seed}.dcm"
        (folder / name).write_bytes(dicom(phantom))
        box = " ".join(map(str, phantom.box))
        rows.insert(0, (name, phantom.lesion_type, phantom.form.get("density", ""), box, name[4:6]))
    (folder / "notes.txt").write_text("no film")
    with (folder / "list.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *rows, ("notes.txt", "", "", "", "")])
    return folder


@contextmanager
def tab(
    browser: Browser, address: str, reader: str, frames: list[bytes] | None = None
) -> Iterator[Page]:
    """The app as somebody reads it; an error of its scripts fails the test.

    All that reaches the browser is added to `frames`.
    """
    page = browser.new_page(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    if frames is not None:
        page.on("websocket", lambda socket: socket.on("framereceived", noted(frames)))
    page.goto(address)
    page.get_by_text("open a case").wait_for()
    page.get_by_role("button", name="local reader").click()
    page.get_by_label("Reading as", exact=True).fill(reader)
    page.get_by_label("Reading as", exact=True).press("Enter")
    page.get_by_role("button", name=reader).wait_for()
    page.keyboard.press("Escape")
    yield page
    page.close()
    assert faults == []


def noted(frames: list[bytes]) -> Callable[[str | bytes], None]:
    return lambda frame: frames.append(frame if isinstance(frame, bytes) else frame.encode())


def to_list(page: Page) -> None:
    page.get_by_role("link", name="Worklist").click()
    page.get_by_role("button", name="New worklist").wait_for()


def make_list(page: Page) -> None:
    page.get_by_role("button", name="New worklist").click()
    page.get_by_label("Name", exact=True).fill("study")
    page.get_by_label("Name", exact=True).press("Enter")
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("No case of this worklist").wait_for()


def start_import(page: Page, folder: Path) -> None:
    page.get_by_role("button", name="Import films").click()
    for label, text in (("Folder of this machine", str(folder)), ("Manifest in it", "list.csv")):
        page.get_by_label(label).fill(text)
        page.get_by_label(label).press("Enter")
    button = page.get_by_role("button", name="Import", exact=True)
    expect(button).to_be_enabled(timeout=PATIENCE_MS)
    button.click()


def open_case(page: Page, number: int) -> None:
    page.locator(f"tr[data-number='{number}']").click()
    page.locator(".viewer").wait_for()


def choose(page: Page, words: str) -> None:
    """One of a row of choices."""
    page.get_by_role("radio", name=words).or_(page.get_by_role("button", name=words)).first.click()


def read(page: Page, percent: int) -> None:
    page.get_by_label("P(malignant) (%)").fill(str(percent))
    choose(page, "75 %")
    page.get_by_role("button", name="Record my read").click()
    page.locator(".prediction .number").wait_for()


def decide(page: Page, verdict: str, percent: int, reason: str) -> None:
    choose(page, verdict)
    if verdict != "accept":
        page.get_by_label("P(malignant) (%)").fill(str(percent))
        page.get_by_label("Reason", exact=True).fill(reason)
    choose(page, "50 %")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Change my mind").wait_for()


def reads(page: Page) -> list[str]:
    return [" ".join(text.split()) for text in page.locator("table.reads tr").all_inner_texts()]


def save(page: Page, name: str, path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    download.value.save_as(path)
    return path


def import_and_stop(page: Page, study: Path) -> None:
    """Leave the page while it runs, come back, cancel it."""
    to_list(page)
    make_list(page)
    start_import(page, study)
    page.get_by_text(re.compile(r"[1-9]\d* of 31 · doe_")).wait_for()
    page.get_by_role("link", name="Models").click()
    page.get_by_text("A tiny model").first.wait_for()
    to_list(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile("^(Stopped|Ended) at"))).to_be_visible()


def resume(page: Page, study: Path) -> None:
    """What was taken in before the restart is there already."""
    to_list(page)
    start_import(page, study)
    ended = page.get_by_text("Ended at 31 of 31 films")
    ended.wait_for()
    taken, known, refused = map(int, re.findall(r"\d+", ended.inner_text().split(":")[1]))
    assert (taken + known, refused) == (CASES, 1)
    assert known >= 1
    page.get_by_text("1 to 25 of 30 cases").wait_for()
    page.get_by_text("Refused films: 1").click()
    expect(page.get_by_role("cell", name=f"{CASES + 2}", exact=True)).to_be_visible()
    assert "hidden until read" in page.locator(f"tr[data-number='{NUMBER}']").inner_text()


def read_first(page: Page, frames: list[bytes], words: tuple[bytes, ...]) -> None:
    """Nothing of the result reaches the browser before the read, all of it after."""
    to_list(page)
    frames.clear()
    page.locator(f"tr[data-number='{NUMBER}']").focus()
    page.keyboard.press("Enter")
    page.locator(".viewer").wait_for()
    page.get_by_text("2 / 30").wait_for()
    page.get_by_text(re.compile("checks (passed|of its input)")).wait_for()
    assert [word for word in words if word in b"".join(frames)] == []
    assert [word for word in words if word in page.content().encode()] == []
    expect(page.locator("figure")).to_have_count(1)
    for place in (".st-key-read", ".viewer"):
        assert edges(page.locator(place))[1] <= 900
    read(page, 70)
    expect(page.locator("figure[data-state=ready]")).to_have_count(5, timeout=PATIENCE_MS)
    assert [word for word in words if word not in b"".join(frames)] == []
    decide(page, "change", 20, "margins are clear")
    assert reads(page) == [
        "you 0.70 (75 %) alone",
        "you 0.20 (50 %) with AI, changes margins are clear",
    ]
    assert_one_screen(page)


def read_second(page: Page) -> None:
    to_list(page)
    open_case(page, NUMBER)
    expect(page.locator("table.reads")).to_have_count(0)
    read(page, 60)
    assert reads(page) == ["you 0.60 (75 %) alone"]
    decide(page, "accept", 0, "")
    assert [line.split()[0] for line in reads(page)] == ["Ann", "Ann", "you", "you"]


def adjudicate(page: Page) -> None:
    to_list(page)
    open_case(page, NUMBER)
    page.get_by_role("button", name="Adjudicate, in place of reading").wait_for()
    expect(page.locator(".prediction")).to_have_count(0)
    page.get_by_role("button", name="Adjudicate, in place of reading").click()
    page.locator(".prediction .number").wait_for()
    page.get_by_label("P(malignant) (%)").fill("15")
    choose(page, "95 %")
    page.get_by_label("Reason", exact=True).fill("both are right")
    page.get_by_role("button", name="Record the adjudication").click()
    expect(page.locator("table.reads tr")).to_have_count(5)


def export(page: Page, folder: Path, accepted: float) -> None:
    """The tables of somebody who may see one case of all."""
    to_list(page)
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="Make the tables").click()
    table = save(page, "Save the reads (Parquet)", folder / "reads.parquet")
    rows = pyarrow.parquet.read_table(table).to_pylist()
    assert [(row["reader"], row["stage"], row["finding"]) for row in rows] == [
        ("Ann", "alone", 0.7),
        ("Ann", "with AI", 0.2),
        ("Ben", "alone", 0.6),
        ("Ben", "with AI", accepted),
        ("Cleo", "adjudication", 0.15),
    ]
    text = save(page, "Save the results (CSV)", folder / "results.csv").read_text()
    lines = list(csv.DictReader(text.splitlines()))
    assert len({line["case"] for line in lines}) == CASES
    assert {line["case"] for line in lines if line["value"]} == {f"{NUMBER}"}


def come_back(page: Page) -> None:
    """After a restart everything is there, and the next case is as blind as before."""
    to_list(page)
    open_case(page, NUMBER)
    page.locator(".prediction .number").wait_for()
    assert reads(page)[-1] == "Cleo 0.15 (95 %) adjudication both are right"
    page.keyboard.press("PageDown")
    page.get_by_text("3 / 30").wait_for()
    page.get_by_role("button", name="Record my read").wait_for()
    expect(page.locator(".prediction")).to_have_count(0)


def test_a_study_from_import_to_adjudication(
    browser: Browser, checkpoint: Path, engine: Engine, study: Path, tmp_path: Path
) -> None:
    archive = archive_at(tmp_path / "kept")
    with serve(checkpoint, archive) as address, tab(browser, address, "Ann") as page:
        import_and_stop(page, study)
    with serve(checkpoint, archive) as address:
        with tab(browser, address, "Ann") as page:
            resume(page, study)
        case = kept_case(engine, archive)
        accepted = engine.predict(case).probability
        assert accepted is not None
        frames: list[bytes] = []
        with tab(browser, address, "Ann", frames) as page:
            read_first(page, frames, (*RESULT, *said(engine, case)))
        with tab(browser, address, "Ben") as page:
            read_second(page)
        with tab(browser, address, "Cleo") as page:
            adjudicate(page)
            export(page, tmp_path, accepted)
    with serve(checkpoint, archive) as address, tab(browser, address, "Ann") as page:
        come_back(page)
    with Archive(archive["XATTN_DATABASE"], archive["XATTN_FILES"]) as whole:
        assert whole.verify().faults == ()
    assert b"doe_" not in (tmp_path / "kept" / "archive.sqlite").read_bytes()


def said(engine: Engine, case: Case) -> tuple[bytes, bytes]:
    """The prediction as the page prints it, once it does."""
    found = engine.predict(case)
    assert found.probability is not None
    odds = f"{sentences.amount(found.value, 'log-odds')} log-odds"
    number = f'class="number">{wording.probability(found.probability)}'
    return odds.encode(), number.encode()


def kept_case(engine: Engine, archive: dict[str, str]) -> Case:
    with Archive(archive["XATTN_DATABASE"], archive["XATTN_FILES"]) as kept:
        stored = kept.case(NUMBER)
        box = Box(*stored.box) if stored.box else None
        return engine.case(kept.film(stored), stored.form, box=box)
