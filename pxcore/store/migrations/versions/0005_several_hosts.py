"""Several hosts: whose the runner's lease is, what ails it; artifacts beyond 2 GiB."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name in ("holder", "host_id", "problem"):
        op.add_column("heartbeats", sa.Column(name, sa.Text, nullable=False, server_default=""))
    with op.batch_alter_table("artifacts") as table:
        table.alter_column("size", existing_type=sa.Integer, type_=sa.BigInteger, nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("artifacts") as table:
        table.alter_column("size", existing_type=sa.BigInteger, type_=sa.Integer, nullable=False)
    for name in ("problem", "host_id", "holder"):
        with op.batch_alter_table("heartbeats") as table:
            table.drop_column(name)
