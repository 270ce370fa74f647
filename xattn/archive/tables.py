"""The tables of the archive. `migrations/` brings an older archive to this shape."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

worklists = Table(
    "worklists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("system", String(40), nullable=False),
    Column("is_read_first", Boolean, nullable=False),
    Column("target", String(120), nullable=False, default=""),
)
"""A list of cases of one system, and what is read on it (empty: what the system explains first).

Where it is read first, no result is shown before a read.
"""

cases = Table(
    "cases",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("worklist", ForeignKey("worklists.id"), nullable=False, index=True),
    Column("title", String(200), nullable=False),
    Column("film", String(64), nullable=False),
    Column("pixels", String(64), nullable=False, index=True),
    Column("form", JSON, nullable=False),
    Column("box", JSON),
    Column("digest", String(64), nullable=False),
    Column("added", String(32), nullable=False, index=True),
    Column("truth", Float),
    Column("level", String(10)),
    Column("uncertainty", Float, index=True),
    Column("novelty", Float, index=True),
    Column("disagreement", Float, index=True),
    UniqueConstraint("worklist", "digest"),
    Index("ix_cases_digest", "digest"),
)
"""`film` names the blob, `pixels` is the canonical pixel hash, `digest` the case's own.

`truth` is the reference standard that readers are measured against; no page shows it. `level` is
the gate's.
"""

notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("reader", String(120), nullable=False),
    Column("note", String(2000), nullable=False, default=""),
    Column("is_marked", Boolean, nullable=False, default=False),
    UniqueConstraint("case", "reader"),
)
"""Each reader's own: a shared note would tell the second reader what the first one thinks."""

results = Table(
    "results",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("target", String(120), nullable=False),
    Column("method", String(60), nullable=False),
    Column("content", String(64), nullable=False),
    Column("made", String(32), nullable=False),
    UniqueConstraint("case", "digest", "model", "target", "method"),
)
"""What a model said of a case: `content` names the blob; `digest` is of the form it was made on."""

answers = Table(
    "answers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("model", String(64), nullable=False),
    Column("target", String(120), nullable=False),
    Column("answer", String(20), nullable=False),
    UniqueConstraint("case", "digest", "model", "target"),
)
"""Whether the map of the regions tracks the model, as its test said of a form and a target."""

reads = Table(
    "reads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False, index=True),
    Column("reader", String(120), nullable=False),
    Column("role", String(20), nullable=False),
    Column("stage", String(20), nullable=False),
    Column("finding", Float, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("decision", String(20)),
    Column("reason", String(2000), nullable=False, default=""),
    Column("at", String(32), nullable=False),
    Index("ix_reads_case_reader", "case", "reader"),
)
"""Never changed, only added to: a change of mind is a further row."""

reveals = Table(
    "reveals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False),
    Column("reader", String(120), nullable=False),
    Column("content", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    UniqueConstraint("case", "reader", "content"),
)
"""What was shown to whom, the first time: a result's blob, or `READS` for the others' reads."""

imports = Table(
    "imports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("worklist", ForeignKey("worklists.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("content", String(64), nullable=False),
    Column("row", Integer, nullable=False),
    Column("case", ForeignKey("cases.id")),
    Column("refusal", String(500), nullable=False, default=""),
    Column("at", String(32), nullable=False),
    UniqueConstraint("worklist", "name", "content"),
)
"""Files that were taken in or refused. `name` is a hash: file names may hold patients' names."""

reports = Table(
    "reports",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case", ForeignKey("cases.id"), nullable=False, index=True),
    Column("reader", String(120), nullable=False),
    Column("content", String(64), nullable=False),
    Column("made", String(32), nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("roles", JSON, nullable=False),
)
"""Who may sign in: the name as the provider's claim spells it, and a list of roles."""

chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("length", Integer, nullable=False),
    Column("head", String(64), nullable=False),
)
"""One row: how many audit rows there are, and the hash of the last."""

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("who", String(120), nullable=False),
    Column("what", String(60), nullable=False),
    Column("content", JSON, nullable=False),
    Column("before", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
"""Never changed: each row holds the hash of the one before."""
