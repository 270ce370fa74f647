"""The first shape of the archive: worklists, cases, results, reads, reports, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, and the one row that the audit's chain hangs on."""
    number, hashed, moment = sa.Integer, sa.String(64), sa.String(32)
    op.create_table(
        "worklists",
        sa.Column("id", number, primary_key=True),
        sa.Column("name", sa.String(120), nullable=False, unique=True),
        sa.Column("system", sa.String(40), nullable=False),
        sa.Column("is_read_first", sa.Boolean, nullable=False),
    )
    op.create_table(
        "cases",
        sa.Column("id", number, primary_key=True),
        sa.Column("worklist", number, sa.ForeignKey("worklists.id"), nullable=False, index=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("film", hashed, nullable=False),
        sa.Column("pixels", hashed, nullable=False, index=True),
        sa.Column("form", sa.JSON, nullable=False),
        sa.Column("box", sa.JSON),
        sa.Column("digest", hashed, nullable=False),
        sa.Column("added", moment, nullable=False, index=True),
        sa.Column("is_marked", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("note", sa.String(2000), nullable=False, server_default=""),
        sa.Column("uncertainty", sa.Float, index=True),
        sa.Column("novelty", sa.Float, index=True),
        sa.Column("disagreement", sa.Float, index=True),
        sa.UniqueConstraint("worklist", "digest"),
    )
    op.create_table(
        "results",
        sa.Column("id", number, primary_key=True),
        sa.Column("case", number, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("digest", hashed, nullable=False),
        sa.Column("model", hashed, nullable=False),
        sa.Column("target", sa.String(120), nullable=False),
        sa.Column("method", sa.String(60), nullable=False),
        sa.Column("content", hashed, nullable=False),
        sa.Column("made", moment, nullable=False),
        sa.UniqueConstraint("case", "digest", "model", "target", "method"),
    )
    op.create_table(
        "reads",
        sa.Column("id", number, primary_key=True),
        sa.Column("case", number, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("reader", sa.String(120), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("finding", sa.Float, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("decision", sa.String(20)),
        sa.Column("reason", sa.String(2000), nullable=False, server_default=""),
        sa.Column("at", moment, nullable=False),
    )
    op.create_table(
        "reports",
        sa.Column("id", number, primary_key=True),
        sa.Column("case", number, sa.ForeignKey("cases.id"), nullable=False, index=True),
        sa.Column("reader", sa.String(120), nullable=False),
        sa.Column("content", hashed, nullable=False),
        sa.Column("made", moment, nullable=False),
    )
    chain = op.create_table(
        "chain",
        sa.Column("id", number, primary_key=True),
        sa.Column("length", number, nullable=False),
        sa.Column("head", hashed, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", number, primary_key=True, autoincrement=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("what", sa.String(60), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("before", hashed, nullable=False),
        sa.Column("hash", hashed, nullable=False),
    )
    op.bulk_insert(chain, [{"id": 1, "length": 0, "head": "0" * 64}])
