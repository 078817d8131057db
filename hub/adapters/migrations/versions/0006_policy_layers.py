"""Datasets say their group columns and structural zeros, and datasets and projects have policy layers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from hub.adapters.tables import UtcTime

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """No dataset declared either before, and nobody asked for stricter rules than the profiles'."""
    for name in ("group_columns", "structural_zeros"):
        op.add_column("dataset", sa.Column(name, sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "policy_layer",
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_policy_layer_ordinal"), "policy_layer", ["ordinal"], unique=False)
