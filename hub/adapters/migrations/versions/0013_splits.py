"""Export requests say which one they were split from, and which were split off them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """No request of before was split."""
    op.add_column("export_request", sa.Column("split_from", sa.Text(), nullable=False, server_default=""))
    op.add_column("export_request", sa.Column("split_into", sa.JSON(), nullable=False, server_default="[]"))
