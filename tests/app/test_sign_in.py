"""The door, without a provider: who is let in, as whom, and what is said to the others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import user_info
from streamlit.testing.v1 import AppTest

from pages.parts import resources, sign_in
from tests.app.conftest import APP, page_text
from xattn.archive.members import appoint, dismiss
from xattn.archive.people import LOCAL
from xattn.archive.tables import audit

AUTH = {
    "redirect_uri": "http://localhost/oauth2callback",
    "cookie_secret": "0123456789abcdef0123456789abcdef",
    "client_id": "xattn",
    "client_secret": "secret",
    "server_metadata_url": "http://localhost/.well-known/openid-configuration",
}
ANN = "ann@example.org"
SIGN_IN, SIGN_OUT = "Sign in", "Sign out"


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the provider's cookie says; empty before somebody signs in."""
    found: dict[str, object] = {}
    monkeypatch.setattr(user_info, "_get_user_info", lambda: found)
    return found


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time in seconds, to be set by hand."""
    clock = [1_000_000.0]
    monkeypatch.setattr("xattn.runtime.serving.time.time", lambda: clock[0])
    signed = sign_in.SignIns(1800, lambda: clock[0])
    monkeypatch.setattr(sign_in, "sign_ins", lambda: signed)
    return clock


def opened(**auth: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.secrets["auth"] = {**AUTH, **auth}
    return app.run()


def signed(claims: dict[str, object], now: list[float], name: str = ANN) -> None:
    claims |= {"is_logged_in": True, "email": name, "email_verified": True, "iat": now[0]}


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def acts() -> list[tuple[str, str, object]]:
    from sqlalchemy import select

    columns = audit.c.who, audit.c.what, audit.c.content
    with resources.archive().transaction() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(audit.c.number))]


def nothing_of_the_app(app: AppTest) -> bool:
    """No page, no model's name, no way to open a film."""
    text = page_text(app)
    return (
        not app.exception and not app.file_uploader and "tiny" not in text and "breast" not in text
    )


def test_without_sign_in_everybody_is_let_in_under_a_name_that_is_not_checked(app: AppTest) -> None:
    assert len(app.file_uploader) == 1
    (name,) = [entry for entry in app.text_input if entry.label == "Reading as"]
    assert name.value == "local reader"
    assert "Names are not checked without sign-in" in " ".join(c.value for c in app.caption)
    name.set_value("Ann").run()
    assert app.session_state["reading_as"] == "Ann"
    (name,) = [entry for entry in app.text_input if entry.label == "Reading as"]
    assert name.value == "Ann"


def test_another_name_closes_the_case(app: AppTest) -> None:
    app.session_state["of the case"] = 1
    (name,) = [entry for entry in app.text_input if entry.label == "Reading as"]
    name.set_value("Ben").run()
    assert "of the case" not in app.session_state


def test_a_name_that_cannot_be_kept_is_a_sentence(app: AppTest) -> None:
    (name,) = [entry for entry in app.text_input if entry.label == "Reading as"]
    name.set_value("A\u2028nn").run()
    assert "printable characters" in " ".join(error.value for error in app.error)
    assert "reading_as" not in app.session_state


def test_nobody_sees_anything_before_signing_in(claims: dict[str, object]) -> None:
    app = opened()
    assert nothing_of_the_app(app)
    assert labels(app) == [SIGN_IN]
    assert acts() == []


def test_someone_without_a_role_sees_a_sentence_and_nothing_else(
    claims: dict[str, object], now: list[float]
) -> None:
    signed(claims, now, "eve@example.org")
    app = opened()
    assert nothing_of_the_app(app)
    assert [text.value for text in app.markdown] == [
        "You have no role here; ask an administrator for one."
    ]
    assert labels(app) == [SIGN_OUT]
    app.run()
    assert acts() == [("eve@example.org", "sign-in refused", {})]
    # A role that comes later lets them in without signing in again, and the audit has it.
    appoint(resources.archive(), LOCAL, "eve@example.org", ("reader",))
    assert len(app.run().file_uploader) == 1
    assert acts()[2:] == [("eve@example.org", "signed in", {})]


def test_a_reader_is_let_in_until_the_role_is_taken(
    claims: dict[str, object], now: list[float]
) -> None:
    appoint(resources.archive(), LOCAL, ANN, ("reader",))
    signed(claims, now)
    app = opened()
    assert len(app.file_uploader) == 1
    assert SIGN_OUT in labels(app)
    assert "Signed in as reader." in [caption.value for caption in app.caption]
    app.run()
    assert acts()[1:] == [(ANN, "signed in", {})]
    dismiss(resources.archive(), LOCAL, ANN)
    assert nothing_of_the_app(app.run())


