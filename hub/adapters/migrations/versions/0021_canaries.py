"""Canaries of datasets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "dataset_canaries",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("dataset", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("canaries", "canary_rows")),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared", UtcTime(), nullable=False),
    )
    op.create_index(op.f("ix_dataset_canaries_ordinal"), "dataset_canaries", ["ordinal"], unique=False)
