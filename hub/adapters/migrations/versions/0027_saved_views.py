"""Views of the queue that each person keeps for themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "saved_views",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.Text(), primary_key=True),
        sa.Column("views", sa.JSON(), nullable=False),
    )
    op.create_index(op.f("ix_saved_views_ordinal"), "saved_views", ["ordinal"], unique=False)
