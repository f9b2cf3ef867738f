"""The tables of the database. Rows hold ids, keys and small JSON; files hold everything large.

Changed only together with a migration; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
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
)
Index("runs_by_state", runs.c.state)

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
    Column("size", Integer, nullable=False),
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
