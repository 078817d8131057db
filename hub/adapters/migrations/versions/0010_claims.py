"""Export requests say when they were sent last, and which steward has claimed them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Nothing is claimed yet; what was sent before counts from when it was made."""
    op.add_column("export_request", sa.Column("submitted", UtcTime(), nullable=True))
    op.add_column("export_request", sa.Column("claimed_by", sa.Text(), nullable=False, server_default=""))
    op.add_column("export_request", sa.Column("claimed", UtcTime(), nullable=True))
