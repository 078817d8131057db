"""Stewards freeze what leaves: the whole lab, or one project."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Nothing is frozen yet."""
    op.create_table(
        "export_freeze",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("frozen_by", sa.Text(), nullable=False),
        sa.Column("frozen", UtcTime(), nullable=False),
        sa.Column("lifted", UtcTime(), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=False),
        sa.Column("lifted_reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_export_freeze_ordinal"), "export_freeze", ["ordinal"], unique=False)
