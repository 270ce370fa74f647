"""The whole page in a real Chromium: upload, edit, panels, box, keys, report."""

import json
import os
import re
import subprocess
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from pages.parts.film import texture
from tests.app.chromium import (
    IN_CHROMIUM,
    PATIENCE_MS,
    all_done,
    assert_one_screen,
    canvas,
    coloured_share,
    dicom,
    drag_box,
    edges,
    open_film,
    pick,
    pixels,
)
from xattn.data.intake import read_image
from xattn.phantoms.breast import Phantom, Settings, draw, sample_world
from xattn.reports import sentences
from xattn.runtime.engine import Engine
from xattn.systems import SYSTEMS

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("XATTN_DATA", ROOT.parent / "shared" / "data"))

pytestmark = [*IN_CHROMIUM]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    """A synthetic mammogram of 900 × 675 pixels; its shape is that of a film, its size a test's."""
    return draw(sample_world(5, Settings()), size=900)


def test_a_link_to_a_page_gets_the_whole_app_even_as_the_first_request(
    browser: Browser, address: str
) -> None:
    tab = browser.new_page()
    tab.goto(f"{address}/guide")
    tab.get_by_text("How each panel is read").wait_for(timeout=PATIENCE_MS)
    assert "not for diagnosis" in tab.locator(".banner").inner_text()
    tab.close()


def odds(engine: Engine, film: bytes, form: dict[str, object]) -> str:
    """What the page must print beside the probability."""
    value = engine.predict(engine.read(film, form)).value
    return f"{sentences.amount(value, 'log-odds')} log-odds"


@pytest.mark.skipif("XATTN_CHECKPOINT" in os.environ, reason="asks the tiny model for its numbers")
def test_from_upload_to_report(
    page: Page, phantom: Phantom, tmp_path: Path, engine: Engine
) -> None:
    film = dicom(phantom)
    open_film(page, film)
    all_done(page)
    assert_one_screen(page)
    for panel in ("original", "gradcam", "lime", "joint", "attention"):
        assert pixels(canvas(page, panel)).max() > 120, panel
    assert coloured_share(pixels(canvas(page, "original"))) == 0.0
    for panel in ("lime", "joint", "attention"):
        assert coloured_share(pixels(canvas(page, panel))) > 0.02, panel
    assert "DOE" not in page.content()
    assert "Jane" not in page.content()

    expect(page.locator(".prediction .odds")).to_have_text(odds(engine, film, {}))
    pick(page, "Lesion", "mass")
    pick(page, "Mass shape", "irregular")
    row = page.locator(".bars [data-field=mass_shape]")
    row.locator(".value").wait_for()
    form = {"lesion_type": "mass", "mass_shape": "IRREGULAR"}
    expect(page.locator(".prediction .odds")).to_have_text(odds(engine, film, form))
    all_done(page)

    page.get_by_role("radio", name="change").or_(page.get_by_role("button", name="change")).click()
    note = page.get_by_label("Note", exact=True)
    note.fill("margins not seen")
    note.press("Enter")
    save = page.get_by_role("button", name="Save the PDF")
    page.get_by_role("button", name="PDF report", exact=True).click()
    save.wait_for()
    with page.expect_download() as download:
        save.click()
    report = tmp_path / "report.pdf"
    download.value.save_as(report)
    text = subprocess.run(
        ["pdftotext", "-layout", str(report), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert page.locator(".prediction .number").inner_text() in text
    assert "margins not seen" in text
    assert "irregular" in text


def test_a_film_travels_once(browser: Browser, address: str, phantom: Phantom) -> None:
    film = dicom(phantom)
    whole = len(texture(read_image(film)).display)
    frames: list[int] = []
    fetched: list[str] = []
    tab = browser.new_page(viewport={"width": 1440, "height": 900})
    tab.set_default_timeout(PATIENCE_MS)
    tab.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: frames.append(len(frame))),
    )
    tab.on("request", lambda request: fetched.append(request.url))
    tab.goto(address)
    open_film(tab, film)
    all_done(tab)
    pick(tab, "Breast density", "3 heterogeneous")
    tab.locator(".bars [data-field=density]").wait_for(state="attached")
    all_done(tab)
    assert max(frames) < whole
    assert sum(url.startswith(f"{address}/media/") for url in fetched) == 1
    tab.close()


def test_an_upload_leaves_the_memory_of_the_server(
    page: Page, address: str, phantom: Phantom
) -> None:
    open_film(page, dicom(phantom))
    all_done(page)
    with urllib.request.urlopen(f"{address}/_stcore/metrics", timeout=20) as answer:
        held = re.findall(r'cache_type="UploadedFileManager".* (\d+)', answer.read().decode())
    assert set(held) <= {"0"}  # nobody's: a server that holds nothing need not say so


