"""Commands about the app: app."""

import argparse
import subprocess
import sys
from pathlib import Path

import xattn
from xattn.commands.parts import Commands, add_command


def add_app(commands: Commands) -> None:
    """Add app."""
    parser = add_command(commands, app, "app")
    parser.add_argument("streamlit", nargs="*", help="further options of streamlit, after --")


def app(options: argparse.Namespace) -> None:
    """Open the app, as `streamlit run app.py` does."""
    script = Path(xattn.__file__).resolve().parent.parent / "app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    subprocess.run([*command, *options.streamlit], check=False)  # noqa: S603  # our own script
