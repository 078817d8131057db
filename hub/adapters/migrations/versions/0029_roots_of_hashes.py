"""The root of the tree of hashes by which the kernel checks a snapshot's image."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """No image was checked by the kernel before."""
    op.add_column("snapshot_image", sa.Column("root", sa.Text(), nullable=False, server_default=""))
