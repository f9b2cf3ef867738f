"""Indexes for what is looked up while others wait: next numbers, sessions, failed log-ins."""

from alembic import op

revision = "0006"
down_revision = "0005"
NUMBERED = (
    "audit", "datasets", "imports", "people", "plan_versions", "runs", "shares", "timings",
)  # fmt: skip
OTHERS = (
    ("runs_by_dataset", "runs", "dataset_id"),
    ("imports_by_state", "imports", "state"),
    ("imports_by_dataset", "imports", "dataset_id"),
    ("sessions_by_person", "sessions", "person_id"),
    ("sessions_by_expiry", "sessions", "expires"),
    ("login_failures_by_name", "login_failures", "name"),
    ("login_failures_by_address", "login_failures", "address"),
    ("login_failures_by_time", "login_failures", "at"),
)


def upgrade() -> None:
    for table in NUMBERED:
        op.create_index(f"{table}_by_ordinal", table, ["ordinal"])
    for name, table, column in OTHERS:
        op.create_index(name, table, [column])


def downgrade() -> None:
    for name, table, _ in OTHERS:
        op.drop_index(name, table)
    for table in NUMBERED:
        op.drop_index(f"{table}_by_ordinal", table)
