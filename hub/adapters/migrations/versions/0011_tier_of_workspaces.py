"""Workspaces say by which tier their browser is held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Nobody knows it of those that are open: where their project has another one now, they end, and open anew."""
    op.add_column("workspace", sa.Column("tier", sa.Text(), nullable=False, server_default="open"))
