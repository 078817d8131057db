"""First votes may be sealed, a lead steward overrides dissent, and what is returned or rejected has causes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """All votes that there are were known as they were cast, and nobody has overridden any."""
    op.add_column("export_request", sa.Column("ballot", sa.Text(), nullable=False, server_default="open"))
    for name in ("overrides", "causes"):
        op.add_column("export_request", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
