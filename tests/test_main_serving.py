"""`python -m xattn app`: where it listens, and that it refuses others without sign-in."""

import subprocess
import sys
from pathlib import Path

import pytest

from xattn.__main__ import main
from xattn.commands import serving

REFUSAL = "xattn: A server that others can reach needs sign-in"
SECRETS = """[auth]
redirect_uri = "https://reader.example/oauth2callback"
cookie_secret = "0123456789abcdef0123456789abcdef"
client_id = "xattn"
client_secret = "secret"
server_metadata_url = "https://provider.example/.well-known/openid-configuration"
"""


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The commands that would have been run, in a folder and a home without secrets."""
    commands = []
    monkeypatch.setattr(serving.subprocess, "run", lambda command, check: commands.append(command))
    monkeypatch.setattr(serving, "ROOT", tmp_path / "root")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("STREAMLIT_SERVER_ADDRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    return commands


def secrets(folder: Path, text: str) -> None:
    (folder / ".streamlit").mkdir(parents=True)
    (folder / ".streamlit" / "secrets.toml").write_text(text)


@pytest.mark.parametrize(
    ("options", "address"),
    [
        ([], "127.0.0.1"),
        (["--server.port=9000"], "127.0.0.1"),
        (["--server.address", "localhost"], "localhost"),
        (["--server.address=0.0.0.0", "--server.address=::1"], "::1"),
    ],
)
def test_this_machine_alone_is_served_without_sign_in(started, options, address):
    assert main(["app", "--", *options]) == 0
    assert started[0][-1] == f"--server.address={address}"
    assert started[0][-1 - len(options) : -1] == options


@pytest.mark.parametrize(
    "options",
    [
        ["--server.address", "0.0.0.0"],
        ["--server.address=192.168.1.7"],
        ["--server.address"],
        ["--server.address="],
        ["--server.address=127.0.0.1", "--server.address", "::"],
    ],
)
def test_others_are_refused_without_sign_in(started, options, capsys):
    assert main(["app", "--", *options]) == 2
    assert capsys.readouterr().err.startswith(REFUSAL)
    assert started == []


def test_the_environment_counts_too(started, monkeypatch, capsys):
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "0.0.0.0")
    assert main(["app"]) == 2
    assert capsys.readouterr().err.startswith(REFUSAL)
    assert main(["app", "--", "--server.address=127.0.0.1"]) == 0


@pytest.mark.parametrize("folder", ["home", "root", "."])
def test_others_are_served_with_sign_in(started, tmp_path, folder):
    secrets(tmp_path / folder, SECRETS)
    assert main(["app", "--", "--server.address=0.0.0.0"]) == 0
    assert started[0][-1] == "--server.address=0.0.0.0"


def test_half_of_sign_in_and_a_file_that_is_none_are_refused(started, tmp_path, capsys):
    secrets(tmp_path, SECRETS.replace("client_id", "client"))
    assert main(["app"]) == 2
    assert capsys.readouterr().err.startswith("xattn: Sign-in needs client_id under [auth]")
    (tmp_path / ".streamlit" / "secrets.toml").write_text("[auth")
    assert main(["app"]) == 2
    assert capsys.readouterr().err == "xattn: The file secrets.toml could not be read; mend it.\n"


def test_the_process_itself_ends_with_2():
    command = [sys.executable, "-m", "xattn", "app", "--", "--server.address", "0.0.0.0"]
    root = Path(__file__).resolve().parent.parent
    ended = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)
    assert ended.returncode == 2
    assert ended.stderr.startswith(REFUSAL)
    assert ended.stdout == ""
