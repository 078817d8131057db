"""Runs that stewards granted beside a project's budget, and whether outputs of runs are held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """There are none yet; outputs of earlier runs have been seen, so they are not held back."""
    op.add_column("run", sa.Column("screening", sa.Text(), nullable=False, server_default="none"))
    op.add_column("run", sa.Column("screened_by", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "run_grant",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted", UtcTime(), nullable=False),
    )
    op.create_index(op.f("ix_run_grant_ordinal"), "run_grant", ["ordinal"], unique=False)
