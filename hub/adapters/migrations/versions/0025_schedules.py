"""Schedules and which run one of them started; how many people approve a notebook, and who did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0025"
down_revision = "0024"

TEXTS = (
    *("project", "notebook", "requester", "cron", "zone", "context", "state", "reason"),
    *("stopped_by", "run", "prepared", "said"),
)


def upgrade() -> None:
    """There are none yet."""
    op.add_column("dataset", sa.Column("approvers", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("dataset", sa.Column("approver_organisations", sa.BigInteger(), nullable=False, server_default="1"))
    op.add_column("dataset", sa.Column("owner_approves", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("notebook", sa.Column("approvals", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("run", sa.Column("schedule", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "schedule",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("parameters", "files")),
        *(sa.Column(name, UtcTime(), nullable=False) for name in ("created", "due")),
        *(sa.Column(name, UtcTime(), nullable=True) for name in ("stopped", "missed_last")),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("missed", sa.BigInteger(), nullable=False),
    )
    op.create_index(op.f("ix_schedule_ordinal"), "schedule", ["ordinal"], unique=False)