def test_rest_ends_it_and_drops_the_case(claims: dict[str, object], now: list[float]) -> None:
    appoint(resources.archive(), LOCAL, ANN, ("reader",))
    signed(claims, now)
    app = opened()
    app.session_state["reading_as"] = "kept"
    now[0] += 1800
    assert len(app.run().file_uploader) == 1
    now[0] += 1
    app.run()
    assert nothing_of_the_app(app)
    assert labels(app) == [SIGN_IN]
    assert "after 30 minutes without use" in app.markdown[0].value
    assert "reading_as" not in app.session_state
    # Another tab, with the cookie of then, is out as well; a new sign-in is in.
    assert nothing_of_the_app(opened())
    signed(claims, now)
    assert len(opened().file_uploader) == 1
    assert acts()[1:] == [
        (ANN, "signed in", {}),
        (ANN, "signed out", {"why": "without use"}),
        (ANN, "signed in", {}),
    ]


def test_signing_out_ends_it_in_every_tab(
    claims: dict[str, object], now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    appoint(resources.archive(), LOCAL, ANN, ("reader",))
    signed(claims, now)
    app, other = opened(), opened()
    monkeypatch.setattr(st, "logout", claims.clear)
    next(button for button in app.button if button.label == SIGN_OUT).click().run()
    signed(claims, [999_999.0])
    claims["iat"] = now[0]
    assert nothing_of_the_app(other.run())
    assert acts()[2:] == [(ANN, "signed out", {"why": "by hand"})]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"email": None}, "was expected to name you in email"),
        ({"email": "x" * 121}, "was expected to name you in email"),
        ({"email_verified": False}, "has not verified your address"),
        ({"iat": None}, "say when it named you"),
    ],
)
def test_a_provider_that_does_not_say_who_it_is_lets_nobody_in(
    claims: dict[str, object], now: list[float], said: dict[str, object], words: str
) -> None:
    appoint(resources.archive(), LOCAL, ANN, ("reader",))
    signed(claims, now)
    claims |= said
    app = opened()
    assert nothing_of_the_app(app)
    assert words in app.markdown[0].value


def test_another_claim_may_name_people(
    claims: dict[str, object], now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(sign_in.NAME_CLAIM, "staff_number")
    appoint(resources.archive(), LOCAL, "4711", ("reader",))
    signed(claims, now)
    claims["staff_number"] = "4711"
    assert len(opened().file_uploader) == 1


@pytest.mark.parametrize("changed", [{"client_id": ""}, {"cookie_secret": "short"}])
def test_half_of_sign_in_lets_nobody_in(claims: dict[str, object], changed: dict[str, str]) -> None:
    app = opened(**changed)
    assert nothing_of_the_app(app)
    assert "sign-in" in app.markdown[0].value.lower()
    assert labels(app) == []


def test_secrets_that_cannot_be_read_let_nobody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secrets.toml"
    path.write_text("[auth")

    def missing() -> None:
        raise FileNotFoundError

    class Broken:
        def get(self, *_: object) -> None:
            missing()

    monkeypatch.setattr(sign_in.st, "secrets", Broken())
    monkeypatch.setattr(sign_in.st, "get_option", lambda name: [str(path)])
    with pytest.raises(Exception, match=r"secrets\.toml could not be read"):
        sign_in.settings()
    path.unlink()
    assert sign_in.settings() == {}


@pytest.mark.parametrize("address", ["0.0.0.0", ""])
def test_a_server_that_others_can_reach_serves_nothing_without_sign_in(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = st.get_option
    monkeypatch.setattr(
        sign_in.st, "get_option", lambda name: address if name == "server.address" else option(name)
    )
    app = AppTest.from_file(str(APP), default_timeout=120).run()
    assert nothing_of_the_app(app)
    assert "needs sign-in" in app.markdown[0].value
    assert labels(app) == []


def test_every_page_asks_who_is_there_before_it_does_anything() -> None:
    """Streamlit runs a page by its file's name before it has met app.py: see the comment there."""
    for path in sorted((APP.parent / "pages").glob("[a-z]*.py")):
        statements = ast.parse(path.read_text("utf-8")).body[1:]
        rest = [s for s in statements if not isinstance(s, ast.Import | ast.ImportFrom)]
        assert ast.unparse(rest[0]) == "person()", path.name
