"""The app as tests run it: a tiny model from a checkpoint folder, small films, fresh caches."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from streamlit.testing.v1 import AppTest

from pages.parts import resources
from pages.parts.state import Shown
from pages.parts.work import Work
from tests import tiny
from tests.app.chromium import CHROMIUM, PATIENCE_MS, serve
from xattn.models.checkpoint import Calibration, Checkpoint, Description, save
from xattn.runtime.engine import Engine

APP = Path(__file__).resolve().parents[2] / "app.py"
CARD = "# A tiny model\n\nUntrained, for tests."


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder of the tiny breast model; every number on a page can be asked of it."""
    folder = tmp_path_factory.mktemp("checkpoint")
    description = Description(
        system="breast",
        preset="compact",
        version="0.0",
        config={"size": tiny.SIZE},
        training_data="nothing: untrained",
        is_phantom_trained=True,
        label_means=(0.4,),
    )
    calibration = Calibration(temperature=1.25, cam_scale=0.5)
    save(folder, Checkpoint(tiny.breast_module(), description, calibration, CARD))
    return folder


@pytest.fixture(autouse=True)
def _fresh(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The tiny model, and an archive that is nobody's."""
    monkeypatch.setenv(resources.CHECKPOINT, str(checkpoint))
    for name, place in archive_at(tmp_path / "archive").items():
        monkeypatch.setenv(name, place)
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def engine() -> Engine:
    """The engine that the app itself uses in this test."""
    return resources.engine(resources.first_system())


@pytest.fixture
def app() -> AppTest:
    """The app after its first run."""
    return AppTest.from_file(str(APP), default_timeout=120).run()


@pytest.fixture(scope="module")
def address(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, served with an archive of its own."""
    with serve(checkpoint, archive_at(tmp_path_factory.mktemp("archive"))) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a screen."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The review page at 1440 × 900, before a case; an error of its script fails the test."""
    tab = browser.new_page(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    tab.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    tab.on("pageerror", lambda fault: faults.append(str(fault)))
    tab.goto(address)
    tab.get_by_text("open a case").wait_for()
    yield tab
    tab.close()
    assert faults == []


def archive_at(folder: Path) -> dict[str, str]:
    """The environment of an app whose archive lies in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    place = f"sqlite:///{folder / 'archive.sqlite'}"
    return {"XATTN_DATABASE": place, "XATTN_FILES": str(folder / "files")}


def png(seed: int = 0, shape: tuple[int, int] = (120, 90)) -> bytes:
    """A small grey film with a bright blob, as a PNG file."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] / np.reshape(shape, (2, 1, 1))
    blob = np.exp(-((rows - 0.5) ** 2 + (columns - 0.4) ** 2) / 0.03)
    noise = np.random.default_rng(seed).random(shape)
    file = io.BytesIO()
    Image.fromarray(np.rint(255 * (0.7 * blob + 0.3 * noise)).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def finished(work: Work, seconds: float = 120) -> Shown:
    """What there is once nothing is under way, as a page that polls would find it."""
    end = time.monotonic() + seconds
    while work.unfinished and time.monotonic() < end:
        work.ask()
        time.sleep(0.005)
    shown = Shown()
    work.collect(shown)
    return shown


def page_text(app: AppTest) -> str:
    """All HTML and Markdown of the page."""
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*html, *(element.value for element in app.markdown)])


def upload(app: AppTest, content: bytes, *, name: str = "film.png") -> AppTest:
    """The app after a film was chosen."""
    uploader = next(u for u in app.file_uploader if u.label.startswith("Mammogram"))
    return uploader.upload(name, content, "application/octet-stream").run()


def choose(app: AppTest, label: str, value: object) -> AppTest:
    """The app after a field of the form was set."""
    widgets = [*app.selectbox, *app.multiselect]
    return next(widget for widget in widgets if widget.label == label).set_value(value).run()
