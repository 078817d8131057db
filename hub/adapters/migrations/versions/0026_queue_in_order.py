"""The queue is ordered, filtered and cut by the database; notices and a month's runs are counted by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0026"
down_revision = "0025"

QUEUED = ("submitted", "in_review", "approved", "returned")


def upgrade() -> None:
    """What waits is given the moment from which on it does."""
    op.add_column("export_request", sa.Column("waiting", UtcTime(), nullable=True))
    table = sa.table("export_request", *(sa.column(n) for n in ("state", "waiting", "submitted", "created")))
    since = sa.func.coalesce(table.c.submitted, table.c.created)
    op.execute(sa.update(table).where(table.c.state.in_(QUEUED)).values(waiting=since))
    op.create_index("ix_export_request_waiting", "export_request", ["waiting", "id", "project", "author"], unique=False)
    op.create_index("ix_notice_person", "notice", ["person", "read"], unique=False)
    op.create_index("ix_run_project", "run", ["project", "created"], unique=False)
