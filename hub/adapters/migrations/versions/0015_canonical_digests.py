"""Notebooks keep the digest of what is read of them, beside the one of their bytes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Of the notebooks that are there nobody knows it any more."""
    op.add_column("notebook", sa.Column("canonical", sa.Text(), nullable=False, server_default=""))
