"""Comments on export requests, their files and cells."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0012"
down_revision = "0011"

TEXTS = ("request", "author", "audience", "text", "path", "canonical")
NUMBERS = ("turn", "row", "column")


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "export_comment",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in TEXTS),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in NUMBERS),
        sa.Column("at", UtcTime(), nullable=False),
    )
    op.create_index(op.f("ix_export_comment_ordinal"), "export_comment", ["ordinal"], unique=False)
