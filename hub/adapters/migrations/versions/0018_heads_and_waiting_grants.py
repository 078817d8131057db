"""Lists of requests need not read files and findings, and grants wait for a project's lead."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

SEVERITIES = ("block", "review", "fixed", "note")


def upgrade() -> None:
    """What is derived is made for the requests that there are."""
    op.create_index("ix_export_request_state", "export_request", ["state"], unique=False)
    op.add_column("export_request", sa.Column("file_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("export_request", sa.Column("risk", sa.Text(), nullable=False, server_default=""))
    op.add_column("dataset_grant", sa.Column("waits", sa.Boolean(), nullable=False, server_default=sa.false()))
    table = sa.table(
        "export_request",
        sa.column("id", sa.Text()),
        sa.column("files", sa.JSON()),
        sa.column("file_count", sa.Integer()),
        sa.column("risk", sa.Text()),
    )
    connection = op.get_bind()
    for identifier, files in connection.execute(sa.select(table.c.id, table.c.files)).all():
        listed = json.loads(files) if isinstance(files, str) else files
        found = {finding["severity"] for file in listed for finding in file["findings"]}
        risk = next((severity for severity in SEVERITIES if severity in found), "")
        derived = {"file_count": len(listed), "risk": risk}
        connection.execute(sa.update(table).where(table.c.id == identifier).values(**derived))
