"""Notices, and the messages that carry them out of the lab."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0016"
down_revision = "0015"

ABOUT = ("kind", "project", "place", "subject")


def _table(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("person", sa.Text(), nullable=False),
        *(sa.Column(about, sa.Text(), nullable=False) for about in ABOUT),
        *columns,
    )
    op.create_index(op.f(f"ix_{name}_ordinal"), name, ["ordinal"], unique=False)


def upgrade() -> None:
    """There are none yet."""
    _table("notice", sa.Column("at", UtcTime(), nullable=False), sa.Column("read", UtcTime(), nullable=True))
    _table(
        "message",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("box", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        *(sa.Column(name, UtcTime(), nullable=False) for name in ("created", "due")),
        *(sa.Column(name, UtcTime(), nullable=True) for name in ("sent", "lost")),
    )
