"""Bring a database to the shape that this version needs."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

SCRIPTS = Path(__file__).resolve().parent / "migrations"
LOCK = 0x78617474
"""Any number that nothing else on the server locks by."""


def migrate(database: Engine, revision: str = "head") -> None:
    """Run what is missing of the migrations, within one transaction, one process at a time."""
    settings = Config()
    settings.set_main_option("script_location", str(SCRIPTS))
    with database.begin() as connection:
        _hold(connection)
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)


def _hold(connection: Connection) -> None:
    """Let others wait: two that open a new archive at once would both make its tables."""
    if connection.dialect.name == "sqlite":
        # Python's driver would begin no transaction before the first row is written.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
