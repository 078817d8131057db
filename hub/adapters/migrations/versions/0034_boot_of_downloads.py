"""The machine's start in which a download was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    """Of the downloads that there are nobody knows it: they are over, and their people make others."""
    op.add_column("release_download", sa.Column("boot", sa.Text(), nullable=False, server_default=""))
