"""What each snapshot is mounted from, and whether it is broken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table; images of snapshots that are there already are made when they are mounted next."""
    op.create_table(
        "snapshot_image",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("made", UtcTime(), nullable=False),
        sa.Column("broken", UtcTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("snapshot"),
    )
    op.create_index(op.f("ix_snapshot_image_ordinal"), "snapshot_image", ["ordinal"], unique=False)
