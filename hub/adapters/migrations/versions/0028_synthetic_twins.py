"""Synthetic twins of secret datasets, and what they cost."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """There are none yet, so workspaces see nothing of a secret dataset."""
    op.create_table(
        "synthetic_twin",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("dataset", "snapshot", "method", "asked_by")),
        sa.Column("asked", UtcTime(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("epsilon", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("rows", "seed")),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("domains", "uploads")),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided", UtcTime(), nullable=True),
    )
    op.create_index(op.f("ix_synthetic_twin_ordinal"), "synthetic_twin", ["ordinal"], unique=False)