def test_a_box_is_drawn_read_and_cleared(page: Page, phantom: Phantom) -> None:
    open_film(page, dicom(phantom))
    all_done(page)
    page.locator("canvas.large").focus()
    page.keyboard.press("b")
    drag_box(page, (300, 250, 120, 120), phantom.pixels.shape)
    page.get_by_text("Hatched: not read").wait_for()
    page.get_by_text("Box ±10 %").wait_for()
    all_done(page)
    page.get_by_role("button", name="Clear box").click()
    page.get_by_text("the model reads the whole view").wait_for()


def test_a_box_can_be_drawn_by_keyboard(page: Page, phantom: Phantom) -> None:
    open_film(page, dicom(phantom))
    page.locator("canvas.large").focus()
    for key in ("b", "ArrowLeft", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("Hatched: not read").wait_for()


def test_keys_change_the_picture_and_a_field_shows_where_it_is_read(
    page: Page, phantom: Phantom
) -> None:
    open_film(page, dicom(phantom))
    all_done(page)
    large = page.locator("canvas.large")
    large.focus()
    first = pixels(large)
    page.keyboard.press("i")
    np.testing.assert_array_equal(pixels(large)[..., 0].max(), 255)
    inverted = pixels(large)
    assert abs(int(inverted.astype(int).sum()) - int(first.astype(int).sum())) > first.size
    page.keyboard.press("r")
    np.testing.assert_array_equal(pixels(large), first)
    page.keyboard.press("+")
    assert (pixels(large) != first).mean() > 0.05
    page.keyboard.press("r")
    page.locator(".st-key-field-mass_shape").hover()
    expect(page.locator(".viewer .title")).to_have_text("Cross-attention: mass shape")
    assert coloured_share(pixels(large)) > 0.1
    page.keyboard.press("o")
    canvas(page, "attention").hover()
    expect(page.locator(".viewer .readout")).to_contain_text("px · grey")
    canvas(page, "lime").click()
    expect(page.locator(".viewer .title")).to_have_text("LIME")
    page.keyboard.press("g")
    assert page.locator(".viewer.compare").count() == 1


def test_further_methods_become_panels_of_a_strip_that_scrolls(
    page: Page, phantom: Phantom
) -> None:
    open_film(page, dicom(phantom))
    all_done(page)
    whole = edges(page.locator(".viewer"))
    page.get_by_role("button", name="More methods").click()
    for place, name in enumerate(("HiResCAM", "LayerCAM")):
        page.get_by_test_id("stCheckbox").filter(has_text=name).click()
        all_done(page, 6 + place)
    page.keyboard.press("Escape")
    assert edges(page.locator(".viewer")) == whole
    assert_one_screen(page)
    strip = page.locator(".thumbs")
    hidden = "(strip) => strip.scrollHeight - strip.clientHeight"
    assert strip.evaluate(hidden) > 100
    page.locator("canvas.large").focus()
    page.keyboard.press("7")
    expect(page.locator(".viewer .title")).to_have_text("LayerCAM: what speaks for")
    upper, lower = edges(page.locator("figure[data-panel=layercam]"))
    assert edges(strip)[0] <= upper
    assert lower <= edges(strip)[1] + 1  # the strip ends between two pixels
    assert coloured_share(pixels(canvas(page, "hirescam"))) > 0.02
    canvas(page, "original").hover()
    page.mouse.wheel(0, -2000)
    page.wait_for_function("() => true")
    expect(page.locator("figure[data-panel=original]")).to_be_in_viewport(ratio=0.99)


def test_another_films_uploads_and_refusals(page: Page) -> None:
    """A file that ships with pydicom and is no radiograph of one grey plane, then one that is."""
    from pydicom.data import get_testdata_file

    refused = Path(str(get_testdata_file("rtplan.dcm"))).read_bytes()
    open_film(page, refused, is_awaited=False)
    alert = page.get_by_test_id("stAlert")
    alert.wait_for()
    assert "expected" in alert.inner_text()
    open_film(page, Path(str(get_testdata_file("MR_small.dcm"))).read_bytes())
    page.get_by_text("Before the prediction").wait_for()


def test_a_film_of_another_kind_stops_until_it_is_acknowledged(page: Page) -> None:
    """A magnetic resonance image: nothing of it is said before each reason was seen by name."""
    from pydicom.data import get_testdata_file

    open_film(page, Path(str(get_testdata_file("MR_small.dcm"))).read_bytes())
    stops = page.get_by_role("button", name="Acknowledge: ")
    stops.first.wait_for()
    assert page.locator(".prediction").count() == 0
    assert page.locator("figure").count() == 1
    expect(page.get_by_role("button", name="PDF report")).to_be_disabled()
    for left in range(stops.count(), 0, -1):
        stops.first.click()
        expect(stops).to_have_count(left - 1)
    expect(page.locator(".prediction .number")).to_be_visible()
    expect(page.locator("figure")).to_have_count(5)
    expect(page.get_by_text("Acknowledged: ").first).to_be_visible()


def test_evidence_comes_to_every_map_and_the_line_leads_to_its_figures(
    page: Page, phantom: Phantom
) -> None:
    open_film(page, dicom(phantom))
    strip = page.locator(".viewer .evidence")
    canvas(page, "gradcam").click()
    all_done(page)
    for panel in ("gradcam", "lime", "joint", "attention"):
        mark = page.locator(f"figure[data-panel={panel}] .mark")
        expect(mark).to_have_text(re.compile("^tracks: (yes|unclear|not shown|not checked)$"))
    expect(strip).to_contain_text("(says nothing about whether the model is right)")
    clause = page.locator("[data-clause=joint]").first
    clause.hover()
    title = page.locator(".viewer .title")
    expect(title).to_have_text("Shapley map")
    page.locator("canvas.large").hover()
    expect(title).to_contain_text("Grad-CAM")
    clause.click()
    page.locator("canvas.large").hover()
    expect(title).to_have_text("Shapley map")
    expect(page.locator(".viewer .line")).to_contain_text("none of this says that the model is")
    assert_one_screen(page)


def test_an_area_is_covered_and_uncovered(page: Page, phantom: Phantom) -> None:
    open_film(page, dicom(phantom))
    all_done(page)
    before = page.locator(".prediction .number").inner_text()
    page.locator("canvas.large").focus()
    page.keyboard.press("c")
    drag_box(page, (200, 200, 300, 300), phantom.pixels.shape)
    covered = page.locator(".viewer .covered")
    expect(covered).to_contain_text(f"instead of {before}")
    assert page.locator(".prediction .number").inner_text() == before
    page.get_by_role("button", name="Uncover").click()
    expect(covered).to_be_hidden()
    page.get_by_text("What if: one entry varied").click()
    expect(page.get_by_text(re.compile(r"covered \d+ × \d+ px"))).to_be_visible()


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="needs the real films named by XATTN_DATA")
def test_a_real_mammogram_is_read_and_explained(page: Page) -> None:
    film = (DATA / "dicom_xray" / "breast" / "MG1_J2KI.dcm").read_bytes()
    open_film(page, film)
    page.locator(".prediction .number").wait_for()
    all_done(page)
    assert coloured_share(pixels(canvas(page, "lime"))) > 0.02


