"""Exceptions from findings of the gate."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0020"
down_revision = "0019"

TEXTS = (
    *("request", "project", "path", "check", "place", "finding"),
    *("canonical", "policy", "ground", "text", "asked_by"),
)


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "export_exception",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        sa.Column("asked", UtcTime(), nullable=False),
        sa.Column("votes", sa.JSON(), nullable=False),
        *(sa.Column(name, UtcTime(), nullable=True) for name in ("granted", "denied")),
    )
    op.create_index(op.f("ix_export_exception_ordinal"), "export_exception", ["ordinal"], unique=False)
