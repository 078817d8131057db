"""Runs keep what they used, their image's packages, and which run they repeat or sweep they are part of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Of the runs that are there nobody knows what they used, and none repeats another or is part of a sweep."""
    op.add_column("run", sa.Column("resources", sa.JSON(), nullable=True))
    op.add_column("run", sa.Column("packages", sa.Text(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("reproduces", sa.Text(), nullable=False, server_default=""))
    op.add_column("run", sa.Column("sweep", sa.Text(), nullable=False, server_default=""))
