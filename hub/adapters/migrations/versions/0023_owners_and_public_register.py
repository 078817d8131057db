"""Owners of datasets are told of what leaves, or vote on it; and fields of records may be public."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Every owner is told, and none is asked, until they say so; nothing is public until somebody says so."""
    op.add_column("dataset", sa.Column("owners", sa.Text(), nullable=False, server_default="informed"))
    op.add_column("export_request", sa.Column("owner_votes", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "dataset_delegation",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("dataset", "person", "given_by")),
        sa.Column("created", UtcTime(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("withdrawn", UtcTime(), nullable=True),
    )
    op.create_index(op.f("ix_dataset_delegation_ordinal"), "dataset_delegation", ["ordinal"], unique=False)
    op.create_table(
        "publication",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "subject", "key")),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed", UtcTime(), nullable=False),
    )
    op.create_index(op.f("ix_publication_ordinal"), "publication", ["ordinal"], unique=False)
