"""Priorities of runs and schedules; work is found by its state without reading all of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """What was asked for before has the normal priority."""
    for table in ("work", "schedule"):
        op.add_column(table, sa.Column("priority", sa.Text(), nullable=False, server_default="normal"))
    op.create_index("ix_work_state", "work", ["state"], unique=False)
