"""Signing in for real: Chromium, the app, and an OpenID Connect provider, each a process."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.app.chromium import IN_CHROMIUM, PATIENCE_MS, serve, wait_for
from tests.app.conftest import archive_at
from xattn.archive.audit import entries
from xattn.archive.members import appoint, find
from xattn.archive.people import LOCAL
from xattn.archive.store import Archive
from xattn.errors import AccessError

ANN, CLEO, EVE = "ann@example.org", "cleo@example.org", "eve@example.org"

pytestmark = [*IN_CHROMIUM]


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """An OpenID Connect provider that knows three people and asks for no password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    for name in (ANN, CLEO, EVE):
        command += ["--user-claims", json.dumps({"sub": name, "email": name})]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/.well-known/openid-configuration")
        yield address
    finally:
        process.kill()
        process.wait()


@contextmanager
def app(provider: str, checkpoint: Path, folder: Path, minutes: str) -> Iterator[str]:
    """The app with sign-in, and an archive where Ann reads and Cleo adjudicates."""
    secrets = folder / "secrets.toml"
    lines = (
        "[auth]",
        'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"',
        'cookie_secret = "0123456789abcdef0123456789abcdef"',
        'client_id = "xattn"',
        'client_secret = "secret"',
        f'server_metadata_url = "{provider}/.well-known/openid-configuration"',
    )
    secrets.write_text("\n".join(lines))
    place = archive_at(folder)
    with Archive(place["XATTN_DATABASE"], place["XATTN_FILES"]) as archive:
        appoint(archive, LOCAL, ANN, ("reader",))
        appoint(archive, LOCAL, CLEO, ("adjudicator",))
    environment = {**place, "XATTN_IDLE_MINUTES": minutes}
    with serve(checkpoint, environment, "--secrets.files", str(secrets)) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(provider: str, checkpoint: Path, folder: Path) -> Iterator[str]:
    with app(provider, checkpoint, folder, "30") as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser of its own, without cookies, that reaches this machine alone."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.route("**", _stay)
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE_MS)
    yield tab
    context.close()


def _stay(route: Route) -> None:
    """The provider's page asks a server elsewhere for its looks."""
    (route.continue_ if "127.0.0.1" in route.request.url else route.abort)()


def acts(folder: Path, who: str) -> list[tuple[str, object]]:
    place = archive_at(folder)
    with Archive(place["XATTN_DATABASE"], place["XATTN_FILES"]) as archive:
        assert archive.verify().faults == ()
        with archive.transaction() as connection:
            return [(row.what, row.content) for row in entries(connection) if row.who == who]


def sign_in(page: Page, name: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name).click()


def who(page: Page, name: str) -> None:
    """Open what is drawn under the person's name."""
    page.locator(".st-key-person").get_by_role("button", name=name).click()


def is_empty(page: Page) -> None:
    """Nothing of the app is there: no page, no model's name, nothing to open."""
    expect(page.locator(".banner")).to_have_count(0)
    expect(page.locator("input[type=file]")).to_have_count(0)
    expect(page.get_by_text("open a case")).to_have_count(0)
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(0)


def test_the_first_request_of_all_cannot_pass_by_the_door(page: Page, address: str) -> None:
    """Streamlit runs a script in pages/ by its name, until the app has said what its pages are."""
    page.goto(f"{address}/review")
    page.get_by_test_id("stException").or_(page.get_by_role("button", name="Sign in")).wait_for()
    is_empty(page)
    page.goto(f"{address}/cases")
    page.get_by_role("button", name="Sign in").wait_for()
    is_empty(page)


def test_sign_in_reads_signs_out(page: Page, address: str, folder: Path) -> None:
    page.goto(address)
    page.get_by_role("button", name="Sign in").wait_for()
    is_empty(page)
    sign_in(page, ANN)
    page.get_by_text("open a case").wait_for()
    assert acts(folder, ANN) == [("signed in", {})]
    second = page.context.new_page()
    second.goto(address)
    second.get_by_text("open a case").wait_for(timeout=PATIENCE_MS)
    who(page, ANN)
    page.get_by_text("Signed in as reader.").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/oauth2/end_session**")
    assert acts(folder, ANN) == [("signed in", {}), ("signed out", {"why": "by hand"})]
    # The other tab is out as well, at the next thing that is done in it.
    second.get_by_role("link", name="About").click()
    second.get_by_role("button", name="Sign in").wait_for(timeout=PATIENCE_MS)
    is_empty(second)
    page.goto(address)
    page.get_by_role("button", name="Sign in").wait_for()
    is_empty(page)


def test_someone_without_a_role_sees_a_sentence(page: Page, address: str, folder: Path) -> None:
    page.goto(address)
    sign_in(page, EVE)
    page.get_by_text("You have no role here; ask an administrator for one.").wait_for()
    is_empty(page)
    assert acts(folder, EVE) == [("sign-in refused", {})]


def test_the_library_refuses_the_wrong_role(page: Page, address: str, folder: Path) -> None:
    page.goto(address)
    sign_in(page, CLEO)
    who(page, CLEO)
    page.get_by_text("Signed in as adjudicator.").wait_for()
    place = archive_at(folder)
    with Archive(place["XATTN_DATABASE"], place["XATTN_FILES"]) as archive:
        cleo = find(archive, CLEO)
        with pytest.raises(AccessError, match="role of administrator"):
            archive.worklist(cleo, "hers", "breast", is_read_first=True)


@pytest.mark.slow
def test_rest_clears_the_screen_and_use_does_not(
    browser: Browser, page: Page, provider: str, checkpoint: Path, tmp_path: Path
) -> None:
    seconds = 15
    with app(provider, checkpoint, tmp_path, str(seconds / 60)) as address:
        page.goto(address)
        sign_in(page, ANN)
        page.get_by_text("open a case").wait_for()
        end = time.monotonic() + 1.5 * seconds
        while time.monotonic() < end:
            page.mouse.move(400 + 100 * time.monotonic() % 200, 500)
            page.wait_for_timeout(1000)
        expect(page.get_by_text("open a case")).to_be_visible()
        page.get_by_text("You were signed out").wait_for()
        is_empty(page)
        assert acts(tmp_path, ANN)[1:] == [("signed out", {"why": "without use"})]
        # The cookie of then opens no new tab either.
        page.goto(address)
        page.get_by_text("You were signed out").wait_for()
        sign_in(page, ANN)
        page.get_by_text("open a case").wait_for()


def test_a_server_that_others_can_reach_shows_one_sentence(
    page: Page, checkpoint: Path, tmp_path: Path
) -> None:
    with serve(checkpoint, archive_at(tmp_path), "--server.address=0.0.0.0") as address:
        page.goto(address)
        page.get_by_text("A server that others can reach needs sign-in").wait_for()
        is_empty(page)
