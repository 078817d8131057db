"""The organisation whose stewards do not review a request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    """Of the requests that there are, nobody is kept from reviewing any until they are checked again."""
    op.add_column("export_request", sa.Column("barred", sa.Text(), nullable=False, server_default=""))
    op.drop_index("ix_export_request_waiting", "export_request")
    columns = ["waiting", "id", "project", "author", "barred"]
    op.create_index("ix_export_request_waiting", "export_request", columns, unique=False)
