"""Grants, memberships and roles end: at a day, or when whoever gave them takes them back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0008"
down_revision = "0007"

OPEN_ONES = sa.text("SELECT id, project FROM workspace WHERE state = 'open'")
GRANTED = sa.text("SELECT dataset FROM dataset_grant WHERE project = :project ORDER BY ordinal")


def upgrade() -> None:
    """What is there has no end; every grant counts as used, and open workspaces as seeing all that is granted."""
    for column in (sa.Column("ends", sa.Date()), sa.Column("used", UtcTime()), sa.Column("withdrawn", UtcTime())):
        op.add_column("dataset_grant", column)
    for name in ("withdrawn_by", "reason"):
        op.add_column("dataset_grant", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("project", sa.Column("until", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("person", sa.Column("roles_end", sa.Date()))
    op.add_column("workspace", sa.Column("datasets", sa.JSON(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE dataset_grant SET used = created"))
    workspace = sa.table("workspace", sa.column("id", sa.Text()), sa.column("datasets", sa.JSON()))
    for identifier, project in connection.execute(OPEN_ONES).all():
        seen = list(connection.execute(GRANTED, {"project": project}).scalars())
        change = sa.update(workspace).where(workspace.c.id == identifier).values(datasets=seen)
        connection.execute(change)
