"""Reading: each reader's notes, what was shown to whom, imports; reads and audit only grow."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

GROWING = ("audit", "reads", "reveals")
"""Tables whose rows neither change nor go."""


def upgrade() -> None:
    """Add tables and columns, hand old notes to the local reader, and close what only grows."""
    _add_columns()
    _add_tables()
    op.execute(
        'INSERT INTO notes ("case", reader, note, is_marked) '
        "SELECT id, 'local reader', note, is_marked FROM cases WHERE is_marked OR note <> ''"
    )
    op.drop_column("cases", "note")
    op.drop_column("cases", "is_marked")
    op.create_index("ix_cases_digest", "cases", ["digest"])
    op.create_index("ix_reads_case_reader", "reads", ["case", "reader"])
    if op.get_bind().dialect.name == "sqlite":
        _close_sqlite()
    else:
        _close_postgresql()


def _add_columns() -> None:
    target = sa.Column("target", sa.String(120), nullable=False, server_default="")
    op.add_column("worklists", target)
    op.add_column("cases", sa.Column("truth", sa.Float))
    op.add_column("cases", sa.Column("level", sa.String(10)))


def _add_tables() -> None:
    number, hashed, moment = sa.Integer, sa.String(64), sa.String(32)
    op.create_table(
        "notes",
        sa.Column("id", number, primary_key=True),
        sa.Column("case", number, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("reader", sa.String(120), nullable=False),
        sa.Column("note", sa.String(2000), nullable=False, server_default=""),
        sa.Column("is_marked", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("case", "reader"),
    )
    op.create_table(
        "reveals",
        sa.Column("id", number, primary_key=True),
        sa.Column("case", number, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("reader", sa.String(120), nullable=False),
        sa.Column("content", hashed, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.UniqueConstraint("case", "reader", "content"),
    )
    op.create_table(
        "imports",
        sa.Column("id", number, primary_key=True),
        sa.Column("worklist", number, sa.ForeignKey("worklists.id"), nullable=False),
        sa.Column("name", hashed, nullable=False),
        sa.Column("content", hashed, nullable=False),
        sa.Column("row", number, nullable=False),
        sa.Column("case", number, sa.ForeignKey("cases.id")),
        sa.Column("refusal", sa.String(500), nullable=False, server_default=""),
        sa.Column("at", moment, nullable=False),
        sa.UniqueConstraint("worklist", "name", "content"),
    )


def _close_sqlite() -> None:
    for table in GROWING:
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'rows of this table are only added'); END"
            )


def _close_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'rows of this table are only added'; END $$"
    )
    for table in GROWING:
        for act, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION only_added()"
            )
