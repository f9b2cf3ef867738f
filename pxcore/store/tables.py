"""The tables of the database. Rows hold ids, keys and small JSON; files hold everything large.

Changed only together with a migration; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

metadata = MetaData()

datasets = Table(
    "datasets",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("value", Text, nullable=False),  # a Dataset as JSON
    Column("overview_key", String(64), nullable=False),
    Column("created", String(32), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),
)

imports = Table(
    "imports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("request", Text, nullable=False),  # an ImportRequest as JSON
    Column("state", String(16), nullable=False),
    Column("step", Text, nullable=False, default=""),
    Column("share", Float, nullable=False, default=0.0),
    Column("dataset_id", String(64), nullable=False, default=""),
    Column("error", Text, nullable=False, default=""),
    Column("warnings", Text, nullable=False, default="[]"),
    Column("created", String(32), nullable=False),
    Column("ordinal", Integer, nullable=False),
)
Index("imports_by_state", imports.c.state)
Index("imports_by_dataset", imports.c.dataset_id)

runs = Table(
    "runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("spec", Text, nullable=False),  # a RunSpec as JSON, frozen at submission
    Column("dataset_id", String(64), ForeignKey("datasets.id"), nullable=False),
    Column("owner", Text, nullable=False, default=""),
    Column("state", String(16), nullable=False),
    Column("share", Float, nullable=False, default=0.0),
    Column("error", Text, nullable=False, default=""),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("seconds", Float, nullable=False, default=0.0),  # running, over all runner lives
    Column("created", String(32), nullable=False),
    Column("finished", String(32), nullable=False, default=""),
    Column("ordinal", Integer, nullable=False),
    Column("private", Boolean, nullable=False, server_default=false()),
)
Index("runs_by_state", runs.c.state)
Index("runs_by_dataset", runs.c.dataset_id)

tasks = Table(
    "tasks",
    metadata,
    Column("run_id", String(32), ForeignKey("runs.id"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("label", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reused", Boolean, nullable=False, default=False),
    Column("seconds", Float),
    Column("error", Text, nullable=False, default=""),
    Column("error_class", String(32), nullable=False, default=""),
    # What it is within its run, such as ["train/0/1"], as JSON; [] for rows of before 0002.
    Column("parts", Text, nullable=False, server_default="[]"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created", String(32), nullable=False),
)

timings = Table(
    "timings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),  # such as "train:small_cnn:cpu"
    Column("work", Float, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("ordinal", Integer, nullable=False),
)
Index("timings_by_kind", timings.c.kind)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1: one runner a store
    Column("host", Text, nullable=False),
    Column("process", Integer, nullable=False),
    Column("beat", Float, nullable=False),  # seconds since 1970
    Column("workers", Integer, nullable=False),
    Column("device", Text, nullable=False),
    Column("running", Integer, nullable=False),
    Column("queued", Integer, nullable=False),
    Column("version", Text, nullable=False, server_default=""),  # of pxcore
    Column("holder", Text, nullable=False, server_default=""),  # of the lease: who may write
    Column("host_id", Text, nullable=False, server_default=""),  # of one start of one host
    Column("problem", Text, nullable=False, server_default=""),  # what people should know
)

plan_versions = Table(
    "plan_versions",
    metadata,
    Column("plan_id", String(32), primary_key=True),
    Column("version", Integer, primary_key=True),  # taken once: nobody overwrites anybody
    Column("step", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("owner", Text, nullable=False, default=""),
    Column("who", Text, nullable=False, default=""),
    Column("at", String(32), nullable=False),
    Column("what", Text, nullable=False, default=""),
    Column("body", Text, nullable=False),  # a StagedPlan as JSON
    Column("ordinal", Integer, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False, unique=True),  # by which they log in; written on runs
    Column("subject", Text, nullable=False, default=""),  # issuer and subject of an OIDC login
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False, default=""),  # argon2; empty: no password
    Column("active", Boolean, nullable=False),
    Column("quota_gb", Float),  # disk this person's work may take; NULL: the setting's
    Column("created", String(32), nullable=False),
    Column("seen", String(32), nullable=False, default=""),
    Column("ordinal", Integer, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),  # sha256: a copy of the rows opens nothing
    Column("person_id", String(32), ForeignKey("people.id"), nullable=False),
    Column("expires", Float, nullable=False),  # seconds since 1970
    Column("created", String(32), nullable=False),
)
Index("sessions_by_person", sessions.c.person_id)
Index("sessions_by_expiry", sessions.c.expires)

login_failures = Table(
    "login_failures",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", Float, nullable=False),  # seconds since 1970
)
Index("login_failures_by_name", login_failures.c.name)
Index("login_failures_by_address", login_failures.c.address)
Index("login_failures_by_time", login_failures.c.at)

shares = Table(
    "shares",
    metadata,
    Column("id", String(32), primary_key=True),  # shown in lists; opens nothing
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("subject", Text, nullable=False),  # what it was made of: an id, or a page's query
    Column("title", Text, nullable=False),
    Column("snapshot_key", String(64), nullable=False),  # an artifact, never changed
    Column("owner", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("expires", Float, nullable=False),  # seconds since 1970
    Column("revoked", String(32), nullable=False, default=""),
    Column("opened", Integer, nullable=False, default=0),
    Column("ordinal", Integer, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", String(32), nullable=False),
    Column("who", Text, nullable=False),
    Column("action", String(32), nullable=False),  # such as "run started"
    Column("subject", Text, nullable=False),  # an id
    Column("detail", Text, nullable=False, default=""),
    Column("ordinal", Integer, nullable=False),
)

for _table in (audit, datasets, imports, people, plan_versions, runs, shares, timings):
    # The next number is asked for under the write lock: from the index, not from every row.
    Index(f"{_table.name}_by_ordinal", _table.c.ordinal)
