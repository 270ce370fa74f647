"""Both databases, for real: SQLite in a file, PostgreSQL as a server of our own."""

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

PLACES = "/usr/lib/postgresql/*/bin"


def program(name: str) -> str | None:
    found = sorted(Path("/").glob(f"{PLACES[1:]}/{name}"))
    return str(found[-1]) if found else shutil.which(name)


def as_postgres(command: list[str], folder: Path) -> None:
    """PostgreSQL refuses to run as root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, capture_output=True, cwd=folder)


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[str]:
    """The URL of a fresh server that listens on a socket in its own folder."""
    if not program("initdb"):
        assert "XATTN_REQUIRE_POSTGRES" not in os.environ, "PostgreSQL must be installed here"
        pytest.skip("PostgreSQL is not installed")
    # Sockets need a short path that the server's user may enter.
    folder = Path(f"/tmp/pg-{uuid.uuid4().hex[:8]}")
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    data = str(folder / "data")
    as_postgres([program("initdb"), "-D", data, "-A", "trust", "-U", "tester"], folder)
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    log = str(folder / "log")
    as_postgres([program("pg_ctl"), "-D", data, "-o", options, "-l", log, "-w", "start"], folder)
    try:
        yield f"postgresql+psycopg://tester@/postgres?host={folder}"
    finally:
        as_postgres([program("pg_ctl"), "-D", data, "-m", "immediate", "stop"], folder)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'archive.sqlite'}"
        return
    url = request.getfixturevalue("server")
    name = f"test_{uuid.uuid4().hex[:12]}"
    owner = create_engine(url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.replace("/postgres?", f"/{name}?")
    owner.dispose()


@pytest.fixture
def opened():
    """Archives handed to it are closed at the end."""
    with ExitStack() as stack:
        yield stack.enter_context
