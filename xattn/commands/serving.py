"""Commands about the app: app."""

import argparse
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import xattn
from xattn.commands.parts import Commands, add_command
from xattn.errors import AccessError

ADDRESS = "--server.address"
HERE = "127.0.0.1"
ROOT = Path(xattn.__file__).resolve().parent.parent

SERVING_EXAMPLE = """The app serves this machine alone. To serve others, configure sign-in and give
people roles (docs/archive.md); without sign-in a server that others can reach refuses to start:

  python -m xattn app -- --server.address 0.0.0.0"""


def add_app(commands: Commands) -> None:
    """Add app."""
    parser = add_command(commands, app, "app", SERVING_EXAMPLE)
    parser.add_argument("streamlit", nargs="*", help="further options of streamlit, after --")


def app(options: argparse.Namespace) -> None:
    """Open the app, as `streamlit run app.py` does."""
    from xattn.runtime.serving import require_sign_in

    address = _address(options.streamlit)
    require_sign_in(address, _sign_in())
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), *options.streamlit]
    # Named last, so that what was asked about is what is served.
    subprocess.run([*command, f"{ADDRESS}={address}"], check=False)  # noqa: S603  # our own script


def _address(arguments: Sequence[str]) -> str:
    """Where the server will listen: as the options say, else the environment, else here."""
    found = os.environ.get("STREAMLIT_SERVER_ADDRESS", HERE)
    for place, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == ADDRESS:
            found = value if equals else "".join(arguments[place + 1 : place + 2])
    return found


def _sign_in() -> Mapping[str, object]:
    """What the files that streamlit reads say of sign-in; the app asks again what it read."""
    found: Mapping[str, object] = {}
    for folder in (Path.home(), Path.cwd(), ROOT):
        path = folder / ".streamlit" / "secrets.toml"
        if path.is_file():
            try:
                found = tomllib.loads(path.read_text(encoding="utf-8")).get("auth", found)
            except (OSError, ValueError):
                raise AccessError("The file secrets.toml could not be read; mend it.") from None
    return found