@pytest.mark.parametrize(
    ("system", "sample", "words"),
    [
        ("hip", "2 thin bone", ("Estimated femoral-neck BMD", "T-score-equivalent")),
        ("chest", "2 heart failure", ("P(pleural effusion)", "All findings")),
    ],
)
def test_other_systems_are_explained_from_a_sample(
    page: Page, system: str, sample: str, words: tuple[str, ...]
) -> None:
    """The shipped models of hip and chest, beside the small one of breast."""
    title = SYSTEMS[system].title
    page.get_by_role("radio", name=title).or_(page.get_by_role("button", name=title)).click()
    page.get_by_text(f"{title}: open a case").wait_for()
    samples = page.get_by_label("Sample case", exact=True)
    expect(samples).to_have_count(1)  # that of the earlier system has gone
    samples.click()
    page.get_by_role("option", name=sample, exact=True).click()
    page.locator(".viewer").wait_for()
    all_done(page)
    for text in words:
        expect(page.get_by_text(text).first).to_be_visible()
    assert_one_screen(page)
    for panel in ("lime", "joint"):
        assert coloured_share(pixels(canvas(page, panel))) > 0.01, panel
    assert pixels(canvas(page, "attention")).max() > 120  # a field may be looked at by no patch
    if os.environ.get("XATTN_SCREENSHOTS") == "1":
        expect(page.get_by_text("not checked yet")).to_have_count(0, timeout=150_000)
        canvas(page, "joint").click()
        page.screenshot(path=ROOT / "docs" / "images" / f"review-{system}.png")


@pytest.mark.skipif(
    os.environ.get("XATTN_SCREENSHOTS") != "1", reason="writes the pictures of the README"
)
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1920, 1080)])
def test_pictures_of_the_page(page: Page, width: int, height: int) -> None:
    """A spiculated phantom, boxed; name the model to show with XATTN_CHECKPOINT."""
    world = next(
        world
        for seed in range(1000)
        if (world := sample_world(seed, Settings())).form.get("mass_margins") == "SPICULATED"
    )
    phantom = draw(world, size=2600)
    page.set_viewport_size({"width": width, "height": height})
    open_film(page, dicom(phantom))
    page.get_by_role("button", name="Read the form from a file").click()
    form = json.dumps({"lesion_type": phantom.lesion_type, **phantom.form}).encode()
    file = {"name": "form.json", "mimeType": "application/json", "buffer": form}
    page.locator("input[type=file][accept*=json]").set_input_files([file])
    page.locator(".bars [data-field=mass_margins]").wait_for(state="attached")
    page.locator("canvas.large").focus()
    page.keyboard.press("b")
    drag_box(page, phantom.box, phantom.pixels.shape)
    page.get_by_text("Box ±10 %").wait_for()
    all_done(page)
    expect(page.get_by_text("not checked yet")).to_have_count(0, timeout=150_000)
    canvas(page, "joint").click()
    canvas(page, "joint").hover()
    page.screenshot(path=ROOT / "docs" / "images" / f"review-{width}.png")
