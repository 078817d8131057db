"""A project remembers who was its member once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nobody is known to have left a project before the lab remembered it."""
    op.add_column("project", sa.Column("former", sa.JSON(), nullable=False, server_default="[]"))
